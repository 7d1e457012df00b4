"""Functions of single values over arrays, for what pyarrow has no kernel for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels.rows import valid
from engine.lazy import pc


def map_rows(operation: Callable[..., Any], kind: pa.DataType, *arrays: pa.Array) -> pa.Array:
    """`operation` of the Python values of each row; null where an argument is null, or None comes out."""
    if len(arrays) == 1:
        values = [None if value is None else operation(value) for value in plain(arrays[0])]
    else:
        values = [None if None in row else operation(*row) for row in zip(*map(plain, arrays), strict=True)]
    return pa.array(values, kind)


def map_texts(operation: Callable[..., Any], kind: pa.DataType, texts: pa.Array, *others: pa.Array) -> pa.Array:
    """As map_rows, with `operation` done once for each different text where the `others` are the same in all rows."""
    if constants(*others) is None:
        return map_rows(operation, kind, texts, *others)
    return by_distinct(
        lambda few: map_rows(operation, kind, few, *(other.slice(0, len(few)) for other in others)), texts
    )


def by_distinct(operation: Callable[[pa.Array], pa.Array], texts: pa.Array) -> pa.Array:
    """`operation` of the different texts, spread over their rows; null for null."""
    coded = texts.dictionary_encode()
    return operation(coded.dictionary).take(coded.indices)


def constants(*arrays: pa.Array) -> list[Any] | None:
    """The one value of each array, None where one has several, or null."""
    if any(not len(array) or array.null_count or not pc.all(pc.equal(array, array[0])).as_py() for array in arrays):
        return None
    return [plain(array.slice(0, 1))[0] for array in arrays]


def map_nullable(operation: Callable[..., Any], kind: pa.DataType, *arrays: pa.Array) -> pa.Array:
    """`operation` of the Python values of each row, None for null."""
    return pa.array([operation(*row) for row in zip(*map(plain, arrays), strict=True)], kind)


def plain(array: pa.Array) -> Sequence[Any]:
    """The Python values; dates, timestamps and durations as integers, since Python's own end at the year 9999."""
    kind = array.type
    if pa.types.is_date32(kind):
        array = array.view(pa.int32())
    elif pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time64(kind):
        array = array.view(pa.int64())
    values: list[Any] = array.to_pylist()
    return values


def attempt(operation: Callable[..., Any], mode: Mode) -> Callable[..., Any]:
    """`operation`, giving None for what it cannot do where `mode` is not ANSI."""
    if mode is Mode.ANSI:
        return operation

    def tried(*arguments: Any) -> Any:
        try:
            return operation(*arguments)
        except ExecutionError:
            return None

    return tried


def all_valid(*arrays: pa.Array) -> Any:
    """Where no array is null, as numpy booleans."""
    found = valid(arrays[0])
    for array in arrays[1:]:
        found = found & valid(array)
    return found
