"""Operators whose rows are on disk give the same answers: budgets of which nothing may be filled make all of them spill."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.cluster.inline import InlineCluster
from engine.errors import Cancelled, ClusterError
from engine.kernels.context import EvalContext
from engine.memory import spill
from engine.memory.pool import MemoryPool, TaskMemory
from engine.memory.spill import PARTITIONS, PartitionWriter
from engine.physical import external_sort
from engine.physical.program import ResultOutput
from engine.physical.task import TaskContext
from engine.plan.context import PlannerContext
from engine.plan.pipelines import program
from engine.plan.planner import plan_physical

ROWS = 600
CONF = {"flint.local.rowLimit": "0", "spark.sql.catalogImplementation": "in-memory"}


class InProcess(Session):
    """A session whose executor has two threads of this process."""

    @property
    def cluster(self) -> Any:
        return self._once("cluster", lambda: InlineCluster(self.conf.mapping(), cores=2))


def write_tables(folder: Path) -> None:
    """Two tables of nullable columns: k of few values, one of which is frequent, l of many; text, decimals, nested ones."""
    for seed, (name, rows) in enumerate({"a": ROWS, "b": ROWS // 2}.items()):
        rng = np.random.default_rng(seed)
        none = [rng.random(rows) < 0.1 for _ in range(7)]
        few = np.where(rng.random(rows) < 0.3, 7, rng.integers(0, 200, rows))
        many = rng.integers(0, 10**12, rows)
        columns = {
            "id": pa.array(np.arange(rows)),
            "k": pa.array(few, mask=none[0]),
            "l": pa.array(many % 1500, mask=none[1]),
            "s": pa.array([f"text {n % 300}" for n in many], mask=none[2]),
            "d": pa.array(np.round(rng.normal(size=rows) * 4) / 4 + 0.0, mask=none[3]),
            "n": pa.array(many % 10**6, mask=none[4]).cast(pa.decimal128(21, 2)),
            "v": pa.array([[n % 3, None] if n % 2 else [] for n in many.tolist()], mask=none[5]),
            "u": pa.array([{"x": n % 5, "y": str(n % 7)} for n in many.tolist()], mask=none[6]),
        }
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", row_group_size=rows // 3)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Session, Path]]:
    """One that has memory, one that fills nothing of it, and the folder of the second one's files."""
    folder = tmp_path_factory.mktemp("spilling")
    write_tables(folder)
    found = []
    for share in ("0.75", "0"):
        session = InProcess("local[2]", CONF | {"spark.memory.fraction": share, "spark.local.dir": str(folder / share)})
        for name in ("a", "b"):
            session.sql(f"create temporary view {name} as select * from parquet.`{folder}/{name}.parquet`")
        found.append(session)
    yield found[0], found[1], folder / "0"
    for session in found:
        session.stop()


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions of a few rows are split again, and chunks of runs have few rows."""
    monkeypatch.setattr(spill, "SMALL_BYTES", 2000)
    monkeypatch.setattr(external_sort, "CHUNK_ROWS", 16)


def rows(session: Session, text: str) -> list[str]:
    return [repr(tuple(row)) for row in session.sql(text).collect()]


JOINS = ("join", "left join", "right join", "full join", "left semi join", "left anti join")
CONDITIONS = ("a.l = b.l", "a.s = b.s and a.d < b.d", "a.k <=> b.k and a.l = b.l", "a.n = b.n and a.s <=> b.s")


@pytest.mark.parametrize("kind", JOINS)
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("hint", ["shuffle_hash(a)", "shuffle_hash(b)", "merge(a)"])
def test_joins(sessions: tuple[Session, Session, Path], kind: str, condition: str, hint: str) -> None:
    text = f"select /*+ {hint} */ * from a {kind} b on {condition}"
    first, second = (sorted(rows(session, text)) for session in sessions[:2])
    assert first == second


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("kind", JOINS)
def test_joins_split_again(sessions: tuple[Session, Session, Path], kind: str) -> None:
    """One key has a third of the rows: it is joined in pieces."""
    text = f"select /*+ shuffle_hash(b) */ a.id, b.id from a {kind} b on a.k = b.k"
    text = text.replace(", b.id", "") if kind in ("left semi join", "left anti join") else text
    first, second = (sorted(rows(session, text)) for session in sessions[:2])
    assert first == second


QUERIES = (
    "select * from a where l not in (select l from b where l is not null and l > 700)",
    "select * from a where l not in (select l from b)",
    "select id, exists (select 1 from b where b.l = a.l) or k = 3 from a",
    "select a.id, b.id from a join b on a.id < 20 and a.d < b.d",
    "select a.id, b.id from a left join b on a.d < b.d - 3",
    "select a.id, b.id from a full join b on a.d < b.d - 4",
    "select a.k, count(*) from a join b using (k) where a.id < 500 group by a.k",
    "select l, count(*), sum(n), avg(d), min(s), max(v) from a group by l",
    "select s, u, count(distinct l), sum(distinct k), collect_set(k) is null from a group by s, u",
    "select v, round(stddev(d), 6), percentile(d, 0.5), bool_and(d > 0) from a group by v",
    "select count(*), sum(l), count(distinct s) from a",
    "select distinct s, k from a",
    "select k, s, grouping(s), sum(l) from a group by rollup (k, s)",
    "select id, sum(l) over (partition by k order by id), rank() over (partition by s order by l) from a",
    "select id, lag(id) over (partition by k order by id), ntile(3) over (partition by l order by id) from a",
    "select a.l, c.n from a join (select l, count(*) n from b group by l) c on a.l = c.l where a.l > c.n",
    "with t as (select l, count(*) n from a group by l) select x.l, y.n from t x join t y on x.l = y.l + 1",
    "select * from a intersect select * from a where k > 50",
    "select k from a except all select k from b",
    "with recursive t(i) as (select 1 union all select i + 1 from t join b on b.id = i where i < 6) select * from t",
)


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("text", [QUERIES[n] for n in (0, 6, 7, 8, 13)])
def test_queries_split_again(sessions: tuple[Session, Session, Path], text: str) -> None:
    first, second = (sorted(rows(session, text)) for session in sessions[:2])
    assert first == second


@pytest.mark.parametrize("text", QUERIES)
def test_queries(sessions: tuple[Session, Session, Path], text: str) -> None:
    first, second = (sorted(rows(session, text)) for session in sessions[:2])
    assert first == second


@pytest.mark.parametrize("text", QUERIES)
def test_queries_in_code(sessions: tuple[Session, Session, Path], text: str) -> None:
    expected = sorted(rows(sessions[0], text))
    sessions[1].conf.set("flint.compile.minRows", "0")
    try:
        assert sorted(rows(sessions[1], text)) == expected
    finally:
        sessions[1].conf.unset("flint.compile.minRows")


SORTED = (
    "select * from a order by l, id",
    "select * from a order by s desc nulls last, d, id desc",
    "select id, k from a order by k nulls first, id",
    "select * from a order by u, v, id",
    "select id from a order by n desc, id limit 10",
    "select id from a order by d, id limit 300 offset 200",
    "select id from a order by id limit 5000 offset 599",
    "select id from (select * from a where k = 7) order by k, id",
)


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("text", SORTED)
def test_orders(sessions: tuple[Session, Session, Path], text: str) -> None:
    first, second = (rows(session, text) for session in sessions[:2])
    assert first == second


def test_nothing_stays(sessions: tuple[Session, Session, Path]) -> None:
    """Files of what is spilled have no name, even while they are used."""
    rows(sessions[1], QUERIES[7])
    assert [file for file in sessions[2].rglob("*") if file.is_file() and file.name != "owner.lock"] == []


def test_explain_analyze_tells(sessions: tuple[Session, Session, Path]) -> None:
    (text,) = sessions[1].sql(f"explain analyze {QUERIES[7]}").collect()[0]
    assert "spilled" in text and "no spill" not in text
    (text,) = sessions[0].sql(f"explain analyze {QUERIES[7]}").collect()[0]
    assert "no spill" in text


def spilled_task(folder: Path, text: str, budget: int, share: float = 0) -> tuple[TaskContext, Any]:
    """A task that answers a query over a and b with so little memory, and its program."""
    session = InProcess("local[1]", CONF)
    for name in ("a", "b"):
        session.sql(f"create temporary view {name} as select * from parquet.`{folder}/{name}.parquet`")
    plan = plan_physical(session.sql(text).query.optimized, PlannerContext())
    session.stop()
    return TaskContext.local(budget=budget, share=share), program(plan, ResultOutput(), EvalContext())


@pytest.mark.parametrize(
    "text",
    [
        "select l, count(*) from a group by l",
        "select * from a order by s",
        "select *, count(*) over (partition by s) from a",
    ],
)
def test_the_end_gives_all_back(tmp_path: Path, text: str) -> None:
    """Memory and descriptors, also when the task is cancelled on its way."""
    write_tables(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for cancelled in (False, True):
        task, stage = spilled_task(tmp_path, text, 64 << 20)
        with task:
            write = task.spill

            def counted(*arguments: Any, write: Any = write, task: Any = task) -> Any:
                task.cancel.set()
                return write(*arguments)

            if cancelled:
                task.spill = counted  # type: ignore[method-assign]
                with pytest.raises(Cancelled):
                    stage.run(0, task)
                del task.spill
            else:
                stage.run(0, task)
        assert task.memory.pool.used == 0
        del task, stage
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@pytest.mark.parametrize("text", [*QUERIES, "select * from a order by s limit 5"])
@pytest.mark.parametrize("share", [0, 0.75])
def test_what_a_run_kept_is_gone_with_it(tmp_path_factory: pytest.TempPathFactory, text: str, share: float) -> None:
    """Without Python's collector, which may come late: nothing of a run is part of a ring."""
    folder = tmp_path_factory.getbasetemp() / "kept"
    if not folder.exists():
        folder.mkdir()
        write_tables(folder)
    task, stage = spilled_task(folder, text, 64 << 20, share)
    over = weakref.ref(task)
    gc.disable()
    try:
        with task:
            stage.run(0, task)
        del task, stage
        assert over() is None
    finally:
        gc.enable()


