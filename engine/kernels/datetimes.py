"""The calendar over arrays: days and microseconds to fields and back, months added, text of dates and timestamps.

Days are int64 counted from 1970-01-01 in the proleptic Gregorian calendar, any year; times are int64 microseconds.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.zones import zone
from engine.lazy import pc

Numbers: TypeAlias = Any
"""A numpy array of integers."""

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
MIN_MICROS_DAY = -(2**63 // DAY)
MIN_DAY, MAX_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31."""


def civil(days: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The year, month (1-12) and day of month of each day."""
    shifted = days.astype(np.int64) + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * of_year + 2) // 153
    day = of_year - (153 * month_from_march + 2) // 5 + 1
    month = np.where(month_from_march < 10, month_from_march + 3, month_from_march - 9)
    return year_of_era + era * 400 + (month <= 2), month, day


def date_of(day: int) -> tuple[int, int, int]:
    """`civil` of one day."""
    year, month, of_month = civil(np.array([day]))
    return int(year[0]), int(month[0]), int(of_month[0])


def days_from_civil(year: Numbers, month: Numbers, day: Numbers) -> Numbers:
    """The day of each year, month and day of month (which must exist, see `days_in_month`)."""
    year = year.astype(np.int64) - (month <= 2)
    era = year // 400
    year_of_era = year - era * 400
    of_year = (153 * np.where(month > 2, month - 3, month + 9) + 2) // 5 + day - 1
    of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + of_year
    return era * 146_097 + of_era - 719_468


_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def is_leap(year: Numbers) -> Numbers:
    """Whether February has 29 days."""
    return (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))


def days_in_month(year: Numbers, month: Numbers) -> Numbers:
    """How many days each month (1-12) has."""
    return _MONTH_DAYS[month - 1] + ((month == 2) & is_leap(year))


def add_months(days: Numbers, months: Numbers) -> Numbers:
    """Each day some months later; the day of month is cut to the length of the month."""
    year, month, day = civil(days)
    total = year * 12 + (month - 1) + months
    year, month = total // 12, total % 12 + 1
    return days_from_civil(year, month, np.minimum(day, days_in_month(year, month)))


def local_micros(array: pa.Array, time_zone: str) -> Numbers:
    """The local time of each row of a date32 or timestamp array (with a zone: in `time_zone`); null rows are arbitrary."""
    if pa.types.is_date32(array.type):
        return numpy_values(array).astype(np.int64) * DAY
    micros = numpy_values(array)
    return zone(time_zone).to_local(micros) if array.type.tz else micros


def local_timestamps(array: pa.Array, time_zone: str) -> pa.Array:
    """The same as a timestamp('us') array with the nulls of `array`; dates as they are."""
    if pa.types.is_date32(array.type) or not array.type.tz:
        return array
    if time_zone in ("UTC", "Z", "Etc/UTC"):
        return array.view(pa.timestamp("us"))
    return from_numpy(local_micros(array, time_zone), pa.timestamp("us"), valid(array))


def from_local(micros: Numbers, is_valid: Numbers, kind: pa.DataType, time_zone: str) -> pa.Array:
    """Local times as an array of `kind`: date32 (the day of it), timestamp with or without zone."""
    if pa.types.is_date32(kind):
        return from_numpy((micros // DAY).astype(np.int32), kind, is_valid)
    return from_numpy(zone(time_zone).to_instant(micros) if kind.tz else micros, kind, is_valid)


def moved(
    time: pa.Array, months: Numbers, days: Numbers, micros: Numbers, is_valid: Numbers, time_zone: str
) -> pa.Array:
    """Timestamps some months, then some days later at the same local time, then some microseconds. Raises
    DATETIME_OVERFLOW."""
    start = numpy_values(time)
    local = zone(time_zone).to_local(start) if time.type.tz else start
    day = local // DAY
    day = (add_months(day, months) if np.any(months) else day) + days
    check_range(day, is_valid, MIN_MICROS_DAY, -MIN_MICROS_DAY, "add an interval to a timestamp")
    shifted = day * DAY + local % DAY
    at = zone(time_zone).moved(start, shifted) if time.type.tz else shifted
    total = at + micros
    if ((((at ^ total) & (micros ^ total)) < 0) & is_valid).any():
        raise ExecutionError("DATETIME_OVERFLOW", {"operation": "add an interval to a timestamp"})
    return from_numpy(total, time.type, is_valid)


def check_range(values: Numbers, is_valid: Numbers, low: int, high: int, operation: str) -> None:
    """Raises DATETIME_OVERFLOW where a value of a valid row is outside."""
    if (((values < low) | (values > high)) & is_valid).any():
        raise ExecutionError("DATETIME_OVERFLOW", {"operation": operation})


def date_text(array: pa.Array) -> pa.Array:
    """Dates as yyyy-MM-dd; years beyond 9999 with a sign, as Java prints them."""
    days = numpy_values(array)
    is_valid = valid(array)
    if not (((days < MIN_DAY) | (days > MAX_DAY)) & is_valid).any():
        return array.cast(pa.string())
    texts = [_date_text(*fields) for fields in zip(*(each.tolist() for each in civil(days)), strict=True)]
    return pa.array([text if ok else None for text, ok in zip(texts, is_valid, strict=True)], pa.string())


def _date_text(year: int, month: int, day: int) -> str:
    if 0 <= year <= 9999:
        return f"{year:04d}-{month:02d}-{day:02d}"
    return f"{'-' if year < 0 else '+'}{abs(year):04d}-{month:02d}-{day:02d}"


def time_text(array: pa.Array) -> pa.Array:
    """Times of day as HH:mm:ss with as many digits of the fraction as there are."""
    return _without_zeros(array.cast(pa.string()))


def _without_zeros(texts: pa.Array) -> pa.Array:
    """Clocks without the zeros their fraction ends in."""
    return pc.replace_substring_regex(texts, r"\.0+$|(\.\d*?)0+$", r"\1")


def timestamp_text(array: pa.Array, time_zone: str) -> pa.Array:
    """Timestamps as yyyy-MM-dd HH:mm:ss with as many digits of the fraction as there are."""
    local = local_timestamps(array, time_zone)
    days = numpy_values(local) // DAY
    if not (((days < MIN_DAY) | (days > MAX_DAY)) & valid(array)).any():
        return _without_zeros(local.cast(pa.string()))
    dates = date_text(from_numpy(days.astype(np.int32), pa.date32(), valid(array)))
    times = from_numpy(numpy_values(local) % DAY, pa.timestamp("us"), valid(array)).cast(pa.string())
    return _without_zeros(pc.binary_join_element_wise(dates, pc.utf8_slice_codeunits(times, 11), " "))
