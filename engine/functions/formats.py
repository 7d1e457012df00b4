"""Texts made by a format: printf, masks, check digits, quotes, and bytes in a format."""

from __future__ import annotations

import base64
import re
import unicodedata
from decimal import Decimal
from typing import Any

import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.calls import Call
from engine.expressions.conditional import CaseWhen
from engine.expressions.predicates import EqualNullSafe
from engine.functions.mismatch import mismatch, not_constant
from engine.functions.registry import function
from engine.functions.signature import ANY, STRICT_TEXT, Variadic
from engine.kernels.rowwise import attempt, map_nullable, map_rows
from engine.types import BINARY, BOOLEAN, STRING

_DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


@function("format_string", (STRING, Variadic(ANY)), kind="rewrite", aliases=("printf",), folded=(0,))
def format_string(template: Expression, *values: Expression) -> Expression:
    """Returns a text with values put in the place of its printf directives.

    > SELECT format_string('Hello World %d %s', 100, 'days');
    Hello World 100 days
    """
    if isinstance(template, Literal) and "%0$" in str(template.value):
        parameters = {"parameter": "`strfmt`", "functionName": "`format_string`"}
        raise AnalysisError("INVALID_PARAMETER_VALUE.ZERO_INDEX", parameters)
    return Call("print_format", (template, *values), STRING, template.nullable, True)


@function("print_format", (STRING, Variadic(ANY)), returns=STRING, raises=True, nullable="always", hidden=True)
def print_format(template: pa.Array, *values: pa.Array) -> pa.Array:
    """Kernel of `format_string`."""

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
    if " " in flags and kind in "dfeEgG" and not text.startswith(("-", "+")):
        text = f" {text}"
    if "0" in flags and len(text) < width:
        sign = text[0] if text[:1] in ("-", "+") else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.ljust(width) if "-" in flags else text.rjust(width)


_MASKS = ("upperChar", "lowerChar", "digitChar", "otherChar")
_MASKED = ("X", "x", "n", None)


@function(
    "mask",
    (STRICT_TEXT, STRICT_TEXT, STRICT_TEXT, STRICT_TEXT, STRICT_TEXT),
    kind="rewrite",
    optional=4,
    names=("str", *_MASKS),
    folded=(1, 2, 3, 4),
    defaults=tuple(Literal(each, STRING) for each in ("", *_MASKED)),
)
def mask(text: Expression, *replacements: Expression) -> Expression:
    """Replaces upper case letters by X, lower case ones by x and digits by n, or by the characters given; null keeps them.

    > SELECT mask('abcd-EFGH-8765-4321');
    xxxx-XXXX-nnnn-nnnn
    """
    given = [*replacements, *(Literal(each, STRING) for each in _MASKED[len(replacements) :])]
    for name, each in zip(_MASKS, given, strict=True):
        if not isinstance(each, Literal):
            raise not_constant(name, "STRING", each)
        if each.value is not None and len(str(each.value)) != 1:
            raise mismatch("INPUT_SIZE_NOT_ONE", exprName=name)
    return Call("masked", (text, *given), STRING, True)


@function("masked", (STRING, STRING, STRING, STRING, STRING), returns=STRING, nullable="always", hidden=True)
def masked(text: pa.Array, *replacements: pa.Array) -> pa.Array:
    """Kernel of `mask`."""
    upper, lower, digit, other = (each[0].as_py() if len(each) else None for each in replacements)

    def one(character: str) -> str:
        kind = unicodedata.category(character)
        found = {"Lu": upper, "Ll": lower, "Nd": digit}.get(kind, other)
        return character if found is None else found

    return map_rows(lambda value: "".join(map(one, value)), pa.string(), text)


@function("luhn_check", (STRING,), returns=BOOLEAN, nullable="always")
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


@function("quote", (STRING,), returns=STRING, nullable="always")
def quote(text: pa.Array) -> pa.Array:
    """Returns a text in single quotes.

    > SELECT quote('Dont');
    'Dont'
    """
    return map_rows(lambda value: "'" + value.replace("'", "\\'") + "'", pa.string(), text)


_FORMATS = ("hex", "base64", "utf-8", "utf8")


def _bytes_of(text: str, form: str) -> bytes:
    """The bytes of a text in a format. Raises CONVERSION_INVALID_INPUT."""
    try:
        if form == "hex":
            return bytes.fromhex("0" * (len(text) % 2) + text) if " " not in text else _refuse(text)
        return base64_bytes(text) if form == "base64" else text.encode()
    except ValueError as error:
        parameters = {"str": f"'{text}'", "fmt": f"'{form.upper()}'", "targetType": '"BINARY"'}
        raise ExecutionError("CONVERSION_INVALID_INPUT", parameters | {"suggestion": "`try_to_binary`"}) from error


def _refuse(text: str) -> bytes:
    raise ValueError(text)


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?")


def base64_bytes(text: str) -> bytes:
    """The bytes that base 64 stands for; white space does not count. Raises ValueError."""
    plain = re.sub(r"[\s]", "", text)
    if not _BASE64.fullmatch(plain) or re.search(r"=\s+=", text):
        raise ValueError(text)
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def _declare_binary(name: str, mode: Mode, doc: str) -> None:
    def rewrite(text: Expression, form: Expression | None = None) -> Expression:
        given = Literal("hex", STRING) if form is None else form
        if not isinstance(given, Literal):
            raise not_constant("fmt", "STRING", given)
        if given.value is None:
            return Literal(None, BINARY)
        known = str(given.value).lower()
        if known not in _FORMATS:
            raise mismatch(
                "INVALID_ARG_VALUE",
                inputName="fmt",
                requireType='case-insensitive "STRING"',
                validValues="'hex', 'utf-8', 'utf8', or 'base64'",
                inputValue=f"'{known}'",
            )
        tries = mode is Mode.TRY
        nullable = known != "base64" or text.nullable or tries
        return Call(f"{name}_by", (text, Literal(known, STRING)), BINARY, nullable, not tries)

    def kernel(text: pa.Array, form: pa.Array) -> pa.Array:
        return map_rows(attempt(_bytes_of, mode), pa.binary(), text, form)

    rewrite.__doc__, kernel.__doc__ = doc, f"Kernel of `{name}`."
    function(name, (STRING, STRING), kind="rewrite", optional=1, folded=(1,))(rewrite)
    function(f"{name}_by", (STRING, STRING), returns=BINARY, hidden=True)(kernel)


_declare_binary(
    "to_binary",
    Mode.ANSI,
    """Returns the bytes a text stands for: in "hex" (the default), "base64" or "utf-8".

    > SELECT to_binary('abc', 'utf-8');
    abc
    """,
)
_declare_binary(
    "try_to_binary",
    Mode.TRY,
    """Like `to_binary`, giving null for what is none.

    > SELECT try_to_binary('a!', 'base64');
    NULL
    """,
)


@function("decode", (ANY, ANY, ANY, Variadic(ANY)), kind="rewrite")
def decode_cases(value: Expression, *pairs: Expression) -> Expression:
    """Returns the result after the first argument that equals the first (nulls are equal), else the last one left over.

    > SELECT decode(2, 1, 'Southlake', 2, 'San Francisco', 'Non domestic');
    San Francisco
    """
    branches = tuple((EqualNullSafe(value, key), result) for key, result in zip(pairs[0::2], pairs[1::2], strict=False))
    return CaseWhen(branches, pairs[-1] if len(pairs) % 2 else None)
