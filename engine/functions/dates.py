"""Parts of dates and timestamps, and the calendar."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from engine.functions.registry import Function, function, register
from engine.functions.signature import ANY_TIMESTAMP, DATE_LIKE, Kind
from engine.kernels.context import CallContext
from engine.kernels.datetimes import add_months as months_later
from engine.kernels.datetimes import civil, days_from_civil, days_in_month, local_timestamps
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid
from engine.lazy import pc
from engine.types import DATE, INT, ByteType, IntegerType, ShortType, StringType


def _date_part(
    name: str, kernel: Callable[..., pa.Array], doc: str, aliases: tuple[str, ...] = (), hidden: bool = False
) -> None:
    """Declares a function from a date to an integer."""
    register(Function(name, "scalar", (DATE_LIKE,), INT, kernel, doc, group="dates", hidden=hidden), aliases)


def _year(day: pa.Array) -> pa.Array:
    return pc.year(day).cast(pa.int32())


def _month(day: pa.Array) -> pa.Array:
    return pc.month(day).cast(pa.int32())


def _day(day: pa.Array) -> pa.Array:
    return pc.day(day).cast(pa.int32())


def _quarter(day: pa.Array) -> pa.Array:
    return pc.quarter(day).cast(pa.int32())


def _week(day: pa.Array) -> pa.Array:
    return pc.iso_week(day).cast(pa.int32())


def _year_of_week(day: pa.Array) -> pa.Array:
    return pc.iso_year(day).cast(pa.int32())


def _day_of_year(day: pa.Array) -> pa.Array:
    return pc.day_of_year(day).cast(pa.int32())


def _day_of_week(day: pa.Array) -> pa.Array:
    return pc.day_of_week(day, count_from_zero=False, week_start=7).cast(pa.int32())


def _day_of_week_iso(day: pa.Array) -> pa.Array:
    return pc.day_of_week(day, count_from_zero=False, week_start=1).cast(pa.int32())


def _weekday(day: pa.Array) -> pa.Array:
    return pc.day_of_week(day, count_from_zero=True, week_start=1).cast(pa.int32())


_date_part("year", _year, "Returns the year.\n\n> SELECT year('2016-07-30');\n2016")
_date_part("month", _month, "Returns the month, 1 to 12.\n\n> SELECT month('2016-07-30');\n7")
_date_part("day", _day, "Returns the day of the month.\n\n> SELECT day('2009-07-30');\n30", ("dayofmonth",))
_date_part("quarter", _quarter, "Returns the quarter, 1 to 4.\n\n> SELECT quarter('2016-08-31');\n3")
_date_part("weekofyear", _week, "Returns the ISO week of the year.\n\n> SELECT weekofyear('2008-02-20');\n8")
_date_part(
    "yearofweek",
    _year_of_week,
    "Returns the year the ISO week belongs to.\n\n> SELECT extract(YEAROFWEEK FROM date'2005-01-01');\n2004",
    hidden=True,
)
_date_part("dayofyear", _day_of_year, "Returns the day of the year.\n\n> SELECT dayofyear('2016-04-09');\n100")
_date_part(
    "dayofweek", _day_of_week, "Returns the day of the week, 1 = Sunday.\n\n> SELECT dayofweek('2009-07-30');\n5"
)
_date_part(
    "dayofweek_iso",
    _day_of_week_iso,
    "Returns the day of the week, 1 = Monday.\n\n> SELECT extract(DAYOFWEEK_ISO FROM date'2009-07-30');\n4",
    hidden=True,
)
_date_part("weekday", _weekday, "Returns the day of the week, 0 = Monday.\n\n> SELECT weekday('2009-07-30');\n3")


def _clock_part(name: str, unit: Callable[..., pa.Array], doc: str) -> None:
    def kernel(time: pa.Array, *, context: CallContext) -> pa.Array:
        return unit(local_timestamps(time, context.time_zone)).cast(pa.int32())

    register(Function(name, "scalar", (ANY_TIMESTAMP,), INT, kernel, doc, wants_context=True, group="dates"))


_clock_part("hour", pc.hour, "Returns the hour.\n\n> SELECT hour('2009-07-30 12:58:59');\n12")
_clock_part("minute", pc.minute, "Returns the minute.\n\n> SELECT minute('2009-07-30 12:58:59');\n58")
_clock_part("second", pc.second, "Returns the second.\n\n> SELECT second('2009-07-30 12:58:59');\n59")


DAYS = Kind(
    "(INT or SMALLINT or TINYINT)",
    (IntegerType, ShortType, ByteType),
    fallback=INT,
    converts=(StringType,),
    strict=True,
)


def _shifted(day: pa.Array, days: pa.Array, sign: int) -> pa.Array:
    values = numpy_values(day) + sign * numpy_values(days).astype(np.int32)
    return from_numpy(values, pa.date32(), all_valid(day, days))


@function("date_add", (DATE_LIKE, DAYS), returns=DATE, aliases=("dateadd",))
def date_add(start: pa.Array, days: pa.Array) -> pa.Array:
    """Returns the date `days` days after `start`.

    > SELECT date_add('2016-07-30', 1);
    2016-07-31
    """
    return _shifted(start, days, 1)


@function("date_sub", (DATE_LIKE, DAYS), returns=DATE)
def date_sub(start: pa.Array, days: pa.Array) -> pa.Array:
    """Returns the date `days` days before `start`.

    > SELECT date_sub('2016-07-30', 1);
    2016-07-29
    """
    return _shifted(start, days, -1)


@function("datediff", (DATE_LIKE, DATE_LIKE), returns=INT, aliases=("date_diff",))
def datediff(end: pa.Array, start: pa.Array) -> pa.Array:
    """Returns the number of days from `start` to `end`.

    > SELECT datediff('2009-07-31', '2009-07-30');
    1
    """
    return from_numpy(numpy_values(end) - numpy_values(start), pa.int32(), all_valid(end, start))


@function("add_months", (DATE_LIKE, INT), returns=DATE)
def add_months(start: pa.Array, months: pa.Array) -> pa.Array:
    """Returns the date `months` months after `start`, the last day of the month where it has no such day.

    > SELECT add_months('2016-08-31', 1);
    2016-09-30
    """
    days = months_later(numpy_values(start), numpy_values(months).astype(np.int64))
    return from_numpy(days.astype(np.int32), pa.date32(), all_valid(start, months))


@function("last_day", (DATE_LIKE,), returns=DATE)
def last_day(day: pa.Array) -> pa.Array:
    """Returns the last day of the month.

    > SELECT last_day('2009-01-12');
    2009-01-31
    """
    year, month, _ = civil(numpy_values(day))
    days = days_from_civil(year, month, days_in_month(year, month))
    return from_numpy(days.astype(np.int32), pa.date32(), valid(day))
