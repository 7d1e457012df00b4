"""Rows with equal keys: numbers for groups, and hashes that are the same in every process.

Nulls are equal to each other here, as GROUP BY has it, and so are NaNs, and 0.0 and -0.0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from engine.kernels.buffers import (
    Ints,
    Words,
    as_text,
    decimal_words,
    fixed_values,
    holds_int64,
    int64_values,
    plain_floats,
    valid,
)
from engine.lazy import pc
from engine.records import dataclass

_LARGEST = 1 << 62
_CHUNK_ROWS = 1 << 16
_PRIME = np.uint64(0x100000001B3)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Groups:
    """`ids` number the group of each row from 0 to before `count`; `first` is a row of each group, its first."""

    ids: Ints
    count: int
    first: Ints


def group_rows(keys: Sequence[pa.Array], rows: int) -> Groups:
    """The groups of equal `keys`. Without keys all rows are one group, also if there is none."""
    if not keys:
        return Groups(np.zeros(rows, np.int64), 1, np.zeros(1, np.int64))
    codes, size = key_codes(keys, rows)
    return _groups(codes, size)


def key_codes(keys: Sequence[pa.Array], rows: int) -> tuple[Ints, int]:
    """A number for each row, equal for rows with equal keys, and a number that all are below."""
    codes, size = np.zeros(rows, np.int64), 1
    for key in keys:
        more, count = _codes(key)
        if size * count > _LARGEST:
            dense = _groups(codes, size)
            codes, size = dense.ids, max(dense.count, 1)
        codes, size = (codes * count + more if size > 1 else more), size * count
    return codes, size


def _groups(codes: Ints, size: int) -> Groups:
    rows = len(codes)
    if size <= 4 * rows + 1024:
        first = np.full(size, -1, np.int64)
        first[codes[::-1]] = np.arange(rows - 1, -1, -1)
        present = np.flatnonzero(first >= 0)
        if len(present) == size:
            return Groups(codes, size, first)
        numbers = np.empty(size, np.int64)
        numbers[present] = np.arange(len(present))
        return Groups(numbers[codes], len(present), first[present])
    encoded = pc.dictionary_encode(pa.array(codes))
    ids = encoded.indices.to_numpy().astype(np.int64)
    count = len(encoded.dictionary)
    first = np.empty(count, np.int64)
    first[ids[::-1]] = np.arange(rows - 1, -1, -1)
    return Groups(ids, count, first)


def _codes(array: pa.Array) -> tuple[Ints, int]:
    """Numbers for the values of one column; null has one of its own."""
    kind = array.type
    if len(array) == 0 or pa.types.is_null(kind):
        return np.zeros(len(array), np.int64), 1
    if pa.types.is_struct(kind):
        codes, size = key_codes(array.flatten(), len(array))
        present = valid(array)
        return (codes, size) if present is None else (np.where(present, codes, size), size + 1)
    if pa.types.is_nested(kind):
        present = valid(array)
        codes, size = _codes(as_text(array))
        return (codes, size) if present is None else (np.where(present, codes, size), size + 1)
    if holds_int64(kind):
        found = _near_codes(array)
        if found is not None:
            return found
    if pa.types.is_string(kind) and (letters := _letter_codes(array)) is not None:
        return letters
    if pa.types.is_floating(kind):
        array = pa.array(plain_floats(array), mask=None if array.null_count == 0 else ~_mask(array))
    encoded = pc.dictionary_encode(array, null_encoding="encode")
    return encoded.indices.to_numpy().astype(np.int64), max(1, len(encoded.dictionary))


def _near_codes(array: pa.Array) -> tuple[Ints, int] | None:
    """Differences to the least value, where the values are near to each other."""
    values = int64_values(array)
    present = valid(array)
    counted = values if present is None else values[present]
    if len(counted) == 0:
        return np.zeros(len(array), np.int64), 1
    low, high = int(counted.min()), int(counted.max())
    size = high - low + 1
    if size > max(4 * len(array), 1024):
        return None
    codes = values - low
    if present is None:
        return codes, size
    return np.where(present, codes, size), size + 1


def _letter_codes(array: pa.Array) -> tuple[Ints, int] | None:
    """The byte of each text, where all of them are one byte long: flags and the like."""
    _, offsets_buffer, data = array.buffers()
    if array.null_count or data is None:
        return None
    offsets = np.frombuffer(offsets_buffer, np.int32, len(array) + 1, array.offset * 4)
    if offsets[-1] - offsets[0] != len(array) or not (np.diff(offsets) == 1).all():
        return None
    return np.frombuffer(data, np.uint8, len(array), int(offsets[0])).astype(np.int64), 256


def _mask(array: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    present = valid(array)
    return np.ones(len(array), np.bool_) if present is None else present


def hash_rows(keys: Sequence[pa.Array], rows: int) -> Words:
    """A 64-bit hash for each row, equal for equal keys in every process."""
    result = np.full(rows, 42, np.uint64)
    with np.errstate(over="ignore"):
        for key in keys:
            result = _mix(result * _PRIME + _hash(key))
    return result


def _hash(array: pa.Array) -> Words:
    kind = array.type
    rows = len(array)
    if pa.types.is_null(kind) or rows == 0:
        return np.zeros(rows, np.uint64)
    if pa.types.is_struct(kind):
        hashed = hash_rows(array.flatten(), rows)
    elif holds_int64(kind):
        hashed = _mix(int64_values(array).view(np.uint64))
    elif pa.types.is_decimal128(kind):
        low, high = decimal_words(array)
        hashed = _mix(low + _mix(high.view(np.uint64)))
    elif pa.types.is_floating(kind):
        hashed = _mix(plain_floats(array).astype(np.float64).view(np.uint64))
    else:
        hashed = _hash_text(as_text(array) if pa.types.is_nested(kind) else array)
    present = valid(array)
    return hashed if present is None else np.where(present, hashed, np.uint64(7))


def _mix(values: Words) -> Words:
    """SplitMix64's finisher: every bit of the input moves every bit of the output."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _hash_text(array: pa.Array) -> Words:
    """The bytes as digits of a number to an odd base, modulo 2**64."""
    parts = [_hash_bytes(array.slice(start, _CHUNK_ROWS)) for start in range(0, len(array), _CHUNK_ROWS)]
    return np.concatenate(parts)


def _hash_bytes(array: pa.Array) -> Words:
    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    kind = np.dtype(np.int64 if wide else np.int32)
    _, offsets_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offsets_buffer, kind, len(array) + 1, array.offset * kind.itemsize).astype(np.int64)
    lengths = np.diff(offsets)
    hashed = lengths.astype(np.uint64) * _GOLDEN
    filled = np.flatnonzero(lengths)
    if len(filled):
        data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
        starts = offsets[filled] - offsets[0]
        powers = np.full(int(lengths.max()), _GOLDEN, np.uint64)
        powers[0] = 1
        powers = np.cumprod(powers, dtype=np.uint64)
        places = np.arange(len(data), dtype=np.int64) - np.repeat(starts, lengths[filled])
        digits = (data.astype(np.uint64) + np.uint64(1)) * powers[places]
        hashed[filled] += np.add.reduceat(digits, starts)
    return _mix(hashed)


def integer_column(array: pa.Array) -> Ints | None:
    """The values as exact integers where the type allows, else None."""
    if holds_int64(array.type):
        return int64_values(array)
    if pa.types.is_floating(array.type):
        return plain_floats(array).astype(np.float64).view(np.int64)
    return fixed_values(array).astype(np.int64) if pa.types.is_integer(array.type) else None
