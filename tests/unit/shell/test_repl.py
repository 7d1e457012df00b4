"""The prompt, driven by keys through prompt_toolkit's pipe input."""

from __future__ import annotations

import io
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from engine.errors import AnalysisError
from engine.shell import repl
from engine.shell.console import Console
from engine.shell.highlight import SqlLexer
from engine.shell.options import Settings

ENTER, TAB, CTRL_C, CTRL_D, CTRL_R, UP = "\r", "\t", "\x03", "\x04", "\x12", "\x1b[A"
PASTE = "\x1b[200~{}\x1b[201~"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def console(session: Any) -> Iterator[Console]:
    yield Console(session, Settings(timer=False), io.StringIO(), io.StringIO(), interactive=True)


def typed(console: Console, keys: str) -> list[str]:
    """The statements that ran after these keys (and Ctrl-D) were pressed."""
    session: Any = console.session
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        keyboard.send_text(keys + CTRL_D)
        repl.run(lambda: console, "hello")
    return [statement for statement, _ in session.ran]


@pytest.mark.parametrize(
    ("keys", "ran"),
    [
        (f"select 1;{ENTER}", ["select 1"]),
        (f"select{ENTER}1;{ENTER}", ["select\n1"]),
        (f"select 1; select 2;{ENTER}", ["select 1", "select 2"]),
        (f"select ';{ENTER}';{ENTER}", ["select ';\n'"]),
        (f"{ENTER}{ENTER}", []),
        (f"select 1{CTRL_C}select 2;{ENTER}", ["select 2"]),
        (PASTE.format("select 1;\nselect\n2;") + ENTER, ["select 1", "select\n2"]),
        (f"quit{ENTER}", []),
        (f".quit{ENTER}select 1;{ENTER}", []),
        (f"selct;{ENTER}select 1;{ENTER}", ["selct", "select 1"]),
    ],
)
def test_keys(console: Console, session: Any, keys: str, ran: list[str]) -> None:
    session.results |= {"select\n1": session.results["select 1"], "select\n2": session.results["select 2"]}
    session.results["select ';\n'"] = session.results["select 1"]
    assert typed(console, keys) == ran


@pytest.mark.parametrize(
    ("keys", "recalled"),
    [(f"{UP}{ENTER}", "select 2"), (f"{UP}{UP}{UP}{ENTER}", "select\n1"), (f"{CTRL_R}1{ENTER}{ENTER}", "select\n1")],
)
def test_recall(console: Console, session: Any, keys: str, recalled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session.results |= {"select\n1": session.results["select 1"]}
    typed(console, f"select{ENTER}1;{ENTER}select 2;{ENTER}")
    session.ran.clear()
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        make = repl._session

        def made(loader: repl.Loader) -> Any:
            prompt = make(loader)
            threading.Thread(target=press_when_loaded, args=(prompt.default_buffer,)).start()
            return prompt

        def press_when_loaded(buffer: Any) -> None:
            for _ in range(1000):  # history is read on a thread of its own
                if len(buffer._working_lines) > 2:
                    break
                time.sleep(0.01)
            keyboard.send_text(keys + CTRL_D)

        monkeypatch.setattr(repl, "_session", made)
        repl.run(lambda: console, "hello")
    assert [statement for statement, _ in session.ran] == [recalled]


def test_history_is_shared_whole_private_and_without_secrets(console: Console, session: Any, home: Path) -> None:
    session.results["select\n1"] = session.results["select 1"]
    session.results["set db.password=hunter2"] = session.results["select 1"]
    typed(console, f"select{ENTER}1;{ENTER}set db.password=hunter2;{ENTER}")
    file = home / "flint" / "history"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "hunter2" not in file.read_text()
    assert "+select\n+1;" in file.read_text()


def test_no_history_file_is_no_reason_not_to_start(console: Console, home: Path) -> None:
    (home / "flint").write_text("a file where the folder should be")
    assert typed(console, f"select 1;{ENTER}") == ["select 1"]


def test_typing_before_the_engine_is_there(console: Console, session: Any) -> None:
    loaded = threading.Event()

    def load() -> Console:
        assert loaded.wait(10)
        return console

    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        keyboard.send_text(f"select 1;{ENTER}{CTRL_D}")
        threading.Timer(0.05, loaded.set).start()
        repl.run(load, "hello")
    assert [statement for statement, _ in session.ran] == ["select 1"]


def test_an_engine_that_does_not_start_ends_the_prompt() -> None:
    def load() -> Console:
        raise AnalysisError("PARSE_EMPTY_STATEMENT")

    with (
        create_pipe_input() as keyboard,
        create_app_session(input=keyboard, output=DummyOutput()),
        pytest.raises(AnalysisError),
    ):
        repl.run(load, "hello")


def test_start_up_statements_run_first(console: Console, session: Any) -> None:
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        keyboard.send_text(f"select 2;{ENTER}{CTRL_D}")
        repl.run(lambda: console, "hello", "select 1;")
    assert [statement for statement, _ in session.ran] == ["select 1", "select 2"]


def test_highlighting() -> None:
    lexer = SqlLexer(keywords=lambda: {"SELECT", "FROM"})
    kinds = {text: str(kind) for kind, text in lexer.get_tokens("select count(x), t.from, 'a', 1 from `t` -- c\n")}
    assert kinds["select"] == "Token.Keyword"
    assert kinds["count"] == "Token.Name.Function"
    assert kinds["'a'"] == "Token.Literal.String"
    assert kinds["1"] == "Token.Literal.Number"
    assert kinds["-- c"] == "Token.Comment"
    assert kinds["x"] == "Token.Name"
