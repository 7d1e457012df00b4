"""Java's regular expressions in the words of Python's `re`.

Classes within classes and their intersections are worked out here; flags in the middle of a group hold for the rest of
it; `.` and `$` know all of Java's line ends; \\Q..\\E, \\p{...}, \\h, \\v, \\R, \\x{...} and octal escapes are spelled out.
"""

from __future__ import annotations

import re

from engine.kernels import character_sets as sets
from engine.kernels.character_sets import CharacterSet

_LINE_END = r"(?:\r\n|[\n\r\x85\u2028\u2029])"
_ASSERTIONS = {
    "z": r"\Z",
    "Z": rf"(?={_LINE_END}?\Z)",
    "A": r"\A",
    "b": r"\b",
    "B": r"\B",
    "R": r"(?:\r\n|[\n\x0B\f\r\x85\u2028\u2029])",
}
_SETS = {
    "d": sets.DIGITS,
    "w": sets.WORD,
    "s": sets.SPACE,
    "h": sets.HORIZONTAL,
    "v": sets.VERTICAL,
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_FLAGS = re.compile(r"\(\?([idmsuxU]*)(?:-([idmsuxU]*))?([:)])")


def to_python(pattern: str) -> str:
    """The pattern for `re.compile(..., re.ASCII)`. Raises re.error for what is malformed or has no counterpart."""
    return _Translator(pattern).whole()


class _Translator:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.out: list[str] = []
        self.flags: list[tuple[frozenset[str], int]] = [(frozenset(), 0)]
        """For each open group its flags, and how many groups were opened within it to hold them."""

    def whole(self) -> str:
        while self.place < len(self.pattern):
            self._next()
        if len(self.flags) > 1:
            raise re.error("a group is not closed")
        self._close_scopes()
        return "".join(self.out)

    def _is(self, flag: str) -> bool:
        return flag in self.flags[-1][0]

    def _next(self) -> None:
        character = self.pattern[self.place]
        handler = _HANDLERS.get(character)
        if handler is not None:
            handler(self)
        else:
            self.place += 1
            self.out.append(re.escape(character) if character in "]}" else character)

    def _dot(self) -> None:
        self.place += 1
        self.out.append(r"[\s\S]" if self._is("s") else sets.text(sets.complement(sets.LINE_ENDS)))

    def _dollar(self) -> None:
        self.place += 1
        self.out.append(rf"(?={_LINE_END}|\Z)" if self._is("m") else rf"(?={_LINE_END}?\Z)")

    def _brace(self) -> None:
        found = re.compile(r"\{\d+(,\d*)?\}").match(self.pattern, self.place)
        if found is None:
            raise re.error("a repetition is malformed")
        self.place = found.end()
        self.out.append(found[0])

    def _comment(self) -> None:
        if self._is("x"):
            end = self.pattern.find("\n", self.place)
            self.place = len(self.pattern) if end < 0 else end + 1
        else:
            self.place += 1
            self.out.append("\\#")

    # groups

    def _open(self) -> None:
        found = _FLAGS.match(self.pattern, self.place)
        if found is not None and (found[1] or found[2] or found[3] == ")"):
            self._set_flags(found)
            return
        active = self.flags[-1][0]
        self.flags.append((active, 0))
        name = re.compile(r"\(\?<([A-Za-z][A-Za-z0-9]*)>").match(self.pattern, self.place)
        if name is not None:
            self.place = name.end()
            self.out.append(f"(?P<{name[1]}>")
            return
        opening = re.compile(r"\((?:\?(?::|=|!|>|<=|<!))?").match(self.pattern, self.place)
        assert opening is not None, "it begins with a bracket"
        self.place = opening.end()
        self.out.append(opening[0])

    def _set_flags(self, found: re.Match[str]) -> None:
        self.place = found.end()
        on, off = frozenset(found[1]), frozenset(found[2] or "")
        active, scopes = self.flags[-1]
        changed = (active | on) - off
        if found[3] == ":":
            self.flags.append((changed, 0))
            self.out.append(f"(?{self._spelled(on, off)}:" if on or off else "(?:")
        else:
            self.flags[-1] = (changed, scopes + 1)
            self.out.append(f"(?{self._spelled(on, off)}:")

    def _spelled(self, on: frozenset[str], off: frozenset[str]) -> str:
        """The flags that Python is to know; the others are spelled out in the translation."""
        given = "".join(sorted(on & set("imx")))
        without = "".join(sorted(off & set("imx")))
        return given + (f"-{without}" if without else "")

    def _close(self) -> None:
        if len(self.flags) == 1:
            raise re.error("a group is closed that was not opened")
        self._close_scopes()
        self.flags.pop()
        self.place += 1
        self.out.append(")")

    def _close_scopes(self) -> None:
        self.out.append(")" * self.flags[-1][1])

    def _or(self) -> None:
        """What flags hold for the rest of a group they hold for its other alternatives too."""
        self.place += 1
        active, scopes = self.flags[-1]
        self._close_scopes()
        self.out.append("|")
        outer = self.flags[-2][0] if len(self.flags) > 1 else frozenset[str]()
        if scopes:
            self.flags[-1] = (active, 1)
            self.out.append(f"(?{self._spelled(active - outer, outer - active)}:")

    # escapes

    def _backslash(self) -> None:
        following = self.pattern[self.place + 1 : self.place + 2]
        if following in _ASSERTIONS and following:
            self.place += 2
            self.out.append(_ASSERTIONS[following])
        elif following == "Q":
            end = self.pattern.find("\\E", self.place)
            end = len(self.pattern) if end < 0 else end
            self.out.append(re.escape(self.pattern[self.place + 2 : end]))
            self.place = end + 2
        elif following == "k":
            name = re.compile(r"\\k<(\w+)>").match(self.pattern, self.place)
            if name is None:
                raise re.error("a reference to a group without a name")
            self.place = name.end()
            self.out.append(f"(?P={name[1]})")
        elif following.isdigit() and following != "0":
            self.place += 2
            self.out.append(f"(?:\\{following})")
        else:
            found = self._escaped()
            self.out.append(sets.text(found) if len(found) != 1 or found[0][0] != found[0][1] else _literal(found))

    def _escaped(self) -> CharacterSet:
        """The characters that the escape at this place stands for."""
        following = self.pattern[self.place + 1 : self.place + 2]
        if following in ("p", "P"):
            return self._property(following == "P")
        if following.lower() in _SETS and following:
            self.place += 2
            found = _SETS[following.lower()]
            return found if following.islower() else sets.complement(found)
        code = re.compile(
            r"\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|0([0-3]?[0-7]{1,2})|c(.))"
        ).match(self.pattern, self.place)
        if code is not None:
            self.place = code.end()
            digits = code[1] or code[2] or code[3]
            number = int(digits, 16) if digits else int(code[4], 8) if code[4] else ord(code[5]) ^ 64
            return ((number, number),)
        if not following or (following.isascii() and following.isalpha() and following not in _CONTROLS):
            raise re.error(f"the escape \\{following} means nothing")
        self.place += 2
        return sets.of(_CONTROLS.get(following, following))

    def _property(self, negated: bool) -> CharacterSet:
        name = re.compile(r"\\[pP](?:\{([\w=^ ]+)\}|(\w))").match(self.pattern, self.place)
        found = sets.named(name[1] or name[2]) if name is not None else None
        if name is None or found is None:
            raise re.error("an unknown class of characters")
        self.place = name.end()
        return sets.complement(found) if negated else found

    # classes

    def _class(self) -> None:
        found = sets.text(self._members())
        self.out.append(found)

    def _members(self) -> CharacterSet:
        """The characters of the class that begins at this place."""
        self.place += 1
        negated = self.pattern.startswith("^", self.place)
        self.place += negated
        parts: list[CharacterSet] = []
        met: CharacterSet | None = None
        first = True
        while self.place < len(self.pattern):
            character = self.pattern[self.place]
            if character == "]" and not first:
                self.place += 1
                whole = _union(parts)
                whole = whole if met is None else sets.intersection(met, whole) if parts else met
                return sets.complement(whole) if negated else whole
            if self.pattern.startswith("&&", self.place):
                self.place += 2
                whole = _union(parts)
                met = whole if met is None else sets.intersection(met, whole)
                parts = []
            else:
                parts.append(self._members() if character == "[" else self._item())
            first = False
        raise re.error("a class is not closed")

    def _item(self) -> CharacterSet:
        """A character, a range or an escape within a class."""
        if self.pattern.startswith("\\Q", self.place):
            end = self.pattern.find("\\E", self.place)
            end = len(self.pattern) if end < 0 else end
            quoted, self.place = self.pattern[self.place + 2 : end], end + 2
            return sets.of(quoted)
        begin = self._single()
        after = self.pattern[self.place + 1 : self.place + 2]
        if len(begin) == 1 and self.pattern.startswith("-", self.place) and after not in ("]", "[", ""):
            self.place += 1
            end_set = self._single()
            if len(begin) > 1 or len(end_set) > 1 or end_set[0][1] < begin[0][0]:
                raise re.error("a range of characters is malformed")
            return ((begin[0][0], end_set[0][1]),)
        return begin

    def _single(self) -> CharacterSet:
        if self.pattern[self.place] == "\\":
            return self._escaped()
        self.place += 1
        return sets.of(self.pattern[self.place - 1])


def _union(parts: list[CharacterSet]) -> CharacterSet:
    return sets.united([each for part in parts for each in part])


def _literal(character: CharacterSet) -> str:
    return re.escape(chr(character[0][0]))


_HANDLERS = {
    "\\": _Translator._backslash,
    "[": _Translator._class,
    "(": _Translator._open,
    ")": _Translator._close,
    "|": _Translator._or,
    ".": _Translator._dot,
    "$": _Translator._dollar,
    "{": _Translator._brace,
    "#": _Translator._comment,
}
