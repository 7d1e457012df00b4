"""Order as SQL has it: nulls where asked, NaN above all numbers, one zero, text by its bytes.

`order_codes` turns a column into int64 numbers in the same order; `sort_rows` gives the places of rows in sorted order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

import numpy as np
import pyarrow as pa

from engine.kernels.buffers import (
    Ints,
    Mask,
    decimal_from_int64,
    decimal_words,
    fits_int64,
    fixed_array,
    holds_int64,
    int64_values,
    plain_floats,
    valid,
)
from engine.kernels.packed_sort import Field, Numbers, is_text, ordered_by, sorted_by, text_parts
from engine.lazy import pc
from engine.records import dataclass

_LEAST = -(1 << 63)
_NO_SIGN = np.int64((1 << 63) - 1)
_MANY_TEXTS = 1 << 14
_SAMPLES = 1 << 10
_FEW_TEXTS = 1 << 7


@dataclass(frozen=True)
class OrderCodes:
    """`codes` are in the order of the values (those of nulls mean nothing); `decode(codes, present)` gives the values back."""

    codes: Ints
    decode: Callable[[Ints, Mask | None], pa.Array]


@dataclass(frozen=True)
class SortKey:
    """A column to sort by."""

    array: pa.Array
    ascending: bool = True
    nulls_first: bool = True


def order_codes(array: pa.Array) -> OrderCodes:
    """Numbers in the order of the values of a column of any type that has an order."""
    kind = array.type
    if holds_int64(kind):
        return OrderCodes(int64_values(array), lambda codes, present: fixed_array(codes, kind, present))
    if pa.types.is_floating(kind):
        return OrderCodes(
            _float_codes(plain_floats(array).astype(np.float64)),
            lambda codes, present: fixed_array(_code_floats(codes), kind, present),
        )
    if pa.types.is_decimal128(kind):
        low, high = decimal_words(array)
        if fits_int64(low, high):
            return OrderCodes(
                low.view(np.int64), lambda codes, present: decimal_from_int64(codes.astype(np.int64), kind, present)
            )
    return _ranked(array)


def _float_codes(values: Any) -> Ints:
    bits: Ints = np.ascontiguousarray(values).view(np.int64)
    return bits ^ ((bits >> np.int64(63)) & _NO_SIGN)


def _code_floats(codes: Ints) -> Any:
    codes = np.ascontiguousarray(codes)
    return (codes ^ ((codes >> np.int64(63)) & _NO_SIGN)).view(np.float64)


def _ranked(array: pa.Array) -> OrderCodes:
    """Ranks of the different values."""
    if pa.types.is_nested(array.type):
        return _ranked_nested(array)
    encoded = pc.dictionary_encode(array)
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    sorted_values = encoded.dictionary.take(pa.array(order))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    places = pc.fill_null(encoded.indices, 0).to_numpy()
    codes = ranks[places] if len(order) else np.zeros(len(array), np.int64)
    return OrderCodes(codes, lambda wanted, present: _taken(sorted_values, wanted, present))


def _ranked_nested(array: pa.Array) -> OrderCodes:
    values = array.to_pylist()
    order = sorted(range(len(values)), key=lambda place: cmp_to_key(compare)(values[place]))
    codes = np.zeros(len(values), np.int64)
    rank = -1
    firsts: list[int] = []
    for place in order:
        if not firsts or compare(values[firsts[-1]], values[place]) != 0:
            rank += 1
            firsts.append(place)
        codes[place] = rank
    sorted_values = array.take(pa.array(firsts, pa.int64()))
    return OrderCodes(codes, lambda wanted, present: _taken(sorted_values, wanted, present))


def compare(left: Any, right: Any) -> int:
    """-1, 0 or 1 as two Python values of one SQL type compare; None is least, NaN greatest."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if isinstance(left, dict):
        left, right = list(left.values()), list(right.values())
    if isinstance(left, list | tuple):
        for a, b in zip(left, right, strict=False):
            if (found := compare(a, b)) != 0:
                return found
        return (len(left) > len(right)) - (len(left) < len(right))
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    if left != left or right != right:
        return int(left != left) - int(right != right)
    return int(left > right) - int(left < right)


def _taken(values: pa.Array, codes: Ints, present: Mask | None) -> pa.Array:
    if present is None or present.all():
        return values.take(pa.array(codes))
    return values.take(pa.array(codes, mask=~present))


def sort_rows(keys: Sequence[SortKey], rows: int, threads: int = 1) -> Ints:
    """The places of the rows in the order of `keys`; equal rows stay in order."""
    return sorted_by([field for key in keys for field in _fields(key)], rows, threads)


def sort_partitions(
    partition: Sequence[SortKey], order: Sequence[SortKey], rows: int, threads: int = 1
) -> tuple[Ints, Mask, Mask]:
    """The places of the rows in the order of all keys, which of them begin a partition then, and which begin peers."""
    own = [field for key in partition for field in _fields(key)]
    rest = [field for key in order for field in _fields(key)]
    found = ordered_by([*own, *rest], rows, threads)
    first, peers = found.runs(len(own)), found.runs(len(own) + len(rest))
    if first is None or peers is None:
        taken = pa.array(found.places)
        first = first_of_runs([key.array.take(taken) for key in partition], rows)
        peers = first | first_of_runs([key.array.take(taken) for key in order], rows)
    return found.places, first, peers


def _fields(key: SortKey) -> list[Field]:
    array, ascending = key.array, key.ascending
    if pa.types.is_null(array.type):
        return []
    present = valid(array)
    fields: list[Field] = [] if present is None else [Numbers(present.astype(np.int64), key.nulls_first, None)]
    if is_text(array.type) and not _repeats(array):
        return fields + text_parts(array, ascending, present)
    if pa.types.is_decimal128(array.type):
        low, high = decimal_words(array)
        if not fits_int64(low, high):
            unsigned = low.view(np.int64) ^ np.int64(_LEAST)
            return [*fields, Numbers(high, ascending, present), Numbers(unsigned, ascending, present)]
    return [*fields, Numbers(order_codes(array).codes, ascending, present)]


def first_of_runs(arrays: Sequence[pa.Array], rows: int) -> Mask:
    """Which of the sorted rows differ from the row before, null being equal to null; the first does."""
    first = np.zeros(rows, np.bool_)
    first[:1] = True
    for array in arrays:
        if rows < 2 or pa.types.is_null(array.type):
            continue
        if is_text(array.type):
            differs = pc.fill_null(pc.not_equal(array[1:], array[:-1]), False).to_numpy(zero_copy_only=False)
        else:
            codes = order_codes(array).codes
            differs = codes[1:] != codes[:-1]
        if (present := valid(array)) is not None:
            differs = (present[1:] & present[:-1] & differs) | (present[1:] != present[:-1])
        first[1:] |= differs
    return first


def _repeats(texts: pa.Array) -> bool:
    """Whether texts seem to be a few that come again and again: then their ranks are sooner found than their bytes sorted."""
    if len(texts) < _MANY_TEXTS:
        return False
    sample = texts.take(pa.array(np.linspace(0, len(texts) - 1, _SAMPLES).astype(np.int64)))
    return len(pc.unique(sample)) <= _FEW_TEXTS


def value_codes(array: pa.Array) -> Ints | None:
    """Numbers in the order of the values that compare with those of other arrays of the type; None where there are none."""
    kind = array.type
    if holds_int64(kind) or pa.types.is_floating(kind):
        return order_codes(array).codes
    if pa.types.is_decimal128(kind):
        low, high = decimal_words(array)
        return low.view(np.int64) if fits_int64(low, high) else None
    return None
