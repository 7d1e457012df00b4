"""The calendar: dates made of fields, cut to a unit, units added and counted; the day and the time the query began."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import DATE_LIKE
from engine.kernels import decimals
from engine.kernels.context import CallContext
from engine.kernels.datetimes import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    civil,
    days_from_civil,
    days_in_month,
    from_local,
    local_micros,
)
from engine.kernels.patterns import MONTHS
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid, map_rows
from engine.kernels.zones import zone
from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DayTimeIntervalType,
    DecimalType,
    YearMonthIntervalType,
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

    def cut(micros: Any, name: str) -> Any:
        if name in _MICROS:
            return micros - micros % _MICROS[name]
        return _cut_days(micros // DAY, name) * DAY

    micros, known = _by_unit(unit, local_micros(time, context.time_zone), cut)
    return from_local(micros, all_valid(unit, time) & known, time.type, context.time_zone)


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


def _field_error(message: str) -> ExecutionError:
    return ExecutionError("DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION", {"rangeMessage": message})


@function("make_date", (INT, INT, INT), returns=DATE, raises=True, ansi_only=True, wants_context=True)
def make_date(year: pa.Array, month: pa.Array, day: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the date of a year, a month and a day.

    > SELECT make_date(2013, 7, 15);
    2013-07-15
    """
    days, fits = _days(year, month, day)
    is_valid = all_valid(year, month, day)
    if context.ansi and (~fits & is_valid).any():
        raise _field_error(_range_message(year, month, day, int(np.argmax(~fits & is_valid))))
    return from_numpy(days.astype(np.int32), pa.date32(), is_valid & fits)


def _days(year: pa.Array, month: pa.Array, day: pa.Array) -> tuple[Any, Any]:
    """The days of year, month and day, and which of them exist."""
    y, m, d = (numpy_values(each).astype(np.int64) for each in (year, month, day))
    safe = np.clip(m, 1, 12)
    fits = (m == safe) & (d >= 1) & (d <= days_in_month(y, safe))
    return days_from_civil(y, safe, np.where(fits, d, 1)), fits


def _range_message(year: pa.Array, month: pa.Array, day: pa.Array, row: int) -> str:
    y, m, d = (each[row].as_py() for each in (year, month, day))
    if not 1 <= m <= 12:
        return f"Invalid value for MonthOfYear (valid values 1 - 12): {m}"
    if not 1 <= d <= 31:
        return f"Invalid value for DayOfMonth (valid values 1 - 28/31): {d}"
    return (
        f"Invalid date 'February 29' as '{y}' is not a leap year"
        if (m, d) == (2, 29)
        else f"Invalid date '{MONTHS[m - 1].upper()} {d}'"
    )


_SECONDS = DecimalType(16, 6)
_FIELDS = (INT, INT, INT, INT, INT, _SECONDS)


def _local_fields(arrays: tuple[pa.Array, ...], context: CallContext) -> tuple[Any, Any]:
    """The local microseconds of year, month, day, hour, minute, seconds, and which rows are such a time."""
    days, fits = _days(*arrays[:3])
    hour, minute = (numpy_values(each).astype(np.int64) for each in arrays[3:5])
    seconds = np.array([each or 0 for each in decimals.unscaled(arrays[5])], dtype=np.int64)
    is_valid = all_valid(*arrays)
    if context.ansi and (~fits & is_valid).any():
        raise _field_error(_range_message(arrays[0], arrays[1], arrays[2], int(np.argmax(~fits & is_valid))))
    for name, values, most in (("HourOfDay", hour, 23), ("MinuteOfHour", minute, 59)):
        inside = (values >= 0) & (values <= most)
        if context.ansi and (~inside & is_valid).any():
            raise _field_error(
                f"Invalid value for {name} (valid values 0 - {most}): {values[np.argmax(~inside & is_valid)]}"
            )
        fits &= inside
    inside = (seconds >= 0) & (seconds <= MINUTE)
    if context.ansi and (~inside & is_valid).any():
        second = seconds[np.argmax(~inside & is_valid)] // SECOND
        raise _field_error(f"Invalid value for SecondOfMinute (valid values 0 - 59): {second}")
    return days * DAY + hour * HOUR + minute * MINUTE + seconds, is_valid & fits & inside


