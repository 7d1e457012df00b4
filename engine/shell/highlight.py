"""Colours for SQL while it is typed: a pygments lexer over the shell's tokens and the engine's list of keywords."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from pygments.lexer import Lexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text, _TokenType

from engine.shell.lexing import tokens

_KINDS = {
    "SPACE": Text,
    "LINE_COMMENT": Comment,
    "COMMENT": Comment,
    "OPEN_COMMENT": Comment,
    "STRING": String,
    "OPEN": String,
    "QUOTED": Name,
    "NUMBER": Number,
    "PARAMETER": Name.Variable,
    "SYMBOL": Operator,
}

STYLE = {
    "pygments.keyword": "bold ansicyan",
    "pygments.literal.string": "ansigreen",
    "pygments.literal.number": "ansimagenta",
    "pygments.comment": "ansibrightblack",
    "pygments.name.function": "ansiblue",
    "pygments.name.variable": "ansiyellow",
}


class SqlLexer(Lexer):  # type: ignore[misc]  # pygments has no types
    """`keywords` gives the words to mark, in capitals; it is asked anew each time since the engine loads later."""

    name = "Flint SQL"

    def __init__(self, keywords: Callable[[], Collection[str]] = tuple, **options: Any) -> None:
        super().__init__(**options)
        self._keywords = keywords

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Offsets, token types and texts, as pygments wants them."""
        known = self._keywords()
        found = list(tokens(text))
        after_dot = False
        for position, token in enumerate(found):
            kind = _KINDS.get(token.kind, Name)
            if token.kind == "WORD":
                called = position + 1 < len(found) and found[position + 1].text == "("
                if token.word in known and not after_dot:
                    kind = Keyword
                elif called:
                    kind = Name.Function
            yield token.start, kind, token.text
            after_dot = token.text == "."
