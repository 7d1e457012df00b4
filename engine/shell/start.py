"""Which way an invocation runs: prompt, script, one-liner or statements from stdin; and its exit code.

Nothing of the engine is imported up here: at the prompt that is the work of a thread behind it.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from engine import __version__
from engine.shell.options import Options, ShellError, read_script, substituted

if TYPE_CHECKING:
    from engine.shell.console import Console

OK = 0
Complain = Callable[[str], NoReturn]
"""Ends the program with exit code 2 and a line about its command line."""


def run(chosen: argparse.Namespace, usage: Complain) -> int:
    """Runs `flint` as its parsed command line says; returns the exit code (Ctrl-C: 130)."""
    if chosen.version:
        print(f"flint {__version__}")
        return OK
    for stream in (sys.stdout, sys.stderr):
        _write_utf8(stream)
    options = _options(chosen)
    if options.statements is None and options.file is None and sys.stdin.isatty() and sys.stdout.isatty():
        return _prompt(options, usage)
    with _collecting_later():
        from engine.shell import batch  # here: imports the engine, which the prompt does behind itself

    return batch.run(options, usage)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Imports make many objects and hardly any garbage: looking for it would take a tenth of their time. What they made stays
    as long as the process, and is not looked at later, either."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _write_utf8(stream: TextIO) -> None:
    """Results are UTF-8 whatever the locale; what cannot be encoded becomes a question mark, not an error."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")


def _options(chosen: argparse.Namespace) -> Options:
    executors = {
        "spark.executor.instances": chosen.num_executors,
        "spark.executor.cores": chosen.executor_cores,
        "spark.executor.memory": chosen.executor_memory,
    }
    conf = {name: str(value) for name, value in executors.items() if value is not None}
    return Options(
        statements=chosen.execute,
        file=chosen.file,
        init=chosen.init,
        database=chosen.database,
        dialect=None if chosen.dialect == "spark" else chosen.dialect,
        format=chosen.format,
        master=chosen.master,
        conf=conf | dict(chosen.conf),
        variables=dict(chosen.variables),
        silent=chosen.silent,
        verbose=chosen.verbose,
        log_file=chosen.log_file,
        log_level=chosen.log_level,
    )


def _prompt(options: Options, usage: Complain) -> int:
    from engine.shell import repl  # here: scripts need no prompt

    opened: list[Console] = []

    def load() -> Console:
        with _collecting_later():
            from engine.shell.opening import open_console  # here: imports the engine, on the loader's thread

        opened.append(open_console(options, interactive=True))
        return opened[0]

    try:
        repl.run(load, _banner(), _start_up(options))
    except Exception as error:
        from engine.errors import FlintError  # here: the prompt must not wait for it

        if isinstance(error, FlintError | ShellError):
            usage(str(error))
        raise
    finally:
        for console in opened:
            console.close()
    return OK


def _banner() -> str:
    return f"Flint {__version__}, Spark SQL without the JVM\nType .help, or try: from 'file.parquet';"


def _start_up(options: Options) -> str:
    """The statements of -i; without it those of ~/.flintrc, if there is one."""
    own = Path.home() / ".flintrc"
    if options.init is None and not own.is_file():
        return ""
    return substituted(read_script(options.init or own), options.variables)