@function(
    "make_timestamp",
    _FIELDS,
    returns=TIMESTAMP,
    raises=True,
    ansi_only=True,
    wants_context=True,
    aliases=("make_timestamp_ltz",),
)
def make_timestamp(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the timestamp of a year, month, day, hour, minute and seconds.

    > SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887);
    2014-12-28 06:30:45.887
    """
    micros, is_valid = _local_fields(fields, context)
    return from_local(micros, is_valid, TIMESTAMP_ARROW, context.time_zone)


@function(
    "make_timestamp",
    (*_FIELDS, STRING),
    returns=TIMESTAMP,
    raises=True,
    wants_context=True,
    aliases=("make_timestamp_ltz",),
)
def make_timestamp_in_zone(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the timestamp of a year, month, day, hour, minute and seconds in a time zone.

    > SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887, 'UTC');
    2014-12-28 06:30:45.887
    """
    micros, is_valid = _local_fields(fields[:6], context)
    local = from_numpy(micros, pa.timestamp("us"), is_valid)
    instants = map_rows(lambda t, name: int(zone(name).to_instant(np.array([t]))[0]), pa.int64(), local, fields[6])
    return instants.view(TIMESTAMP_ARROW)


@function("make_timestamp_ntz", _FIELDS, returns=TIMESTAMP_NTZ, raises=True, ansi_only=True, wants_context=True)
def make_timestamp_ntz(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the timestamp without zone of a year, month, day, hour, minute and seconds.

    > SELECT make_timestamp_ntz(2014, 12, 28, 6, 30, 45.887);
    2014-12-28 06:30:45.887
    """
    micros, is_valid = _local_fields(fields, context)
    return from_numpy(micros, pa.timestamp("us"), is_valid)


@function("make_ym_interval", (INT, INT), returns=YearMonthIntervalType(), optional=2, raises=True, wants_context=True)
def make_ym_interval(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the interval of some years and months.

    > SELECT make_ym_interval(1, 2);
    INTERVAL '1-2' YEAR TO MONTH
    """
    years, months = (*fields, *[_zeros(context)] * 2)[:2]
    total = numpy_values(years).astype(np.int64) * 12 + numpy_values(months)
    is_valid = all_valid(years, months)
    if (((total < -(2**31)) | (total >= 2**31)) & is_valid).any():
        raise ExecutionError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION")
    return from_numpy(total.astype(np.int32), pa.int32(), is_valid)


def _zeros(context: CallContext) -> pa.Array:
    return pa.array(np.zeros(context.rows, dtype=np.int32))


@function(
    "make_dt_interval",
    (INT, INT, INT, DecimalType(18, 6)),
    returns=DayTimeIntervalType(),
    optional=4,
    wants_context=True,
)
def make_dt_interval(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the interval of some days, hours, minutes and seconds.

    > SELECT make_dt_interval(1, 12, 30, 1.001);
    INTERVAL '1 12:30:01.001' DAY TO SECOND
    """
    days, hours, minutes = (*fields[:3], *[_zeros(context)] * 3)[:3]
    micros = sum(numpy_values(f).astype(np.int64) * u for f, u in ((days, DAY), (hours, HOUR), (minutes, MINUTE)))
    if len(fields) == 4:
        micros = micros + np.array([each or 0 for each in decimals.unscaled(fields[3])], dtype=np.int64)
    is_valid = all_valid(days, hours, minutes, *fields[3:])
    return from_numpy(np.asarray(micros), pa.duration("us"), is_valid)


def _began(context: CallContext) -> int:
    """The instant the query began; where nobody said, the first time this was asked."""
    now = context.query.now
    return now if now is not None else int(context.state.setdefault("now", time.time_ns() // 1000))


@function("current_timestamp", (), returns=TIMESTAMP, nullable="never", wants_context=True, aliases=("now",))
def current_timestamp(*, context: CallContext) -> pa.Array:
    """Returns the time the query began.

    > SELECT current_timestamp() = now();
    true
    """
    return pa.repeat(pa.scalar(_began(context), TIMESTAMP_ARROW), context.rows)


@function("localtimestamp", (), returns=TIMESTAMP_NTZ, nullable="never", wants_context=True)
def localtimestamp(*, context: CallContext) -> pa.Array:
    """Returns the local time the query began.

    > SELECT localtimestamp() IS NOT NULL;
    true
    """
    local = int(zone(context.time_zone).to_local(np.array([_began(context)]))[0])
    return pa.repeat(pa.scalar(local, pa.timestamp("us")), context.rows)


@function("current_date", (), returns=DATE, nullable="never", wants_context=True, aliases=("curdate",))
def current_date(*, context: CallContext) -> pa.Array:
    """Returns the day the query began.

    > SELECT current_date() = curdate();
    true
    """
    local = int(zone(context.time_zone).to_local(np.array([_began(context)]))[0])
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
