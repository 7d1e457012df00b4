"""Datetime patterns of Java's DateTimeFormatter, as far as Spark allows them: what they mean, and which are refused.

y year   M, L month   d day   D day of year   E weekday   F week of month   Q, q quarter   G era   a AM/PM
H h K k hour   m minute   s second   S fraction   V zone id   z zone name   O, X, x, Z offset   ' quotes   [ ] optional

Follows Spark's `DateTimeFormatterHelper.convertIncompatiblePattern` and Java's `DateTimeFormatterBuilder.appendPattern`.
`pattern_writing` and `pattern_reading` use what `compile_pattern` makes.
"""

from __future__ import annotations

from functools import lru_cache

from engine.errors import ExecutionError
from engine.records import dataclass

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DOCS = "https://spark.apache.org/docs/latest"

_LONGEST = {
    "G": 5, "y": 19, "u": 19, "M": 5, "L": 5, "d": 2, "D": 3, "E": 5, "F": 1, "Q": 5, "q": 5, "a": 1, "H": 2, "h": 2,
    "K": 2, "k": 2, "m": 2, "s": 2, "S": 9, "z": 4, "X": 5, "x": 5, "Z": 5,
}  # fmt: skip
"""How often a letter may be repeated in Java; V (2) and O (1, 4) are special."""
_WEEK_BASED = frozenset("YWwuec")
_UNSUPPORTED = frozenset("ABcenNp")
_NOT_READ = frozenset("EFqQ")
_TOO_LONG = ("GGGGG", "MMMMM", "LLLLL", "EEEEE", "QQQQQ", "qqqqq", "yyyyyyy")
_LEGACY = frozenset("GyYMLwWDdFEuaHkKhmsSzZX")
"""The letters of Java's older SimpleDateFormat: a pattern that only it knows is an incompatible change and says so."""


@dataclass(frozen=True)
class Field:
    """`count` times `letter`."""

    letter: str
    count: int


@dataclass(frozen=True)
class Text:
    """A text that stands for itself."""

    text: str


@dataclass(frozen=True)
class Optional:
    """Parts that may be missing when read."""

    parts: tuple[Part, ...]


Part = Field | Text | Optional


@lru_cache(maxsize=512)
def compile_pattern(pattern: str, reading: bool, legacy: bool = True) -> tuple[Part, ...]:
    """The parts of a pattern. Raises INVALID_DATETIME_PATTERN.* or INCONSISTENT_BEHAVIOR_CROSS_VERSION.*; without `legacy`,
    as of TIMESTAMP_NTZ, which older versions did not have, always INVALID_DATETIME_PATTERN.WITH_SUGGESTION."""
    try:
        _check_letters(pattern, reading)
        return _parts(pattern)
    except ExecutionError as error:
        if not legacy:
            raise unrecognized(pattern) from None
        if _is_legacy(pattern):
            parameters = {"pattern": _shown(pattern), "config": '"spark.sql.legacy.timeParserPolicy"', "docroot": DOCS}
            condition = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"
            raise ExecutionError(condition, parameters) from None
        raise error from None


def _shown(pattern: str) -> str:
    return "'" + pattern.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _check_letters(pattern: str, reading: bool) -> None:
    for part in pattern.split("'")[::2]:
        for letter in part:
            if letter in _WEEK_BASED:
                raise ExecutionError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN", {"c": letter})
        for letter in part:
            if letter in _UNSUPPORTED or (reading and letter in _NOT_READ):
                raise ExecutionError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", {"c": letter, "pattern": pattern})
        for style in _TOO_LONG:
            if style in part:
                raise ExecutionError("INVALID_DATETIME_PATTERN.LENGTH", {"pattern": style})


def _is_legacy(pattern: str) -> bool:
    """Whether SimpleDateFormat takes it."""
    pieces = pattern.split("'")
    letters = [character for piece in pieces[::2] for character in piece if character.isascii() and character.isalpha()]
    return len(pieces) % 2 == 1 and set(letters) <= _LEGACY and "XXXX" not in pattern


def unrecognized(pattern: str) -> ExecutionError:
    """The error for a text that is no pattern."""
    return ExecutionError("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", {"pattern": _shown(pattern), "docroot": DOCS})


def _parts(pattern: str) -> tuple[Part, ...]:
    open_parts: list[list[Part]] = [[]]
    index = 0
    while index < len(pattern):
        character = pattern[index]
        end = index + 1
        if character == "'":
            text, end = quoted(pattern, end)
            open_parts[-1].append(Text(text))
        elif character == "[":
            open_parts.append([])
        elif character == "]":
            if len(open_parts) == 1:
                raise unrecognized(pattern)
            inner = tuple(open_parts.pop())
            open_parts[-1].append(Optional(inner))
        elif character in "{}#":
            raise unrecognized(pattern)
        elif character.isascii() and character.isalpha():
            while end < len(pattern) and pattern[end] == character:
                end += 1
            open_parts[-1].append(_field(character, end - index, pattern))
        else:
            open_parts[-1].append(Text(character))
        index = end
    while len(open_parts) > 1:  # an open bracket reaches to the end
        inner = tuple(open_parts.pop())
        open_parts[-1].append(Optional(inner))
    return tuple(open_parts[0])


def quoted(pattern: str, start: int) -> tuple[str, int]:
    """The text in quotes and where it ends; two quotes are one."""
    text, index = "", start
    while index < len(pattern):
        if pattern[index] != "'":
            text += pattern[index]
        elif pattern.startswith("''", index):
            text += "'"
            index += 1
        else:
            return text or "'", index + 1
        index += 1
    raise unrecognized(pattern)


def _field(letter: str, count: int, pattern: str) -> Field:
    fits = count == 2 if letter == "V" else count in (1, 4) if letter == "O" else count <= _LONGEST.get(letter, 0)
    if not fits:
        raise unrecognized(pattern)
    return Field(letter, count)


def has_era(parts: tuple[Part, ...]) -> bool:
    """Whether years are counted within an era (G), so that there is no year 0."""
    return any(has_era(p.parts) if isinstance(p, Optional) else isinstance(p, Field) and p.letter == "G" for p in parts)
