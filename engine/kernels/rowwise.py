"""Functions of single values over arrays, for what pyarrow has no kernel for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels.rows import valid


def map_rows(operation: Callable[..., Any], kind: pa.DataType, *arrays: pa.Array) -> pa.Array:
    """`operation` of the Python values of each row; null where an argument is null, or None comes out."""
    if len(arrays) == 1:
        values = [None if value is None else operation(value) for value in plain(arrays[0])]
    else:
        values = [None if None in row else operation(*row) for row in zip(*map(plain, arrays), strict=True)]
    return pa.array(values, kind)


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
