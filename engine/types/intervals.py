"""The text of intervals: as literals (INTERVAL '1-2' YEAR TO MONTH), which is also what CAST to STRING gives; as `spark-sql`
prints them (1-2, 1 02:03:04.000000000); and the old INTERVAL (1 years 2 months)."""

from __future__ import annotations

from engine.types.types import DAY_TIME_FIELDS, YEAR_MONTH_FIELDS, DayTimeIntervalType, YearMonthIntervalType

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def interval_text(value: int, data_type: YearMonthIntervalType | DayTimeIntervalType) -> str:
    """`value` (months, or microseconds) as an ANSI interval literal with the fields of its type."""
    if isinstance(data_type, YearMonthIntervalType):
        return year_month_text(value, data_type.start, data_type.end)
    return day_time_text(value, data_type.start, data_type.end)


def _range(fields: tuple[str, ...], start: int, end: int) -> str:
    return (fields[start] if start == end else f"{fields[start]} to {fields[end]}").upper()


def year_month_text(months: int, start: int, end: int) -> str:
    """INTERVAL '1-2' YEAR TO MONTH, as Spark's ANSI style has it."""
    sign = "-" if months < 0 else ""
    years, rest = divmod(abs(months), 12)
    if start != end:
        value = f"{years}-{rest}"
    else:
        value = str(years) if start == 0 else str(abs(months))
    return f"INTERVAL '{sign}{value}' {_range(YEAR_MONTH_FIELDS, start, end)}"


def day_time_text(micros: int, start: int, end: int) -> str:
    """INTERVAL '1 02:03:04.5' DAY TO SECOND, as Spark's ANSI style has it."""
    sign = "-" if micros < 0 else ""
    rest = abs(micros)
    text = ""
    for position, size in enumerate((_DAY, _HOUR, _MINUTE, _SECOND)):
        if not start <= position <= end:
            continue
        amount, remainder = divmod(rest, size)
        width = 1 if position == 0 else 2
        text += ("" if position == start else " " if position == 1 else ":") + f"{amount:0{width}}"
        rest = remainder
        if position == 3 and rest:
            text += f".{rest:06}".rstrip("0")
    return f"INTERVAL '{sign}{text}' {_range(DAY_TIME_FIELDS, start, end)}"


def calendar_interval_text(months: int, days: int, micros: int) -> str:
    """1 years 2 months 3 days 4.5 seconds: the parts that are not 0, each with its own sign."""
    sign, rest = (-1 if micros < 0 else 1), abs(micros)
    parts = [
        f"{amount} {unit}"
        for amount, unit in (
            (_cut(months, 12), "years"),
            (months - 12 * _cut(months, 12), "months"),
            (days, "days"),
            (sign * (rest // _HOUR), "hours"),
            (sign * (rest % _HOUR // _MINUTE), "minutes"),
        )
        if amount
    ]
    seconds, fraction = divmod(rest % _MINUTE, _SECOND)
    if seconds or fraction:
        text = f"{seconds}.{fraction:06}".rstrip("0") if fraction else str(seconds)
        parts.append(f"{'-' if sign < 0 else ''}{text} seconds")
    return " ".join(parts) or "0 seconds"


def _cut(value: int, unit: int) -> int:
    """value / unit towards zero."""
    return abs(value) // unit * (-1 if value < 0 else 1)


def hive_months(months: int) -> str:
    """1-2."""
    years, rest = divmod(abs(months), 12)
    return f"{'-' if months < 0 else ''}{years}-{rest}"


def hive_micros(micros: int, end: int) -> str:
    """1 02:03:04.000000000; what is smaller than the field `end` is not shown."""
    unit = (_DAY, _HOUR, _MINUTE, 1)[end]
    micros = abs(micros) // unit * unit * (-1 if micros < 0 else 1)
    days, rest = divmod(abs(micros), _DAY)
    seconds, fraction = divmod(rest, _SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{'-' if micros < 0 else ''}{days} {clock}.{fraction:06}000"
