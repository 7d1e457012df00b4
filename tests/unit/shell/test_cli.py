"""The command line: what each argument does, and the exit codes."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cli
import engine
import tpch.demo
from engine.shell import opening


@pytest.fixture
def made(session: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments the session was made with; sessions are fake."""
    given: dict[str, Any] = {}

    def make(master: str | None = None, conf: dict[str, str] | None = None) -> Any:
        given.update(master=master, conf=conf)
        return session

    monkeypatch.setattr(opening, "Session", make)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    return given


def test_statements_run_and_the_session_is_stopped(made: Any, session: Any, capsys: Any) -> None:
    assert cli.main(["-e", "select 1; select 2", "--format", "csv"]) == 0
    assert capsys.readouterr() == ("1\n1\n2\n2\n", "")
    assert session.stopped


def test_a_statement_that_fails(made: Any, session: Any, capsys: Any) -> None:
    assert cli.main(["-e", "selct; select 1"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "PARSE_SYNTAX_ERROR" in err
    assert session.stopped


def test_files_and_standard_input(made: Any, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.sql"
    file.write_text("select 1;\nselct;")
    assert cli.main(["-f", str(file), "-o", "csv"]) == 1
    out, err = capsys.readouterr()
    assert out == "1\n1\n"
    assert err.startswith(f"{file}:2: ")
    monkeypatch.setattr(sys, "stdin", io.StringIO("select 2;"))
    assert cli.main(["-o", "csv"]) == 0
    assert capsys.readouterr().out == "2\n2\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("select 1;"))
    assert cli.main(["-f", "-", "-o", "csv"]) == 0


def test_input_that_is_no_text(made: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"select '\xff'"), encoding="utf-8"))
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    assert "standard input is not UTF-8 text" in capsys.readouterr().err


def test_settings_reach_the_session(made: Any) -> None:
    arguments = ["--master", "local[3]", "--num-executors", "2", "--executor-cores", "1", "--executor-memory", "2g"]
    assert cli.main([*arguments, "--conf", "a.b=c=d", "--conf", "x=", "-e", "select 1"]) == 0
    assert made == {
        "master": "local[3]",
        "conf": {
            "spark.executor.instances": "2",
            "spark.executor.cores": "1",
            "spark.executor.memory": "2g",
            "a.b": "c=d",
            "x": "",
        },
    }


def test_init_database_dialect_and_variables(made: Any, session: Any, tmp_path: Path) -> None:
    file = tmp_path / "init.sql"
    file.write_text("select ${one};")
    session.results["USE `my db`"] = session.results["create view v"]
    arguments = ["-i", str(file), "--database", "my db", "--dialect", "duckdb", "-d", "one=1", "--hivevar", "two=2"]
    assert cli.main([*arguments, "-e", "select ${two}"]) == 0
    assert session.ran == [("USE `my db`", None), ("select 1", "duckdb"), ("select 2", "duckdb")]


def test_verbose_and_silent(made: Any, capsys: Any) -> None:
    assert cli.main(["-v", "-e", "select 1", "-o", "csv"]) == 0
    out, err = capsys.readouterr()
    assert out == "1\n1\n"
    assert err.splitlines()[0] == "select 1"
    assert err.splitlines()[1].startswith("1 row · ")
    assert cli.main(["-S", "-e", "many"]) == 0
    assert capsys.readouterr().err == ""


def test_log_file(made: Any, session: Any, tmp_path: Path) -> None:
    from engine.events import QueryStarted

    log = tmp_path / "flint.log"
    session.stop = lambda: session.events.publish(QueryStarted(query_id="q7", text="password = 'hunter2'"))
    assert cli.main(["-e", "bug", "--log-file", str(log), "--log-level", "DEBUG"]) == 1
    text = log.read_text()
    assert "ZeroDivisionError" in text
    assert "[q7] QueryStarted" in text
    assert cli.main(["-e", "selct", "--log-file", str(log)]) == 1
    assert "[PARSE_SYNTAX_ERROR]" in log.read_text()
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "unrecognized arguments"),
        (["-e", "select 1", "-f", "x.sql"], "not allowed with"),
        (["--conf", "novalue"], "expected key=value"),
        (["--format", "jsn", "-e", "select 1"], "did you mean json"),
        (["-f", "/no/such/file.sql"], "cannot read /no/such/file.sql: No such file"),
        (["--log-file", "/no/such/folder/x.log", "-e", "select 1"], "cannot write /no/such/folder/x.log"),
        (["demo", "--scale", "big"], "invalid float value"),
    ],
)
def test_usage_errors(made: Any, arguments: list[str], message: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_demo_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def run(scale: float) -> int:
        asked.append(scale)
        return 1

    monkeypatch.setattr(tpch.demo, "run", run)
    assert cli.main(["demo"]) == 1
    assert cli.main(["demo", "--scale", "0.01"]) == 1
    assert asked == [0.1, 0.01]


def test_windows_is_told_where_to_go(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert cli.main(["-e", "select 1"]) == 2
    assert capsys.readouterr().err == "flint runs on Linux and macOS; on Windows, use it inside WSL.\n"


def test_version(capsys: Any) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"flint {engine.__version__}\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """`flint ... | head -1`: no message, and exit code 0."""
    code = f"""
import sys
sys.path[:0] = [{str(Path(cli.__file__).parent)!r}, {str(Path(__file__).parent)!r}]
import pyarrow as pa, conftest, engine.shell.opening as opening, cli
session = conftest.FakeSession()
session.results["big"] = pa.table({{"n": range(200_000)}})
opening.Session = lambda **options: session
sys.exit(cli.main(["-e", "big; big; big", "-o", "csv"]))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"n\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 0
    process.stderr.close()
