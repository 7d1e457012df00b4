"""The calendar: dates made of fields, cut to a unit, units added and counted; the day and the time the query began."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import DATE_LIKE
from engine.kernels.context import CallContext
from engine.kernels.datetimes import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    civil,
    days_from_civil,
    days_in_month,
    local_micros,
)
from engine.kernels.moment import read_moment
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid, map_rows
from engine.kernels.zones import zone
from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
)
from engine.types.arrow import TIMESTAMP_ARROW

_WEEKDAYS = {
    name: number
    for number, names in enumerate(("mo mon monday", "tu tue tuesday", "we wed wednesday", "th thu thursday"))
    for name in names.split()
} | {"fr": 4, "fri": 4, "friday": 4, "sa": 5, "sat": 5, "saturday": 5, "su": 6, "sun": 6, "sunday": 6}


@function("next_day", (DATE_LIKE, STRING), returns=DATE, raises=True, ansi_only=True, wants_context=True)
def next_day(start: pa.Array, weekday: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the first day after `start` that is the weekday called `weekday`.

    > SELECT next_day('2015-01-14', 'TU');
    2015-01-20
    """

    def following(day: int, name: str) -> int | None:
        wanted = _WEEKDAYS.get(name.lower())
        if wanted is None:
            if context.ansi:
                raise ExecutionError("ILLEGAL_DAY_OF_WEEK", {"string": name})
            return None
        return day + 1 + (wanted - day - 4) % 7  # 1970-01-01 was a Thursday

    return map_rows(following, pa.int32(), start, weekday).view(pa.date32())


_UNITS = {
    "YEAR": "year", "YYYY": "year", "YY": "year", "QUARTER": "quarter", "MONTH": "month", "MM": "month", "MON": "month",
    "WEEK": "week", "DAY": "day", "DD": "day", "HOUR": "hour", "MINUTE": "minute", "SECOND": "second",
    "MILLISECOND": "millisecond", "MICROSECOND": "microsecond",
}  # fmt: skip
_MICROS = {"hour": HOUR, "minute": MINUTE, "second": SECOND, "millisecond": 1000, "microsecond": 1}


