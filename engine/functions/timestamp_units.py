"""Units of time added to timestamps and counted between them: TIMESTAMPADD, TIMESTAMPDIFF."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import ANY_TIMESTAMP
from engine.kernels.context import CallContext
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, civil, local_micros, moved
from engine.kernels.rows import from_numpy, numpy_values
from engine.kernels.rowwise import all_valid
from engine.types import LONG, STRING, TIMESTAMP

_CLOCK = {"HOUR": HOUR, "MINUTE": MINUTE, "SECOND": SECOND, "MILLISECOND": 1000, "MICROSECOND": 1}
_DAYS = {"DAY": 1, "DAYOFYEAR": 1, "WEEK": 7}
_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}


def _unit(names: pa.Array, function_name: str) -> str:
    """The unit, which is the same for all rows. Raises INVALID_PARAMETER_VALUE.DATETIME_UNIT."""
    unit = str(names[0].as_py()).upper() if len(names) else "DAY"
    if unit not in _CLOCK and unit not in _DAYS and unit not in _MONTHS:
        parameters = {"parameter": "`unit`", "functionName": f"`{function_name}`", "invalidValue": f"'{unit}'"}
        raise ExecutionError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", parameters)
    return unit


@function(
    "timestampadd",
    (STRING, LONG, ANY_TIMESTAMP),
    returns=lambda _unit, _count, time: time,
    raises=True,
    wants_context=True,
    aliases=("dateadd",),
)
def timestampadd(unit: pa.Array, count: pa.Array, time: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the timestamp so many units later.

    > SELECT timestampadd(HOUR, 8, timestamp_ntz'2022-02-11 20:30:00');
    2022-02-12 04:30:00
    > SELECT timestampadd(MONTH, 1, timestamp'2022-01-31 00:00:00');
    2022-02-28 00:00:00
    """
    name, amount = _unit(unit, "TIMESTAMPADD"), numpy_values(count)
    is_valid = all_valid(unit, count, time)
    if name in _CLOCK:
        return from_numpy(_checked(numpy_values(time), amount, _CLOCK[name], is_valid), time.type, is_valid)
    none = np.zeros_like(amount)
    days = amount * _DAYS.get(name, 0)
    return moved(time, amount * _MONTHS.get(name, 0), days, none, is_valid, context.time_zone)


def _checked(micros: Any, amount: Any, unit: int, is_valid: Any) -> Any:
    exact = micros.astype(object) + amount.astype(object) * unit
    outside = [ok and not -(2**63) <= value < 2**63 for value, ok in zip(exact, is_valid, strict=True)]
    if any(outside):
        raise ExecutionError("DATETIME_OVERFLOW", {"operation": "add units to a timestamp"})
    return np.where(is_valid, exact, 0).astype(np.int64)


@function("timestampdiff", (STRING, TIMESTAMP, TIMESTAMP), returns=LONG, raises=True, wants_context=True)
def timestampdiff(unit: pa.Array, start: pa.Array, end: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns how many whole units lie from `start` to `end`.

    > SELECT timestampdiff(HOUR, timestamp_ntz'2022-02-11 20:30:00', timestamp_ntz'2022-02-12 04:30:00');
    8
    > SELECT timestampdiff(YEAR, timestamp'2000-01-01 01:02:03', timestamp'1990-12-31 23:59:59');
    -9
    """
    name, is_valid = _unit(unit, "TIMESTAMPDIFF"), all_valid(unit, start, end)
    if name in _CLOCK:
        return from_numpy(_cut(numpy_values(end) - numpy_values(start), _CLOCK[name]), pa.int64(), is_valid)
    a, b = local_micros(start, context.time_zone), local_micros(end, context.time_zone)
    if name in _DAYS:
        return from_numpy(_cut(b - a, DAY * _DAYS[name]), pa.int64(), is_valid)
    return from_numpy(_cut(_whole_months(a, b), _MONTHS[name]), pa.int64(), is_valid)


def _cut(value: Any, unit: int) -> Any:
    """value / unit towards zero."""
    return np.abs(value) // unit * np.sign(value)


def _whole_months(start: Any, end: Any) -> Any:
    """How many times a month can be added to `start` without passing `end`, in either direction."""
    (year1, month1, day1), (year2, month2, day2) = civil(start // DAY), civil(end // DAY)
    months = (year2 - year1) * 12 + month2 - month1
    rest = (day2 - day1) * DAY + end % DAY - start % DAY
    return months - ((months > 0) & (rest < 0)) + ((months < 0) & (rest > 0))
