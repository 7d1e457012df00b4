"""The text of intervals: as literals (INTERVAL '1-2' YEAR TO MONTH), which is also what CAST to STRING gives."""

from __future__ import annotations

from engine.types.types import (
    DAY,
    DAY_TIME_FIELDS,
    MONTH,
    SECOND,
    YEAR,
    YEAR_MONTH_FIELDS,
    DayTimeIntervalType,
    YearMonthIntervalType,
)

MICROS_PER_SECOND = 1_000_000
_MICROS = (86_400 * MICROS_PER_SECOND, 3_600 * MICROS_PER_SECOND, 60 * MICROS_PER_SECOND, MICROS_PER_SECOND)


def interval_literal(value: int, data_type: YearMonthIntervalType | DayTimeIntervalType) -> str:
    """`value` (months, or microseconds) as an ANSI interval literal with the fields of its type."""
    fields = YEAR_MONTH_FIELDS if isinstance(data_type, YearMonthIntervalType) else DAY_TIME_FIELDS
    start, end = fields[data_type.start].upper(), fields[data_type.end].upper()
    text = (
        months_text(value, data_type) if isinstance(data_type, YearMonthIntervalType) else micros_text(value, data_type)
    )
    return f"INTERVAL '{text}' {start}" + (f" TO {end}" if start != end else "")


def months_text(months: int, data_type: YearMonthIntervalType) -> str:
    """The part between the quotes of a year-month interval: 1-2, or one number."""
    sign, months = ("-" if months < 0 else ""), abs(months)
    if data_type.start == MONTH:
        return f"{sign}{months}"
    if data_type.end == YEAR:
        return f"{sign}{months // 12}"
    return f"{sign}{months // 12}-{months % 12}"


def micros_text(micros: int, data_type: DayTimeIntervalType) -> str:
    """The part between the quotes of a day-time interval: 1 02:03:04.5 from its first field to its last."""
    sign, rest = ("-" if micros < 0 else ""), abs(micros)
    parts: list[int] = []
    for field in range(data_type.start, SECOND):
        parts.append(rest // _MICROS[field])
        rest %= _MICROS[field]
    shown = [str(parts[0]) if parts and data_type.start == DAY else f"{parts[0]:02d}"] if parts else []
    times = [f"{part:02d}" for part in parts[1:]]
    if data_type.end == SECOND:
        seconds, fraction = divmod(rest, MICROS_PER_SECOND)
        times.append(f"{seconds:02d}" + (f".{fraction:06d}".rstrip("0") if fraction else ""))
    else:
        times = times[: data_type.end - data_type.start]
    if data_type.start == DAY:
        return sign + " ".join([*shown, *([":".join(times)] if times else [])])
    return sign + ":".join([*shown, *times])
