"""Texts of bytes and numbers: base 64, hexadecimal, binary, other bases, character codes, formatted numbers."""

from __future__ import annotations

import base64 as b64
import binascii
import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import NUMERIC, Kind
from engine.kernels.context import CallContext
from engine.kernels.rowwise import map_rows
from engine.types import (
    BINARY,
    DOUBLE,
    INT,
    LONG,
    STRING,
    BinaryType,
    ByteType,
    DataType,
    IntegerType,
    IntegralType,
    NumericType,
    ShortType,
    StringType,
)
from engine.types.coercion import can_implicitly_cast

_HEX = Kind("(BIGINT or BINARY or STRING)", (IntegralType, BinaryType, StringType), fallback=LONG)
_BYTES = Kind("BINARY", (BinaryType, StringType), fallback=STRING)
_WORD = 1 << 64
_PLACES = Kind("(INT or STRING)", (ByteType, ShortType, IntegerType, StringType), fallback=INT)


def _number_and_form(types: tuple[DataType, ...], ansi: bool) -> tuple[DataType, ...] | None:
    """A number, and digits or a pattern."""
    number, form = types
    if not isinstance(number, NumericType):
        if not can_implicitly_cast(number, DOUBLE, ansi):
            return None
        number = DOUBLE
    if isinstance(form, StringType):
        return (number, STRING)
    return (number, INT) if can_implicitly_cast(form, INT, ansi) else None


@function("base64", (_BYTES,), returns=STRING)
def base64(value: pa.Array) -> pa.Array:
    """Returns bytes as base 64 text.

    > SELECT base64('Spark SQL');
    U3BhcmsgU1FM
    """
    return map_rows(lambda given: b64.b64encode(given).decode(), pa.string(), value.cast(pa.binary()))


@function("unbase64", (STRING,), returns=BINARY, raises=True)
def unbase64(text: pa.Array) -> pa.Array:
    """Returns the bytes that base 64 text stands for.

    > SELECT cast(unbase64('U3BhcmsgU1FM') AS STRING);
    Spark SQL
    """

    def decode(value: str) -> bytes:
        try:
            return b64.b64decode(re.sub(r"[^A-Za-z0-9+/]", "", value) + "==")
        except (binascii.Error, ValueError) as error:
            parameters = {"str": f"'{value}'", "fmt": "'BASE64'", "targetType": '"BINARY"'}
            raise ExecutionError("CONVERSION_INVALID_INPUT", parameters | {"suggestion": "`try_to_binary`"}) from error

    return map_rows(decode, pa.binary(), text)


@function("hex", (_HEX,), returns=STRING)
def hex_text(value: pa.Array) -> pa.Array:
    """Returns a number or bytes in hexadecimal digits.

    > SELECT hex(17);
    11
    > SELECT hex('Spark SQL');
    537061726B2053514C
    """
    if pa.types.is_integer(value.type):
        return map_rows(lambda given: f"{given % _WORD:X}", pa.string(), value)
    return map_rows(lambda given: given.hex().upper(), pa.string(), value.cast(pa.binary()))


@function("unhex", (STRING,), returns=BINARY, nullable="always")
def unhex(text: pa.Array) -> pa.Array:
    """Returns the bytes that hexadecimal digits stand for; null for what are none.

    > SELECT decode(unhex('537061726B2053514C'), 'UTF-8');
    Spark SQL
    """

    def decode(value: str) -> bytes | None:
        if not re.fullmatch("[0-9A-Fa-f]*", value):
            return None
        return bytes.fromhex("0" * (len(value) % 2) + value)

    return map_rows(decode, pa.binary(), text)


