"""The ends of strings: what is trimmed from them and padded to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from engine.expressions.base import Expression, Literal
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.signature import TEXT, TEXT_OR_BINARY
from engine.functions.substrings import same
from engine.kernels.context import CallContext
from engine.kernels.rows import Datum, as_array
from engine.kernels.rowwise import map_rows
from engine.lazy import pc
from engine.types import BINARY, INT, STRING, BinaryType, DataType
from engine.types.coercion import can_implicitly_cast


def _trimmed(method: str, text: Datum, characters: Datum | None, context: CallContext) -> Datum:
    if characters is None:
        kernel = {"strip": pc.utf8_trim, "lstrip": pc.utf8_ltrim, "rstrip": pc.utf8_rtrim}[method]
        return kernel(text, characters=" ")
    arrays = [as_array(each, context.rows) for each in (text, characters)]
    return map_rows(lambda value, strip: getattr(value, method)(strip) if strip else value, pa.string(), *arrays)


@function("trim", (TEXT, TEXT), returns=STRING, optional=1, takes_scalars=True, wants_context=True)
def trim(characters: Datum, text: Datum | None = None, *, context: CallContext) -> Datum:
    """Removes blanks, or the characters given first, from both ends.

    > SELECT trim('    SparkSQL   ');
    SparkSQL
    > SELECT trim(BOTH 'SL' FROM 'SSparkSQLS');
    parkSQ
    """
    return (
        _trimmed("strip", characters, None, context) if text is None else _trimmed("strip", text, characters, context)
    )


@function("btrim", (TEXT, TEXT), returns=STRING, optional=1, takes_scalars=True, wants_context=True)
def btrim(text: Datum, characters: Datum | None = None, *, context: CallContext) -> Datum:
    """Removes blanks, or the characters given second, from both ends.

    > SELECT btrim('SSparkSQLS', 'SL');
    parkSQ
    """
    return _trimmed("strip", text, characters, context)


@function("trim_both", (TEXT, TEXT), returns=STRING, takes_scalars=True, wants_context=True, hidden=True)
def trim_both(characters: Datum, text: Datum, *, context: CallContext) -> Datum:
    """TRIM(BOTH characters FROM text)."""
    return _trimmed("strip", text, characters, context)


@function("ltrim", (TEXT, TEXT), returns=STRING, optional=1, takes_scalars=True, wants_context=True)
def ltrim(characters: Datum, text: Datum | None = None, *, context: CallContext) -> Datum:
    """Removes blanks, or the characters given first, from the left end.

    > SELECT ltrim('    SparkSQL');
    SparkSQL
    """
    if text is None:
        return _trimmed("lstrip", characters, None, context)
    return _trimmed("lstrip", text, characters, context)


@function("rtrim", (TEXT, TEXT), returns=STRING, optional=1, takes_scalars=True, wants_context=True)
def rtrim(characters: Datum, text: Datum | None = None, *, context: CallContext) -> Datum:
    """Removes blanks, or the characters given first, from the right end.

    > SELECT rtrim('SparkSQL    ');
    SparkSQL
    """
    if text is None:
        return _trimmed("rstrip", characters, None, context)
    return _trimmed("rstrip", text, characters, context)


def _padded(text: Any, length: int, pad: Any, on_left: bool) -> Any:
    if length <= len(text) or not pad:
        return text[: max(length, 0)]
    missing = length - len(text)
    fill = (pad * (missing // len(pad) + 1))[:missing]
    return fill + text if on_left else text + fill


def _pad(text: pa.Array, length: pa.Array, pad: pa.Array, on_left: bool) -> pa.Array:
    return map_rows(lambda value, size, fill: _padded(value, size, fill, on_left), text.type, text, length, pad)


def _with_pad(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
    """Bytes are padded with bytes; otherwise both are text."""
    kind: DataType = BINARY if all(isinstance(each, BinaryType) for each in types[0::2]) else STRING
    given = [each for each in types[0::2] if not isinstance(each, BinaryType)]
    if not all(can_implicitly_cast(each, STRING, ansi) for each in given) or not can_implicitly_cast(
        types[1], INT, ansi
    ):
        return None
    return (kind, INT, kind)[: len(types)]


def _declare_pad(name: str, on_left: bool, doc: str) -> None:
    def kernel(text: pa.Array, length: pa.Array, pad: pa.Array) -> pa.Array:
        return _pad(text, length, pad, on_left)

    def default(text: Expression, length: Expression) -> Expression:
        blank = Literal(b"\0", BINARY) if isinstance(text.dataType, BinaryType) else Literal(" ", STRING)
        return resolve_call(name, (text, length, blank))

    kernel.__doc__ = default.__doc__ = doc
    wanted = (TEXT_OR_BINARY, INT, TEXT_OR_BINARY)
    function(name, wanted, returns=same, coerce=_with_pad)(kernel)
    function(name, wanted[:2], kind="rewrite")(default)


_declare_pad(
    "lpad",
    True,
    """Returns `text` cut to `length` characters, or padded on the left with `pad` (a blank) until it has them.

    > SELECT lpad('hi', 5, '??');
    ???hi
    """,
)
_declare_pad(
    "rpad",
    False,
    """Returns `text` cut to `length` characters, or padded on the right with `pad` (a blank) until it has them.

    > SELECT rpad('hi', 5, '??');
    hi???
    """,
)
