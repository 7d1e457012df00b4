"""How kernels of collections see arguments: the elements of each row, and keys by which values are equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.kernels.lists import flat, lengths, make

Picks = list[list[int] | None]
"""For each row the indices of the elements to keep, or None for null."""


def key(value: Any) -> Any:
    """Something hashable that is equal for values that Spark holds equal: NaN to NaN, 0.0 to -0.0."""
    if isinstance(value, float):
        return ("NaN",) if value != value else value + 0.0
    if isinstance(value, list):
        return tuple(map(key, value))
    if isinstance(value, dict):
        return tuple(map(key, value.values()))
    return value


def keys(array: pa.Array) -> list[Any]:
    """The `key` of each row; None for null."""
    kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        array = array.view(pa.int64())
    values = array.to_pylist()
    if pa.types.is_floating(kind) or pa.types.is_nested(kind):
        return [None if value is None else key(value) for value in values]
    return values  # type: ignore[no-any-return]


def spans(array: pa.Array) -> list[range | None]:
    """For each list the indices of its elements in `flat(array)`; None for null."""
    ends = np.cumsum(lengths(array)).tolist()
    counts = lengths(array).tolist()
    is_valid = array.is_valid().to_pylist()
    return [range(end - count, end) if ok else None for end, count, ok in zip(ends, counts, is_valid, strict=True)]


def picked(values: pa.Array, picks: Picks, wanted: pa.DataType) -> pa.Array:
    """The lists of the elements of `values` that `picks` names (-1 is null)."""
    counts = np.array([0 if pick is None else len(pick) for pick in picks], dtype=np.int64)
    indices = [index for pick in picks if pick is not None for index in pick]
    mask = np.array([index < 0 for index in indices], dtype=bool)
    taken = values.take(pa.array(indices, pa.int64(), mask=mask)) if indices else values.slice(0, 0)
    return make(counts, taken, np.array([pick is not None for pick in picks], dtype=bool), wanted)


def elements_of(array: pa.Array) -> tuple[pa.Array, list[Any], list[range | None]]:
    """All elements of the lists, their keys, and which belong to which list."""
    values = flat(array)
    return values, keys(values), spans(array)
