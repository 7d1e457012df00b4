"""The budget is held: what the processes of a session take above idle, anonymous and shared, while their operators spill."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Session
from tpch.measure import Memory, tree_bytes

BUDGET = 160 << 20
ROWS = 6_000_000
QUERIES = {
    "aggregate": f"select count(*), sum(n) from (select id * 7919 % {ROWS} k, max(id) n, min(id) m from range({ROWS})"
    " group by 1) where m >= 0",
    "join": f"select /*+ shuffle_hash(b) */ count(*), sum(b.w) from range({ROWS}) a"
    f" join (select id * 7919 % {ROWS} as id, id + 1 w, cast(id as string) s, id + 2 v from range({ROWS})) b"
    " on a.id = b.id where b.s <> '' and b.v > 0",
    "window": f"select count(*), sum(r) from (select id, row_number() over (partition by id % 100000 order by id * 7919 % 1000)"
    f" as r from range({ROWS}))",
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    conf = {"spark.executor.memory": str(BUDGET), "spark.local.dir": str(tmp_path), "flint.local.rowLimit": "0"}
    session = Session("local[2]", conf)
    yield session
    session.stop()


@pytest.mark.parametrize("text", QUERIES.values(), ids=QUERIES.keys())
def test_operators_hold_the_budget(session: Session, text: str) -> None:
    session.sql("select count(*) from range(100000) where id > 5").collect()
    idle = tree_bytes(os.getpid())
    memory = Memory(os.getpid())
    try:
        (row,) = session.sql(text).collect()
    finally:
        memory.stop()
    assert row[0] == ROWS
    (told,) = session.sql(f"explain analyze {text}").collect()[0]
    assert "MB spilled" in told
    assert memory.peak - idle <= 1.1 * BUDGET
