"""`flint -e`, `flint -f` and statements from stdin: runs them and gives the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from engine.errors import FlintError
from engine.shell import script
from engine.shell.console import Quit
from engine.shell.interrupt import Interrupted
from engine.shell.opening import open_console
from engine.shell.options import Options, ShellError, read_script

OK, FAILED, INTERRUPTED = 0, 1, 130


def run(options: Options, usage: Callable[[str], NoReturn]) -> int:
    """0 if all statements went well, 1 after the first that did not, 130 after Ctrl-C.

    What is wrong with the command line itself (a file that is not there, a setting) goes to `usage`, which ends with 2.
    """
    try:
        texts = _texts(options)
        console = open_console(options, interactive=False)
    except (FlintError, ShellError) as error:
        usage(str(error))
    try:
        for name, text in texts:
            if not script.run(console, text, name, options.variables):
                return FAILED
    except Quit:
        return OK
    except (Interrupted, KeyboardInterrupt):
        return INTERRUPTED
    finally:
        console.close()
    return OK


def _texts(options: Options) -> list[tuple[str, str]]:
    """The scripts to run, each with its name for messages (none for -e and stdin)."""
    texts = [(str(options.init), read_script(options.init))] if options.init else []
    if options.statements is not None:
        return [*texts, ("", options.statements)]
    if options.file is not None and str(options.file) != "-":
        return [*texts, (str(options.file), read_script(options.file))]
    try:
        return [*texts, ("", sys.stdin.read())]
    except UnicodeDecodeError as error:
        raise ShellError("standard input is not UTF-8 text") from error
