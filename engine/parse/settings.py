"""Transformer of SET and RESET, whose text the lexer leaves as it is: values need no quotes.

Follows Spark's `SparkSqlAstBuilder.visitSetConfiguration`.
"""

from __future__ import annotations

import re

from engine.errors import ParseError, Unsupported
from engine.logical.commands import Command, ResetConf, SetConf, Use
from engine.parse.lexer import Token

_SETTING = r"(`(?:[^`]|``)+`|[\w.:*$-]+)\s*(?:=\s*(.*))?"
_TIME_ZONE = r"time\s+zone\s+(.*)"
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
    if zone[:1] not in ("'", '"') or zone[-1] != zone[0] or len(zone) < 3:
        if zone.upper().startswith("INTERVAL"):
            raise Unsupported("SET TIME ZONE INTERVAL", raw.position)
        hint = ": SET TIME ZONE takes LOCAL or a quoted zone"
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{zone}'", "hint": hint}, raw.position)
    return SetConf(_TIME_ZONE_KEY, zone[1:-1])


def reset_setting(raw: Token | None) -> Command:
    return ResetConf(None if raw is None else _bare(raw.text))
