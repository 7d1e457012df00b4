"""Reading dates and times by a pattern, as Java's strict DateTimeFormatter does, with its messages.

A text goes part by part through a `_Reader` that collects the values of fields; `pattern_fields` makes a date and a time of
them. Numbers without anything between them share their digits as in Java: of `yyyyMMdd` the year leaves four to the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from engine.errors import ExecutionError
from engine.kernels.pattern_fields import Fields, Parsed, Unreadable, resolve
from engine.kernels.patterns import MONTHS, Field, Optional, Part, Text, compile_pattern, has_era
from engine.kernels.zone_names import readable_names
from engine.kernels.zones import fixed_offset, zone
from engine.records import dataclass

_OFFSETS = {
    "HHmm": r"([+-])(\d\d)(?:(\d\d))?",
    "HHMM": r"([+-])(\d\d)(\d\d)",
    "HH:MM": r"([+-])(\d\d):(\d\d)",
    "HHMMss": r"([+-])(\d\d)(\d\d)(?:(\d\d))?",
    "HH:MM:ss": r"([+-])(\d\d):(\d\d)(?::(\d\d))?",
}
_LOCALIZED = re.compile(r"GMT(?:([+-])(\d{1,2})(?::?(\d\d))?(?::?(\d\d))?)?", re.ASCII | re.IGNORECASE)
_ZONE_ID = re.compile(r"(?:(?:UTC|GMT|UT)?[+-]\d{1,2}(?::?\d\d){0,2}|[A-Za-z][A-Za-z0-9_+\-/]*)", re.ASCII)
_ERAS = (("Before Christ", 0), ("Anno Domini", 1), ("BC", 0), ("AD", 1))


class _Stuck(Exception):
    """The text does not go on as the pattern does at `place`."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


@dataclass(frozen=True)
class _Number:
    """How many digits a number has, whether a sign may stand before it, and how many digits it leaves to those after it."""

    letter: str
    least: int
    most: int
    sign: str
    following: int = 0


Step = _Number | Field | Text | tuple["Step", ...]


def read(text: str, pattern: str) -> Parsed:
    """What a text is by a pattern. Raises Unreadable with Java's message, ExecutionError for a pattern that is none."""
    steps, era = _steps(pattern)
    fields: Fields = {}
    try:
        end = _run(steps, text, 0, fields)
    except _Stuck as stuck:
        raise Unreadable(f"Text '{_cut(text)}' could not be parsed at index {stuck.place}") from None
    if end < len(text):
        raise Unreadable(f"Text '{_cut(text)}' could not be parsed, unparsed text found at index {end}")
    return resolve(fields, f"Text '{_cut(text)}' could not be parsed: ", era)


def _cut(text: str) -> str:
    return text if len(text) <= 64 else text[:64] + "..."


@lru_cache(maxsize=512)
def _steps(pattern: str) -> tuple[tuple[Step, ...], bool]:
    parts = compile_pattern(pattern, True)
    return tuple(_merged(list(_plain(parts)))), has_era(parts)


def _plain(parts: tuple[Part, ...]) -> Iterator[Step]:
    for part in parts:
        match part:
            case Optional(inner):
                yield tuple(_merged(list(_plain(inner))))
            case Field("y", 2):
                yield _Number("y", 2, 2, "")
            case Field("y", count):
                yield _Number("y", count, 19, "pad" if count >= 4 else "normal")
            case Field("M" | "L", count) if count >= 3:
                yield part
            case Field("D", count) if count > 1:
                yield _Number("D", count, 3, "")
            case Field(letter, count) if letter in "MLdDHhKkms":
                yield _Number(letter, count, 2, "") if count == 2 else _Number(letter, 1, 19, "normal")
            case _:
                yield part


def _merged(steps: list[Step]) -> list[Step]:
    """Numbers side by side: a fixed one takes its digits from what the one before would have taken."""
    active: int | None = None
    for place, step in enumerate(steps):
        if not isinstance(step, _Number):
            active = None
            continue
        if active is None:
            active = place
            continue
        before = steps[active]
        assert isinstance(before, _Number)
        if step.least == step.most and not step.sign:
            following = before.following + step.most
            steps[active] = _Number(before.letter, before.least, before.most, before.sign, following)
            steps[place] = _Number(step.letter, step.least, step.most, step.sign, -1)
        else:
            steps[active] = _Number(before.letter, before.least, before.most, before.sign, -1)
            active = place
    return steps


def _run(steps: tuple[Step, ...], text: str, place: int, fields: Fields) -> int:
    for step in steps:
        if isinstance(step, tuple):
            tried = dict(fields)
            try:
                place = _run(step, text, place, tried)
            except _Stuck:
                continue
            fields.update(tried)
        elif isinstance(step, _Number):
            place = _number(step, text, place, fields)
        elif isinstance(step, Text):
            if text[place : place + len(step.text)].lower() != step.text.lower():
                raise _Stuck(place)
            place += len(step.text)
        else:
            place = _READERS[step.letter](step.count, text, place, fields)
    return place


