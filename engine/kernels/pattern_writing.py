"""Writing dates and times by a pattern, over whole arrays: each part of the pattern becomes an array of texts, then they are
joined."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, civil, days_from_civil
from engine.kernels.patterns import MONTHS, WEEKDAYS, Field, Optional, Part, Text, compile_pattern, has_era
from engine.kernels.zone_names import long_name, short_name
from engine.lazy import pc
from engine.records import dataclass

Numbers = Any


@dataclass(frozen=True)
class Moments:
    """Local times in microseconds, and what they are ahead of UTC, in the zone `zone`."""

    local: Numbers
    offsets: Numbers
    zone: str

    @cached_property
    def days(self) -> Numbers:
        """Days since 1970."""
        return self.local // DAY

    @cached_property
    def clock(self) -> Numbers:
        """Microseconds of the day."""
        return self.local % DAY

    @cached_property
    def date(self) -> tuple[Numbers, Numbers, Numbers]:
        """Year, month, day."""
        return civil(self.days)


def write(moments: Moments, pattern: str) -> pa.Array:
    """The texts of moments by a pattern. Raises as `compile_pattern`."""
    parts = compile_pattern(pattern, False)
    texts = _texts(moments, parts, has_era(parts))
    if not texts:
        return pa.repeat("", len(moments.local))
    if len(texts) == 1:
        return texts[0]
    return pc.binary_join_element_wise(*texts, "")


def _texts(moments: Moments, parts: tuple[Part, ...], era: bool) -> list[pa.Array]:
    texts: list[pa.Array] = []
    for part in parts:
        match part:
            case Text(text):
                texts.append(pa.repeat(text, len(moments.local)))
            case Optional(inner):
                texts += _texts(moments, inner, era)
            case Field("y", count):
                texts.append(_year(moments, count, era))
            case Field(letter, count):
                texts.append(_WRITERS[letter](moments, count))
    return texts


def _padded(values: Numbers, width: int) -> pa.Array:
    text = pa.array(values).cast(pa.string())
    return pc.utf8_lpad(text, width, "0") if width > 1 else text


def _named(index: Numbers, names: tuple[str, ...]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(index))


def _year(moments: Moments, count: int, era: bool) -> pa.Array:
    """Years as of the era; without one those before 1 are 0, -1 ... Four digits and more show a sign where they do not do."""
    year = moments.date[0]
    if era:
        year = np.where(year > 0, year, 1 - year)
    if count == 2:
        return _padded(np.abs(year) % 100, 2)
    text = _padded(np.abs(year), count)
    sign = np.where(year < 0, 1, np.where((count >= 4) & (year >= 10**count), 2, 0))
    return pc.binary_join_element_wise(_named(sign, ("", "-", "+")), text, "") if sign.any() else text


def _month(moments: Moments, count: int) -> pa.Array:
    month = moments.date[1]
    if count <= 2:
        return _padded(month, count)
    return _named(month - 1, MONTHS if count == 4 else tuple(name[:3] for name in MONTHS))


def _weekday(moments: Moments, count: int) -> pa.Array:
    return _named((moments.days + 3) % 7, WEEKDAYS if count == 4 else tuple(name[:3] for name in WEEKDAYS))


def _quarter(moments: Moments, count: int) -> pa.Array:
    quarter = (moments.date[1] + 2) // 3
    if count <= 2:
        return _padded(quarter, count)
    names = ("Q1", "Q2", "Q3", "Q4") if count == 3 else tuple(f"{n} quarter" for n in ("1st", "2nd", "3rd", "4th"))
    return _named(quarter - 1, names)


def _era(moments: Moments, count: int) -> pa.Array:
    names = ("Before Christ", "Anno Domini") if count == 4 else ("BC", "AD")
    return _named((moments.date[0] > 0).astype(np.int8), names)


def _half(moments: Moments, _count: int) -> pa.Array:
    return _named((moments.clock >= 12 * HOUR).astype(np.int8), ("AM", "PM"))


def _fraction(moments: Moments, count: int) -> pa.Array:
    digits = _padded(moments.clock % SECOND, 6)
    return pc.utf8_slice_codeunits(digits, 0, count) if count <= 6 else pc.utf8_rpad(digits, count, "0")


def _day_of_year(moments: Moments) -> Numbers:
    year = moments.date[0]
    one = np.ones_like(year)
    return moments.days - days_from_civil(year, one, one) + 1


def _number(value: Callable[[Moments], Numbers]) -> Callable[[Moments, int], pa.Array]:
    return lambda moments, count: _padded(value(moments), count)


def _each(keys: Numbers, text: Callable[[int], str]) -> pa.Array:
    """`text` of every key, once for each different one."""
    different, index = np.unique(keys, return_inverse=True)
    return _named(index, tuple(text(int(key)) for key in different))


def _offset(offset: int, zero: str, colon: bool, short: bool, seconds: bool) -> str:
    """An offset in microseconds as +HH:MM; `short` leaves out minutes that are 0."""
    if offset == 0 and zero:
        return zero
    total = abs(offset) // SECOND
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    between = ":" if colon else ""
    text = f"{'-' if offset < 0 else '+'}{hours:02d}"
    if not short or minutes:
        text += f"{between}{minutes:02d}"
    return text + (f"{between}{rest:02d}" if seconds and rest else "")


def _x(zero: str) -> Callable[[Moments, int], pa.Array]:
    def write_offsets(moments: Moments, count: int) -> pa.Array:
        return _each(moments.offsets, lambda o: _offset(o, zero, count in (3, 5), count == 1, count >= 4))

    return write_offsets


def _z(moments: Moments, count: int) -> pa.Array:
    if count == 4:
        return _localized(moments, 4)
    zero = "Z" if count == 5 else "+0000"
    return _each(moments.offsets, lambda o: _offset(o, zero, count == 5, False, count == 5))


def _localized(moments: Moments, count: int) -> pa.Array:
    return _each(moments.offsets, lambda offset: localized(offset, count))


def localized(offset: int, count: int) -> str:
    """GMT+8, or GMT+08:00 of four letters."""
    if offset == 0:
        return "GMT"
    minutes, seconds = divmod(abs(offset) // SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if offset < 0 else "+"
    rest = f":{seconds:02d}" if seconds else ""
    if count == 4:
        return f"GMT{sign}{hours:02d}:{minutes:02d}{rest}"
    return f"GMT{sign}{hours}" + (f":{minutes:02d}{rest}" if minutes or seconds else "")


def _zone_name(moments: Moments, count: int) -> pa.Array:
    """Names change with the offset, and rarely else: one instant of each year and offset is asked."""
    name = long_name if count == 4 else short_name
    keys = moments.date[0] * 200_000 + moments.offsets // SECOND
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    instants = (moments.local - moments.offsets)[first]
    return _named(index, tuple(name(moments.zone, int(instant)) for instant in instants))


_WRITERS: dict[str, Callable[[Moments, int], pa.Array]] = {
    "M": _month,
    "L": _month,
    "d": _number(lambda m: m.date[2]),
    "D": _number(_day_of_year),
    "E": _weekday,
    "Q": _quarter,
    "q": _quarter,
    "F": _number(lambda m: (m.date[2] - 1) % 7 + 1),
    "G": _era,
    "a": _half,
    "H": _number(lambda m: m.clock // HOUR),
    "k": _number(lambda m: np.where(m.clock < HOUR, 24, m.clock // HOUR)),
    "K": _number(lambda m: m.clock // HOUR % 12),
    "h": _number(lambda m: (m.clock // HOUR + 11) % 12 + 1),
    "m": _number(lambda m: m.clock // MINUTE % 60),
    "s": _number(lambda m: m.clock // SECOND % 60),
    "S": _fraction,
    "V": lambda m, _count: pa.repeat(m.zone, len(m.local)),
    "z": _zone_name,
    "O": _localized,
    "X": _x("Z"),
    "x": _x(""),
    "Z": _z,
}