def _cut_days(days: Any, unit: str) -> Any:
    """The first day of the unit each day is in."""
    year, month, _ = civil(days)
    one = np.ones_like(year)
    match unit:
        case "year":
            return days_from_civil(year, one, one)
        case "quarter":
            return days_from_civil(year, (month - 1) // 3 * 3 + 1, one)
        case "month":
            return days_from_civil(year, month, one)
        case "week":
            return days - (days + 3) % 7
    return days


def _by_unit(names: pa.Array, values: Any, cut: Any) -> tuple[Any, Any]:
    """`cut(values, unit)` for the rows of each unit; and which rows name one."""
    result, known = np.array(values), np.zeros(len(names), dtype=bool)
    texts = names.to_pylist()
    for text in set(texts):
        unit = _UNITS.get(text.upper()) if text is not None else None
        rows = np.array([each == text for each in texts])
        found = cut(result[rows], unit) if unit is not None else None
        if found is not None:
            result[rows], known = found, known | rows
    return result, known


@function("trunc", (DATE_LIKE, STRING), returns=DATE, nullable="always")
def trunc(day: pa.Array, unit: pa.Array) -> pa.Array:
    """Returns the first day of the year, quarter, month or week; null for other units.

    > SELECT trunc('2019-08-04', 'week');
    2019-07-29
    """

    def cut(days: Any, name: str) -> Any:
        return _cut_days(days, name) if name in ("year", "quarter", "month", "week") else None

    days, known = _by_unit(unit, numpy_values(day).astype(np.int64), cut)
    return from_numpy(days.astype(np.int32), pa.date32(), all_valid(day, unit) & known)


@function("date_trunc", (STRING, TIMESTAMP), returns=TIMESTAMP, nullable="always", wants_context=True)
def date_trunc(unit: pa.Array, time: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns a timestamp cut to a unit (year, quarter, month, week, day, hour, minute, second ...); null for other units.

    > SELECT date_trunc('MM', timestamp'2015-03-05 09:32:05.359');
    2015-03-01 00:00:00
    """

    here, instants = zone(context.time_zone), numpy_values(time)

    def cut(micros: Any, name: str) -> Any:
        local = here.to_local(micros)
        if name in _MICROS:  # within an hour that comes twice it stays in the one it is in
            return here.moved(micros, local - local % _MICROS[name])
        return here.to_instant(_cut_days(local // DAY, name) * DAY)

    micros, known = _by_unit(unit, instants, cut)
    return from_numpy(micros, time.type, all_valid(unit, time) & known)


@function("months_between", (TIMESTAMP, TIMESTAMP, BOOLEAN), returns=DOUBLE, optional=1, wants_context=True)
def months_between(
    end: pa.Array, start: pa.Array, round_off: pa.Array | None = None, *, context: CallContext
) -> pa.Array:
    """Returns the months from `start` to `end`, a month of 31 days for what is left, rounded to 8 digits unless told not to.

    > SELECT months_between('1997-02-28 10:30:00', '1996-10-30');
    3.94959677
    """
    a, b = (local_micros(each, context.time_zone) for each in (end, start))
    (year1, month1, day1), (year2, month2, day2) = civil(a // DAY), civil(b // DAY)
    months = ((year1 - year2) * 12 + month1 - month2).astype(np.float64)
    last1, last2 = day1 == days_in_month(year1, month1), day2 == days_in_month(year2, month2)
    seconds = (day1 - day2) * 86_400 + (a % DAY) // SECOND - (b % DAY) // SECOND
    exact = (day1 == day2) | (last1 & last2)
    result = np.where(exact, months, months + seconds / (31 * 86_400))
    rounded = np.floor(np.abs(result) * 1e8 + 0.5) / 1e8 * np.sign(result)
    keep = numpy_values(round_off) if round_off is not None else np.ones(len(end), dtype=bool)
    arrays = (end, start) if round_off is None else (end, start, round_off)
    return from_numpy(np.where(keep, rounded, result), pa.float64(), all_valid(*arrays))


def began(context: CallContext) -> int:
    """The instant the query began; where nobody said, the first time this was asked."""
    read_moment("clock")
    now = context.query.now
    return now if now is not None else int(context.state.setdefault("now", time.time_ns() // 1000))


@function("current_timestamp", (), returns=TIMESTAMP, nullable="never", wants_context=True, aliases=("now",))
def current_timestamp(*, context: CallContext) -> pa.Array:
    """Returns the time the query began.

    > SELECT current_timestamp() = now();
    true
    """
    return pa.repeat(pa.scalar(began(context), TIMESTAMP_ARROW), context.rows)


@function("localtimestamp", (), returns=TIMESTAMP_NTZ, nullable="never", wants_context=True)
def localtimestamp(*, context: CallContext) -> pa.Array:
    """Returns the local time the query began.

    > SELECT localtimestamp() IS NOT NULL;
    true
    """
    local = int(zone(context.time_zone).to_local(np.array([began(context)]))[0])
    return pa.repeat(pa.scalar(local, pa.timestamp("us")), context.rows)


@function("current_date", (), returns=DATE, nullable="never", wants_context=True, aliases=("curdate",))
def current_date(*, context: CallContext) -> pa.Array:
    """Returns the day the query began.

    > SELECT current_date() = curdate();
    true
    """
    local = int(zone(context.time_zone).to_local(np.array([began(context)]))[0])
    return pa.repeat(pa.scalar(local // DAY, pa.int32()), context.rows).view(pa.date32())


@function("current_timezone", (), returns=STRING, nullable="never", wants_context=True)
def current_timezone(*, context: CallContext) -> pa.Array:
    """Returns the session's time zone.

    > SELECT current_timezone() IS NOT NULL;
    true
    """
    return pa.repeat(context.time_zone, context.rows)


def _name(kind: str, names: tuple[str, ...], day: pa.Array) -> pa.Array:
    values = numpy_values(day).astype(np.int64)
    index = (values + 3) % 7 if kind == "day" else civil(values)[1] - 1
    return pa.array(np.array(names, dtype=object)[index], pa.string(), mask=~valid(day))


@function("dayname", (DATE_LIKE,), returns=STRING)
def dayname(day: pa.Array) -> pa.Array:
    """Returns the weekday in three letters.

    > SELECT dayname(date'2008-02-20');
    Wed
    """
    return _name("day", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), day)


@function("monthname", (DATE_LIKE,), returns=STRING)
def monthname(day: pa.Array) -> pa.Array:
    """Returns the month in three letters.

    > SELECT monthname(date'2008-02-20');
    Feb
    """
    names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    return _name("month", tuple(names.split()), day)
