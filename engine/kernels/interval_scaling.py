"""Intervals times and by numbers, rounded HALF_UP to whole months or microseconds, over whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.kernels import decimals
from engine.kernels.casts.intervals import decimals_quotient
from engine.kernels.rows import from_numpy, numpy_values
from engine.kernels.rowwise import all_valid
from engine.records import dataclass

_SAFE = 2.0**61


@dataclass(frozen=True)
class Scaled:
    """The results, null where there is none, and whether one of them would have been too long."""

    found: pa.Array
    overflows: bool


def is_zero(number: pa.Array) -> Any:
    """Where a number is 0; null rows are arbitrary."""
    if pa.types.is_decimal(number.type):
        return np.array([value == 0 for value in decimals.unscaled(number)], dtype=bool)
    return numpy_values(number) == 0


def times(interval: pa.Array, number: pa.Array, kind: pa.DataType) -> Scaled:
    """Each interval so many times."""
    is_valid = all_valid(interval, number)
    if pa.types.is_decimal(number.type):
        unit = 10**number.type.scale
        return _exact(interval, number, kind, lambda amount, by: decimals_quotient(amount * by, unit))
    amounts, factors = numpy_values(interval).astype(np.int64), numpy_values(number)
    with np.errstate(over="ignore", invalid="ignore"):
        estimate = amounts * factors.astype(np.float64)
    if pa.types.is_floating(number.type):
        return _rounded(estimate, is_valid, kind)
    if (np.abs(estimate[is_valid]) < _SAFE).all():
        with np.errstate(over="ignore"):
            return _fitted(amounts * factors.astype(np.int64), is_valid, kind)
    return _exact(interval, number, kind, lambda amount, by: amount * by)


def divided(interval: pa.Array, number: pa.Array, kind: pa.DataType) -> Scaled:
    """Each interval by a number; null where that is 0."""
    is_valid = all_valid(interval, number) & ~is_zero(number)
    if pa.types.is_decimal(number.type):
        unit = 10**number.type.scale
        return _exact(interval, number, kind, lambda amount, by: _quotient(amount * unit, by))
    amounts, divisors = numpy_values(interval).astype(np.int64), np.where(is_valid, numpy_values(number), 1)
    if pa.types.is_floating(number.type):
        with np.errstate(over="ignore", invalid="ignore"):
            return _rounded(amounts / divisors, is_valid, kind)
    divisors = divisors.astype(np.int64)
    if (np.abs(amounts[is_valid].astype(np.float64)) < _SAFE).all() and (np.abs(divisors[is_valid]) < _SAFE).all():
        size = np.abs(divisors)
        whole = (2 * np.abs(amounts) + size) // (2 * size)
        return _fitted(whole * np.sign(amounts) * np.sign(divisors), is_valid, kind)
    return _exact(interval, number, kind, _quotient)


def _quotient(amount: int, by: int) -> int | None:
    return decimals_quotient(amount * (1 if by > 0 else -1), abs(by)) if by else None


def _limit(kind: pa.DataType) -> int:
    return 2**63 if pa.types.is_duration(kind) else 2**31


def _rounded(values: Any, is_valid: Any, kind: pa.DataType) -> Scaled:
    limit = float(_limit(kind))
    with np.errstate(invalid="ignore"):
        whole = np.trunc(values) + np.sign(values) * (np.abs(values - np.trunc(values)) >= 0.5)
        fits = np.isfinite(values) & (whole >= -limit) & (whole < limit)
    result = np.where(fits, whole, 0).astype(np.int64)
    return Scaled(_typed(result, is_valid & fits, kind), bool((~fits & is_valid).any()))


def _fitted(values: Any, is_valid: Any, kind: pa.DataType) -> Scaled:
    if pa.types.is_duration(kind):
        return Scaled(_typed(values, is_valid, kind), False)
    fits = (values >= -(2**31)) & (values < 2**31)
    return Scaled(_typed(values, is_valid & fits, kind), bool((~fits & is_valid).any()))


def _typed(values: Any, is_valid: Any, kind: pa.DataType) -> pa.Array:
    plain = values if pa.types.is_duration(kind) else np.where(is_valid, values, 0).astype(np.int32)
    return from_numpy(plain, kind, is_valid)


def _exact(interval: pa.Array, number: pa.Array, kind: pa.DataType, scale: Any) -> Scaled:
    """Value by value, where 64 bits do not do."""
    amounts = numpy_values(interval).tolist()
    factors = decimals.unscaled(number) if pa.types.is_decimal(number.type) else numpy_values(number).tolist()
    limit, overflows = _limit(kind), False
    result: list[int | None] = []
    for amount, by, ok in zip(amounts, factors, all_valid(interval, number).tolist(), strict=True):
        value = scale(amount, by) if ok else None
        if value is not None and not -limit <= value < limit:
            value, overflows = None, True
        result.append(value)
    return Scaled(pa.array(result, pa.int64()).cast(kind), overflows)
