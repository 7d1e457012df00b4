"""The dot commands of the shell: one entry each in `COMMANDS`, which `.help` and completion read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import suggestions
from engine.records import dataclass
from engine.shell import browse
from engine.shell.console import Console, Quit
from engine.shell.options import AlreadyTold, ShellError, checked_mode, modes, read_script


@dataclass(frozen=True)
class Command:
    """A dot command: what follows its name, one line of help, and what it does with that argument (maybe empty)."""

    name: str
    argument: str
    help: str
    run: Callable[[Console, str], None]


def run(console: Console, line: str) -> None:
    """Runs `.name argument`; raises ShellError for an unknown name or a wrong argument."""
    name, _, argument = line.strip().rstrip(";").partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        near = suggestions(name, COMMANDS)
        raise ShellError(f"no command {name}: " + (f"did you mean {near[0]}?" if near else ".help lists them"))
    command.run(console, argument.strip())


def _help(console: Console, argument: str) -> None:
    chosen = [command for name, command in COMMANDS.items() if argument.lstrip(".") in name]
    if not chosen:
        raise ShellError(f"no command {argument}: .help lists them")
    width = max(len(f"{command.name} {command.argument}") for command in chosen)
    for command in chosen:
        console.say(f"{command.name} {command.argument}".ljust(width + 2) + command.help)
    if not argument:
        console.say(_KEYS)


_KEYS = """
A statement ends with ; and Enter. A file is a table: from 'orders.parquet';
Tab completes · Up and Ctrl-R recall statements · Ctrl-C stops a running statement or clears the line · Ctrl-D leaves"""


def _tables(console: Console, argument: str) -> None:
    for line in browse.tables(console.session, argument, console.width):
        print(line, file=console.stdout, flush=True)


def _schema(console: Console, argument: str) -> None:
    for line in browse.schema(console.session, argument):
        print(line, file=console.stdout, flush=True)


def _mode(console: Console, argument: str) -> None:
    if not argument:
        console.say(f"{console.settings.mode} (others: {', '.join(modes())})")
        return
    console.settings.mode = checked_mode(argument)


def _timer(console: Console, argument: str) -> None:
    console.settings.timer = _switch(argument, console.settings.timer)
    console.say(f"timer {'on' if console.settings.timer else 'off'}")


def _switch(argument: str, now: bool) -> bool:
    if argument.lower() not in ("", "on", "off"):
        raise ShellError(f"on or off, not {argument}")
    return not now if not argument else argument.lower() == "on"


def _max_rows(console: Console, argument: str) -> None:
    if argument and not argument.isdecimal():
        raise ShellError(f"a number of rows (0 for all), not {argument}")
    if argument:
        console.settings.max_rows = int(argument)
    console.say(f"tables show {console.settings.max_rows or 'all'} rows")


def _dialect(console: Console, argument: str) -> None:
    if argument:
        console.settings.dialect = None if argument.lower() == "spark" else argument.lower()
    console.say(f"statements are read as {console.settings.dialect or 'spark'}")


def _read(console: Console, argument: str) -> None:
    from engine.shell import script  # here: a script may hold dot commands, so script.py imports this file

    if not argument:
        raise ShellError("which file? .read script.sql")
    path = argument.strip("'\"")
    if not script.run(console, read_script(Path(path)), path):
        raise AlreadyTold(f"{path} was not run to its end")


def _quit(_console: Console, _argument: str) -> None:
    raise Quit


_LIST = (
    Command(".help", "[command]", "this list", _help),
    Command(".tables", "[pattern]", "tables and views with their columns", _tables),
    Command(".schema", "[table]", "columns and types, one a line", _schema),
    Command(".mode", "[name]", "how results are written: table, csv, json, markdown, vertical, ...", _mode),
    Command(".maxrows", "[n]", "rows shown of a long result (0: all)", _max_rows),
    Command(".timer", "[on|off]", "time after each statement", _timer),
    Command(".dialect", "[name]", "read statements as duckdb, postgres, ... (spark: the usual)", _dialect),
    Command(".read", "file", "run the statements of a file", _read),
    Command(".quit", "", "leave (also .exit, quit, exit, Ctrl-D)", _quit),
)

COMMANDS = {command.name: command for command in _LIST} | {".exit": _LIST[-1]}
