"""Constants as Spark writes them: quoted strings with their escapes, numbers with suffixes, typed literals, intervals.

Follows Spark's `AstBuilder.visitTypeConstructor`, `ParserUtils.unescapeSQLString` and `IntervalUtils`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from engine.errors import ParseError
from engine.expressions.base import Expression, Literal
from engine.logical.unresolved import UnresolvedDatetime
from engine.parse.lexer import Token
from engine.types import (
    BINARY,
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    DayTimeIntervalType,
    DecimalType,
    IntegralType,
    YearMonthIntervalType,
)

_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}

_NUMBER = re.compile(r"([^a-z]*?(?:e[+-]?\d+)?)(bd|[dflsy])?", re.IGNORECASE)
_WHOLE: dict[str, IntegralType] = {"L": LONG, "S": SHORT, "Y": BYTE}

_MICROS = {
    "week": 604_800_000_000,
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
    "microsecond": 1,
}
_MONTHS = {"year": 12, "month": 1}
_DAY_TIME = ("day", "hour", "minute", "second")
_FIELD_OF = {**{unit: number for number, unit in enumerate(_DAY_TIME)}, "week": 0, "millisecond": 3, "microsecond": 3}
_AMOUNT = r"\s*([+-]?)\s*(\d+)(?:\.(\d{0,9}))?\s*"
_INTERVAL_WORDS = r"([+-]?\s*[\d.]+)\s*([a-zA-Z]+)"


def unquote(text: str) -> str:
    """The value of a quoted string: r'' as it is, else with backslash escapes and doubled quotes."""
    if text[0] in "rR":
        return text[2:-1]
    quote, body = text[0], text[1:-1]
    if "\\" in body:
        pieces = re.split(r"(\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.))", body, flags=re.DOTALL)
        joined = "".join(_unescape(piece) if piece[:1] == "\\" else piece.replace(quote * 2, quote) for piece in pieces)
        # \uD83D\uDE00 is one character: Java's strings are UTF-16
        return joined if joined.isascii() else joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return body.replace(quote * 2, quote) if quote in body else body


def _unescape(piece: str) -> str:
    body = piece[1:]
    if body[0] in "uU" and len(body) > 1:
        code = int(body[1:], 16)
        return chr(code) if code < 0x110000 else "\ufffd"
    if len(body) == 3:
        return chr(int(body, 8))
    return _ESCAPED.get(body, body)


def number(text: str) -> Literal:
    """The literal that `text` (digits, sign, suffix) is: INT, BIGINT or DECIMAL as it fits, DOUBLE with an exponent."""
    found = _NUMBER.fullmatch(text)
    assert found is not None  # the lexer's pattern is narrower
    digits, suffix = found.group(1), (found.group(2) or "").upper()
    if suffix in _WHOLE and digits.lstrip("-").isdigit():
        return _whole(int(digits), (_WHOLE[suffix],), text)
    if suffix in ("D", "F"):
        return Literal(float(digits), DOUBLE if suffix == "D" else FLOAT)
    if suffix == "BD" or (not suffix and "e" not in digits.lower() and not digits.lstrip("-").isdigit()):
        return _decimal(Decimal(digits), text)
    if suffix:
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{text}'", "hint": f": {suffix} follows whole numbers only"})
    return Literal(float(digits), DOUBLE) if "e" in digits.lower() else _whole(int(digits), (INT, LONG), text)


def _whole(value: int, types: Sequence[IntegralType], text: str) -> Literal:
    for each in types:
        if -(1 << each.bits - 1) <= value < 1 << each.bits - 1:
            return Literal(value, each)
    if len(types) == 1:
        limit = 1 << types[0].bits - 1
        parameters = {"rawStrippedQualifier": text[:-1], "minValue": -limit, "maxValue": limit - 1}
        raise ParseError("INVALID_NUMERIC_LITERAL_RANGE", {**parameters, "typeName": types[0].simpleString()})
    return _decimal(Decimal(value), text)


def _decimal(value: Decimal, text: str) -> Literal:
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if exponent > 0:  # 1e3BD has no fraction
        digits, exponent = (*digits, *(0,) * exponent), 0
        value = Decimal(int(value))
    precision, scale = max(len(digits), -exponent), -exponent
    if precision > DecimalType.MAX_PRECISION:
        parameters = {"rawStrippedQualifier": text, "minValue": "-1e38 + 1", "maxValue": "1e38 - 1"}
        raise ParseError("INVALID_NUMERIC_LITERAL_RANGE", {**parameters, "typeName": "decimal"})
    return Literal(value, DecimalType(precision, scale))


def typed(kind: str, text: str) -> Expression:
    """`kind 'text'`: DATE, TIMESTAMP, TIMESTAMP_LTZ, TIMESTAMP_NTZ, TIME or X. Only analysis knows the session's time zone
    and what TIMESTAMP means in it, so that dates and times are read there."""
    kind = kind.upper()
    if kind in DATETIMES:
        return UnresolvedDatetime(kind, text)
    if kind != "X":
        raise ParseError("UNSUPPORTED_TYPED_LITERAL", {"unsupportedType": f'"{kind}"', "supportedTypes": _TYPED})
    try:
        return Literal(bytes.fromhex("0" * (len(text) % 2) + text), BINARY)
    except ValueError:
        parameters = {"valueType": f'"{kind}"', "value": f"'{text}'"}
        raise ParseError("INVALID_TYPED_LITERAL", parameters) from None


DATETIMES = frozenset(("DATE", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TIME"))
_TYPED = '"DATE", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP", "INTERVAL", "X", "TIME"'


class IntervalPart(NamedTuple):
    """An amount with its sign, as written, and its unit in lower case without the s."""

    amount: str
    unit: str


def unit_name(word: str) -> str:
    """YEARS -> year."""
    return word.lower().removesuffix("s")


def interval(parts: Sequence[IntervalPart]) -> Literal:
    """`INTERVAL 1 DAY 2 HOURS`: months or microseconds, with the range of units named as the type."""
    units = [part.unit for part in parts]
    if all(unit in _MONTHS for unit in units):
        fields = [["year", "month"].index(unit) for unit in units]
        months = sum(_whole_amount(part) * _MONTHS[part.unit] for part in parts)
        return Literal(months, YearMonthIntervalType(min(fields), max(fields)))
    if all(unit in _MICROS for unit in units):
        fields = [_FIELD_OF[unit] for unit in units]
        return Literal(sum(map(_micros, parts)), DayTimeIntervalType(min(fields), max(fields)))
    text = " ".join(f"{part.amount} {part.unit}" for part in parts)
    if any(unit not in _MONTHS and unit not in _MICROS for unit in units):
        raise _bad_interval(text, "units are year, month, week, day, hour, minute, second, millisecond, microsecond")
    raise _bad_interval(text, "years and months cannot be mixed with weeks and smaller units")


def interval_text(text: str) -> Literal:
    """`INTERVAL '1 day 2 hours'`."""
    body = re.sub(r"^\s*interval\b", "", text, flags=re.IGNORECASE).strip()
    parts = [IntervalPart(found.group(1), unit_name(found.group(2))) for found in re.finditer(_INTERVAL_WORDS, body)]
    if not parts or re.sub(_INTERVAL_WORDS, "", body).strip():
        raise _bad_interval(text, "a number and a unit are expected")
    return interval(parts)


def _bad_interval(text: str, why: str) -> ParseError:
    return ParseError("INVALID_INTERVAL_FORMAT", {"input": f"'{text}'", "reason": why})


def _whole_amount(part: IntervalPart) -> int:
    found = re.fullmatch(_AMOUNT, part.amount)
    if found is None or found.group(3):
        raise _bad_interval(f"{part.amount} {part.unit}", f"the number of {part.unit}s is whole")
    return int(found.group(1) + found.group(2))


def _micros(part: IntervalPart) -> int:
    if part.unit != "second":
        return _whole_amount(part) * _MICROS[part.unit]
    found = re.fullmatch(_AMOUNT, part.amount)
    if found is None:
        raise _bad_interval(f"{part.amount} {part.unit}", "a number is expected")
    micros = int(found.group(2)) * 1_000_000 + int((found.group(3) or "").ljust(6, "0")[:6])
    return -micros if found.group(1) == "-" else micros


_CLOCK = {"hour": r"(\d{1,10})", "minute": r"(\d{1,10})", "second": r"(\d{1,10}(?:\.\d{1,9})?)"}


def interval_range(part: IntervalPart, last: str) -> Literal:
    """`INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '1 02:03:04.5' DAY TO SECOND`."""
    first, text = part.unit, part.amount
    if (first, last) == ("year", "month"):
        found = re.fullmatch(r"\s*([+-]?)(\d+)-(\d+)\s*", text)
        if found is None or int(found.group(3)) > 11:
            raise _bad_interval(text, "'years-months' is expected, months from 0 to 11")
        months = int(found.group(2)) * 12 + int(found.group(3))
        return Literal(-months if found.group(1) == "-" else months, YearMonthIntervalType(0, 1))
    if first not in _DAY_TIME or last not in _DAY_TIME or _DAY_TIME.index(first) >= _DAY_TIME.index(last):
        raise _bad_interval(text, f"there is no interval {first} to {last}")
    return _day_time_range(text, _DAY_TIME.index(first), _DAY_TIME.index(last))


def _day_time_range(text: str, first: int, last: int) -> Literal:
    fields = _DAY_TIME[first : last + 1]
    clock = ":".join(_CLOCK[unit] for unit in fields if unit != "day")
    found = re.fullmatch(r"\s*([+-]?)" + (r"(\d+) +" if first == 0 else "") + clock + r"\s*", text)
    if found is None:
        shape = " ".join(["days"] * (first == 0) + [":".join(unit + "s" for unit in fields if unit != "day")])
        raise _bad_interval(text, f"'{shape}' is expected")
    micros = 0
    for unit, amount in zip(fields, found.groups()[1:], strict=True):
        whole, _, fraction = amount.partition(".")
        limit = {"hour": 23, "minute": 59, "second": 59}.get(unit, 0)
        if unit != fields[0] and int(whole) > limit:
            raise _bad_interval(text, f"{unit} is at most {limit}")
        micros += int(whole) * _MICROS[unit] + int(fraction.ljust(6, "0")[:6])
    return Literal(-micros if found.group(1) == "-" else micros, DayTimeIntervalType(first, last))


def string_value(token: Token) -> str:
    """The value of a STRING token."""
    return unquote(token.text)
