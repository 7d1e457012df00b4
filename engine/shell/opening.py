"""Opens the session that a command line asks for, with its log file, database and output format."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from engine.errors import FlintError
from engine.events import LOGGER, log_to_file
from engine.session import Session
from engine.shell.console import Console
from engine.shell.options import Options, Settings, ShellError, checked_mode


def open_console(options: Options, interactive: bool) -> Console:
    """A console on a new session.

    Raises FlintError or ShellError where the command line asks for what cannot be (a setting, a database, a format, a
    log file); no session is left open then.
    """
    mode = checked_mode(options.format) if options.format else "table"
    master = {"master": options.master} if options.master else {}
    session = Session(conf=dict(options.conf), **master)
    try:
        if options.log_file is not None:
            _log(session, options.log_file, logging.getLevelNamesMapping()[options.log_level])
        if options.database:
            session.sql("USE `" + options.database.replace("`", "``") + "`")
    except (FlintError, ShellError):
        session.stop()
        raise
    settings = Settings(
        mode=mode,
        dialect=options.dialect,
        timer=not options.silent,
        silent=options.silent,
        verbose=options.verbose,
    )
    return Console(session, settings, sys.stdout, sys.stderr, interactive)


def _log(session: Session, path: Path, level: int) -> None:
    """Events and the details of unexpected errors go to `path`."""
    try:
        log_to_file(session.events, path, level)
        LOGGER.addHandler(logging.FileHandler(path, encoding="utf-8"))
    except OSError as error:
        raise ShellError(f"cannot write {path}: {error.strerror}") from error
