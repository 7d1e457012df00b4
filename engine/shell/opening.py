"""Opens the session that a command line asks for, with its log file, database and output format."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from engine.errors import FlintError
from engine.events import LOGGER, log_to_file
from engine.session import Session
from engine.shell.console import Console
from engine.shell.options import Options, Settings, ShellError, checked_mode

_NOWHERE = logging.NullHandler()


def open_console(options: Options, interactive: bool) -> Console:
    """A console on a new session.

    Raises FlintError or ShellError where the command line asks for what cannot be (a setting, a database, a format, a
    log file); no session is left open then.
    """
    mode = checked_mode(options.format) if options.format else "table"
    LOGGER.addHandler(_NOWHERE)  # without --log-file logging would write to the screen
    master = {"master": options.master} if options.master else {}
    settings = Settings(
        mode=mode,
        dialect=options.dialect,
        timer=not options.silent,
        silent=options.silent,
        verbose=options.verbose,
    )
    session = Session(conf=dict(options.conf), **master)
    console = Console(session, settings, sys.stdout, sys.stderr, interactive)
    try:
        if options.log_file is not None:
            level = logging.getLevelNamesMapping()[options.log_level]
            console.at_end.append(_log(session, options.log_file, level))
        if options.database:
            session.sql("USE `" + options.database.replace("`", "``") + "`")
    except (FlintError, ShellError):
        console.close()
        raise
    return console


def _log(session: Session, path: Path, level: int) -> Callable[[], None]:
    """Events and the details of unexpected errors go to `path`; returns what ends that."""
    try:
        return log_to_file(session.events, path, level)
    except OSError as error:
        raise ShellError(f"cannot write {path}: {error.strerror}") from error
