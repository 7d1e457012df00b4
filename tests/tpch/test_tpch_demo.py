"""`flint demo` and the engine's own answers to TPC-H."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Session
from tpch import check, demo, params, record
from tpch.load import TABLES, load, register

SCALE = 0.01
LONG_SCALE = 0.1


@pytest.fixture(scope="module", params=[1, 2], ids=["one executor", "two executors"])
def session(request: pytest.FixtureRequest, data: Path) -> Iterator[Session]:
    with Session(conf={"spark.executor.instances": str(request.param)}) as made:
        register(made, load(SCALE, data))
        yield made


@pytest.mark.parametrize("query", params.QUERIES)
def test_answers(session: Session, query: int) -> None:
    (outcome,) = check.answer_queries(session, [query], SCALE)
    assert outcome.differences == ()


@pytest.mark.long
@pytest.mark.parametrize("seed", record.SEEDS)
@pytest.mark.parametrize("query", params.QUERIES)
def test_answers_with_random_literals(session: Session, query: int, seed: int) -> None:
    (outcome,) = check.answer_queries(session, [query], SCALE, seed)
    assert outcome.differences == ()


@pytest.mark.long
@pytest.mark.parametrize("executors", [1, 2, 4])
@pytest.mark.parametrize("partitions", [1, 2, 7])
@pytest.mark.parametrize("broadcast", ["-1", "10MB"])
def test_answers_however_it_is_spread(data: Path, executors: int, partitions: int, broadcast: str) -> None:
    conf = {
        "spark.executor.instances": str(executors),
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.autoBroadcastJoinThreshold": broadcast,
    }
    with Session(conf=conf) as session:
        register(session, load(LONG_SCALE, data))
        outcomes = list(check.answer_queries(session, params.QUERIES, LONG_SCALE))
    assert [outcome for outcome in outcomes if not outcome.right] == []


def test_demo(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo, "load", lambda scale: load(scale, data))
    assert demo.run(SCALE) == 0
    printed = capsys.readouterr().out
    assert "22 of 22 right" in printed
    command = shlex.split(printed.splitlines()[-1])
    assert command[1] == "--init"
    statements = Path(command[2]).read_text().splitlines()
    assert len(statements) == len(TABLES) and all(line.endswith(";") for line in statements)


def test_demo_is_one_only_if_an_answer_is_wrong(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "load", lambda scale: load(scale, data))
    monkeypatch.setattr(params, "QUERIES", (6,))
    monkeypatch.setattr(check, "differences", lambda *_: ["row 1 is off"])
    assert demo.run(SCALE) == 1
    printed = capsys.readouterr().out
    assert "0 of 1 right" in printed and "row 1 is off" in printed


def test_demo_without_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run(0.5) == 2
    assert "recorded for scale 0.01, 0.1, 1, 10, not for 0.5" in capsys.readouterr().err


def test_demo_without_the_generator(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    monkeypatch.setattr("tpch.load.sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert demo.run(SCALE) == 2
    assert "pip install 'flint-sql[tpch]'" in capsys.readouterr().err