def test_a_built_side_gives_way_to_the_next_one(tmp_path: Path) -> None:
    """The larger one, which waits, goes to disk; no other."""
    write_tables(tmp_path)
    text = "select /*+ shuffle_hash(y), shuffle_hash(z) */ count(*), sum(z.n) from a x join a y on x.id = y.id"
    text += " join (select id, n from a where k < 60) z on x.id = z.id where y.s <> ''"
    expected: list[Any] = []
    for budget in (64 << 20, 65_000):
        task, stage = spilled_task(tmp_path, text, budget, share=0.75)
        with task:
            stage.run(0, task)
            found = [batch.to_pylist() for batch in task.emitted]
            spilled = [key for key, size in task.metrics.values.items() if key[1] == "spill_bytes"]
        expected = expected or found
        assert found == expected
    assert len(spilled) == 1


def test_a_full_disk_is_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tables(tmp_path)

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    task, stage = spilled_task(tmp_path, "select l, count(*) from a group by l", 64 << 20)
    monkeypatch.setattr(os, "pwrite", full)
    with task, pytest.raises(ClusterError) as error:
        stage.run(0, task)
    assert error.value.condition == "SPILL_DISK_FULL"
    assert error.value.message_parameters["setting"] == "spark.local.dir"


def test_what_cannot_fit_names_its_operator(tmp_path: Path) -> None:
    write_tables(tmp_path)
    window = "select count(*) over (order by l rows between current row and unbounded following), * from a"
    task, stage = spilled_task(tmp_path, window, 50_000)
    with task, pytest.raises(ClusterError) as error:
        stage.run(0, task)
    assert error.value.condition == "OUT_OF_MEMORY"
    assert "Window of partition 0" in str(error.value) and "spark.executor.memory" in str(error.value)


