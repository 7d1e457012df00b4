"""Statements from -e, -f and stdin: run one after the other until the first error.

Dot commands stand on lines of their own, between statements. `${name}` is replaced by what --hivevar or --define gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.parse.lexer import split_statements
from engine.records import dataclass
from engine.shell import commands
from engine.shell.console import Console
from engine.shell.lexing import is_complete
from engine.shell.options import substituted

_BARE_COMMANDS = {"quit": ".quit", "exit": ".quit", "help": ".help"}


@dataclass(frozen=True)
class Piece:
    """One statement or dot command and the line (from 1) it starts on."""

    text: str
    line: int


def pieces(text: str) -> Iterator[Piece]:
    """The statements and dot commands of a script, in order."""
    start = 0  # where the statements not yet given out begin
    for match in re.finditer(r"^[ \t]*\.[A-Za-z?].*$", text, re.MULTILINE):
        before = text[start : match.start()]
        if not is_complete(before):
            continue  # a line inside a statement or a string
        yield from _statements(text, start, match.start())
        yield Piece(match.group().strip(), text.count("\n", 0, match.start()) + 1)
        start = match.end()
    yield from _statements(text, start, len(text))


def _statements(text: str, start: int, stop: int) -> Iterator[Piece]:
    for statement, offset in split_statements(text[start:stop]):
        yield Piece(statement, text.count("\n", 0, start + offset) + 1)


def run(console: Console, text: str, name: str = "", variables: Mapping[str, str] | None = None) -> bool:
    """Runs a script; false if a statement failed, and the rest was not run.

    `name` is the file, for messages ("script.sql:12: ..."); raises Quit on `.quit` and Interrupted on Ctrl-C.
    """
    for piece in pieces(substituted(text, variables or {})):
        place = f"{name}:{piece.line}: " if name else ""
        if console.settings.verbose and not console.interactive:
            console.say(piece.text)
        if not submit(console, piece.text, place):
            return False
    return True


def submit(console: Console, text: str, place: str = "") -> bool:
    """Runs one statement or dot command; false after an error, which has been printed."""
    command = _BARE_COMMANDS.get(text.lower(), text)
    if command.startswith("."):
        return console.attempt(lambda: commands.run(console, command), place)
    return console.attempt(lambda: console.execute(text), place)
