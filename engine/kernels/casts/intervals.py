"""Intervals: their text, and casts from and to numbers and each other."""

from __future__ import annotations

import re

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels import decimals
from engine.kernels.casts.failures import overflow_error
from engine.kernels.casts.from_text import each
from engine.kernels.casts.numbers import cast_number
from engine.types import LONG, DataType, DayTimeIntervalType, DecimalType, YearMonthIntervalType
from engine.types.arrow import to_arrow
from engine.types.types import DAY_TIME_FIELDS, MONTH, SECOND, YEAR, YEAR_MONTH_FIELDS

_UNITS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)
_LIMITS = (106_751_991, 23, 59, 59)
Interval = DayTimeIntervalType | YearMonthIntervalType


def interval_text(value: int, data_type: Interval) -> str:
    """An interval as Spark casts it to a string: INTERVAL '1 02:03:04' DAY TO SECOND."""
    text, fields = interval_fields(value, data_type)
    return f"INTERVAL '{text}' {fields}"


def interval_fields(value: int, data_type: Interval) -> tuple[str, str]:
    """The text within the quotes, and the names of the fields."""
    names = YEAR_MONTH_FIELDS if isinstance(data_type, YearMonthIntervalType) else DAY_TIME_FIELDS
    first, last = names[data_type.start].upper(), names[data_type.end].upper()
    fields = first if first == last else f"{first} TO {last}"
    sign, rest = ("-" if value < 0 else ""), abs(value)
    if isinstance(data_type, YearMonthIntervalType):
        if data_type.start == data_type.end:
            return f"{sign}{rest // 12 if data_type.start == YEAR else rest}", fields
        return f"{sign}{rest // 12}-{rest % 12}", fields
    parts = []
    for unit in range(data_type.start, data_type.end + 1):
        amount, rest = divmod(rest, _UNITS[unit])
        text = str(amount) if unit == 0 else f"{amount:02d}"
        if unit == SECOND and rest:
            text += f".{rest:06d}".rstrip("0")
        parts.append(text)
    joined = parts[0] + (" " if data_type.start == 0 and len(parts) > 1 else ":" if len(parts) > 1 else "")
    return sign + joined + ":".join(parts[1:]), fields


def from_text(array: pa.Array, target: Interval, mode: Mode) -> pa.Array:
    """Strings as intervals: INTERVAL '1-2' YEAR TO MONTH, or only what stands in the quotes."""
    values = each(array, lambda text: read_interval(text, target), target, mode)
    return pa.array(values, pa.int64()).cast(to_arrow(target))


def read_interval(text: str, target: Interval) -> int | None:
    """The months or microseconds of an interval; None where `text` is none of the type `target`."""
    names = YEAR_MONTH_FIELDS if isinstance(target, YearMonthIntervalType) else DAY_TIME_FIELDS
    suffix = names[target.start] + (f" to {names[target.end]}" if target.start != target.end else "")
    whole = re.fullmatch(rf"interval\s+([+-]?)'([^']*)'\s+{suffix}", text, re.IGNORECASE)
    outer, inner = (whole[1], whole[2]) if whole else ("", text)
    found = re.fullmatch(_pattern(target), inner)
    if found is None:
        return None
    negative = (outer == "-") != (found["sign"] == "-")
    total = _total(found, target)
    if total is None:
        return None
    value = -total if negative else total
    bits = 31 if isinstance(target, YearMonthIntervalType) else 63
    return value if -(2**bits) <= value < 2**bits else None


def _pattern(target: Interval) -> str:
    if isinstance(target, YearMonthIntervalType):
        middle = "-" if target.start != target.end else ""
        years = r"(?P<f0>\d+)" if target.start == YEAR else ""
        months = r"(?P<f1>\d+)" if target.end == MONTH else ""
        return rf"(?P<sign>[+-]?){years}{middle}{months}"
    parts = []
    for unit in range(target.start, target.end + 1):
        digits = r"\d+" if unit == target.start else r"\d{1,2}"
        fraction = r"(?:\.(?P<fraction>\d{1,9}))?" if unit == SECOND else ""
        lead = "" if unit == target.start else " " if unit == 1 else ":"
        parts.append(f"{lead}(?P<f{unit}>{digits}){fraction}")
    return "(?P<sign>[+-]?)" + "".join(parts)


def _total(found: re.Match[str], target: Interval) -> int | None:
    amounts = {
        int(name[1:]): int(text) for name, text in found.groupdict().items() if name[0] == "f" and name[1:].isdigit()
    }
    if isinstance(target, YearMonthIntervalType):
        if target.start != target.end and amounts[1] > 11:
            return None
        return amounts.get(0, 0) * 12 + amounts.get(1, 0)
    if any(amount > _LIMITS[unit] for unit, amount in amounts.items() if unit != target.start):
        return None
    micros = sum(amount * _UNITS[unit] for unit, amount in amounts.items())
    fraction = found.groupdict().get("fraction") or ""
    return micros + int((fraction + "000000")[:6])


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
    if isinstance(target, DecimalType):
        unit = 12 if isinstance(source, YearMonthIntervalType) and source.end == YEAR else 1
        if isinstance(source, DayTimeIntervalType):
            scale, unit = 6, _UNITS[source.end] // 10**6
        else:
            scale = 0
        values = [None if v is None else _whole(v, unit) for v in _integers(array)]
        return decimals.fitted(values, scale, to_arrow(target), mode)
    unit = _UNITS[source.end] if isinstance(source, DayTimeIntervalType) else _unit(source, source.end)
    whole = pa.array([None if v is None else _whole(v, unit) for v in _integers(array)], pa.int64())
    return cast_number(whole, LONG, target, Mode.ANSI if mode is Mode.ANSI else mode)


def _from_number(array: pa.Array, source: DataType, target: Interval, mode: Mode) -> pa.Array:
    bits = 31 if isinstance(target, YearMonthIntervalType) else 63
    unit = _UNITS[target.end] if isinstance(target, DayTimeIntervalType) else _unit(target, target.end)
    result: list[int | None] = []
    scale = 10**array.type.scale if isinstance(source, DecimalType) else 1
    numbers = decimals.unscaled(array) if isinstance(source, DecimalType) else _integers(array)
    for place, number in enumerate(numbers):
        value = None if number is None else decimals_quotient(number * unit, scale)
        if value is not None and not -(2**bits) <= value < 2**bits:
            if mode is Mode.ANSI:
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
