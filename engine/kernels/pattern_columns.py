"""Columns of texts read, and of moments written, by patterns that may differ from row to row but seldom do.

Patterns of numbers of fixed width are read with whole-array kernels; texts that do not fit those, and all texts of other
patterns, are read one by one, each different text once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, days_from_civil, days_in_month
from engine.kernels.pattern_fields import Unreadable
from engine.kernels.pattern_reading import read
from engine.kernels.pattern_writing import Moments
from engine.kernels.pattern_writing import write as write_newly
from engine.kernels.patterns import Field, Text, compile_pattern
from engine.kernels.rows import from_numpy, valid
from engine.kernels.simple_date_format import simple_parts, write_simply
from engine.kernels.simple_date_reading import read_simply
from engine.kernels.zones import zone
from engine.lazy import pc
from engine.records import dataclass

Mask = Any
Micros = Any


@dataclass(frozen=True)
class Reading:
    """What texts are read as: dates (`kind` date32), or timestamps of the zone they name or else of `time_zone`.

    `tolerant`: what cannot be read is null; else CANNOT_PARSE_TIMESTAMP is raised. `policy` is that of
    `spark.sql.legacy.timeParserPolicy`: CORRECTED, EXCEPTION (an error for what only SimpleDateFormat reads) or LEGACY
    (it reads, but not timestamps without zone)."""

    kind: pa.DataType
    time_zone: str
    tolerant: bool
    policy: str = "CORRECTED"

    @property
    def simply(self) -> bool:
        """Whether SimpleDateFormat reads."""
        return self.policy == "LEGACY" and (pa.types.is_date32(self.kind) or self.kind.tz is not None)


def read_column(texts: pa.Array, patterns: pa.Array, reading: Reading) -> pa.Array:
    """The dates or timestamps of texts by the pattern of each row; null where either is. Raises CANNOT_PARSE_TIMESTAMP, and
    for what is no pattern."""
    is_date = pa.types.is_date32(reading.kind)
    values = np.zeros(len(texts), np.int32 if is_date else np.int64)
    keep = np.zeros(len(texts), dtype=bool)
    present = valid(texts)
    for pattern, rows in by_pattern(patterns):
        if reading.simply:
            simple_parts(pattern)
        else:
            compile_pattern(pattern, True, is_date or reading.kind.tz is not None)
        rows = rows & present
        found, ok = _read(texts if rows.all() else texts.filter(pa.array(rows)), pattern, reading)
        values[rows], keep[rows] = found, ok
    return from_numpy(values, reading.kind, keep)


def write_column(moments: Moments, patterns: pa.Array, present: Mask, policy: str = "CORRECTED") -> pa.Array:
    """The texts of moments by the pattern of each row; null where that is null or not `present`. By those of SimpleDateFormat
    where the `policy` is LEGACY."""
    write = write_simply if policy == "LEGACY" else write_newly
    pieces, places = [], []
    for pattern, rows in by_pattern(patterns):
        rows = rows & present
        if rows.all():
            return write(moments, pattern)
        if rows.any():
            pieces.append(write(Moments(moments.local[rows], moments.offsets[rows], moments.zone), pattern))
            places.append(np.flatnonzero(rows))
    if not pieces:
        return pa.nulls(len(patterns), pa.string())
    index = np.full(len(patterns), -1)
    index[np.concatenate(places)] = np.arange(sum(map(len, places)))
    return pa.concat_arrays(pieces).take(pa.array(index, mask=index < 0))


def by_pattern(patterns: pa.Array) -> Iterator[tuple[str, Mask]]:
    """Each different pattern and its rows."""
    codes = patterns.dictionary_encode()
    indices = np.asarray(codes.indices.fill_null(-1))
    for code, pattern in enumerate(codes.dictionary.to_pylist()):
        yield pattern, indices == code


def _read(texts: pa.Array, pattern: str, reading: Reading) -> tuple[Any, Mask]:
    """The values of texts without nulls, and which there are."""
    is_date = pa.types.is_date32(reading.kind)
    days, micros, ok = _by_columns(texts, None if reading.simply else _columns(pattern))
    local = days if is_date else days * DAY + micros
    values = zone(reading.time_zone).to_instant(local) if not is_date and reading.kind.tz else local
    if ok.all():
        return values, ok
    rest = texts.filter(pa.array(~ok)).dictionary_encode()
    single = [_value(text, pattern, reading) for text in rest.dictionary.to_pylist()]
    index = np.asarray(rest.indices)
    found = np.array([each or 0 for each in single], dtype=np.int64)[index]
    values, slow = np.array(values), ~ok
    values[slow] = found
    ok[slow] = np.array([each is not None for each in single])[index]
    return values, ok


def _value(text: str, pattern: str, reading: Reading) -> int | None:
    """The days or microseconds of one text."""
    try:
        return _simple_value(text, pattern, reading) if reading.simply else _new_value(text, pattern, reading)
    except Unreadable as error:
        if reading.policy == "EXCEPTION":
            _only_legacy(text, pattern, reading)
        if reading.tolerant:
            return None
        function = "`try_to_date`" if pa.types.is_date32(reading.kind) else "`try_to_timestamp`"
        raise ExecutionError("CANNOT_PARSE_TIMESTAMP", {"func": function, "message": str(error)}) from None


def _new_value(text: str, pattern: str, reading: Reading) -> int:
    found = read(text, pattern)
    if pa.types.is_date32(reading.kind):
        return found.days
    local = found.days * DAY + found.micros
    if not -(2**63) <= local < 2**63:
        raise ExecutionError("DATETIME_OVERFLOW", {"operation": "long overflow"})
    if not reading.kind.tz:
        return local
    return int(zone(found.zone or reading.time_zone).to_instant(np.array([local]))[0])


def _simple_value(text: str, pattern: str, reading: Reading) -> int:
    instant = read_simply(text, pattern, reading.time_zone)
    if not pa.types.is_date32(reading.kind):
        return instant
    return int(zone(reading.time_zone).to_local(np.array([instant]))[0]) // DAY


def _only_legacy(text: str, pattern: str, reading: Reading) -> None:
    """Raises INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER where SimpleDateFormat reads the text."""
    try:
        read_simply(text, pattern, reading.time_zone)
    except (Unreadable, ExecutionError):
        return
    parameters = {"datetime": f"'{text}'", "config": '"spark.sql.legacy.timeParserPolicy"'}
    raise ExecutionError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER", parameters)


_WIDTHS = {"y": 4, "M": 2, "d": 2, "H": 2, "m": 2, "s": 2}


@lru_cache(maxsize=256)
def _columns(pattern: str) -> tuple[str, dict[str, tuple[int, int]]] | None:
    """The regular expression of a pattern of numbers of fixed width, and where each field stands; None for other patterns."""
    expression, place, places = "", 0, {}
    digits_before = False
    for part in compile_pattern(pattern, True):
        match part:
            case Text(text) if text.isascii():
                expression += re.escape(text)
                place += len(text)
                digits_before = text[-1:].isdigit()
            case Field(letter, count) if letter not in places and (
                count == _WIDTHS.get(letter) or (letter == "S" and not digits_before)
            ):
                expression += rf"[0-9]{{{count}}}"
                places[letter] = (place, place + count)
                place += count
                digits_before = True
            case _:
                return None
    return f"^{expression}$", places


def _by_columns(texts: pa.Array, columns: tuple[str, dict[str, tuple[int, int]]] | None) -> tuple[Micros, Micros, Mask]:
    """Days and microseconds of the texts that have exactly the shape of a pattern, see `_columns`, and which do."""
    count = len(texts)
    nothing = np.zeros(count, np.int64)
    if columns is None or count == 0:
        return nothing, nothing, np.zeros(count, dtype=bool)
    expression, places = columns
    fits = pc.match_substring_regex(texts, expression)
    ok: Mask = np.array(fits)
    if not ok.any():
        return nothing, nothing, ok
    shaped = texts if ok.all() else pc.if_else(fits, texts, texts[int(np.argmax(ok))])

    def field(letter: str, default: int) -> Micros:
        if letter not in places:
            return np.full(count, default)
        return np.asarray(pc.utf8_slice_codeunits(shaped, *places[letter]).cast(pa.int64()))

    year, month, day = field("y", 1970), field("M", 1), field("d", 1)
    hour, minute, second, fraction = field("H", 0), field("m", 0), field("s", 0), field("S", 0)
    start, stop = places.get("S", (0, 6))
    safe = np.clip(month, 1, 12)
    ok &= (month == safe) & (day >= 1) & (day <= days_in_month(year, safe))
    ok &= (hour <= 23) & (minute <= 59) & (second <= 59)
    days = days_from_civil(year, safe, np.where(ok, day, 1))
    micros = fraction * 10**6 // 10 ** (stop - start)
    return days, hour * HOUR + minute * MINUTE + second * SECOND + micros, ok
