"""Parts of strings and binaries, and where they are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from engine.expressions.base import Expression, Literal
from engine.expressions.conditional import If
from engine.expressions.predicates import IsNull, LessThanOrEqual
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.signature import TEXT, TEXT_OR_BINARY
from engine.kernels.context import CallContext
from engine.kernels.rows import Datum, as_array, is_scalar
from engine.kernels.rowwise import map_rows
from engine.lazy import pc
from engine.types import INT, STRING, DataType

MAX_INT = 2**31 - 1


def same(*types: DataType) -> DataType:
    """The result type: that of the first argument."""
    return types[0]


@function(
    "substring",
    (TEXT_OR_BINARY, INT, INT),
    returns=same,
    optional=1,
    aliases=("substr",),
    takes_scalars=True,
    wants_context=True,
)
def substring(text: Datum, start: Datum, length: Datum | None = None, *, context: CallContext) -> Datum:
    """Returns the part of `text` from `start` (1 is the first character, -1 the last) of at most `length` characters.

    > SELECT substring('Spark SQL', 5);
    k SQL
    > SELECT substring('Spark SQL', -3);
    SQL
    > SELECT substring('Spark SQL', 5, 1);
    k
    """
    length = pa.scalar(MAX_INT, pa.int32()) if length is None else length
    if is_scalar(start) and is_scalar(length):
        if not start.is_valid or not length.is_valid:
            return pa.scalar(None, text.type)
        return _slice(text, start.as_py(), length.as_py())
    arrays = [as_array(each, context.rows) for each in (text, start, length)]
    return map_rows(cut, text.type, *arrays)


def cut(text: Any, start: int, length: int) -> Any:
    """The part of a str or bytes by Spark's rule: the end is counted from where `start` would be, even before the text."""
    begin = start - 1 if start > 0 else len(text) + start if start < 0 else 0
    end = begin + length
    return text[max(begin, 0) : end] if end > max(begin, 0) else text[:0]


def _slice(text: Datum, start: int, length: int) -> Datum:
    kernel = pc.binary_slice if pa.types.is_binary(text.type) else pc.utf8_slice_codeunits
    if length <= 0:
        return kernel(text, 0, 0)
    begin = start - 1 if start > 0 else start
    end: int | None = begin + length
    if length == MAX_INT or (begin < 0 and end is not None and end >= 0):
        end = None
    if start == 0:
        end = None if length == MAX_INT else length
    return kernel(text, begin, end)


@function("left", (TEXT_OR_BINARY, INT), kind="rewrite")
def left(text: Expression, length: Expression) -> Expression:
    """Returns the first `length` characters.

    > SELECT left('Spark SQL', 3);
    Spa
    """
    return resolve_call("substring", (text, Literal(1, INT), length))


@function("right", (TEXT, INT), kind="rewrite")
def right(text: Expression, length: Expression) -> Expression:
    """Returns the last `length` characters.

    > SELECT right('Spark SQL', 3);
    SQL
    """
    minus = resolve_call("negative", (length,))
    tail = If(LessThanOrEqual(length, Literal(0, INT)), Literal("", STRING), resolve_call("substring", (text, minus)))
    return If(IsNull(text), Literal(None, STRING), tail)
