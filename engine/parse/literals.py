"""Constants as Spark writes them: quoted strings with their escapes, numbers with suffixes, typed literals, intervals.

Follows Spark's `AstBuilder.visitTypeConstructor`, `ParserUtils.unescapeSQLString` and `IntervalUtils`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

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
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
)

_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}

_NUMBER = re.compile(r"([^a-z]*?(?:e[+-]?\d+)?)(bd|[dflsy])?", re.IGNORECASE)
_WHOLE: dict[str, IntegralType] = {"L": LONG, "S": SHORT, "Y": BYTE}


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
        return _float(digits, DOUBLE if suffix == "D" else FLOAT)
    if suffix == "BD" or (not suffix and "e" not in digits.lower() and not digits.lstrip("-").isdigit()):
        return _decimal(Decimal(digits))
    if suffix:
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{text}'", "hint": f": {suffix} follows whole numbers only"})
    return _float(digits, DOUBLE) if "e" in digits.lower() else _whole(int(digits), (INT, LONG), text)


_LARGEST = {DOUBLE: "1.7976931348623157E+308", FLOAT: "3.4028234663852886E+38"}


def _float(digits: str, kind: FloatType | DoubleType) -> Literal:
    if abs(Decimal(digits)) > Decimal(_LARGEST[kind]):
        limits = {"minValue": f"-{_LARGEST[kind]}", "maxValue": _LARGEST[kind], "typeName": kind.simpleString()}
        raise ParseError("INVALID_NUMERIC_LITERAL_RANGE", {"rawStrippedQualifier": digits, **limits})
    return Literal(float(digits), kind)


def _whole(value: int, types: Sequence[IntegralType], text: str) -> Literal:
    for each in types:
        if -(1 << each.bits - 1) <= value < 1 << each.bits - 1:
            return Literal(value, each)
    if len(types) == 1:
        limit = 1 << types[0].bits - 1
        parameters = {"rawStrippedQualifier": text[:-1], "minValue": -limit, "maxValue": limit - 1}
        raise ParseError("INVALID_NUMERIC_LITERAL_RANGE", {**parameters, "typeName": types[0].simpleString()})
    return _decimal(Decimal(value))


def _decimal(value: Decimal) -> Literal:
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if exponent > 0:  # 1e3BD has no fraction
        digits, exponent = (*digits, *(0,) * exponent), 0
        value = Decimal(int(value))
    precision, scale = max(len(digits), -exponent), -exponent
    if precision > DecimalType.MAX_PRECISION:
        parameters = {"precision": precision, "maxPrecision": DecimalType.MAX_PRECISION}
        raise ParseError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", parameters)
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


def string_value(token: Token) -> str:
    """The value of a STRING token."""
    return unquote(token.text)
