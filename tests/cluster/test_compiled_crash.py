"""Compiled code that crashes ends a worker: its task runs again interpreted, and the code is never run again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from schedulers import settings

from engine import Session
from engine.events import CodeCrashed, Event, ExecutorRemoved

pytest.importorskip("llvmlite")

CRASH = """
define i64 @run(ptr %frame, i64 %start, i64 %stop) {
  store volatile i64 1, ptr inttoptr (i64 8 to ptr)
  ret i64 0
}
"""
QUERY = "select v from '{table}' where s like '%7' order by v"


def object_code() -> bytes:
    """A module whose `run` writes where nobody may."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    module = binding.parse_assembly(CRASH)
    machine = binding.Target.from_default_triple().create_target_machine(jit=True)
    code: bytes = machine.emit_object(module)
    return code


@pytest.fixture
def table(tmp_path: Path) -> str:
    """100,000 rows."""
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"v": pa.array(range(100_000)), "s": pa.array([str(v) for v in range(100_000)])}),
        path,
        row_group_size=20_000,
    )
    return str(path)


def conf(tmp_path: Path) -> dict[str, str]:
    """Code is optimized at once, so that it is in the cache after a query."""
    (tmp_path / "run").mkdir(exist_ok=True)
    return settings(tmp_path / "run", 1) | {
        "flint.compile.cache.directory": str(tmp_path / "objects"),
        "flint.compile.optimize": "2",
        "flint.compile.minRows": "0",
    }


@pytest.fixture
def crashing(tmp_path: Path, table: str) -> Iterator[Path]:
    """A cache in which the code of QUERY crashes."""
    with Session(conf=conf(tmp_path)) as session:
        session.sql(QUERY.format(table=table)).toArrow()
    cache = tmp_path / "objects"
    objects = [
        each for each in cache.glob("*.object") if b"\0run\0" in each.read_bytes()
    ]  # chains, not readers of pages
    assert objects
    bad = object_code()
    for each in objects:
        each.write_bytes(hashlib.sha256(bad).digest() + bad)
    yield cache


def test_the_task_runs_again_interpreted(tmp_path: Path, table: str, crashing: Path) -> None:
    expected = pa.table({"v": pa.array(range(7, 100_000, 10))})
    heard: list[Event] = []
    with Session(conf=conf(tmp_path)) as session:
        session.events.subscribe(heard.append)
        assert session.sql(QUERY.format(table=table)).toArrow() == expected
        crashes = [event for event in heard if isinstance(event, CodeCrashed)]
        assert len(crashes) == 1
        assert crashes[0].query_id
        assert "SIGSEGV" in crashes[0].reason
        assert len(crashes[0].keys) == 1
        assert (crashing / f"{crashes[0].keys[0]}.crashed").exists()
        assert session.sql(QUERY.format(table=table)).toArrow() == expected
    assert len([event for event in heard if isinstance(event, ExecutorRemoved)]) == 1


def test_later_sessions_keep_away_from_it(tmp_path: Path, table: str, crashing: Path) -> None:
    with Session(conf=conf(tmp_path)) as session:
        first = session.sql(QUERY.format(table=table)).toArrow()
    heard: list[Event] = []
    with Session(conf=conf(tmp_path)) as session:
        session.events.subscribe(heard.append)
        assert session.sql(QUERY.format(table=table)).toArrow() == first
    assert not [event for event in heard if isinstance(event, CodeCrashed | ExecutorRemoved)]
