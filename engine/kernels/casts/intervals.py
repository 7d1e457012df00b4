"""Intervals: their text, and casts from and to numbers and each other."""

from __future__ import annotations

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels import decimals
from engine.kernels.casts.failures import overflow_error
from engine.types import DataType, DayTimeIntervalType, DecimalType, IntegralType, YearMonthIntervalType
from engine.types.arrow import CALENDAR_INTERVAL_ARROW, to_arrow
from engine.types.interval_reading import IntervalFormat, OutsideRange, read_fields, read_units
from engine.types.types import SECOND, YEAR

_UNITS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)
Interval = DayTimeIntervalType | YearMonthIntervalType


def from_text(array: pa.Array, target: Interval, mode: Mode) -> pa.Array:
    """Strings as intervals: INTERVAL '1-2' YEAR TO MONTH, or only what stands in the quotes. What is none raises whatever the
    mode, only TRY gives null."""
    texts = array.dictionary_encode()
    values = [read_interval(text, target, mode) for text in texts.dictionary.to_pylist()]
    return pa.array(values, pa.int64()).take(texts.indices).cast(to_arrow(target))


def read_interval(text: str, target: Interval, mode: Mode) -> int | None:
    """The months or microseconds of an interval. Raises INVALID_INTERVAL_FORMAT.* where `text` is none of the type."""
    try:
        return read_fields(text, target)
    except IntervalFormat as error:
        if mode is Mode.TRY:
            return None
        raise ExecutionError(f"INVALID_INTERVAL_FORMAT.{error.kind}", error.parameters) from None
    except OutsideRange as error:
        if mode is Mode.TRY:
            return None
        raise ExecutionError("_LEGACY_ERROR_TEMP_0063", {"msg": str(error)}) from None


def to_calendar_intervals(array: pa.Array) -> pa.Array:
    """Strings as intervals of months, days and microseconds; null for what is none, as in Spark in every mode."""

    def read(text: str) -> dict[str, int] | None:
        try:
            return read_units(text)._asdict()
        except IntervalFormat:
            return None

    texts = array.dictionary_encode()
    values = [read(text) for text in texts.dictionary.to_pylist()]
    return pa.array(values, CALENDAR_INTERVAL_ARROW).take(texts.indices)


def cast_interval(array: pa.Array, source: DataType, target: DataType, mode: Mode) -> pa.Array:
    """Between intervals of one kind, and between intervals of one field (or seconds) and numbers."""
    if isinstance(source, Interval) and isinstance(target, Interval):
        unit = _unit(target, target.end)
        cut = [None if v is None else v if unit == 1 else _whole(v, unit) * unit for v in _integers(array)]
        return pa.array(cut, pa.int64()).cast(to_arrow(target))
    if isinstance(source, Interval):
        return _to_number(array, source, target, mode)
    assert isinstance(target, Interval), "one side of the cast is an interval"
    return _from_number(array, source, target, mode)


def _integers(array: pa.Array) -> list[int | None]:
    return array.cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]


def _unit(data_type: Interval, field: int) -> int:
    """How many months or microseconds the field has; seconds are kept with their fraction."""
    if isinstance(data_type, YearMonthIntervalType):
        return 12 if field == YEAR else 1
    return _UNITS[field] if field != SECOND else 1


def _whole(value: int, unit: int) -> int:
    return abs(value) // unit * (-1 if value < 0 else 1)


def _to_number(array: pa.Array, source: Interval, target: DataType, mode: Mode) -> pa.Array:
    loud = Mode.TRY if mode is Mode.TRY else Mode.ANSI  # too large a number is an error with ANSI off too
    if isinstance(target, DecimalType):
        unit = 12 if isinstance(source, YearMonthIntervalType) and source.end == YEAR else 1
        if isinstance(source, DayTimeIntervalType):
            scale, unit = 6, _UNITS[source.end] // 10**6
        else:
            scale = 0
        values = [None if v is None else _whole(v, unit) for v in _integers(array)]
        return decimals.fitted(values, scale, to_arrow(target), loud)
    assert isinstance(target, IntegralType), "analysis allows no other type"
    unit = _UNITS[source.end] if isinstance(source, DayTimeIntervalType) else _unit(source, source.end)
    bound, result = 1 << target.bits - 1, []
    for micros in _integers(array):
        value = None if micros is None else _whole(micros, unit)
        if value is not None and not -bound <= value < bound:
            if loud is Mode.ANSI:
                raise overflow_error(micros, source, target)
            value = None
        result.append(value)
    return pa.array(result, to_arrow(target))


def _from_number(array: pa.Array, source: DataType, target: Interval, mode: Mode) -> pa.Array:
    bits = 31 if isinstance(target, YearMonthIntervalType) else 63
    unit = _UNITS[target.end] if isinstance(target, DayTimeIntervalType) else _unit(target, target.end)
    result: list[int | None] = []
    scale = 10**array.type.scale if isinstance(source, DecimalType) else 1
    numbers = decimals.unscaled(array) if isinstance(source, DecimalType) else _integers(array)
    for place, number in enumerate(numbers):
        value = None if number is None else decimals_quotient(number * unit, scale)
        if value is not None and not -(2**bits) <= value < 2**bits:
            if mode is not Mode.TRY:
                raise overflow_error(array[place].as_py(), source, target)
            value = None
        result.append(value)
    return pa.array(result, pa.int64()).cast(to_arrow(target))


def decimals_quotient(value: int, unit: int) -> int:
    """`value / unit` rounded HALF_UP to a whole number."""
    rounded = (2 * abs(value) + unit) // (2 * unit)
    return -rounded if value < 0 else rounded


def arithmetic_overflow(suggestion: str = "") -> ExecutionError:
    """An interval that is too long; `suggestion` is the function that gives null instead."""
    if suggestion:
        return ExecutionError("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", {"functionName": f"`{suggestion}`"})
    return ExecutionError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION")
