"""Tokens of SQL that is still being typed, for highlighting, completion and "is this statement finished".

The parser's own lexer refuses an open string or comment, which is the usual state of a line at the prompt; this one
gives every text some tokens and is loaded before the engine is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
     (?P<SPACE>\s+)
    |(?P<LINE_COMMENT>--[^\n]*)
    |(?P<COMMENT>/\*)
    |(?P<STRING>[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<QUOTED>`(?:[^`]|``)*`)
    |(?P<OPEN>['"`].*)
    |(?P<NUMBER>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:[bB][dD]|[dDfFlLsSyY])?(?!\w))
    |(?P<WORD>\w+)
    |(?P<PARAMETER>:(?=[A-Za-z_])\w+)
    |(?P<SYMBOL>::|\|>|\|\||->|=>|<=>|<>|!=|==|<=|>=|.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """A piece of the text; `start` is an offset in characters.

    `kind` is a group of the expression above; OPEN is a string or quoted name nobody closed, OPEN_COMMENT the like.
    """

    kind: str
    text: str
    start: int

    @property
    def stop(self) -> int:
        """The offset after the last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """A bare word in capitals, empty for anything else."""
        return self.text.upper() if self.kind == "WORD" else ""


def _comment_end(text: str, start: int) -> int | None:
    """The offset after the comment at `start`; comments nest. None if it stays open."""
    depth, position = 1, start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            return None
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return position


def tokens(text: str) -> Iterator[Token]:
    """All of `text` as tokens, white space and comments too."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes any character
        kind, stop = match.lastgroup or "SYMBOL", match.end()
        if kind == "COMMENT":
            end = _comment_end(text, position)
            kind, stop = (kind, end) if end is not None else ("OPEN_COMMENT", len(text))
        yield Token(kind, text[position:stop], position)
        position = stop


_SILENT = frozenset({"SPACE", "LINE_COMMENT", "COMMENT", "OPEN_COMMENT"})


def significant(text: str) -> list[Token]:
    """The tokens that mean something: no white space, no comments."""
    return [token for token in tokens(text) if token.kind not in _SILENT]


def is_complete(text: str) -> bool:
    """Whether nothing of `text` waits for more: it ends after a semicolon, or holds no statement at all."""
    last: Token | None = None
    for token in tokens(text):
        if token.kind == "OPEN_COMMENT":
            return False
        if token.kind not in _SILENT:
            last = token
    return last is None or last.text == ";"
