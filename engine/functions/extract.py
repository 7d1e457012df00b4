"""EXTRACT and date_part: a field of a date, a timestamp or an interval, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError
from engine.expressions.base import Expression, Literal
from engine.expressions.sql import sql
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.signature import ANY, ANY_TIMESTAMP
from engine.kernels import decimals
from engine.kernels.context import CallContext, EvalContext
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, local_micros
from engine.kernels.evaluate import evaluate_constant
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.types import (
    BYTE,
    DOUBLE,
    INT,
    STRING,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    TimeType,
    YearMonthIntervalType,
)

_FIELDS = {
    "year": ("year", "y", "years", "yr", "yrs"),
    "yearofweek": ("yearofweek",),
    "quarter": ("quarter", "qtr"),
    "month": ("month", "mon", "mons", "months"),
    "weekofyear": ("week", "w", "weeks"),
    "day": ("day", "d", "days"),
    "dayofweek": ("dayofweek", "dow"),
    "dayofweek_iso": ("dayofweek_iso", "dow_iso"),
    "dayofyear": ("doy",),
    "hour": ("hour", "h", "hours", "hr", "hrs"),
    "minute": ("minute", "m", "min", "mins", "minutes"),
    "second_with_fraction": ("second", "s", "sec", "seconds", "secs"),
}
_FUNCTIONS = {name: target for target, names in _FIELDS.items() for name in names}
_YEAR_MONTH = {"year": "extract_years", "month": "extract_months"}
_CLOCK = frozenset(("hour", "minute", "second_with_fraction"))
_DAY_TIME = {
    "day": "extract_days",
    "hour": "extract_hours",
    "minute": "extract_minutes",
    "second_with_fraction": "extract_seconds",
}


@function("date_part", (STRING, ANY), kind="rewrite", aliases=("datepart", "extract"))
def date_part(field: Expression, source: Expression) -> Expression:
    """Returns the field called `field` of a date, a timestamp or an interval.

    > SELECT date_part('YEAR', TIMESTAMP '2019-08-12 01:00:00.123456');
    2019
    > SELECT extract(SECONDS FROM timestamp'2019-10-01 00:00:01.000001');
    1.000001
    """
    if not field.foldable:
        parameters = {"funcName": "`date_part`", "paramName": "`field`", "paramType": '"STRING"'}
        raise AnalysisError("NON_FOLDABLE_ARGUMENT", parameters)
    written = evaluate_constant(field, EvalContext()).value
    if written is None:
        return Literal(None, DOUBLE)
    name = str(written).lower()
    target = _FUNCTIONS.get(name)
    if isinstance(source.dataType, YearMonthIntervalType):
        target = _YEAR_MONTH.get(target or "")
    elif isinstance(source.dataType, DayTimeIntervalType):
        target = _DAY_TIME.get(target or "")
    elif isinstance(source.dataType, CalendarIntervalType):
        target = (_YEAR_MONTH | _DAY_TIME).get(target or "")
    elif isinstance(source.dataType, TimeType) and target not in _CLOCK:
        target = None
    if target is None:
        parameters = {"field": f"`{written}`", "expr": f'"{sql(source)}"'}
        raise AnalysisError("INVALID_EXTRACT_FIELD", parameters, field.origin)
    return resolve_call(target, (source,), origin=source.origin)


@function("second_with_fraction", (ANY_TIMESTAMP,), returns=DecimalType(8, 6), wants_context=True, hidden=True)
def second_with_fraction(time: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the second with its fraction.

    > SELECT extract(SECOND FROM timestamp'2019-10-01 00:00:01.5');
    1.500000
    """
    micros = local_micros(time, context.time_zone) % MINUTE
    return decimals.from_int64(micros, valid(time), pa.decimal128(8, 6))


def _interval_part(
    name: str, unit: int, modulus: int, result: DataType, kind: pa.DataType, parameter: DataType, doc: str
) -> None:
    """Declares the function that gives one field of intervals, with the sign of the interval."""

    def kernel(interval: pa.Array) -> pa.Array:
        whole: Any = np.abs(numpy_values(interval).astype(np.int64))
        part = whole // unit % modulus * np.sign(numpy_values(interval))
        return from_numpy(part.astype(kind.to_pandas_dtype()), kind, valid(interval))

    kernel.__doc__ = doc
    function(name, (parameter,), returns=result, hidden=True)(kernel)


_DT, _YM = DayTimeIntervalType(), YearMonthIntervalType()
_interval_part(
    "extract_years",
    12,
    2**31,
    INT,
    pa.int32(),
    _YM,
    "Returns the years.\n\n> SELECT extract(YEAR FROM INTERVAL '3-4' YEAR TO MONTH);\n3",
)
_interval_part(
    "extract_months",
    1,
    12,
    BYTE,
    pa.int8(),
    _YM,
    "Returns the months.\n\n> SELECT extract(MONTH FROM INTERVAL '3-4' YEAR TO MONTH);\n4",
)
_interval_part(
    "extract_days",
    DAY,
    2**62,
    INT,
    pa.int32(),
    _DT,
    "Returns the days.\n\n> SELECT extract(DAY FROM INTERVAL '3 04:05:06' DAY TO SECOND);\n3",
)
_interval_part(
    "extract_hours",
    HOUR,
    24,
    BYTE,
    pa.int8(),
    _DT,
    "Returns the hours.\n\n> SELECT extract(HOUR FROM INTERVAL '3 04:05:06' DAY TO SECOND);\n4",
)
_interval_part(
    "extract_minutes",
    MINUTE,
    60,
    BYTE,
    pa.int8(),
    _DT,
    "Returns the minutes.\n\n> SELECT extract(MINUTE FROM INTERVAL '3 04:05:06' DAY TO SECOND);\n5",
)


@function("extract_seconds", (_DT,), returns=DecimalType(8, 6), hidden=True)
def extract_seconds(interval: pa.Array) -> pa.Array:
    """Returns the seconds with their fraction.

    > SELECT extract(SECOND FROM INTERVAL '3 04:05:06.5' DAY TO SECOND);
    6.500000
    """
    micros = numpy_values(interval)
    return decimals.from_int64(np.fmod(micros, 60 * SECOND), valid(interval), pa.decimal128(8, 6))
