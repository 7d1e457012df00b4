"""Casts among numbers and booleans."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from engine.expressions.base import Mode
from engine.kernels import decimals
from engine.kernels.casts.failures import overflow_error, overflowing
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.lazy import pc
from engine.types import (
    BooleanType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
)
from engine.types.arrow import to_arrow
from engine.types.java_numbers import java_double

Numbers = np.ndarray[Any, Any]
_EXACT = 2**53


def cast_number(array: pa.Array, source: DataType, target: DataType, mode: Mode) -> pa.Array:
    """Numbers or booleans to a number or a boolean."""
    if isinstance(target, BooleanType):
        return pc.not_equal(array, pa.scalar(0, array.type))
    if isinstance(source, BooleanType):
        array, source = array.cast(pa.int8()), DecimalType(1, 0)
        return (
            _integers_to_decimal(array, target, mode)
            if isinstance(target, DecimalType)
            else array.cast(to_arrow(target))
        )
    if isinstance(target, DecimalType):
        if isinstance(source, DecimalType):
            return decimals.fit(array, to_arrow(target), mode)
        if isinstance(source, IntegralType):
            return _integers_to_decimal(array, target, mode)
        return _floats_to_decimal(array, target, mode)
    if isinstance(source, DecimalType):
        if isinstance(target, IntegralType):
            return _decimals_to_integers(array, source, target, mode)
        return decimals_to_doubles(array).cast(to_arrow(target), safe=False)
    if isinstance(target, FloatType | DoubleType):
        return array.cast(to_arrow(target), safe=False)
    if isinstance(source, IntegralType):
        return _integers(array, source, target, mode)
    return _floats_to_integers(array, source, target, mode)


def _integers(array: pa.Array, source: DataType, target: DataType, mode: Mode) -> pa.Array:
    wanted = to_arrow(target)
    if wanted.bit_width >= array.type.bit_width:
        return array.cast(wanted)
    if mode is Mode.LEGACY:
        return array.cast(wanted, safe=False)
    values = numpy_values(array)
    limits = np.iinfo(wanted.to_pandas_dtype())
    bad = ((values < limits.min) | (values > limits.max)) & valid(array)
    if not bad.any():
        return array.cast(wanted, safe=False)
    keep = overflowing(array, bad, source, target, mode) & valid(array)
    return from_numpy(values.astype(wanted.to_pandas_dtype()), wanted, keep)


def _floats_to_integers(array: pa.Array, source: DataType, target: DataType, mode: Mode) -> pa.Array:
    wanted = to_arrow(target)
    values = numpy_values(array).astype(np.float64)
    bits = wanted.bit_width
    low, high = -(2.0 ** (bits - 1)), 2.0 ** (bits - 1)
    is_valid = valid(array)
    with np.errstate(invalid="ignore"):
        # -128.9 and 127.9 still have a whole part that fits; 2 ** 63 is what a double takes the largest BIGINT for
        fits = np.floor(values) <= high if bits == 64 else np.floor(values) < high
        bad = ~((np.ceil(values) >= low) & fits) & is_valid
    if mode is not Mode.LEGACY:
        is_valid = overflowing(array, bad, source, target, mode) & is_valid
        return from_numpy(_cut(values, is_valid, bits), wanted, is_valid)
    # Java saturates at int or long, and cuts the bits of what is narrower
    wide = 64 if bits == 64 else 32
    limit = 2.0 ** (wide - 1)
    tame = np.nan_to_num(values, nan=0.0)
    cut = np.trunc(np.clip(tame, -limit, limit - 1 if wide == 32 else np.nextafter(limit, 0))).astype(np.int64)
    if wide == 64:
        cut[tame >= limit] = np.iinfo(np.int64).max
    return from_numpy(cut.astype(wanted.to_pandas_dtype()), wanted, is_valid)


def _cut(values: Numbers, is_valid: Numbers, bits: int) -> Numbers:
    whole = np.trunc(np.where(is_valid, values, 0))
    if bits == 64:
        at_end = whole >= 2.0**63
        return np.where(at_end, np.iinfo(np.int64).max, np.where(at_end, 0, whole).astype(np.int64))
    return whole.astype(np.dtype(f"int{bits}"))


def _decimals_to_integers(array: pa.Array, source: DataType, target: DataType, mode: Mode) -> pa.Array:
    wanted = to_arrow(target)
    unit = 10**array.type.scale
    limits = np.iinfo(wanted.to_pandas_dtype())
    least, most = int(limits.min), int(limits.max)
    result: list[int | None] = []
    for place, value in enumerate(decimals.unscaled(array)):
        if value is None:
            result.append(None)
            continue
        whole = abs(value) // unit * (-1 if value < 0 else 1)
        if not least <= whole <= most:
            if mode is Mode.ANSI:
                raise overflow_error(array[place].as_py(), source, target)
            whole = wrapped(whole, wanted.bit_width) if mode is Mode.LEGACY else None
        result.append(whole)
    return pa.array(result, wanted)


def wrapped(value: int, bits: int) -> int:
    """The low `bits` bits of `value` as a signed number, as Java narrows."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


def _integers_to_decimal(array: pa.Array, target: DecimalType, mode: Mode) -> pa.Array:
    exact = from_int_exact(array)
    return decimals.fit(exact, to_arrow(target), mode)


def from_int_exact(array: pa.Array) -> pa.Array:
    """Integers as decimals that hold every value of their type."""
    digits = {8: 3, 16: 5, 32: 10, 64: 19}[array.type.bit_width]
    return array.cast(pa.decimal128(digits, 0))


def _floats_to_decimal(array: pa.Array, target: DecimalType, mode: Mode) -> pa.Array:
    wanted = to_arrow(target)
    shift = target.scale + 1
    values: list[int | None] = []
    for value in array.to_pylist():
        if value is None or value != value or value in (float("inf"), float("-inf")):
            values.append(None)
        else:
            values.append(scaled(java_double(value), shift))
    return decimals.fitted(values, shift, wanted, mode, lambda place: Decimal(java_double(array[place].as_py())))


def scaled(text: str, scale: int) -> int:
    """The number that `text` spells, times 10 ** scale, HALF_UP to a whole number. Exact for numbers of any length."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    drop = len(fraction) - int(exponent or 0) - scale
    digits = int((whole + fraction) or "0")
    if drop > len(whole + fraction) + 1:
        return 0
    negative = whole.startswith("-")
    value = decimals.round_half_up(abs(digits), drop)
    return -value if negative else value


def decimals_to_doubles(array: pa.Array) -> pa.Array:
    """The double nearest to each decimal."""
    scale = array.type.scale
    if scale <= 22 and decimals.digits(array) <= 15:
        # both operands are exact, so the quotient is rounded once
        words = numpy_words(array)
        with np.errstate(all="ignore"):
            return pa.array(words / float(10**scale), mask=~valid(array))
    unit = 10**scale
    return pa.array([None if value is None else value / unit for value in decimals.unscaled(array)], pa.float64())


def numpy_words(array: pa.Array) -> Numbers:
    """The low 64 bits of the unscaled decimals: their values where they have at most 18 digits."""
    if len(array) == 0 or array.buffers()[1] is None:
        return np.zeros(len(array), dtype=np.int64)
    words = np.frombuffer(array.buffers()[1], dtype=np.int64)
    return words[2 * array.offset : 2 * (array.offset + len(array)) : 2]
