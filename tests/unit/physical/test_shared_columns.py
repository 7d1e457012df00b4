"""Columns that several scans of a query read are decoded once, in memory that nobody else needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.logical.relation import Relation
from engine.memory.pool import MemoryPool, TaskMemory
from engine.physical.shared_columns import SharedColumns

ONE, TWO = (cast(Relation, name) for name in ("one", "two"))
PIECES = (pa.array(np.zeros(100, np.int8)),)


def shared(budget: int, scans: list[tuple[Relation, tuple[str, ...]]]) -> tuple[SharedColumns, MemoryPool]:
    pool = MemoryPool(budget, share=1.0)
    return SharedColumns(scans, TaskMemory(pool, 0)), pool


def test_what_later_scans_read_is_kept_until_the_last_one() -> None:
    columns, pool = shared(10_000, [(ONE, ("a", "b")), (TWO, ("a",)), (ONE, ("a",)), (ONE, ("a", "c"))])
    assert columns.starts(ONE, ("a", "b")) == {"a"} and columns.starts(TWO, ("a",)) == frozenset()
    columns.put("key", PIECES)
    assert pool.used == 100
    assert columns.starts(ONE, ("a",)) == {"a"}
    assert columns.get("key", last=False) == PIECES and columns.get("other", last=False) is None
    assert columns.starts(ONE, ("a", "c")) == frozenset()
    assert columns.get("key", last=True) == PIECES and columns.get("key", last=True) is None
    assert pool.used == 0
    assert columns.starts(ONE, ("a",)) == frozenset(), "once more than was said, as in a recursion"


def test_it_takes_a_small_part_and_gives_way() -> None:
    columns, pool = shared(4_000, [])
    for key in range(5):
        columns.put(key, PIECES)
    assert pool.used == 200
    with TaskMemory(pool, 0).reservation("Sort") as other:
        other.grow(3_800)
        columns.put("more", PIECES)
        assert pool.used == 4_000 and columns.get("more", last=False) is None
    columns.forget()
    assert pool.used == 0 and columns.get(0, last=False) is None


def test_operators_of_the_task_get_its_memory() -> None:
    pool = MemoryPool(4_000, share=1.0)
    memory = TaskMemory(pool, 0)
    columns = SharedColumns([], memory)
    columns.put("a", PIECES)
    with memory.reservation("Sort") as other:
        other.grow(4_000)
        assert columns.get("a", last=False) is None


@pytest.mark.parametrize("size", ["0", "1g"])
def test_a_join_of_a_table_with_itself_reads_it_once(tmp_path: Path, size: str) -> None:
    table = pa.table({"a": list(range(1000)), "b": [n % 10 for n in range(1000)]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=100)
    text = f"SELECT count(*), sum(x.b) FROM parquet.`{tmp_path}/t.parquet` x JOIN parquet.`{tmp_path}/t.parquet` y ON x.a = y.a"
    with Session(conf={"flint.columnCache.size": size}) as session:
        frame = session.sql(text)
        assert frame.collect() == [(1000, 4500)]
        assert frame.query.handle is not None
        counted: dict[str, Any] = {"columns_read": 0, "columns_warm": 0}
        for stage in frame.query.handle.metrics.values():
            for (_, name), each in stage.operators.items():
                if name in counted:
                    counted[name] += int(each.total)
    assert counted == {"columns_read": 20, "columns_warm": 10}
