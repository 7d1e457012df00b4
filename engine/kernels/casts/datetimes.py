"""Casts among dates and timestamps, and between them and numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.expressions.base import Mode
from engine.kernels import decimals
from engine.kernels.casts.failures import invalid_input, overflow_error, overflowing
from engine.kernels.casts.numbers import cast_number, wrapped
from engine.kernels.datetimes import DAY, SECOND, check_range, from_local, local_micros, timestamp_text
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.zones import zone
from engine.types import (
    DOUBLE,
    LONG,
    TIMESTAMP,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    TimestampNTZType,
    TimestampType,
)
from engine.types.arrow import to_arrow

_DATETIMES = DateType | TimestampType | TimestampNTZType
_MAX = 2**63 - 1


def cast_datetime(array: pa.Array, source: DataType, target: DataType, mode: Mode, time_zone: str) -> pa.Array:
    """A date or timestamp to another, to a number (seconds since 1970), or from one."""
    if isinstance(source, _DATETIMES) and isinstance(target, _DATETIMES):
        return _among(array, target, time_zone)
    if isinstance(source, DateType):
        return pa.nulls(len(array), to_arrow(target))  # without ANSI only: Spark gives null
    if isinstance(source, TimestampType):
        return _to_number(array, target, mode, time_zone)
    return _from_number(array, source, mode)


def _among(array: pa.Array, target: DataType, time_zone: str) -> pa.Array:
    is_valid = valid(array)
    if pa.types.is_date32(array.type):
        days = numpy_values(array).astype(np.int64)
        check_range(days, is_valid, -(_MAX // DAY), _MAX // DAY, "the date is out of the range of TIMESTAMP")
    return from_local(local_micros(array, time_zone), is_valid, to_arrow(target), time_zone)


def _to_number(array: pa.Array, target: DataType, mode: Mode, time_zone: str) -> pa.Array:
    micros, is_valid = numpy_values(array), valid(array)
    if isinstance(target, BooleanType):
        return pa.array(micros != 0, mask=~is_valid)
    if isinstance(target, DecimalType):
        exact = decimals.from_int64(micros, is_valid, pa.decimal128(19, 6))
        return decimals.fit(exact, to_arrow(target), mode)
    if isinstance(target, DoubleType | FloatType):
        return from_numpy(micros / float(SECOND), pa.float64(), is_valid).cast(to_arrow(target), safe=False)
    seconds = from_numpy(np.floor_divide(micros, SECOND), pa.int64(), is_valid)
    limits = np.iinfo(to_arrow(target).to_pandas_dtype())
    values = numpy_values(seconds)
    bad = ((values < limits.min) | (values > limits.max)) & is_valid
    if mode is Mode.ANSI and bad.any():
        shown = timestamp_text(array.slice(int(np.argmax(bad)), 1), time_zone)[0].as_py()
        raise overflow_error(None, TIMESTAMP, target, f"TIMESTAMP '{shown}'")
    return cast_number(seconds, LONG, target, Mode.TRY)  # with ANSI off too Spark gives null for what does not fit


def _from_number(array: pa.Array, source: DataType, mode: Mode) -> pa.Array:
    """Seconds since 1970 as instants."""
    kind = to_arrow(TIMESTAMP)
    if isinstance(source, BooleanType):
        return from_numpy(numpy_values(array).astype(np.int64), kind, valid(array))
    if isinstance(source, IntegralType):
        seconds = numpy_values(array).astype(np.int64)
        # Spark saturates as java.util.concurrent.TimeUnit does
        limit = _MAX // SECOND
        micros = np.where(
            seconds > limit, _MAX, np.where(seconds < -limit, -_MAX - 1, np.clip(seconds, -limit, limit) * SECOND)
        )
        return from_numpy(micros, kind, valid(array))
    if isinstance(source, DecimalType):
        values = decimals.unscaled(array)
        unit = 10**array.type.scale
        exact = [None if v is None else wrapped(abs(v) * SECOND // unit * (1 if v >= 0 else -1), 64) for v in values]
        return pa.array(exact, pa.int64()).view(kind)
    return _from_doubles(array, mode)


def _from_doubles(array: pa.Array, mode: Mode) -> pa.Array:
    seconds = numpy_values(array).astype(np.float64)
    is_valid = valid(array)
    finite = np.isfinite(seconds)
    if mode is not Mode.LEGACY:
        if mode is Mode.ANSI and (~finite & is_valid).any():
            value = float(seconds[int(np.argmax(~finite & is_valid))])
            raise invalid_input(value, TIMESTAMP, DOUBLE)
        with np.errstate(all="ignore"):
            scaled = from_numpy(seconds * SECOND, pa.float64(), is_valid)
            bad = (~finite | (np.abs(seconds * SECOND) > float(_MAX))) & is_valid
        is_valid = overflowing(scaled, bad, DOUBLE, LONG, mode) & is_valid
    with np.errstate(over="ignore"):
        micros = np.where(finite & is_valid, seconds, 0) * SECOND
    at_end = micros >= 2.0**63
    whole = np.trunc(np.clip(np.where(at_end, 0, micros), -(2.0**63), None)).astype(np.int64)
    return from_numpy(np.where(at_end, _MAX, whole), to_arrow(TIMESTAMP), is_valid & finite)


def instant_now(time_zone: str, now: int) -> int:
    """The day (since 1970) it is in `time_zone` at the instant `now`."""
    return int(zone(time_zone).to_local(np.array([now]))[0]) // DAY
