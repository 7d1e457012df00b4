"""Timestamps: fields of the clock, cut to a unit, and casts to and from dates. Those with a zone have code where the session's
zone is UTC, which needs no table of transitions."""

from __future__ import annotations

from engine.compile.expressions.dates import cut_days, day_unit
from engine.compile.ir import Function, Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, resized
from engine.expressions.base import Literal
from engine.expressions.calls import Call
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND
from engine.types import INT, TIMESTAMP, DataType, DateType, TimestampNTZType, TimestampType

_CLOCK = {"hour": (DAY, HOUR), "minute": (HOUR, MINUTE), "second": (MINUTE, SECOND)}
_UNITS = {
    "DAY": DAY,
    "DD": DAY,
    "HOUR": HOUR,
    "MINUTE": MINUTE,
    "SECOND": SECOND,
    "MILLISECOND": 1000,
    "MICROSECOND": 1,
}
_UTC = ("UTC", "Z", "Etc/UTC")
_MOST_DAYS = (2**63 - 1) // DAY


def local(row: Row, value: Sql) -> Value:
    """The microseconds since 1970 by the clock on the wall."""
    if isinstance(value.type, TimestampNTZType) or (isinstance(value.type, TimestampType) and row.time_zone in _UTC):
        return resized(value, "i64")
    raise NotCompiled(f"the clock of {value.type.simpleString()} in {row.time_zone}")


def floor(function: Function, value: Value, unit: int) -> Value:
    """The quotient, towards negative infinity."""
    found = value // unit
    return function.select(value - found * unit < 0, found - 1, found)


def _clock(expression: Call, row: Row) -> Sql:
    value, (whole, part) = row.value(expression.arguments[0]), _CLOCK[expression.function]
    micros = local(row, value)
    rest = micros - floor(row.function, micros, whole) * whole
    return Sql(INT, (rest // part).signed("i32"), value.null, 6)


def _date_trunc(expression: Call, row: Row) -> Sql:
    """date_trunc(unit, timestamp) with a constant unit."""
    written, value = expression.arguments[0], row.value(expression.arguments[1])
    if not isinstance(written, Literal) or written.value is None:
        raise NotCompiled("date_trunc to a unit that varies")
    micros, function, name = local(row, value), row.function, str(written.value).upper()
    if name in _UNITS:
        unit = _UNITS[name]
        return Sql(TIMESTAMP, floor(function, micros, unit) * unit, value.null, 63)
    unit_of_days = day_unit(written)
    if unit_of_days is None:
        raise NotCompiled(f"date_trunc to {name}")
    days = Sql(TIMESTAMP, floor(function, micros, DAY), value.null, 27)
    return Sql(TIMESTAMP, cut_days(row, days, unit_of_days).signed("i64") * DAY, value.null, 63)


def cast(row: Row, value: Sql, target: DataType) -> Sql:
    """A date or a timestamp as another of them."""
    if isinstance(value.type, DateType):
        local(row, Sql(target, value.raw, value.null, value.bits))  # whether the zone has code
        days = resized(value, "i64")
        outside = (days > _MOST_DAYS) | (days < -_MOST_DAYS)
        row.fail_if(outside if value.null is None else outside & ~value.null)
        return Sql(target, days * DAY, value.null, 63)
    micros = local(row, value)
    if isinstance(target, DateType):
        return Sql(target, floor(row.function, micros, DAY), value.null, 27)
    local(row, Sql(target, value.raw, value.null, value.bits))
    return Sql(target, micros, value.null, value.bits)


CALLS: dict[str, Emitter] = {"hour": _clock, "minute": _clock, "second": _clock, "date_trunc": _date_trunc}
