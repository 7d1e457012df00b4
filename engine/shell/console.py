"""What prompt and scripts share: runs a statement or a dot command and tells how it went.

Results go to `stdout`, everything else (errors, times, progress) to `stderr`; at the prompt times go below the table.
"""

from __future__ import annotations

import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from engine.errors import Cancelled, FlintError, InternalError
from engine.events import LOGGER, CachedInPart, CodeCrashed, Event, redact_text
from engine.shell import text as screen
from engine.shell.interrupt import Interrupted, interruptible
from engine.shell.options import AlreadyTold, Settings, ShellError
from engine.shell.output import Target, Written, write_result
from engine.shell.progress import Progress
from engine.types.cells import style_of

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.session import Session


class Quit(Exception):
    """The user wants to leave."""


class Console:
    """One user's session with its settings and streams. `interactive` is true at the prompt."""

    def __init__(
        self, session: Session, settings: Settings, stdout: TextIO, stderr: TextIO, interactive: bool = False
    ) -> None:
        self.session = session
        self.settings = settings
        self.stdout = stdout
        self.stderr = stderr
        self.interactive = interactive
        self.at_end: list[Callable[[], None]] = [session.stop]
        self._notices: dict[str, None] = {}
        session.events.subscribe(self._hear)

    def close(self) -> None:
        """Stops the session and what was opened with it."""
        while self.at_end:
            self.at_end.pop(0)()

    @property
    def width(self) -> int | None:
        """Columns of the terminal, None where output is not one."""
        return shutil.get_terminal_size().columns if self.stdout.isatty() else None

    def say(self, message: str) -> None:
        """A line that is not data, unless the user asked for silence."""
        if not self.settings.silent:
            print(message, file=self.stdout if self.interactive else self.stderr, flush=True)

    def complain(self, message: str) -> None:
        """An error: always on stderr, its first line in red on a terminal."""
        first, newline, rest = screen.safe_lines(message).partition("\n")
        self.stdout.flush()
        print(screen.paint(first, screen.RED, self.stderr.isatty()) + newline + rest, file=self.stderr, flush=True)

    def attempt(self, action: Callable[[], None], place: str = "") -> bool:
        """Runs `action`; an error of any kind becomes a message, led by `place` ("script.sql:3: "), and False."""
        try:
            action()
        except FlintError as error:
            self.complain(place + error.render())
            LOGGER.warning("%s", redact_text(place + error.render()))
            if isinstance(error, InternalError):
                self._explain(error.details)
        except AlreadyTold:
            pass
        except ShellError as error:
            self.complain(place + str(error))
        except (Quit, Interrupted, KeyboardInterrupt, BrokenPipeError):
            raise
        except OSError as error:  # a full disk, a terminal that is gone
            self.complain(f"{place}{error.strerror or error}")
            self._explain(traceback.format_exc())
        except Exception as error:
            name = type(error).__name__
            self.complain(f"{place}internal error: {name}: {error} (details with -v or in --log-file)")
            self._explain(traceback.format_exc())
        else:
            return True
        return False

    def _explain(self, details: str) -> None:
        LOGGER.error("%s", redact_text(details))
        if self.settings.verbose and details:
            self.complain(details)

    def execute(self, statement: str) -> None:
        """Runs one statement and writes its result; raises FlintError, ShellError or Interrupted."""
        started = time.monotonic()
        left = threading.Event()
        with Progress(self.session.events, self.stderr) as progress:
            try:
                written = interruptible(lambda: self._run(statement, progress, left), self.session.cancel)
            except Interrupted as stop:
                left.set()
                progress.hide()
                after = screen.duration(time.monotonic() - started)
                self.complain(f"cancelled after {after}" + ("" if stop.finished else "; it is still coming to an end"))
                raise
        self._close(written, time.monotonic() - started)
        while self._notices:
            self.say(self._notices.popitem()[0])

    def _hear(self, event: Event) -> None:
        if isinstance(event, CodeCrashed):
            self._notices[f"Compiled code crashed in a worker ({event.reason}): its work was done without it."] = None
        if isinstance(event, CachedInPart):
            self._notices[event.message] = None

    def _run(self, statement: str, progress: Progress, left: threading.Event) -> Written:
        frame = self.session.sql(statement, dialect=self.settings.dialect)
        conf = self.session.conf
        style = style_of(conf.get("spark.sql.session.timeZone"), conf.get("spark.sql.binaryOutputStyle"))
        target = Target(self.stdout, self.width, self.stdout.isatty(), progress.hide)
        batches = _until(frame.toBatches(), left)
        return write_result(frame.schema, batches, self.settings.mode, self.settings.max_rows, style, target)

    def _close(self, written: Written, seconds: float) -> None:
        """The line below a result: rows, what is hidden, time. In scripts only what is hidden, unless -v is given."""
        hidden = written.hidden_rows or written.hidden_columns
        if not (self.interactive or self.settings.verbose or hidden):
            return
        parts = [_sizes(written)] if written.columns else ["OK"]
        if hidden and not self.interactive:
            parts.append("--format csv writes everything")
        if self.settings.timer and (self.interactive or self.settings.verbose):
            parts.append(screen.duration(seconds))
        line = " · ".join(parts)
        self.say(screen.paint(line, screen.DIM, self.stdout.isatty()) if self.interactive else line)


def _sizes(written: Written) -> str:
    """3 rows; 40 of 2,000,000 rows shown (.maxrows 0 for all), 5 of 30 columns shown (.mode vertical for all)."""
    rows = screen.count(written.rows, "row")
    if written.hidden_rows:
        rows = f"{written.rows - written.hidden_rows:,} of {rows} shown (.maxrows 0 for all)"
    if not written.hidden_columns:
        return rows
    columns = f"{written.columns - written.hidden_columns:,} of {screen.count(written.columns, 'column')} shown"
    return f"{rows}, {columns} (.mode vertical for all)"


def _until(batches: Iterable[pa.RecordBatch], left: threading.Event) -> Iterator[pa.RecordBatch]:
    """The batches, until the user has gone: a statement left behind must not write into what comes next."""
    for batch in batches:
        if left.is_set():
            raise Cancelled
        yield batch
