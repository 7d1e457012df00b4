"""Casts of text to dates and timestamps, by the grammar of Spark's SparkDateTimeUtils.

date       [+-]yyyy[-m[m][-d[d]]] [T or blank, then anything]
timestamp  date, then optionally T or blank and [h]h:[m]m[:[s]s[.fraction]] and a zone (Z, +hh:mm, Europe/Berlin)
"""

from __future__ import annotations

import datetime
import re
import time
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels.casts.from_text import BLANKS, each
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND
from engine.kernels.moment import read_moment
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.zones import zone
from engine.lazy import pc
from engine.types import DATE, DataType, TimestampType
from engine.types.arrow import to_arrow

_DATE = re.compile(r"([+-]?)(\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?", re.ASCII | re.DOTALL)
_TIMESTAMP = re.compile(
    r"(?:([+-]?)(\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2}))?)?)?"
    r"(?:(^T?|(?<!^)[ T])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?)?[ ]*(\S.*)?",
    re.ASCII,
)
_ZONE_PREFIX = re.compile(r"(UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{1,2}))?(?::(\d{1,2}))?", re.ASCII)


def to_dates(array: pa.Array, mode: Mode) -> pa.Array:
    """Strings as dates."""
    if pc.all(pc.match_substring_regex(array, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).as_py():
        try:
            return array.cast(pa.date32())
        except pa.ArrowInvalid:
            pass  # a day that does not exist: found and named below
    return pa.array(each(array, read_date, DATE, mode), pa.int32()).view(pa.date32())


def read_date(text: str) -> int | None:
    """The days since 1970 of a date; None where `text` is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    sign, year, month, day = found.groups()
    days = day_number(int(year) * (-1 if sign == "-" else 1), int(month or 1), int(day or 1))
    return days if days is not None and -(2**31) <= days < 2**31 else None


def day_number(year: int, month: int, day: int) -> int | None:
    """The days from 1970-01-01 to a date of any year; None if there is no such date."""
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    cycles, of_cycle = divmod(year, 400)
    try:
        # years 2000 to 2399 stand for all: the calendar repeats after 400
        ordinal = datetime.date(2000 + of_cycle, month, day).toordinal()
    except ValueError:
        return None
    return ordinal - 719_163 + (cycles - 5) * 146_097


def to_timestamps(array: pa.Array, target: DataType, mode: Mode, time_zone: str) -> pa.Array:
    """Strings as timestamps, read in `time_zone` where they name none. A TIMESTAMP_NTZ ignores a zone."""
    kind = to_arrow(target)
    is_instant = isinstance(target, TimestampType)
    if pc.all(
        pc.match_substring_regex(array, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?$")
    ).as_py():
        try:
            local = array.cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            pass  # a time that does not exist: found and named below
        else:
            micros = numpy_values(local)
            return from_numpy(zone(time_zone).to_instant(micros) if is_instant else micros, kind, valid(array))

    def read(text: str) -> int | None:
        return read_timestamp(text, time_zone, is_instant)

    return pa.array(each(array, read, target, mode), pa.int64()).view(kind)


def read_timestamp(text: str, time_zone: str, is_instant: bool = True) -> int | None:
    """The microseconds since 1970 (UTC, or local where not `is_instant`) of a timestamp; None where `text` is none."""
    found = _TIMESTAMP.fullmatch(text.strip(BLANKS))
    if found is None:
        return None
    sign, year, month, day, lead, hour, minute, second, fraction, suffix = found.groups()
    if (year is None and (minute is None or not is_instant)) or (hour is None and suffix):
        return None
    if (day is None and year is not None and hour is not None) or (lead == "" and year is not None):
        return None
    clock = _time_of_day(hour, minute, second, fraction)
    own_zone = _read_zone(suffix) if suffix else time_zone
    if clock is None or own_zone is None:
        return None
    if year is None:
        read_moment("clock")
        now = np.array([time.time_ns() // 1000])
        days: int | None = int(zone(own_zone).to_local(now)[0]) // DAY
    else:
        days = day_number(int(year) * (-1 if sign == "-" else 1), int(month or 1), int(day or 1))
    if days is None:
        return None
    micros = days * DAY + clock
    if not -(2**63) <= micros < 2**63:
        return None
    return int(zone(own_zone).to_instant(np.array([micros]))[0]) if is_instant else micros


def names_zone(text: str) -> bool:
    """Whether a timestamp as text ends in the name of a zone."""
    found = _TIMESTAMP.fullmatch(text.strip(BLANKS))
    return found is not None and found[10] is not None


def _time_of_day(hour: str | None, minute: str | None, second: str | None, fraction: str | None) -> int | None:
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    if h > 23 or m > 59 or s > 59:
        return None
    return h * HOUR + m * MINUTE + s * SECOND + int(((fraction or "") + "000000")[:6])


def _read_zone(text: str) -> str | None:
    """The name of the zone a timestamp ends in, or None if there is no such zone."""
    text = text.strip()
    found = _ZONE_PREFIX.fullmatch(text)
    if found is not None:
        _, sign, hours, minutes, seconds = found.groups()
        text = f"{sign}{int(hours):02d}:{int(minutes or 0):02d}:{int(seconds or 0):02d}"
    try:
        zone(text)
    except ExecutionError:
        return None
    return text


def read_all(texts: list[Any], time_zone: str) -> list[int | None]:
    """`read_timestamp` of several texts, None staying None."""
    return [None if text is None else read_timestamp(text, time_zone) for text in texts]