def test_windows_without_partitions_pass_by(tmp_path: Path) -> None:
    write_tables(tmp_path)
    over = "over (order by l)"
    text = f"select count(*) {over}, rank() {over}, lag(s) over (order by l, s), sum(l) over (), * from a"
    task, stage = spilled_task(tmp_path, text, 400_000)
    with task:
        stage.run(0, task)
        found = sorted(str(row) for batch in task.emitted for row in batch.to_pylist())
    task, stage = spilled_task(tmp_path, text, 64 << 20, share=0.9)
    with task:
        stage.run(0, task)
        assert found == sorted(str(row) for batch in task.emitted for row in batch.to_pylist())


def test_chunks_come_back_by_partition(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    with TaskContext.local() as task:
        file = task.spill(1)
        hashes = rng.integers(0, 1 << 63, 10_000, dtype=np.uint64) * np.uint64(2)
        numbers = np.arange(10_000)

        def write(start: int) -> None:
            writer = PartitionWriter(file, 0, 1 << 20)
            for begin in range(start, start + 5000, 500):
                part = slice(begin, begin + 500)
                writer.add(pa.record_batch({"n": numbers[part], "s": [str(n) for n in numbers[part]]}), hashes[part])
            writer.flush()

        threads = [threading.Thread(target=write, args=(start,)) for start in (0, 5000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for place in range(PARTITIONS):
            found = [n for batch in file.batches(place) for n in batch.column(0).to_pylist()]
            assert sorted(found) == numbers[hashes >> np.uint64(59) == place].tolist()
            assert len(found) == file.rows(place)
        assert task.metrics.values[1, "spill_files"] == 1
        assert task.metrics.values[1, "spill_bytes"] > 0


def test_idle_holders_give_way_the_largest_first() -> None:
    pool = MemoryPool(1000, share=0.9)
    task = TaskMemory(pool, 0)
    given: list[str] = []

    def holder(name: str, size: int) -> None:
        held = task.reservation(name)
        held.grow(size)
        held.gives_way(lambda: (given.append(name), held.release())[0])

    holder("small", 100)
    holder("large", 400)
    holder("middle", 300)
    asking = task.reservation("asking")
    assert asking.try_grow(200) and given == ["large"]
    assert not asking.try_grow(10_000) and given == ["large", "middle"]  # the small one holds less than who asks
    asking.grow(750)
    assert given == ["large", "middle", "small"] and pool.used == 950
