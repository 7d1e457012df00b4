"""Time zones: from instants to local time and back, over whole arrays.

A kernel of our own because pyarrow resolves local times that do not exist, or exist twice, otherwise than Java does: in a gap
the time moves forward by the gap, in an overlap the earlier offset counts. Both come to the offset before the transition.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from functools import lru_cache
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.records import dataclass

Micros: TypeAlias = Any
"""A numpy array of int64 microseconds since 1970: instants in UTC, or local times as if they were."""

SECOND = 1_000_000
CYCLE = 146_097 * 86_400 * SECOND
"""400 years, after which the calendar and with it every zone's rule repeats."""
_FIRST, _LAST = datetime.datetime(1840, 1, 1), datetime.datetime(2440, 1, 1)
_EPOCH = datetime.datetime(1970, 1, 1)
_STEP, _MICROSECOND = datetime.timedelta(days=7), datetime.timedelta(microseconds=1)
_FICKLE, _SETTLED = 1900, 2040  # within these years offsets may change twice in a month
SHORT_IDS = {
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires", "ART": "Africa/Cairo",
    "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka", "CAT": "Africa/Harare",
    "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai", "EAT": "Africa/Addis_Ababa",
    "ECT": "Europe/Paris", "EST": "-05:00", "HST": "-10:00", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "MST": "-07:00", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland",
    "PLT": "Asia/Karachi", "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
}  # fmt: skip
"""Names of three letters that Java knows (`ZoneId.SHORT_IDS`)."""
_REGION = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z][A-Za-z0-9_+\-]*)*")
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?")


@dataclass(frozen=True)
class Zone:
    """A zone's offsets in microseconds: `offsets[i]` holds from `instants[i - 1]` on (instants) or from `locals[i - 1]` on
    (local times)."""

    instants: Micros
    locals: Micros
    offsets: Micros

    def offset_at(self, instants: Micros) -> Micros:
        """The offset from UTC at each instant."""
        if len(self.offsets) == 1:
            return np.full(len(instants), self.offsets[0])
        found: Micros = self.offsets[np.searchsorted(self.instants, _in_cycle(instants), side="right")]
        return found

    def to_local(self, instants: Micros) -> Micros:
        """The local time at each instant."""
        return instants + self.offset_at(instants) if len(self.offsets) > 1 or self.offsets[0] else instants

    def to_instant(self, locals: Micros) -> Micros:
        """The instant of each local time."""
        if len(self.offsets) == 1:
            return locals - self.offsets[0]
        return locals - self.offsets[np.searchsorted(self.locals, _in_cycle(locals), side="right")]

    def moved(self, instants: Micros, locals: Micros) -> Micros:
        """The instants of local times that `instants` were moved to: those keep their offset where it is one of the two of an
        overlap, as Java's ZonedDateTime does."""
        if len(self.offsets) == 1:
            return locals - self.offsets[0]
        offsets = self.offset_at(instants)
        kept = locals - offsets
        return np.where(self.offset_at(kept) == offsets, kept, self.to_instant(locals))


def _in_cycle(times: Micros) -> Micros:
    """Times later than the table, moved back by whole cycles of 400 years."""
    end = (_LAST - _EPOCH) // _MICROSECOND
    late = times >= end
    if not late.any():
        return times
    return np.where(late, times - ((times - end) // CYCLE + 1) * CYCLE, times)


@lru_cache(maxsize=512)
def zone(name: str) -> Zone:
    """The zone called `name`: a region ("Europe/Berlin"), "Z", "UTC" or an offset ("+02:00", "GMT+2").

    Raises ExecutionError (INVALID_TIMEZONE) for anything else."""
    fixed = fixed_offset(name)
    if fixed is not None:
        return Zone(np.zeros(0, np.int64), np.zeros(0, np.int64), np.array([fixed], np.int64))
    try:
        return zone(SHORT_IDS[name]) if name in SHORT_IDS else _tabulate(region(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ExecutionError("INVALID_TIMEZONE", {"timeZone": name}) from error


def by_zone(times: Micros, names: pa.Array, is_valid: Any, *, to_local: bool) -> Micros:
    """The local times of instants (`to_local`), or the instants of local times, in the zone that each row names. Raises
    INVALID_TIMEZONE for a row of `is_valid` that names none."""
    result = np.array(times)
    codes = names.dictionary_encode()
    indices = np.asarray(codes.indices.fill_null(-1))
    for code, name in enumerate(codes.dictionary.to_pylist()):
        rows = (indices == code) & is_valid
        if rows.any():
            own = zone(name)
            result[rows] = own.to_local(result[rows]) if to_local else own.to_instant(result[rows])
    return result


def region(name: str) -> zoneinfo.ZoneInfo:
    """The region from the tzdata package, so that answers do not depend on the machine, else from the system."""
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if _REGION.fullmatch(name) and file.is_file():
        with file.open("rb") as stream:
            return zoneinfo.ZoneInfo.from_file(stream, key=name)
    return zoneinfo.ZoneInfo(name)


def fixed_offset(name: str) -> int | None:
    """The offset in microseconds that `name` spells, or None for a region."""
    if name in ("Z", "UTC", "GMT", "UT", "Etc/UTC", "Etc/GMT"):
        return 0
    found = _OFFSET.fullmatch(name)
    if found is None:
        return None
    hours, minutes, seconds = int(found[2]), int(found[3] or 0), int(found[4] or 0)
    total = hours * 3600 + minutes * 60 + seconds
    if total > 18 * 3600 or minutes > 59 or seconds > 59:
        raise ExecutionError("INVALID_TIMEZONE", {"timeZone": name})
    return (-total if found[1] == "-" else total) * SECOND


def _tabulate(rules: zoneinfo.ZoneInfo) -> Zone:
    """Finds the transitions by asking for the offset in steps of weeks, then closing in on each change."""
    instants: list[int] = []
    at, offset = _FIRST, _offset(rules, _FIRST)
    offsets = [offset]
    while at < _LAST:
        following = at + (_STEP if _FICKLE <= at.year < _SETTLED else 3 * _STEP)
        changed = _offset(rules, following)
        if changed != offset:
            instants.append(_transition(rules, at, following, offset))
            offsets.append(changed)
            offset = changed
        at = following
    starts = np.array(instants, np.int64)
    micros = np.array([each // _MICROSECOND for each in offsets], np.int64)
    return Zone(starts, starts + np.maximum(micros[:-1], micros[1:]), micros)


def _offset(rules: zoneinfo.ZoneInfo, instant: datetime.datetime) -> datetime.timedelta:
    found = rules.fromutc(instant.replace(tzinfo=rules)).utcoffset()
    assert found is not None
    return found


def _transition(
    rules: zoneinfo.ZoneInfo, low: datetime.datetime, high: datetime.datetime, before: datetime.timedelta
) -> int:
    second = datetime.timedelta(seconds=1)
    while high - low > second:
        middle = low + datetime.timedelta(seconds=(high - low) // second // 2)
        if _offset(rules, middle) == before:
            low = middle
        else:
            high = middle
    return (high - _EPOCH) // _MICROSECOND
