"""The benchmark, with DuckDB and with stand-ins for engines: what it prints and what it does when one fails."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
import pytest

from tpch import bench, measure
from tpch.bench import Timing, geometric_mean, ratios
from tpch.measure import Engine, EngineFailed, tree_bytes

STAND_IN = """
import json, sys, time
for line in sys.stdin:
    request = json.loads(line)
    text = request.get("text", "")
    if "die" in text: sys.exit(3)
    if "sleep" in text: time.sleep(60)
    answer = {"error": "Oops: no"} if "fail" in text else {"version": "9", "seconds": 0.5, "rows": 1}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path):
    script = tmp_path / "engine.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(measure, "SCRIPT", script)
    engine = Engine("stand-in", data / "sf0.01", threads=1, seconds=0.5)
    yield engine
    engine.stop()


def test_a_run(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    arguments = ["--scale", "0.01", "--data", str(data), "--engines", "duckdb", "--queries", "1,6", "--reps", "2"]
    assert bench.main([*arguments, "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "2 threads" in printed and "q06" in printed and "of ratios, repeated" in printed
    written = json.loads(out.read_text())
    assert written["scale"] == 0.01 and written["threads"] == 2
    assert list(written["queries"]) == ["q01", "q06"]
    timing = written["queries"]["q01"]["duckdb"]
    assert timing["first"] > 0 and len(timing["repeated"]) == 2 and timing["rows"] == 4 and timing["note"] == ""
    assert written["engines"]["duckdb"]["peak_bytes"] > 1_000_000
    assert written["engines"]["duckdb"]["geometric_mean_repeated"] == 1


def test_nothing_to_measure(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "python"
    missing.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # a Python without packages
    missing.chmod(0o755)
    arguments = ["--scale", "0.01", "--data", str(data), "--engines", "duckdb", "--python", f"duckdb={missing}"]
    assert bench.main(arguments) == 2
    assert "without duckdb: ModuleNotFoundError" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--engines", "oracle"], ["--queries", "23"], ["--python", "duckdb"]])
def test_usage(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(wrong)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage")


def test_an_engine_that_fails_goes_on(stand_in: Engine) -> None:
    with pytest.raises(EngineFailed, match="Oops: no"):
        stand_in.run("fail")
    assert stand_in.run("select 1") == {"version": "9", "seconds": 0.5, "rows": 1}


@pytest.mark.parametrize(("text", "message"), [("die", "ended"), ("sleep", r"took over 0.5 s")])
def test_an_engine_that_ends_or_hangs_starts_anew(stand_in: Engine, text: str, message: str) -> None:
    process = stand_in.start()
    with pytest.raises(EngineFailed, match=message):
        stand_in.run(text)
    assert process.poll() is not None
    assert stand_in.run("select 1")["rows"] == 1


def test_nothing_runs_after_stop(stand_in: Engine) -> None:
    pid = stand_in.start().pid
    assert tree_bytes(pid) > 1_000_000
    stand_in.stop()
    assert not psutil.pid_exists(pid)
    assert tree_bytes(pid) == 0


def test_a_failed_first_is_not_repeated(stand_in: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tpch.params.text", lambda *_: "fail")
    start = time.perf_counter()
    timings = bench.measure([stand_in], [1], 0.01, 3)
    assert timings[1]["stand-in"] == Timing(note="failed: Oops: no")
    assert time.perf_counter() - start < 30


def test_ratios_leave_out_what_is_wrong_or_missing() -> None:
    timings = {
        1: {"flint": Timing(4.0, [2.0, 1.0, 3.0]), "duckdb": Timing(1.0, [1.0])},
        2: {"flint": Timing(9.0, [8.0]), "duckdb": Timing(1.0, [1.0])},
        3: {"flint": Timing(1.0, [1.0], note="wrong: rows"), "duckdb": Timing(1.0, [1.0])},
        4: {"flint": Timing(note="failed: x"), "duckdb": Timing(1.0, [1.0])},
    }
    assert ratios(timings, "flint", "first") == [4, 9]
    assert ratios(timings, "flint", "median") == [2, 8]
    assert geometric_mean([2, 8]) == pytest.approx(4)
    assert geometric_mean([]) is None
