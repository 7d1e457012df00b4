"""Order as SQL has it: nulls where asked, NaN above all numbers, one zero, text by its bytes.

`order_codes` turns a column into int64 numbers in the same order; `sort_rows` gives the places of rows in sorted order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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

_LARGEST = 1 << 62
_NO_SIGN = np.int64((1 << 63) - 1)


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


def sort_rows(keys: Sequence[SortKey], rows: int) -> Ints:
    """The places of the rows in the order of `keys`; equal rows stay in order."""
    combined = _combined(keys, rows)
    if combined is not None:
        return np.argsort(combined, kind="stable")
    columns: list[pa.Array] = []
    orders: list[tuple[str, str]] = []

    def add(column: pa.Array, ascending: bool) -> None:
        orders.append((str(len(columns)), "ascending" if ascending else "descending"))
        columns.append(column)

    for key in keys:
        array = key.array
        if pa.types.is_null(array.type):
            continue
        if (present := valid(array)) is not None:
            add(pa.array(present.astype(np.int8)), key.nulls_first)
        if pa.types.is_floating(array.type) or pa.types.is_nested(array.type) or pa.types.is_boolean(array.type):
            codes = order_codes(array).codes
            array = pa.array(codes if present is None else np.where(present, codes, 0))
        add(array, key.ascending)
    if not columns:
        return np.arange(rows, dtype=np.int64)
    table = pa.RecordBatch.from_arrays(columns, names=[name for name, _ in orders])
    found: Ints = pc.sort_indices(table, sort_keys=orders).to_numpy().astype(np.int64)
    return found


def value_codes(array: pa.Array) -> Ints | None:
    """Numbers in the order of the values that compare with those of other arrays of the type; None where there are none."""
    kind = array.type
    if holds_int64(kind) or pa.types.is_floating(kind):
        return order_codes(array).codes
    if pa.types.is_decimal128(kind):
        low, high = decimal_words(array)
        return low.view(np.int64) if fits_int64(low, high) else None
    return None


def _combined(keys: Sequence[SortKey], rows: int) -> Ints | None:
    """One number for each row in the order of all keys, where those are numbers whose ranges multiply into 62 bits."""
    if rows == 0 or not keys:
        return None
    combined, size = np.zeros(rows, np.int64), 1
    for key in keys:
        codes = value_codes(key.array)
        if codes is None:
            return None
        present = valid(key.array)
        counted = codes if present is None else codes[present]
        low, high = (int(counted.min()), int(counted.max())) if len(counted) else (0, 0)
        size *= high - low + 2
        if size > _LARGEST:
            return None
        places = codes - low if key.ascending else high - codes
        if present is not None:
            first = key.nulls_first
            places = np.where(present, places + 1 if first else places, 0 if first else high - low + 1)
        combined = combined * (high - low + 2) + places
    return combined
