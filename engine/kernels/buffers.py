"""Arrow columns as numpy arrays and back, without copies where the layout allows.

Values under nulls are whatever the buffer holds; `valid` says which rows count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.lazy import pc

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

MAX_INT64_DIGITS = 18
_WIDTHS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}


def valid(array: pa.Array) -> Mask | None:
    """Which rows are not null; None where all are."""
    if array.null_count == 0:
        return None
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def holds_int64(data_type: pa.DataType) -> bool:
    """Whether every value of the type is a whole number of at most 64 bits: integers, dates, timestamps, decimals of at
    most 18 digits, booleans."""
    if pa.types.is_decimal128(data_type):
        return bool(data_type.precision <= MAX_INT64_DIGITS)
    return bool(
        pa.types.is_signed_integer(data_type)
        or pa.types.is_boolean(data_type)
        or pa.types.is_date32(data_type)
        or pa.types.is_timestamp(data_type)
        or pa.types.is_duration(data_type)
        or pa.types.is_time64(data_type)
    )


def int64_values(array: pa.Array) -> Ints:
    """The values of an array for whose type `holds_int64`, as int64 (unscaled, for decimals)."""
    if pa.types.is_decimal128(array.type):
        return decimal_words(array)[0].view(np.int64)
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    return fixed_values(array).astype(np.int64, copy=False)


def fixed_values(array: pa.Array) -> npt.NDArray[Any]:
    """The buffer of a column of integers or floats (or what is stored as such)."""
    if pa.types.is_floating(array.type):
        kind: Any = np.float32 if array.type.bit_width == 32 else np.float64
    else:
        kind = _WIDTHS[array.type.bit_width // 8]
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(len(array), kind)
    return np.frombuffer(buffer, kind, len(array), array.offset * np.dtype(kind).itemsize)


def decimal_words(array: pa.Array) -> tuple[Words, Ints]:
    """Lower and upper 64 bits of the unscaled values of a decimal128 column, as views with a stride."""
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(len(array), np.uint64), np.zeros(len(array), np.int64)
    words = np.frombuffer(buffer, np.uint64, 2 * len(array), array.offset * 16)
    return words[0::2], words[1::2].view(np.int64)


def fits_int64(low: Words, high: Ints) -> bool:
    """Whether all 128-bit values are in the range of int64."""
    return bool(((low.view(np.int64) >> np.int64(63)) == high).all())


def decimal_array(low: Words, high: Ints, data_type: pa.DataType, present: Mask | None = None) -> pa.Array:
    """A decimal128 column of unscaled values; `present` false makes nulls."""
    words = np.empty(2 * len(low), np.uint64)
    words[0::2] = low
    words[1::2] = high.view(np.uint64)
    return pa.Array.from_buffers(data_type, len(low), [_bitmap(present), pa.py_buffer(words)])


def decimal_from_int64(values: Ints, data_type: pa.DataType, present: Mask | None = None) -> pa.Array:
    """A decimal128 column of unscaled values that fit 64 bits."""
    values = np.ascontiguousarray(values)
    return decimal_array(values.view(np.uint64), values >> np.int64(63), data_type, present)


def fixed_array(values: npt.NDArray[Any], data_type: pa.DataType, present: Mask | None = None) -> pa.Array:
    """A column stored as the numpy values are: integers, floats, dates, timestamps, durations; booleans are packed."""
    values = np.ascontiguousarray(values)
    if pa.types.is_boolean(data_type):
        return pa.array(values.astype(np.bool_), mask=None if present is None else ~present)
    if pa.types.is_decimal128(data_type):
        return decimal_from_int64(values.astype(np.int64, copy=False), data_type, present)
    kind: Any = np.float32 if pa.types.is_float32(data_type) else np.float64
    if not pa.types.is_floating(data_type):
        kind = _WIDTHS[data_type.bit_width // 8]
    stored = values.astype(kind, copy=False)
    return pa.Array.from_buffers(data_type, len(stored), [_bitmap(present), pa.py_buffer(stored)])


def _bitmap(present: Mask | None) -> pa.Buffer | None:
    if present is None or present.all():
        return None
    return pa.py_buffer(np.packbits(present, bitorder="little"))


def plain_floats(array: pa.Array) -> npt.NDArray[Any]:
    """Values of a float column with one zero and one NaN, as SQL compares them."""
    values = fixed_values(array)
    values = np.add(values, values.dtype.type(0))
    broken = np.isnan(values)
    if broken.any():
        values[broken] = np.nan
    plain: npt.NDArray[Any] = values
    return plain


def as_text(array: pa.Array) -> pa.Array:
    """A text for each value, equal for equal values: for keys of types that have no cheaper form (arrays, maps)."""
    values = array.to_pylist()
    if _holds_map(array.type):
        values = [_in_order(value, array.type) for value in values]
    return pc.fill_null(pa.array([None if value is None else repr(value) for value in values], pa.string()), "")


def _holds_map(kind: pa.DataType) -> bool:
    return pa.types.is_map(kind) or any(_holds_map(kind.field(place).type) for place in range(kind.num_fields))


def _in_order(value: Any, kind: pa.DataType) -> Any:
    """`value` with the entries of maps in one order: that of the text of their keys."""
    if value is None or not _holds_map(kind):
        return value
    if pa.types.is_map(kind):
        entries = [(_in_order(key, kind.key_type), _in_order(item, kind.item_type)) for key, item in value]
        return sorted(entries, key=lambda entry: repr(entry[0]))
    if pa.types.is_struct(kind):
        return {name: _in_order(item, kind.field(name).type) for name, item in value.items()}
    return [_in_order(item, kind.value_type) for item in value]
