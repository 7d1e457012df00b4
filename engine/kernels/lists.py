"""Lists as offsets and values: what array functions are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from engine.kernels.rows import valid, validity_buffer

Numbers: TypeAlias = Any
"""A numpy array of integers."""


def lengths(array: pa.Array) -> Numbers:
    """The number of elements of each list or map; 0 for null."""
    if len(array) == 0:
        return np.zeros(0, dtype=np.int64)
    offsets = _offsets(array)
    return np.where(valid(array), np.diff(offsets), 0)


def starts(array: pa.Array) -> Numbers:
    """Where in `elements` each list begins."""
    return _offsets(array)[:-1]


def elements(array: pa.ListArray) -> pa.Array:
    """All elements that offsets point into, those of null lists too."""
    return array.values


def parents(array: pa.Array) -> Numbers:
    """For each element of a list that is not null, in order, the row of its list."""
    return np.repeat(np.arange(len(array), dtype=np.int64), lengths(array))


def places(array: pa.Array) -> Numbers:
    """For each element of a list that is not null, in order, its index in `elements`."""
    counts = lengths(array)
    return ranges(starts(array), counts)


def ranges(begin: Numbers, counts: Numbers) -> Numbers:
    """The numbers begin[0] .. begin[0] + counts[0] - 1, then those of the next row, in one array."""
    total = int(counts.sum())
    if total == 0:
        return np.zeros(0, dtype=np.int64)
    shifted = np.repeat(begin - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return np.arange(total, dtype=np.int64) + shifted


def flat(array: pa.Array) -> pa.Array:
    """The elements of all lists that are not null, in order."""
    values = elements(array)
    counts = lengths(array)
    begin = starts(array)
    if len(array) and array.null_count == 0:
        first = int(begin[0])
        return values.slice(first, int(counts.sum()))
    return values.take(pa.array(places(array)))


def make(counts: Numbers, values: pa.Array, is_valid: Numbers | None, wanted: pa.DataType) -> pa.Array:
    """The lists of `counts` elements taken from `values` in order; null where not `is_valid` (there counts must be 0)."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    missing = None if is_valid is None or is_valid.all() else pa.array(~is_valid)
    values = values if values.type == wanted.value_type else values.cast(wanted.value_type)
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=wanted, mask=missing)


def flat_entries(array: pa.MapArray) -> tuple[pa.Array, pa.Array]:
    """The keys and the values of all maps that are not null, in order."""
    indices = pa.array(places(array))
    return array.keys.take(indices), array.items.take(indices)


def make_map(counts: Numbers, keys: pa.Array, items: pa.Array, is_valid: Numbers, wanted: pa.MapType) -> pa.Array:
    """The maps of `counts` entries of `keys` and `items` in order; null where not `is_valid` (there counts must be 0)."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    pairs = pa.StructArray.from_arrays(
        [keys.cast(wanted.key_type), items.cast(wanted.item_type)], fields=[wanted.key_field, wanted.item_field]
    )
    buffers = [validity_buffer(is_valid), pa.py_buffer(offsets)]
    return pa.Array.from_buffers(wanted, len(counts), buffers, children=[pairs])


def concat_lists(arrays: Sequence[pa.Array]) -> pa.Array:
    """Row by row, the elements of all lists one after the other; null if any list is."""
    is_valid = np.logical_and.reduce([valid(array) for array in arrays])
    counts = np.stack([np.where(is_valid, lengths(array), 0) for array in arrays], axis=1)
    bases = np.cumsum([0] + [len(elements(array)) for array in arrays[:-1]])
    begin = np.stack([starts(array) + base for array, base in zip(arrays, bases, strict=True)], axis=1)
    joined = pa.concat_arrays([elements(array).cast(arrays[0].type.value_type) for array in arrays])
    values = joined.take(pa.array(ranges(begin.ravel(), counts.ravel())))
    return make(counts.sum(axis=1), values, is_valid, arrays[0].type)


def _offsets(array: pa.Array) -> Numbers:
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(len(array) + 1, dtype=np.int64)
    raw = np.frombuffer(buffer, dtype=np.int32, count=array.offset + len(array) + 1)
    return raw[array.offset :].astype(np.int64)
