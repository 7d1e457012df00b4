"""The forms in which columns of a batch may come to compiled operators, and the way back to the engine's Arrow types.

    SQL type                                        encoded                                    engine (types/arrow.py)
    STRING                                          dictionary<int8|int16|int32, string>       string
    whole numbers, DATE, TIMESTAMP, TIMESTAMP_NTZ   int8|int16|int32|int64: the stored number  int8 ... int64, date32, timestamp
    DECIMAL of at most 18 digits                    int8|int16|int32|int64: the unscaled       decimal128
    everything else                                 as in the engine                           ...

A column may also stay as the engine has it. The width of numbers is a proof of their range, so no reader may pass on a
number that only its statistics call small. Encoded arrays without nulls have no validity buffer, every code of a
dictionary array is in range, even where the row is null, and a dictionary holds no null and no value twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.expressions.base import Attribute
from engine.kernels.buffers import MAX_INT64_DIGITS, decimal_words, fits_int64, fixed_array, fixed_values, valid
from engine.lazy import pc
from engine.types import DATE, TIMESTAMP, TIMESTAMP_NTZ, DataType, DecimalType, IntegralType, StringType
from engine.types.arrow import to_arrow

WIDTHS = (8, 16, 32, 64)
"""Bits of the whole numbers that encoded columns may hold."""


def is_number(data_type: DataType) -> bool:
    """Whether columns of the type may be encoded as whole numbers."""
    if isinstance(data_type, DecimalType):
        return data_type.precision <= MAX_INT64_DIGITS
    return isinstance(data_type, IntegralType) or data_type in (DATE, TIMESTAMP, TIMESTAMP_NTZ)


def allowed(arrow: pa.DataType, data_type: DataType) -> bool:
    """Whether a column of SQL type `data_type` may come as `arrow`."""
    if arrow == to_arrow(data_type):
        return True
    if pa.types.is_dictionary(arrow):
        small = pa.types.is_signed_integer(arrow.index_type) and arrow.index_type.bit_width <= 32
        return isinstance(data_type, StringType) and small and arrow.value_type == pa.string()
    return is_number(data_type) and pa.types.is_signed_integer(arrow)


def bits_of(least: int | None, most: int | None) -> int:
    """The width of whole numbers from `least` to `most`; of none: the least width."""
    if least is None or most is None:
        return WIDTHS[0]
    return next((bits for bits in WIDTHS if -(1 << bits - 1) <= least and most < 1 << bits - 1), WIDTHS[-1])


def encoded(array: pa.Array, data_type: DataType, bits: int = WIDTHS[0]) -> pa.Array:
    """A column in its narrowest form of at least `bits` bits; `array` is in the engine's type, or holds the stored
    numbers. Texts stay as they are: only a reader knows dictionaries for free."""
    if not is_number(data_type):
        return array
    if pa.types.is_decimal(array.type):
        low, high = decimal_words(array)
        if not fits_int64(low, high):
            return array  # beyond the declared precision: only a corrupt file holds such
        array = _of_values(low.view(np.int64), array)
    elif not pa.types.is_integer(array.type):
        array = array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
    return narrowed(array, bits)


def narrowed(array: pa.Array, bits: int = WIDTHS[0]) -> pa.Array:
    """Whole numbers in the narrowest type that holds all of them, of at least `bits` bits; without a validity buffer
    where none is null."""
    if array.type.bit_width > bits:
        least, most = min_max(array)
        bits = max(bits, bits_of(least, most))
    if array.type.bit_width > bits:
        return _of_values(fixed_values(array).astype(f"i{bits // 8}"), array)
    return array if array.null_count or array.buffers()[0] is None else _of_values(fixed_values(array), array)


def min_max(array: pa.Array) -> tuple[int | None, int | None]:
    """The least and the greatest of whole numbers, None where there is none."""
    found = pc.min_max(array)
    return found["min"].as_py(), found["max"].as_py()


def coded(codes: pa.Array, dictionary: pa.Array) -> pa.Array:
    """Texts by their codes in the narrowest type. Raises ValueError for a code that the dictionary does not have."""
    if not len(dictionary):
        dictionary = pa.array([""], pa.string())  # rows are all null, and their codes point to something
    values = fixed_values(codes)
    unsigned = values.view(f"u{values.dtype.itemsize}")
    if len(values) and unsigned.max() >= len(dictionary):
        present = valid(codes)
        if present is None or unsigned[present].max(initial=0) >= len(dictionary):
            raise ValueError("a code that its dictionary does not have")
        values = np.where(present, values, 0)
    kind = next(kind for kind in ("i1", "i2", "i4") if len(dictionary) <= 1 << 8 * int(kind[1]) - 1)
    return pa.DictionaryArray.from_arrays(_of_values(values.astype(kind, copy=False), codes), dictionary, safe=False)


def _of_values(values: npt.NDArray[Any], like: pa.Array) -> pa.Array:
    """Whole numbers that are null where `like` is."""
    values = np.ascontiguousarray(values)
    buffers = [_validity(like), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers, like.null_count)


def _validity(array: pa.Array) -> pa.Buffer | None:
    """Which rows are not null, from the first bit on; None where all are."""
    if array.null_count and array.offset % 8 == 0:
        return array.buffers()[0].slice(array.offset // 8)
    present = valid(array)
    return None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))


def decoded(batch: pa.RecordBatch, attributes: Sequence[Attribute]) -> pa.RecordBatch:
    """A batch whose columns are those of `attributes` in the engine's Arrow types, from one that may be encoded."""
    columns = batch.columns
    plain = [decoded_column(column, each.dataType) for column, each in zip(columns, attributes, strict=True)]
    if all(after is before for after, before in zip(plain, columns, strict=True)):
        return batch
    return pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


def decoded_column(array: pa.Array, data_type: DataType) -> pa.Array:
    """A column in the engine's Arrow type, from any form that is allowed."""
    target = to_arrow(data_type)
    if array.type == target:
        return array
    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    if pa.types.is_integer(target):
        return array.cast(target)
    if pa.types.is_decimal(target):
        values = fixed_values(array).astype(np.int64, copy=False)
        return fixed_array(values, target, valid(array))
    return array.cast(pa.int32() if target.bit_width == 32 else pa.int64()).view(target)
