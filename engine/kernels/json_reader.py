"""JSON as Jackson reads it: strictly first, then with the liberties that options allow (single quotes are by default)."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.records import dataclass


class Number(str):
    """A number as it stood in the text."""


class Malformed(Exception):
    """The text is not JSON, or not of the type asked for."""


@dataclass(frozen=True)
class Liberties:
    """What may differ from JSON's grammar, by the names of Spark's options."""

    single_quotes: bool = True
    unquoted_names: bool = False
    leading_zeros: bool = False
    comments: bool = False
    escaped_anything: bool = False
    non_numeric: bool = True


DEFAULT = Liberties()
_BLANKS = " \t\r\n"
_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number, strict=False)


def _refused(text: str) -> Any:
    raise ValueError(text)


_NUMERIC = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_refused, strict=False)


def loads(text: str, liberties: Liberties = DEFAULT) -> Any:
    """The value of a JSON text; numbers as `Number`. Raises Malformed."""
    try:
        return (_DECODER if liberties.non_numeric else _NUMERIC).decode(text.strip(_BLANKS))
    except RecursionError as error:
        raise Malformed(text) from error
    except ValueError as error:
        reader = _Reader(text, liberties)
        if not reader.may_differ():
            raise Malformed(text) from error
    try:
        return reader.whole()
    except (RecursionError, IndexError) as error:
        raise Malformed(text) from error


_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_BARE_NAME = re.compile(r"[\w$]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS = re.compile(r"true|false|null|NaN|[+-]?Infinity|[+-]?INF")
_STRICT_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


class _Reader:
    def __init__(self, text: str, liberties: Liberties) -> None:
        self.text = text
        self.place = 0
        self.liberties = liberties

    def may_differ(self) -> bool:
        """Whether any liberty could make this text JSON."""
        given = self.liberties
        loose = given.unquoted_names or given.leading_zeros or given.comments or given.escaped_anything
        return loose or (given.single_quotes and "'" in self.text) or "INF" in self.text

    def whole(self) -> Any:
        value = self._value()
        self._skip()
        if self.place < len(self.text):
            raise Malformed(self.text)
        return value

    def _skip(self) -> None:
        while self.place < len(self.text):
            if self.text[self.place] in _BLANKS:
                self.place += 1
            elif self.liberties.comments and self.text.startswith("/*", self.place):
                end = self.text.find("*/", self.place + 2)
                self.place = len(self.text) if end < 0 else end + 2
            elif self.liberties.comments and self.text.startswith("//", self.place):
                end = self.text.find("\n", self.place)
                self.place = len(self.text) if end < 0 else end
            else:
                return

    def _accept(self, character: str) -> bool:
        self._skip()
        found = self.text.startswith(character, self.place)
        self.place += found
        return found

    def _expect(self, character: str) -> None:
        if not self._accept(character):
            raise Malformed(self.text)

    def _value(self) -> Any:
        self._skip()
        character = self.text[self.place]
        if character == "{":
            return self._object()
        if character == "[":
            return self._array()
        if character == '"' or (character == "'" and self.liberties.single_quotes):
            return self._string()
        return self._word()

    def _word(self) -> Any:
        found = _WORDS.match(self.text, self.place)
        if found is None:
            pattern = _NUMBER if self.liberties.leading_zeros else _STRICT_NUMBER
            found = pattern.match(self.text, self.place)
            if found is None:
                raise Malformed(self.text)
            self.place = found.end()
            return Number(re.sub(r"^(-?)0+(?=\d)", r"\1", found[0]))
        self.place = found.end()
        if found[0] in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[found[0]]
        if not self.liberties.non_numeric:
            raise Malformed(self.text)
        return Number(found[0])

    def _object(self) -> dict[str, Any]:
        self._expect("{")
        found: dict[str, Any] = {}
        if self._accept("}"):
            return found
        while True:
            name = self._name()
            self._expect(":")
            found[name] = self._value()
            if self._accept("}"):
                return found
            self._expect(",")

    def _name(self) -> str:
        self._skip()
        character = self.text[self.place]
        if character == '"' or (character == "'" and self.liberties.single_quotes):
            return self._string()
        found = _BARE_NAME.match(self.text, self.place) if self.liberties.unquoted_names else None
        if found is None:
            raise Malformed(self.text)
        self.place = found.end()
        return found[0]

    def _array(self) -> list[Any]:
        self._expect("[")
        found: list[Any] = []
        if self._accept("]"):
            return found
        while True:
            found.append(self._value())
            if self._accept("]"):
                return found
            self._expect(",")

    def _string(self) -> str:
        quote = self.text[self.place]
        self.place += 1
        pieces: list[str] = []
        while self.text[self.place] != quote:
            character = self.text[self.place]
            self.place += 1
            if character == "\\":
                character = self._escaped()
            pieces.append(character)
        self.place += 1
        return "".join(pieces)

    def _escaped(self) -> str:
        following = self.text[self.place]
        self.place += 1
        if following == "u":
            digits = self.text[self.place : self.place + 4]
            if not re.fullmatch("[0-9A-Fa-f]{4}", digits):
                raise Malformed(self.text)
            self.place += 4
            return chr(int(digits, 16))
        if following not in _ESCAPES and following != "'" and not self.liberties.escaped_anything:
            raise Malformed(self.text)
        return _ESCAPES.get(following, following)
