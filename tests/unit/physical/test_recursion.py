"""WITH RECURSIVE where it runs: several executors, rules left out, stopping, and levels larger than memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.errors import Cancelled, ExecutionError
from engine.expressions.base import Attribute
from engine.kernels.context import EvalContext
from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import batches
from engine.physical.execution import Execution
from engine.physical.local import LocalExec
from engine.physical.spool import Spool
from engine.physical.task import TaskContext
from engine.query import Query
from engine.types import LONG

QUERIES = {
    "numbers": "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 50) SELECT sum(n) FROM r",
    "limited": "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r LIMIT 7",
    "paths": """WITH RECURSIVE p AS (SELECT a, b, 1 AS l FROM edges WHERE a = 0
        UNION ALL SELECT p.a, e.b, l + 1 FROM p JOIN edges e ON p.b = e.a WHERE l < 6)
        SELECT l, count(*), sum(b) FROM p GROUP BY l""",
    "both sides": """WITH RECURSIVE p AS (SELECT 1 AS n UNION ALL
        SELECT x.n + y.n FROM p x JOIN p y ON x.n = y.n WHERE x.n < 100) SELECT n FROM p""",
    "reads a table in a query": """WITH RECURSIVE p AS (SELECT 1 AS n UNION ALL
        SELECT n + 1 FROM p WHERE n < (SELECT count(DISTINCT a) FROM edges)) SELECT count(*) FROM p""",
    "reads itself in a query": """WITH RECURSIVE p AS (SELECT 1 AS n UNION ALL
        SELECT n + 1 FROM p WHERE n IN (SELECT n FROM p WHERE n < 9)) SELECT n FROM p""",
    "only in a query": """WITH RECURSIVE p AS (SELECT 1 AS n UNION ALL
        SELECT (SELECT n + 1 FROM p WHERE n < 5)) SELECT n FROM p LIMIT 8""",
    "one in the other": """WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL (
        WITH RECURSIVE q AS (SELECT n FROM r UNION ALL SELECT q.n + 10 FROM q JOIN edges ON edges.a = q.n WHERE q.n < 30)
        SELECT n + 1 FROM q WHERE n < 40)) SELECT n, count(*) FROM r GROUP BY n""",
    "twice": """WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 9)
        SELECT x.n, y.n FROM r x JOIN r y ON x.n = y.n + 1""",
    "a definition inside": """WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL (
        WITH q AS (SELECT DISTINCT n FROM r WHERE n < 5) SELECT a.n + 1 FROM q a JOIN q b ON a.n = b.n)) SELECT n FROM r""",
    "grouped beside": """WITH RECURSIVE r AS (SELECT 0L AS n UNION ALL
        SELECT n + c FROM r JOIN (SELECT a, count(*) AS c FROM edges GROUP BY a) g
            ON g.a = r.n WHERE n < 30) SELECT n FROM r""",
}


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of edges in a few files, so that several tasks read it."""
    folder = tmp_path_factory.mktemp("edges")
    for part in range(4):
        a = [n % 40 for n in range(part * 30, part * 30 + 30)]
        b = [(n * 7 + part) % 40 for n in range(part * 30, part * 30 + 30)]
        pq.write_table(pa.table({"a": a, "b": b}), folder / f"{part}.parquet", row_group_size=7)
    return folder


def session(edges: Path, conf: dict[str, str]) -> Session:
    found = Session("local[2]", {"flint.optimizer.check": "true", **conf})
    found.sql(f"CREATE TEMPORARY VIEW edges USING parquet OPTIONS (path '{edges}')")
    return found


@pytest.fixture(scope="module")
def plain(edges: Path) -> Iterator[Session]:
    with session(edges, {}) as found:
        yield found


def rows(found: Session, text: str) -> list[str]:
    return sorted(str(tuple(row)) for row in found.sql(text).collect())


def test_several_executors_and_no_rules_give_the_same(plain: Session, edges: Path) -> None:
    expected = {name: rows(plain, text) for name, text in QUERIES.items()}
    assert expected["numbers"] == ["(1275,)"] and len(expected["paths"]) == 6
    with session(edges, {"spark.executor.instances": "2"}) as several:
        assert {name: rows(several, text) for name, text in QUERIES.items()} == expected
    names = [rule.name for batch in batches(OptimizerContext()) for rule in batch.rules]
    with session(edges, {"spark.sql.optimizer.excludedRules": ",".join(names)}) as bare:
        assert {name: rows(bare, text) for name, text in QUERIES.items()} == expected


def test_limits_of_levels_and_rows(plain: Session) -> None:
    endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r"
    doubling = (
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + e FROM r, (VALUES 1, 2) t(e)) SELECT max(n) FROM r"
    )
    with pytest.raises(ExecutionError) as levels:
        plain.sql(endless).collect()
    assert levels.value.condition == "RECURSION_LEVEL_LIMIT_EXCEEDED"
    with pytest.raises(ExecutionError) as most:
        plain.sql(doubling).collect()
    assert most.value.condition == "RECURSION_ROW_LIMIT_EXCEEDED"


def test_an_endless_recursion_can_be_stopped(edges: Path) -> None:
    with session(edges, {"spark.sql.cteRecursionLevelLimit": "-1", "spark.sql.cteRecursionRowLimit": "-1"}) as found:
        query = Query(found, "WITH RECURSIVE r AS (SELECT 1L AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r")
        threading.Timer(0.5, query.cancel).start()
        began = time.perf_counter()
        with pytest.raises(Cancelled):
            list(query.batches())
        assert time.perf_counter() - began < 30


def test_what_memory_does_not_hold_is_kept_on_disk() -> None:
    column = Attribute("n", LONG, False)
    batches = [pa.record_batch([pa.array(range(k, k + 1000))], names=["n"]) for k in range(0, 20_000, 1000)]
    with TaskContext.local(budget=40_000) as task:
        spool = Spool(LocalExec((column,), batches[0]), Execution(task, EvalContext()))
        for batch in batches:
            spool.append(batch)
        kept = [value for morsel in spool.morsels(5) for batch in morsel() for value in batch.column(0).to_pylist()]
        assert kept == list(range(5000, 20_000)) and spool.rows == 20_000
        assert list(task.spill_dir().iterdir())
