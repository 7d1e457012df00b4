"""The first rows of each group: dropping others below the window changes nothing, as code and interpreted, for every type of
key, ranking and place of nulls, and reaches what it is for."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.physical import group_limit

ROWS = 4_000
KINDS = ("tiny", "large", "wide", "ratio", "flag", "word")


def _table() -> pa.Table:
    chance = random.Random(3)

    def some(make: object) -> list[object]:
        return [None if chance.random() < 0.1 else make() for _ in range(ROWS)]  # type: ignore[operator]

    edges = [-(2**63), 2**63 - 1, 0]
    doubles = [0.0, -0.0, float("nan"), float("inf"), -float("inf"), 1.5, -2.5]
    columns = {
        "tiny": pa.array(some(lambda: chance.randint(-3, 3)), pa.int8()),
        "large": pa.array(some(lambda: chance.choice([*edges, chance.randint(-(2**40), 2**40)])), pa.int64()),
        "wide": pa.array(some(lambda: chance.randint(-(10**37), 10**37)), pa.decimal128(38, 0)),
        "ratio": pa.array(some(lambda: chance.choice(doubles))),
        "flag": pa.array(some(lambda: chance.random() < 0.5)),
        "word": pa.array(some(lambda: chance.choice(["", "a", "ab", "é"]))),
        "id": pa.array(range(ROWS)),
        "note": pa.array([f"note {n % 700}" for n in range(ROWS)]),
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("group_limit")
    pq.write_table(_table(), folder / "t.parquet", row_group_size=700)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": False, "spark.executor.cores": 2}
    with Session(conf=conf) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t.parquet')")
        yield made


def _ranked(session: Session, ranking: str, partition: str, order: str, condition: str) -> str:
    window = f"{ranking}() OVER ({f'PARTITION BY {partition} ' if partition else ''}ORDER BY {order})"
    text = f"SELECT * FROM (SELECT *, {window} AS r FROM t) WHERE {condition} ORDER BY id"
    return str(session.sql(text).toArrow().to_pylist())


def _agree(session: Session, ranking: str, partition: str, order: str, most: int) -> None:
    found = _ranked(session, ranking, partition, order, f"r <= {most}")
    session.conf.set("flint.compile.enabled", False)
    try:
        assert found == _ranked(session, ranking, partition, order, f"abs(r) <= {most}"), (ranking, partition, order)
    finally:
        session.conf.unset("flint.compile.enabled")


@pytest.mark.parametrize("kind", KINDS)
def test_orders_of_each_type(session: Session, kind: str) -> None:
    for (ranking, direction), nulls in zip(
        itertools.product(("row_number", "rank", "dense_rank"), ("asc", "desc")), itertools.cycle(("first", "last"))
    ):
        order = f"{kind} {direction} nulls {nulls}" + (", id" if ranking == "row_number" else "")
        _agree(session, ranking, "tiny", order, 3)


@pytest.mark.parametrize("partition", ["large", "ratio, flag", "word", "note", "wide, word", "id % 5", ""])
def test_partitions_of_each_type(session: Session, partition: str) -> None:
    _agree(session, "row_number", partition, "id desc", 1)
    _agree(session, "dense_rank", partition, "large", 2)


@pytest.mark.parametrize(
    "condition", ["r = 1", "r < 3", "2 >= r", "r BETWEEN 2 AND 3", "r <= 0", "r <= 2 AND id % 2 = 0"]
)
def test_conditions(session: Session, condition: str) -> None:
    found = _ranked(session, "row_number", "tiny", "id", condition)
    assert found == _ranked(session, "row_number", "tiny", "id", condition.replace("r", "abs(r)"))
    window = "row_number() OVER (PARTITION BY tiny ORDER BY id)"
    text = f"SELECT *, {window} AS r FROM t QUALIFY {condition} ORDER BY id"
    assert str(session.sql(text).toArrow().to_pylist()) == found


def _plan(session: Session, text: str) -> str:
    return str(session.sql(f"EXPLAIN {text}").toArrow()[0][0].as_py())


def test_where_it_is_used(session: Session) -> None:
    rank, total = "rank() OVER (PARTITION BY tiny ORDER BY id)", "sum(id) OVER (PARTITION BY tiny ORDER BY id)"
    for functions, condition, used in (
        (f"{rank} r", "r <= 2", True),
        (f"{rank} r", "r >= 2", False),
        (f"{rank} r", "r <= 2 OR id = 1", False),
        (f"{rank} r, {total} s", "r <= 2", False),
        (f"{rank.replace('id', 'id / tiny')} r", "r <= 2", False),
    ):
        plan = _plan(session, f"SELECT * FROM (SELECT *, {functions} FROM t) WHERE {condition}")
        assert ("GroupLimit" in plan) == used, functions
    code = f"EXPLAIN CODEGEN SELECT * FROM (SELECT *, {rank} r FROM t) WHERE r <= 2"
    assert "compiled: the end of the pipeline" in session.sql(code).toArrow()[0][0].as_py().split("Pipeline 2")[0]


def test_few_rows_pass(session: Session) -> None:
    for enabled in (True, False):
        session.conf.set("flint.compile.enabled", enabled)
        text = "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY tiny ORDER BY id) r FROM t) WHERE r <= 2"
        lines = session.sql(f"EXPLAIN ANALYZE {text}").toArrow()[0][0].as_py().splitlines()
        limit = next(line for line in lines if "GroupLimit" in line)
        passed = int(limit.split("→")[1].split("│")[0].replace(",", ""))
        assert passed <= (64 if enabled else ROWS)
    session.conf.unset("flint.compile.enabled")


def test_rows_are_cut_without_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_limit, "_CUT_ROWS", 64)
    with Session(conf={"flint.compile.enabled": False, "spark.executor.cores": 2}) as single:
        rows = ", ".join(f"({n % 7}, {n * 37 % 1000})" for n in range(1500))
        single.sql(f"CREATE TEMP VIEW r AS SELECT * FROM VALUES {rows} AS v(k, x)")
        for ranking in ("row_number", "rank", "dense_rank"):
            texts = [
                f"SELECT * FROM (SELECT *, {ranking}() OVER (PARTITION BY k ORDER BY x) n FROM r) WHERE {rank} <= 3"
                for rank in ("n", "abs(n)")
            ]
            limited, whole = (sorted(map(str, single.sql(text).toArrow().to_pylist())) for text in texts)
            assert limited == whole
