"""The benchmark, with DuckDB and with stand-ins for engines: what it prints and what it does when one fails."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
import pytest

from tpch import bench, measure
from tpch.bench import TpchWorkload
from tpch.measure import Engine, EngineFailed, Opening, tree_bytes, tree_seconds
from tpch.report import scaling
from tpch.timing import Sample, Timing, execution, geometric_mean, planning, ratios, repeated
from tpch.turns import MADE_UP, Turns

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
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = tmp_path / "engine.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(measure, "SCRIPT", script)
    engine = Engine("stand-in", Opening({}, 1), seconds=0.5)
    yield engine
    engine.stop()


def test_a_run(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, note = tmp_path / "out.json", tmp_path / "out.md"
    options = ["--scale", "0.01", "--data", str(data), "--queries", "1,6", "--reps", "2"]
    engines = ["--engines", "flint,duckdb,duckdb-tables", "--conf", "flint=flint.columnCache.enabled=false"]
    assert bench.main([*options, *engines, "--json", str(out), "--markdown", str(note)]) == 0
    printed = capsys.readouterr().out
    assert "2 threads" in printed and "q06" in printed and "/duckdb-tables" in printed and "plans in" in printed
    assert "| q06 |" in note.read_text() and "geometric mean of 2" in note.read_text()
    written = json.loads(out.read_text())
    assert written["workload"] == "TPC-H at scale 0.01" and written["threads"] == 2
    assert written["settings"] == {"flint": {"flint.columnCache.enabled": "false"}}
    assert list(written["queries"]) == ["q01", "q06"]
    timing = written["queries"]["q01"]["flint"]
    assert timing["first"]["seconds"] > 0 and timing["first"]["planning"] > 0
    assert 2 <= len(timing["repeated"]) <= 4 and timing["rows"] == 4 and timing["note"] == ""
    assert timing["checked"] == 3, "the first answer with the record, two with DuckDB's"
    assert written["engines"]["duckdb"]["peak_bytes"] > 1_000_000 and written["engines"]["duckdb"]["loading"] is None
    assert written["engines"]["duckdb-tables"]["loading"] > 0
    assert written["geometric_means"]["duckdb"]["wall"] > 0
    assert bench.main([*options, *engines, "--smaller", str(out)]) == 0
    assert "flint against TPC-H at scale 0.01: execution" in capsys.readouterr().out


def test_tables_in_memory(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--scale", "0.01", "--data", str(data), "--queries", "3", "--reps", "1", "--mode", "cached"]
    assert bench.main([*options, "--engines", "flint-tables,duckdb-tables", "--object-cache", "empty"]) == 0
    printed = capsys.readouterr().out
    assert "object code cache empty" in printed
    assert "tables in memory" in printed and printed.count("loaded in") == 2


def test_nothing_to_measure(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "python"
    missing.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # a Python without packages
    missing.chmod(0o755)
    arguments = ["--scale", "0.01", "--data", str(data), "--engines", "duckdb", "--python", f"duckdb={missing}"]
    assert bench.main(arguments) == 2
    assert "without duckdb: ModuleNotFoundError" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [["--engines", "oracle"], ["--queries", "23"], ["--python", "duckdb"], ["--conf", "flint=x"], ["--mode", "cold"]],
)
def test_usage(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(wrong)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage")


def test_an_engine_that_fails_goes_on(stand_in: Engine) -> None:
    with pytest.raises(EngineFailed, match="Oops: no"):
        stand_in.run("fail")
    sample, rows = stand_in.run("select 1")
    assert (sample.seconds, rows) == (0.5, 1)


@pytest.mark.parametrize(("text", "message"), [("die", "ended"), ("sleep", r"took over 0.5 s")])
def test_an_engine_that_ends_or_hangs_starts_anew(stand_in: Engine, text: str, message: str) -> None:
    process = stand_in.start()
    with pytest.raises(EngineFailed, match=message):
        stand_in.run(text)
    assert process.poll() is not None
    assert stand_in.run("select 1")[1] == 1


def test_nothing_runs_after_stop(stand_in: Engine) -> None:
    pid = stand_in.start().pid
    assert tree_bytes(pid) > 1_000_000
    stand_in.stop()
    assert not psutil.pid_exists(pid)
    assert tree_bytes(pid) == 0 and tree_seconds(pid) == 0


class Scripted:
    """A workload of one statement, whose text says what the stand-in does."""

    title = "scripted"
    statements = ("s",)

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.tables: dict[str, list[str]] = {}
        self.asked: list[int] = []

    def text(self, name: str, number: int, peer: str) -> str:
        self.asked.append(number)
        return self.texts[min(number, len(self.texts) - 1)]

    def checks(self, number: int) -> bool:
        return False

    def wrong(self, name: str, number: int, answer: object, reference: object) -> str | None:
        return None


def test_a_failed_first_is_not_repeated(stand_in: Engine) -> None:
    start = time.perf_counter()
    workload = Scripted("fail")
    timings = Turns(workload, [stand_in], 3).run(lambda *_: None)
    assert timings["s"]["stand-in"] == Timing(note="failed: Oops: no")
    assert workload.asked == [0] and time.perf_counter() - start < 30


def test_noise_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = iter([0.0, 0.9, 0.1, 0.8, 0.9, 0.05, 0.0])
    engine = Engine("stand-in", Opening({}, 1))
    monkeypatch.setattr(engine, "run", lambda text, keep: (Sample(1.0, busy=next(busy)), 1))
    workload = Scripted("select")
    timing = Turns(workload, [engine], 2, patience=3).run(lambda *_: None)["s"]["stand-in"]
    assert [sample.busy for sample in timing.repeated] == [0.9, 0.1, 0.8, 0.9, 0.05]
    assert [sample.busy for sample in timing.quiet] == [0.05, 0.1, 0.8]
    assert workload.asked == [0, 1, 2, MADE_UP, MADE_UP + 1, MADE_UP + 2]


def test_literals_are_fresh_in_each_round(data: Path) -> None:
    workload = TpchWorkload(data / "sf0.01", 0.01, [6])
    texts = {workload.text("q06", number, "duckdb") for number in range(4)}
    assert len(texts) == 4
    assert workload.wrong("q06", 1, None, None) is None, "nothing to compare with"


def runs(*seconds: float) -> list[Sample]:
    return [Sample(each, planning=each / 2) for each in seconds]


def test_ratios_leave_out_what_is_wrong_or_missing() -> None:
    timings = {
        "q01": {"flint": Timing(None, runs(2.0, 1.0, 3.0)), "duckdb": Timing(None, runs(1.0))},
        "q02": {"flint": Timing(None, runs(8.0)), "duckdb": Timing(None, runs(1.0))},
        "q03": {"flint": Timing(None, runs(1.0), note="wrong: rows"), "duckdb": Timing(None, runs(1.0))},
        "q04": {"flint": Timing(note="failed: x"), "duckdb": Timing(None, runs(1.0))},
        "q05": {"flint": Timing(None, runs(1.0)), "duckdb": Timing(note="failed: x")},
    }
    assert ratios(timings, "flint", "duckdb") == {"q01": 2, "q02": 8}
    assert repeated(timings["q01"]["flint"]) == 2 and planning(timings["q01"]["flint"]) == 1
    assert execution(timings["q01"]["flint"]) == 1
    assert geometric_mean([2, 8]) == pytest.approx(4)
    assert geometric_mean([]) is None


def test_growth_from_a_smaller_scale() -> None:
    timings = {"q01": {"flint": Timing(None, runs(20.0))}, "q02": {"flint": Timing(None, runs(30.0))}}
    written = {name: {"flint": {"repeated": [{"seconds": 2.0, "planning": 0.0}]}} for name in timings}
    (line,) = scaling(timings, {"workload": "small", "queries": written}, "flint")
    assert line == "flint against small: execution 6.2 times in total, q02 7.5 times"
