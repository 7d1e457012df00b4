"""Statements and dot commands as the user meets them: what goes where, and what errors look like."""

from __future__ import annotations

import errno
import io
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from engine import events
from engine.shell import commands, script
from engine.shell.console import Console, Quit, _sizes
from engine.shell.interrupt import Interrupted, interruptible
from engine.shell.options import Settings, ShellError, checked_mode, substituted
from engine.shell.output import Written
from engine.shell.progress import Progress, Tally


@pytest.fixture
def console(session: Any) -> Console:
    return Console(session, Settings(), io.StringIO(), io.StringIO())


def out(console: Console) -> str:
    return console.stdout.getvalue()  # type: ignore[attr-defined, no-any-return]


def err(console: Console) -> str:
    return console.stderr.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_results_go_to_stdout_and_nothing_else_does(console: Console) -> None:
    assert script.run(console, "select 1; select 2")
    assert out(console).count("┌") == 2
    assert err(console) == ""


def test_formats_and_dialect_are_obeyed(console: Console, session: Any) -> None:
    console.settings.mode = "csv"
    console.settings.dialect = "duckdb"
    assert script.run(console, "select 1;")
    assert out(console) == "1\n1\n"
    assert session.ran == [("select 1", "duckdb")]


def test_a_crash_of_compiled_code_is_told_once(console: Console, session: Any) -> None:
    for _ in range(2):
        session.events.publish(events.CodeCrashed(query_id="q1", keys=("k",), reason="its process crashed (SIGSEGV)"))
    assert script.run(console, "select 1; select 2")
    assert (
        err(console)
        == "Compiled code crashed in a worker (its process crashed (SIGSEGV)): its work was done without it.\n"
    )


def test_hidden_rows_are_told_on_stderr_unless_silent(console: Console) -> None:
    assert script.run(console, "many")
    assert err(console) == "40 of 100 rows shown (.maxrows 0 for all) · --format csv writes everything\n"
    console.settings.silent = True
    assert script.run(console, "many")
    assert err(console).count("\n") == 1


def test_the_prompt_tells_rows_and_time_below_the_table(console: Console) -> None:
    console.interactive = True
    console.settings.timer = False
    assert script.run(console, "select 1; create view v")
    assert out(console).splitlines()[-2:] == ["1 row", "OK"]
    console.settings.timer = True
    assert script.run(console, "select 1")
    assert out(console).splitlines()[-1].startswith("1 row · 0.0")


def test_the_first_error_ends_a_script(console: Console, session: Any) -> None:
    text = "select 1;\n\nselct;\nselect 2;"
    assert not script.run(console, text, "a.sql")
    assert [statement for statement, _ in session.ran] == ["select 1", "selct"]
    lines = err(console).splitlines()
    assert lines[0].startswith("a.sql:3: [PARSE_SYNTAX_ERROR]")
    assert lines[1:] == ["LINE 1: selct", "        ^^^^^"]


def test_an_unexpected_exception_is_one_line_and_its_traceback_only_with_v(console: Console) -> None:
    assert not script.run(console, "bug")
    assert err(console) == "internal error: ZeroDivisionError: oh no (details with -v or in --log-file)\n"
    console.settings.verbose = True
    assert not script.run(console, "bug")
    assert "Traceback" in err(console)


def test_a_full_disk_is_told_as_such(console: Console, session: Any) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    console.stdout = Full()
    assert not script.run(console, "select 1")
    assert err(console) == "No space left on device\n"


def test_what_is_hidden_is_told_below_the_table(session: Any) -> None:
    written = Written(rows=2_000_000, columns=30, hidden_rows=1_999_960, hidden_columns=25)
    assert _sizes(written) == (
        "40 of 2,000,000 rows shown (.maxrows 0 for all), 5 of 30 columns shown (.mode vertical for all)"
    )
    assert _sizes(Written(rows=1, columns=2)) == "1 row"


def test_errors_are_red_on_a_terminal(session: Any, terminal: io.StringIO) -> None:
    console = Console(session, Settings(), io.StringIO(), terminal)
    assert not script.run(console, "selct")
    assert err(console).startswith("\x1b[31m[PARSE_SYNTAX_ERROR]")


def test_pieces_of_a_script() -> None:
    text = ".mode csv\nselect 1; -- one\n  .timer on\nselect '\n.quit\n'; select 2 -- end\n"
    assert [(piece.text, piece.line) for piece in script.pieces(text)] == [
        (".mode csv", 1),
        ("select 1", 2),
        (".timer on", 3),
        ("select '\n.quit\n'", 4),
        ("select 2 -- end", 6),
    ]


def test_variables() -> None:
    values = {"a": "1", "b": "t"}
    assert substituted("select ${a} from ${hivevar:b} where '${c}'", values) == "select 1 from t where '${c}'"


# --------------------------------------------------------------------------------------------------------- dot commands


def test_mode_timer_and_limits(console: Console) -> None:
    assert script.run(console, ".mode json\n.maxrows 7\n.timer off\n.dialect duckdb\n")
    assert console.settings == Settings(mode="json", max_rows=7, timer=False, dialect="duckdb")
    assert script.run(console, ".dialect spark\n.timer\n")
    assert (console.settings.dialect, console.settings.timer) == (None, True)
    assert out(console) == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (".mode jso", "no output format jso: did you mean json or jsonl?"),
        (".tabels", "no command .tabels: did you mean .tables?"),
        (".zzz", "no command .zzz: .help lists them"),
        (".timer perhaps", "on or off, not perhaps"),
        (".maxrows few", "a number of rows (0 for all), not few"),
        (".read", "which file? .read script.sql"),
        (".read /no/such/file", "cannot read /no/such/file: No such file or directory"),
        (".help zzz", "no command zzz: .help lists them"),
    ],
)
def test_wrong_commands(console: Console, line: str, message: str) -> None:
    assert not script.submit(console, line)
    assert err(console).startswith(message)


