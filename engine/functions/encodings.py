"""Texts of bytes and numbers: base 64, hexadecimal, binary, other bases, character codes, formatted numbers."""

from __future__ import annotations

import base64 as b64
import binascii
import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import NUMERIC, Kind
from engine.kernels.context import CallContext
from engine.kernels.rowwise import map_rows
from engine.types import BINARY, INT, LONG, STRING, BinaryType, IntegralType, StringType

_HEX = Kind("(BIGINT or BINARY or STRING)", (IntegralType, BinaryType, StringType), fallback=LONG)
_BYTES = Kind("BINARY", (BinaryType, StringType), fallback=STRING)
_WORD = 1 << 64


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
        reason = f"expects one of the {', '.join(sorted(_CHARSETS))}, but got {name}."
        parameters = {"parameter": "`charset`", "functionName": f"`{function_name}`", "reason": reason}
        raise ExecutionError("INVALID_PARAMETER_VALUE", parameters)
    return found


@function("decode", (BINARY, STRING), returns=STRING, raises=True)
def decode(value: pa.Array, charset: pa.Array) -> pa.Array:
    """Returns the text that bytes stand for in a character set.

    > SELECT decode(encode('abc', 'utf-8'), 'utf-8');
    abc
    """
    return map_rows(lambda given, name: given.decode(_charset(name, "decode"), "replace"), pa.string(), value, charset)


@function("encode", (STRING, STRING), returns=BINARY, raises=True)
def encode(text: pa.Array, charset: pa.Array) -> pa.Array:
    """Returns the bytes of text in a character set.

    > SELECT hex(encode('abc', 'utf-8'));
    616263
    """

    def encoded(value: str, name: str) -> bytes:
        codec = _charset(name, "encode")
        if codec == "utf-16":
            return b"\xfe\xff" + value.encode("utf-16-be")
        return value.encode(codec, "replace")

    return map_rows(encoded, pa.binary(), text, charset)


@function("url_encode", (STRING,), returns=STRING)
def url_encode(text: pa.Array) -> pa.Array:
    """Returns text as a part of a URL.

    > SELECT url_encode('https://spark.apache.org');
    https%3A%2F%2Fspark.apache.org
    """
    return map_rows(lambda value: quote_plus(value, safe="*-._"), pa.string(), text)


@function("url_decode", (STRING,), returns=STRING)
def url_decode(text: pa.Array) -> pa.Array:
    """Returns the text that a part of a URL stands for.

    > SELECT url_decode('https%3A%2F%2Fspark.apache.org');
    https://spark.apache.org
    """
    return map_rows(unquote_plus, pa.string(), text)


@function("format_number", (NUMERIC, INT), returns=STRING, nullable="always")
def format_number(number: pa.Array, places: pa.Array) -> pa.Array:
    """Returns a number with commas between thousands and `places` digits after the point.

    > SELECT format_number(12332.123456, 4);
    12,332.1235
    """

    def formatted(value: Any, digits: int) -> str | None:
        if digits < 0:
            return None
        if isinstance(value, float) and (value != value or abs(value) == float("inf")):
            return "NaN" if value != value else "-∞" if value < 0 else "∞"
        with localcontext(prec=400):
            exact = value if isinstance(value, Decimal) else Decimal(repr(value))
            return f"{exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN):,f}"

    return map_rows(formatted, pa.string(), number, places)
