"""Transformer of SET and RESET, whose text the lexer leaves as it is: values need no quotes.

Follows Spark's `SparkSqlAstBuilder.visitSetConfiguration`.
"""

from __future__ import annotations

import re

from engine.errors import ParseError
from engine.logical.commands import Command, ResetConf, SetConf, Use
from engine.parse.intervals import IntervalPart, interval, interval_range
from engine.parse.lexer import Token
from engine.types import DayTimeIntervalType

_SETTING = r"(`(?:[^`]|``)+`|[\w.:*$-]+)\s*(?:=\s*(.*))?"
_TIME_ZONE = r"time\s+zone\s+(.*)"
_PART = r"(?:'([^']*)'|([+-]?\d+(?:\.\d+)?))\s+(\w+)"
_SECOND = 1_000_000
_TIME_ZONE_KEY = "spark.sql.session.timeZone"


def set_setting(raw: Token | None) -> Command:
    """SET, SET -v, SET key, SET key=value, SET TIME ZONE zone, SET CATALOG name."""
    if raw is None:
        return SetConf()
    if raw.text.lower() == "-v":
        return SetConf(verbose=True)
    zone = re.fullmatch(_TIME_ZONE, raw.text, re.IGNORECASE | re.DOTALL)
    if zone:
        return _set_time_zone(zone.group(1).strip(), raw)
    first, *rest = raw.text.split(None, 1)
    if first.lower() == "catalog" and rest and "=" not in raw.text:
        return Use((_bare(rest[0].strip()),), "catalog")
    found = re.fullmatch(_SETTING, raw.text, re.DOTALL)
    if found is None:
        hint = ": SET takes `key`, or `key=value`; a key with other characters is quoted in backquotes"
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{first}'", "hint": hint}, raw.position)
    value = found.group(2)
    return SetConf(_bare(found.group(1)), None if value is None else _bare(value.strip()))


def _bare(text: str) -> str:
    """A key or value without the quotes around it."""
    if len(text) >= 2 and text[0] == text[-1] == "`":
        return text[1:-1].replace("``", "`")
    return text


def _set_time_zone(zone: str, raw: Token) -> Command:
    if zone.upper() == "LOCAL":
        return ResetConf(_TIME_ZONE_KEY)
    if re.match(r"interval\b", zone, re.IGNORECASE):
        return SetConf(_TIME_ZONE_KEY, _offset(zone, raw))
    if zone[:1] not in ("'", '"') or zone[-1] != zone[0] or len(zone) < 3:
        raise ParseError("_LEGACY_ERROR_TEMP_0045", {}, raw.position)
    return SetConf(_TIME_ZONE_KEY, zone[1:-1])


def _offset(text: str, raw: Token) -> str:
    """INTERVAL '5:30' HOUR TO MINUTE as +05:30: whole seconds, at most 18 hours."""
    found = re.fullmatch(rf"interval((?:\s+{_PART})+?)(?:\s+to\s+(\w+))?", text, re.IGNORECASE)
    if found is None:
        raise ParseError("_LEGACY_ERROR_TEMP_0045", {}, raw.position)
    parts = [IntervalPart(quoted or number, unit, not number) for quoted, number, unit in re.findall(_PART, found[1])]
    last = found[found.re.groups]
    literal = interval_range(parts[0], last) if last else interval(parts)
    is_time = isinstance(literal.type, DayTimeIntervalType)
    micros, seconds = literal.value, abs(literal.value) // _SECOND
    if not is_time or seconds > 18 * 3600 or micros % _SECOND:
        whole = seconds // 86_400 or (seconds if micros % _SECOND else seconds // 3600)
        parameters = {"input": whole if is_time else micros}
        raise ParseError("INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE", parameters, raw.position)
    if micros == 0:
        return "Z"
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")
    return f"{'-' if micros < 0 else '+'}{clock}"


def reset_setting(raw: Token | None) -> Command:
    return ResetConf(None if raw is None else _bare(raw.text))
