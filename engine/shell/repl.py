"""The prompt. It stands before the engine is there: a thread loads that while the user types.

Enter submits a finished statement (it ends with a semicolon) or a dot command, else it starts a new line. History holds
whole statements, in one file for all sessions of the user.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus, is_searching
from prompt_toolkit.formatted_text import AnyFormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.styles import Style

from engine.shell.completion import SqlCompleter
from engine.shell.highlight import STYLE, SqlLexer
from engine.shell.lexing import is_complete

if TYPE_CHECKING:
    from engine.shell.console import Console
    from engine.shell.names import Names

_BARE_COMMANDS = frozenset({"quit", "exit", "help"})


class Loader:
    """Makes the console on a thread of its own. `console` waits for it and raises what went wrong while loading."""

    def __init__(self, load: Callable[[], Console]) -> None:
        self.error: BaseException | None = None
        self.names: Names | None = None
        self.keywords: Collection[str] = frozenset()
        self.when_done: Callable[[], None] = lambda: None
        self._load = load
        self._console: Console | None = None
        self._thread = threading.Thread(target=self._run, name="flint-load", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._console = self._load()
            from engine.parse.table import load  # here: loaded with the engine, behind the prompt
            from engine.shell.names import Names  # the same

            self.keywords = load().keywords
            self.names = Names(self._console.session)
            self._console.session.warm_up()
        except BaseException as error:  # told to the user by the thread that owns the terminal
            self.error = error
        self.when_done()

    def prompt(self) -> str:
        """What stands before the cursor: the database too, unless it is the usual one."""
        database = self._console.session.catalog.current_database if self._console is not None else "default"
        return "flint> " if database == "default" else f"flint {database}> "

    def console(self) -> Console:
        """The console, as soon as it is there."""
        self._thread.join()
        if self.error is not None:
            raise self.error
        assert self._console is not None
        return self._console


class LoadFailed(Exception):
    """The engine did not start; `Loader.console` raises the reason."""


class SafeHistory(FileHistory):  # type: ignore[misc]  # prompt_toolkit is not analysed here
    """Whole statements in a file; values of passwords and keys are not written."""

    def store_string(self, string: str) -> None:
        """Appends one statement."""
        from engine.events import redact_text  # here: the prompt comes before the engine

        super().store_string(redact_text(string))


def history_file() -> Path:
    """Where statements are remembered, by the XDG rules."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "flint" / "history"


def open_history(path: Path) -> History:
    """The history in `path`, readable by its owner only; one in memory where no file can be written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:  # a home that is read-only must not keep anyone from typing
        return InMemoryHistory()
    return SafeHistory(str(path))


def is_finished(text: str) -> bool:
    """Whether Enter runs `text` (else it starts a new line)."""
    stripped = text.strip()
    return not stripped or stripped.startswith(".") or stripped.lower() in _BARE_COMMANDS or is_complete(text)


def bindings() -> KeyBindings:
    """Enter and Tab; everything else is as in any Emacs-like line editor."""
    keys = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER) & ~is_searching

    keys.add("enter", filter=typing)(_enter)
    keys.add("tab", filter=typing)(_tab)
    return keys


def _enter(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if buffer.complete_state and buffer.complete_state.current_completion:
        buffer.complete_state = None  # takes the offer, does not run it
    elif is_finished(buffer.text):
        buffer.validate_and_handle()
    else:
        buffer.newline(copy_margin=True)


def _tab(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if not buffer.document.current_line_before_cursor.strip():
        buffer.insert_text("    ")
    elif buffer.complete_state:
        buffer.complete_next()
    else:
        buffer.start_completion(insert_common_part=True)


def _session(loader: Loader) -> PromptSession[str]:
    lexer = PygmentsLexer(SqlLexer, sync_from_start=True)
    lexer.pygments_lexer = SqlLexer(keywords=lambda: loader.keywords)
    return PromptSession(
        multiline=True,
        history=open_history(history_file()),
        lexer=lexer,
        style=Style.from_dict(STYLE),
        completer=SqlCompleter(lambda: loader.names),
        complete_in_thread=True,
        complete_while_typing=False,
        key_bindings=bindings(),
        enable_open_in_editor=True,
        prompt_continuation=_continuation,
    )


def _continuation(width: int, _line: int, wraps: int) -> AnyFormattedText:
    return " " * width if wraps else "-> ".rjust(width)


def run(load: Callable[[], Console], banner: str, first: str = "") -> None:
    """Prompts until the user leaves; raises what kept the engine from starting.

    `load` makes the console. The statements of `first` run before the first prompt, which then waits for the engine.
    """
    loader = Loader(load)
    if first and not _submit(loader.console(), first):
        return
    print(banner, flush=True)
    session = _session(loader)
    loader.when_done = lambda: _tell(session, loader)
    while True:
        try:
            text = session.prompt(loader.prompt, pre_run=lambda: _tell(session, loader))
        except KeyboardInterrupt:
            continue
        except (EOFError, LoadFailed):
            break
        if text.strip() and not _submit(loader.console(), text):
            break
        if loader.names is not None:
            loader.names.forget()
    loader.console()


def _submit(console: Console, text: str) -> bool:
    """Runs what was entered; false if the user wants to leave."""
    from engine.shell import script  # here: it needs the engine, which is there by now
    from engine.shell.console import Quit  # the same
    from engine.shell.interrupt import Interrupted  # the same

    try:
        script.run(console, text)
    except Quit:
        return False
    except (Interrupted, KeyboardInterrupt):
        pass  # the console has told how long it ran; the session goes on
    return True


def _tell(session: PromptSession[str], loader: Loader) -> None:
    """Once the engine is loaded the text typed so far gets its colours; if it failed, the prompt ends."""
    app = session.app
    if not app.is_running or app.loop is None:
        return
    if loader.error is not None:
        app.loop.call_soon_threadsafe(lambda: app.exit(exception=LoadFailed()) if not app.is_done else None)
    else:
        app.invalidate()
