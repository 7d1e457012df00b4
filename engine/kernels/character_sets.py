"""Sets of characters, as Java's regular expressions name and combine them.

A set is a sorted tuple of ranges (first, last) of code points that neither overlap nor touch.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

CharacterSet = tuple[tuple[int, int], ...]

LAST = sys.maxunicode


def of(text: str) -> CharacterSet:
    """The set of the characters of a text."""
    return united([(ord(character), ord(character)) for character in text])


def united(ranges: Iterable[tuple[int, int]]) -> CharacterSet:
    """The set of all characters of some ranges."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def complement(characters: CharacterSet) -> CharacterSet:
    """All other characters."""
    found, begin = [], 0
    for first, last in characters:
        if first > begin:
            found.append((begin, first - 1))
        begin = last + 1
    if begin <= LAST:
        found.append((begin, LAST))
    return tuple(found)


def intersection(left: CharacterSet, right: CharacterSet) -> CharacterSet:
    """The characters of both."""
    return complement(united([*complement(left), *complement(right)]))


def text(characters: CharacterSet) -> str:
    """The set as a class of Python's `re`; one that goes on to the last character as what it leaves out, so that ignoring case
    leaves out both cases."""
    if characters and characters[-1][1] == LAST:
        without = complement(characters)
        return f"[^{_ranges(without)}]" if without else r"[\s\S]"
    return f"[{_ranges(characters)}]" if characters else "(?!)"


def _ranges(characters: CharacterSet) -> str:
    return "".join(_escaped(a) if a == b else f"{_escaped(a)}-{_escaped(b)}" for a, b in characters)


def _escaped(code: int) -> str:
    return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"


DIGITS = united([(48, 57)])
WORD = united([(48, 57), (65, 90), (95, 95), (97, 122)])
SPACE = of(" \t\n\x0b\f\r")
HORIZONTAL = united([*of(" \t\xa0\u1680\u180e\u202f\u205f\u3000"), (0x2000, 0x200A)])
VERTICAL = of("\n\x0b\f\r\x85\u2028\u2029")
LINE_ENDS = of("\n\r\x85\u2028\u2029")

_LOWER, _UPPER = ((97, 122),), ((65, 90),)
_PUNCTUATION = united([(33, 47), (58, 64), (91, 96), (123, 126)])
_POSIX: dict[str, CharacterSet] = {
    "Lower": _LOWER,
    "Upper": _UPPER,
    "ASCII": ((0, 127),),
    "Alpha": united([*_LOWER, *_UPPER]),
    "Digit": DIGITS,
    "Alnum": united([*_LOWER, *_UPPER, *DIGITS]),
    "Punct": _PUNCTUATION,
    "Graph": ((33, 126),),
    "Print": ((32, 126),),
    "Blank": of(" \t"),
    "Cntrl": united([(0, 31), (127, 127)]),
    "XDigit": united([*DIGITS, (65, 70), (97, 102)]),
    "Space": SPACE,
}

_TESTS: dict[str, Callable[[str], bool]] = {
    "alphabetic": str.isalpha,
    "letter": str.isalpha,
    "lowercase": str.islower,
    "uppercase": str.isupper,
    "titlecase": str.istitle,
    "digit": str.isdecimal,
    "white_space": str.isspace,
    "whitespace": str.isspace,
    "alnum": str.isalnum,
    "letterordigit": str.isalnum,
    "punctuation": lambda character: unicodedata.category(character)[0] == "P",
    "control": lambda character: unicodedata.category(character) == "Cc",
    "ideographic": lambda character: unicodedata.name(character, "").startswith("CJK UNIFIED"),
}
_SCRIPTS = {"han": "CJK UNIFIED", "common": ""}


@lru_cache(maxsize=128)
def named(name: str) -> CharacterSet | None:
    """The set called `name` in \\p{name}; None for a name that is not known."""
    if name in _POSIX:
        return _POSIX[name]
    kind, _, value = name.rpartition("=")
    if kind.lower() in ("sc", "script") or (not kind and name.startswith("Is") and name[2:].lower() not in _TESTS):
        found = _category(value[2:]) if not kind else None
        return found if found is not None else _script(value if kind else name[2:])
    if not kind and name.startswith(("Is", "java")):
        test = _TESTS.get(name.removeprefix("Is").removeprefix("java").lower())
        return _where(test) if test is not None else None
    return _category(value)


def _category(name: str) -> CharacterSet | None:
    """A general category: L, Lu, Nd, ... or LC, the letters with case."""
    if name == "LC":
        return _where(lambda character: unicodedata.category(character) in ("Lu", "Ll", "Lt"))
    if not name or name[0] not in "LMNPSZC" or len(name) > 2:
        return None
    found = _where(lambda character: unicodedata.category(character).startswith(name))
    return found or None


def _script(name: str) -> CharacterSet | None:
    """The characters whose names begin with that of a script."""
    prefix = _SCRIPTS.get(name.lower(), name.upper())
    return _where(lambda character: unicodedata.name(character, "").startswith(prefix)) or None if prefix else None


def _where(test: Callable[[str], bool]) -> CharacterSet:
    return united((code, code) for code in range(0x30000) if test(chr(code)))