def _number(step: _Number, text: str, start: int, fields: Fields) -> int:
    place, sign = start, text[start : start + 1]
    if sign in ("+", "-") and sign:
        if not step.sign or (sign == "+" and step.sign == "normal"):
            raise _Stuck(start)
        place += 1
    else:
        sign = ""
    digits = _digits(text, place, step.most + max(step.following, 0))
    if step.following > 0:
        digits = _digits(text, place, max(step.least, digits - step.following))
    if digits < step.least:
        raise _Stuck(place if not sign else start)
    if (step.sign == "pad" and step.following >= 0) and (digits > step.least) != (sign == "+") and sign != "-":
        raise _Stuck(start)
    value = int(text[place : place + digits])
    if value >= 2**63:
        raise _Stuck(start)
    if sign == "-" and value == 0:
        raise _Stuck(start)
    if step.letter == "y" and step.most == 2:
        value += 2000
    _put(fields, step.letter, -value if sign == "-" else value, start)
    return place + digits


def _digits(text: str, place: int, most: int) -> int:
    """How many ASCII digits stand at a place, at most so many."""
    end = place
    while end < len(text) and end - place < most and "0" <= text[end] <= "9":
        end += 1
    return end - place


def _put(fields: Fields, name: str, value: int | str, place: int) -> None:
    """A field may come twice, but with the same value."""
    name = "M" if name == "L" else name
    if fields.setdefault(name, value) != value:
        raise _Stuck(place)


def _named(name: str, choices: Callable[[int], tuple[tuple[str, int], ...]]) -> Callable[[int, str, int, Fields], int]:
    def reader(count: int, text: str, place: int, fields: Fields) -> int:
        for word, value in choices(count):
            if text[place : place + len(word)].lower() == word.lower():
                _put(fields, name, value, place)
                return place + len(word)
        raise _Stuck(place)

    return reader


def _months(count: int) -> tuple[tuple[str, int], ...]:
    return tuple((name if count == 4 else name[:3], number) for number, name in enumerate(MONTHS, 1))


def _fraction(count: int, text: str, place: int, fields: Fields) -> int:
    """At least one digit, at most so many as the pattern has."""
    digits = _digits(text, place, count)
    if digits == 0:
        raise _Stuck(place)
    _put(fields, "S", int(text[place : place + digits].ljust(9, "0")) // 1000, place)
    return place + digits


def _offset(forms: tuple[str, ...], zero: str) -> Callable[[int, str, int, Fields], int]:
    def reader(count: int, text: str, place: int, fields: Fields) -> int:
        if count == 4 and forms[3] == "localized":
            return _localized(count, text, place, fields)
        found = re.compile(_OFFSETS[forms[count - 1]]).match(text, place)
        if found is not None:
            return _zoned(found, text, place, fields)
        if zero and text[place : place + len(zero)].upper() == zero:
            _put(fields, "zone", "+00:00:00", place)
            return place + len(zero)
        raise _Stuck(place)

    return reader


def _zoned(found: re.Match[str], text: str, place: int, fields: Fields) -> int:  # noqa: ARG001 - as all readers
    sign, *parts = found.groups()
    hours, minutes, seconds = (int(part or 0) for part in (*parts, None, None)[:3])
    name = f"{sign or '+'}{hours:02d}:{minutes:02d}:{seconds:02d}"
    try:
        zone(name)
    except ExecutionError:
        raise _Stuck(place) from None
    _put(fields, "zone", name, place)
    return found.end()


def _localized(_count: int, text: str, place: int, fields: Fields) -> int:
    found = _LOCALIZED.match(text, place)
    if found is None:
        raise _Stuck(place)
    return _zoned(found, text, place, fields)


def _zone_id(_count: int, text: str, place: int, fields: Fields) -> int:
    """The longest name of a zone that stands there."""
    found = _ZONE_ID.match(text, place)
    end = found.end() if found is not None else place
    while end > place:
        name = text[place:end]
        try:
            known = fixed_offset(name) is not None
        except ExecutionError:
            known = False
        if not known:
            name = readable_names().get(name.lower(), "")
        if name and (known or "/" in name or name.lower() == text[place:end].lower()):
            _put(fields, "zone", name, place)
            return end
        end -= 1
    raise _Stuck(place)


def _zone_name(count: int, text: str, place: int, fields: Fields) -> int:
    """A zone by a short or a long name, or by its id."""
    rest = text[place:].lower()
    found = max((name for name in readable_names() if rest.startswith(name)), key=len, default="")
    if not found:
        return _zone_id(count, text, place, fields)
    _put(fields, "zone", readable_names()[found], place)
    return place + len(found)


_X = ("HHmm", "HHMM", "HH:MM", "HHMMss", "HH:MM:ss")
_READERS: dict[str, Callable[[int, str, int, Fields], int]] = {
    "M": _named("M", _months),
    "L": _named("M", _months),
    "G": _named("G", lambda _count: _ERAS),
    "a": _named("a", lambda _count: (("AM", 0), ("PM", 1))),
    "S": _fraction,
    "X": _offset(_X, "Z"),
    "x": _offset(_X, ""),
    "Z": _offset(("HHMM", "HHMM", "HHMM", "localized", "HH:MM:ss"), "Z"),
    "O": _localized,
    "V": _zone_id,
    "z": _zone_name,
}