def test_help_lists_every_command(console: Console) -> None:
    commands.run(console, ".help")
    for name in commands.COMMANDS:
        assert name in err(console)


def test_quit_by_any_name(console: Console) -> None:
    for text in (".quit", ".exit", "quit", "EXIT;", "exit"):
        with pytest.raises(Quit):
            script.run(console, text)


def test_read_runs_a_file(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "a.sql"
    file.write_text("select 1;\n.mode csv\nselect 2;\n")
    assert script.run(console, f".read {file}")
    assert out(console).endswith("2\n2\n")


def test_an_error_in_a_file_that_is_read_ends_the_script_and_is_told_once(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "bad.sql"
    file.write_text("select 1;\nselct;")
    assert not script.run(console, f".read {file}\nselect 2;")
    assert err(console).startswith(f"{file}:2: [PARSE_SYNTAX_ERROR]")
    assert err(console).count("[") == 1
    assert out(console).count("┌") == 1


def test_tables_as_boxes(console: Console) -> None:
    commands.run(console, ".tables")
    assert out(console).splitlines()[:5] == [
        "┌──────────────────┐ ┌──────────────┐",
        "│       big        │ │      t       │",
        "│ c0        bigint │ │ id    bigint │",
        "│ c1        bigint │ │ name  string │",
        "│ c2        bigint │ └──────────────┘",
    ]
    assert "… 4 more" in out(console)


def test_tables_by_pattern(console: Console) -> None:
    commands.run(console, ".tables bi*")
    assert "big" in out(console)
    assert "name" not in out(console)
    commands.run(console, ".tables nothing")
    assert out(console).splitlines()[-1] == "no tables like nothing"


def test_schema(console: Console) -> None:
    commands.run(console, ".schema `t`")
    assert out(console) == "t (\n  id    BIGINT,\n  name  STRING\n)\n"


def test_every_mode_writes(console: Console) -> None:
    from engine.shell.options import modes

    for mode in modes():
        console.settings.mode = checked_mode(mode)
        assert script.run(console, "select 1; select null; create view v"), mode
    with pytest.raises(ShellError):
        checked_mode("nonsense")


# ----------------------------------------------------------------------------------------------------------- interrupts


def test_ctrl_c_cancels_and_the_session_goes_on(console: Console, session: Any) -> None:
    session.results["long"] = "wait"

    def press() -> None:
        assert session.running.wait(10)
        os.kill(os.getpid(), signal.SIGINT)

    finger = threading.Thread(target=press)
    finger.start()
    with pytest.raises(Interrupted):
        script.run(console, "long; select 1")
    finger.join()
    assert err(console).startswith("cancelled after 0.")
    assert script.run(console, "select 2")


def test_what_a_statement_raises_is_raised() -> None:
    def fail() -> int:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        interruptible(fail, lambda: None)
    assert interruptible(lambda: 42, lambda: None) == 42


# ------------------------------------------------------------------------------------------------------------- progress


def told() -> Tally:
    tally = Tally()
    tally.hear(events.JobStarted(job_id=0, tasks={0: 4, 1: 2}))
    tally.hear(events.StageSubmitted(job_id=0, stage_id=0, tasks=4))
    for partition in range(3):
        tally.hear(events.TaskStarted(job_id=0, stage_id=0, partition=partition, attempt=0, executor_id="0"))
        tally.hear(events.Progress(job_id=0, stage_id=0, partition=partition, attempt=0, rows=1_000_000, bytes=1))
    tally.hear(end(0, "succeeded"))
    return tally


def end(partition: int, status: str) -> events.TaskEnded:
    return events.TaskEnded(
        job_id=0, stage_id=0, partition=partition, attempt=0, executor_id="0", status=status, seconds=1.0
    )


def test_progress_counts_tasks_and_rows() -> None:
    assert told().lines(2.0, 200) == [
        "stage 1 of 2  █████░░░░░░░░░░░░░░░  1/4 tasks, 2 running  3,000,000 rows",
        "2.00 s · 1.5 M rows/s · about 10.0 s left · Ctrl-C stops it",
    ]


def test_lost_tasks_are_not_counted_twice() -> None:
    tally = told()
    tally.hear(end(1, "lost"))
    assert "1/4 tasks, 1 running  2,000,000 rows" in tally.lines(2.0, 200)[0]


def test_progress_fits_the_screen() -> None:
    assert all(len(line) <= 30 for line in told().lines(2.0, 30))


def test_no_progress_where_stderr_is_no_terminal() -> None:
    bus, stream = events.EventBus(), io.StringIO()
    with Progress(bus, stream):
        bus.publish(events.JobStarted(job_id=0, tasks={0: 4}))
    assert stream.getvalue() == ""


def test_progress_is_drawn_in_place_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.shell import progress

    monkeypatch.setattr(progress, "_DELAY", 0.0)
    monkeypatch.setattr(progress, "_INTERVAL", 0.001)
    drawn = threading.Event()

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            if "Ctrl-C" in text:
                drawn.set()
            return super().write(text)

    stream = Terminal()
    with Progress(events.EventBus(), stream) as block:
        assert drawn.wait(10)
        block.hide()
        assert stream.getvalue().endswith("\r\x1b[J")