@function("bin", (LONG,), returns=STRING)
def bin_text(value: pa.Array) -> pa.Array:
    """Returns a number in binary digits.

    > SELECT bin(13);
    1101
    """
    return map_rows(lambda given: f"{given % _WORD:b}", pa.string(), value)


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@function(
    "conv", (STRING, INT, INT), returns=STRING, nullable="always", raises=True, ansi_only=True, wants_context=True
)
def conv(number: pa.Array, from_base: pa.Array, to_base: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns a number written in one base in another; a negative target base is for signed numbers.

    > SELECT conv('100', 2, 10);
    4
    > SELECT conv(-10, 16, -10);
    -16
    """

    def converted(text: str, source: int, target: int) -> str | None:
        if not (2 <= source <= 36 and 2 <= abs(target) <= 36) or not text.strip():
            return None
        text = text.strip().upper()
        negative = text.startswith("-")
        value = 0
        for character in text[negative:]:
            digit = _DIGITS.find(character)
            if not 0 <= digit < source:
                break
            value = value * source + digit
        if value >= _WORD:
            if context.ansi:
                raise ExecutionError("ARITHMETIC_OVERFLOW", {"message": "Overflow in function conv()"})
            value = _WORD - 1
        return _in_base(-value if negative else value, target)

    return map_rows(converted, pa.string(), number, from_base, to_base)


def _in_base(value: int, base: int) -> str:
    """Digits of a 64-bit number: unsigned, or signed for a negative base."""
    if base > 0:
        value %= _WORD
    elif value >= _WORD // 2:
        value -= _WORD
    sign, rest, base = ("-" if value < 0 else ""), abs(value), abs(base)
    digits = ""
    while True:
        rest, digit = divmod(rest, base)
        digits = _DIGITS[digit] + digits
        if not rest:
            return sign + digits


@function("chr", (LONG,), returns=STRING, aliases=("char",))
def character(code: pa.Array) -> pa.Array:
    """Returns the character of a code, modulo 256; empty for a negative one.

    > SELECT chr(65);
    A
    """
    return map_rows(lambda value: "" if value < 0 else chr(value % 256), pa.string(), code)


_CHARSETS = {
    "us-ascii": "ascii",
    "iso-8859-1": "latin-1",
    "utf-8": "utf-8",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "utf-16": "utf-16",
    "utf-32": "utf-32-be",
}


@lru_cache(maxsize=64)
def _charset(name: str, function_name: str) -> str:
    found = _CHARSETS.get(name.lower())
    if found is None:
        parameters = {"parameter": "`charset`", "functionName": f"`{function_name}`", "charset": name}
        raise ExecutionError("INVALID_PARAMETER_VALUE.CHARSET", parameters | {"charsets": ", ".join(sorted(_CHARSETS))})
    return found


@function("decode", (BINARY, STRING), returns=STRING, raises=True, nullable="always", expected="2")
def decode(value: pa.Array, charset: pa.Array) -> pa.Array:
    """Returns the text that bytes stand for in a character set.

    > SELECT decode(encode('abc', 'utf-8'), 'utf-8');
    abc
    """

    def decoded(given: bytes, name: str) -> str:
        try:
            return given.decode(_charset(name, "decode"))
        except UnicodeDecodeError as error:
            raise _malformed("decode", name) from error

    return map_rows(decoded, pa.string(), value, charset)


def _malformed(function_name: str, charset: str) -> ExecutionError:
    return ExecutionError("MALFORMED_CHARACTER_CODING", {"function": f"`{function_name}`", "charset": charset})


@function("encode", (STRING, STRING), returns=BINARY, raises=True, nullable="always")
def encode(text: pa.Array, charset: pa.Array) -> pa.Array:
    """Returns the bytes of text in a character set.

    > SELECT hex(encode('abc', 'utf-8'));
    616263
    """

    def encoded(value: str, name: str) -> bytes:
        codec = _charset(name, "encode")
        if codec == "utf-16":
            return b"\xfe\xff" + value.encode("utf-16-be")
        try:
            return value.encode(codec)
        except UnicodeEncodeError as error:
            raise _malformed("encode", name) from error

    return map_rows(encoded, pa.binary(), text, charset)


@function("format_number", (NUMERIC, _PLACES), returns=STRING, nullable="always", coerce=_number_and_form)
def format_number(number: pa.Array, form: pa.Array) -> pa.Array:
    """Returns a number with commas between thousands and as many digits after the point, or as a pattern of Java says.

    > SELECT format_number(12332.123456, 4);
    12,332.1235
    > SELECT format_number(12332.123456, '##################.###');
    12332.123
    """
    return map_rows(_formatted_number, pa.string(), number, form)


def _formatted_number(value: Any, form: int | str) -> str | None:
    if isinstance(form, int) and form < 0:
        return None
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return "NaN" if value != value else "-∞" if value < 0 else "∞"
    with localcontext(prec=400):
        exact = value if isinstance(value, Decimal) else Decimal(repr(value))
        if isinstance(form, str):
            return _by_pattern(exact, form or "#,###,###,###,###,###,##0")
        return f"{exact.quantize(Decimal(1).scaleb(-form), ROUND_HALF_EVEN):,f}"


_PATTERN = re.compile(r"(?P<before>[^#0,.]*)(?P<whole>[#0,]*)(?:\.(?P<part>[0#]*))?(?P<after>[^#0,.]*)")


def _by_pattern(value: Decimal, pattern: str) -> str:
    """A number by a pattern of java.text.DecimalFormat: # and 0 for digits, commas for groups, text before and after."""
    found = _PATTERN.fullmatch(pattern)
    if found is None:
        raise ExecutionError("INVALID_PARAMETER_VALUE.PATTERN", {
            "parameter": "`format`", "functionName": "`format_number`", "value": f"'{pattern}'"
        })  # fmt: skip
    whole, part = found["whole"], found["part"] or ""
    text = f"{abs(value).quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_EVEN):f}"
    digits, _, rest = text.partition(".")
    while rest and len(rest) > part.rfind("0") + 1 and rest.endswith("0"):
        rest = rest[:-1]
    digits = digits.lstrip("0").rjust(whole.replace(",", "").count("0"), "0")
    if "," in whole:
        width = len(whole) - whole.rfind(",") - 1
        groups = [digits[max(end - width, 0) : end] for end in range(len(digits), 0, -width)] if width else [digits]
        digits = ",".join(reversed(groups))
    sign = "-" if value < 0 and (digits.strip("0,") or rest.strip("0")) else ""
    return f"{sign}{found['before']}{digits}{'.' + rest if rest else ''}{found['after']}"
