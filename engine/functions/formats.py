"""Texts made by a format and taken apart by one: printf, masks, check digits, URLs."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Expression, Mode
from engine.expressions.conditional import CaseWhen
from engine.expressions.predicates import EqualNullSafe
from engine.functions.registry import function
from engine.functions.signature import ANY, Variadic
from engine.kernels.rowwise import attempt, map_nullable, map_rows
from engine.types import BINARY, BOOLEAN, STRING

_DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


@function("format_string", (STRING, Variadic(ANY)), returns=STRING, raises=True, nullable="always", aliases=("printf",))
def format_string(template: pa.Array, *values: pa.Array) -> pa.Array:
    """Returns a text with values put in the place of its printf directives.

    > SELECT format_string('Hello World %d %s', 100, 'days');
    Hello World 100 days
    """

    def formatted(pattern: str | None, *given: Any) -> str | None:
        if pattern is None:
            return None
        used = iter(given)

        def put(found: re.Match[str]) -> str:
            if found[5] in "%n":
                return "%" if found[5] == "%" else "\n"
            try:
                value = given[int(found[1]) - 1] if found[1] else next(used)
            except (StopIteration, IndexError):
                raise _format_error(pattern, f"no argument for '{found[0]}'") from None
            return _directive(found, value, pattern)

        return _DIRECTIVE.sub(put, pattern)

    return map_nullable(formatted, pa.string(), template, *values)


def _format_error(pattern: str, reason: str) -> ExecutionError:
    parameters = {"parameter": "`strfmt`", "functionName": "`format_string`", "reason": f"'{pattern}': {reason}"}
    return ExecutionError("INVALID_PARAMETER_VALUE", parameters)


def _directive(found: re.Match[str], value: Any, pattern: str) -> str:
    """One value as one directive wants it."""
    flags, width, precision, kind = found[2], int(found[3] or 0), found[4], found[5]
    if kind.lower() in "sb" or value is None:
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if kind in "bB":
            text = str(value).lower() if isinstance(value, bool) else str(value is not None).lower()
        text = text[: int(precision)] if precision is not None else text
    elif kind == "c":
        text = value if isinstance(value, str) else chr(value)
    elif kind in "doxX" and isinstance(value, int):
        text = format(value % (1 << 64) if value < 0 and kind in "oxX" else value, ("," if "," in flags else "") + kind)
    elif kind in "feEgG" and isinstance(value, float | Decimal):
        text = format(value, f"{',' if ',' in flags else ''}.{precision or 6}{kind}")
    else:
        raise _format_error(pattern, f"'{found[0]}' does not fit {value!r}")
    if "+" in flags and kind in "dfeEgG" and not text.startswith("-"):
        text = f"+{text}"
    text = text.upper() if kind in "SB" else text
    if "0" in flags and len(text) < width:
        sign = text[0] if text[:1] in ("-", "+") else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.ljust(width) if "-" in flags else text.rjust(width)


@function("mask", (STRING, STRING, STRING, STRING, STRING), returns=STRING, optional=4, nullable="always")
def mask(text: pa.Array, *replacements: pa.Array) -> pa.Array:
    """Replaces upper case letters by X, lower case ones by x and digits by n, or by the characters given; null keeps them.

    > SELECT mask('abcd-EFGH-8765-4321');
    xxxx-XXXX-nnnn-nnnn
    """

    def masked(value: str | None, *given: str | None) -> str | None:
        if value is None:
            return None
        upper, lower, digit, other = (*given, *("X", "x", "n", None)[len(given) :])

        def one(character: str) -> str:
            kind = (
                upper
                if character.isupper()
                else lower
                if character.islower()
                else digit
                if character.isdigit()
                else other
            )
            return character if kind is None else kind

        return "".join(map(one, value))

    return map_nullable(masked, pa.string(), text, *replacements)


@function("luhn_check", (STRING,), returns=BOOLEAN)
def luhn_check(text: pa.Array) -> pa.Array:
    """Returns whether the digits of a text end in the right check digit.

    > SELECT luhn_check('8112189876');
    true
    """

    def check(value: str) -> bool:
        if not value.isascii() or not value.isdigit():
            return False
        digits = [int(each) for each in reversed(value)]
        return sum(d if place % 2 == 0 else sum(divmod(2 * d, 10)) for place, d in enumerate(digits)) % 10 == 0

    return map_rows(check, pa.bool_(), text)


@function("quote", (STRING,), returns=STRING)
def quote(text: pa.Array) -> pa.Array:
    """Returns a text in single quotes.

    > SELECT quote('Dont');
    'Dont'
    """
    return map_rows(lambda value: "'" + value.replace("'", "\\'") + "'", pa.string(), text)


def _binary(text: str, form: str) -> bytes:
    """The bytes of a text in a format. Raises CONVERSION_INVALID_INPUT."""
    kind = form.lower()
    call = {"hex": "unhex", "base64": "unbase64", "utf-8": "", "utf8": ""}.get(kind)
    try:
        if call == "unhex":
            return bytes.fromhex("0" * (len(text) % 2) + text)
        if call == "unbase64":
            return _base64(text)
    except ValueError:
        call = None
    if call is None:
        parameters = {"str": f"'{text}'", "fmt": f"'{form}'", "targetType": '"BINARY"', "suggestion": "`try_to_binary`"}
        raise ExecutionError("CONVERSION_INVALID_INPUT", parameters)
    return text.encode()


def _base64(text: str) -> bytes:
    return base64.b64decode(re.sub(r"\s", "", text), validate=True)


@function("to_binary", (STRING, STRING), returns=BINARY, optional=1, raises=True)
def to_binary(text: pa.Array, form: pa.Array | None = None) -> pa.Array:
    """Returns the bytes a text stands for: in "hex" (the default), "base64" or "utf-8".

    > SELECT to_binary('abc', 'utf-8');
    abc
    """
    return map_rows(_binary, pa.binary(), text, form if form is not None else pa.repeat("hex", len(text)))


@function("try_to_binary", (STRING, STRING), returns=BINARY, optional=1, nullable="always")
def try_to_binary(text: pa.Array, form: pa.Array | None = None) -> pa.Array:
    """Like `to_binary`, giving null for what is none.

    > SELECT try_to_binary('a!', 'base64');
    NULL
    """
    tried = attempt(_binary, Mode.TRY)
    return map_rows(tried, pa.binary(), text, form if form is not None else pa.repeat("hex", len(text)))


@function("decode", (ANY, ANY, ANY, Variadic(ANY)), kind="rewrite")
def decode_cases(value: Expression, *pairs: Expression) -> Expression:
    """Returns the result after the first argument that equals the first (nulls are equal), else the last one left over.

    > SELECT decode(2, 1, 'Southlake', 2, 'San Francisco', 'Non domestic');
    San Francisco
    """
    branches = tuple((EqualNullSafe(value, key), result) for key, result in zip(pairs[0::2], pairs[1::2], strict=False))
    return CaseWhen(branches, pairs[-1] if len(pairs) % 2 else None)


@function("parse_url", (STRING, STRING, STRING), returns=STRING, optional=1, nullable="always")
def parse_url(url: pa.Array, part: pa.Array, key: pa.Array | None = None) -> pa.Array:
    """Returns a part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO, or one value of the query.

    > SELECT parse_url('http://spark.apache.org/path?query=1', 'HOST');
    spark.apache.org
    > SELECT parse_url('http://spark.apache.org/path?query=1', 'QUERY', 'query');
    1
    """
    arrays = (url, part) if key is None else (url, part, key)
    return map_rows(_url_part, pa.string(), *arrays)


def _url_part(url: str, part: str, key: str | None = None) -> str | None:
    try:
        pieces = urlsplit(url)
        query = pieces.query or None
        if key is not None:
            found = re.search(f"(?:^|&){re.escape(key)}=([^&]*)", query or "") if part == "QUERY" else None
            return found[1] if found else None
        user, _, host = pieces.netloc.rpartition("@")
        parts = {
            "HOST": re.sub(r":\d*$", "", host) or None,
            "PATH": pieces.path,
            "QUERY": query,
            "REF": pieces.fragment or None,
            "PROTOCOL": pieces.scheme or None,
            "FILE": pieces.path + (f"?{query}" if query else ""),
            "AUTHORITY": pieces.netloc or None,
            "USERINFO": user or None,
        }
        return parts.get(part)
    except ValueError:
        return None
