"""The same random query, planned and run in several ways and by DuckDB, gives the same rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from query_maker import Generator, normal, write_tables

from engine import Session

BATCHES = (
    "Fold constants",
    "Simplify and push down",
    "Infer filters",
    "Push down what was inferred",
    "Reduce aggregates",
    "Join order",
    "Distinct aggregates",
    "Prune columns",
    "Scans",
)
SEEDS = range(30)
FOUND = {  # what random queries found, kept
    "select (m is not null) <=> false c from t3": "simplify_comparisons changed its own result",
    "with w as (select x c0, abs(m) c1 from t3 where m is null and (not (d <= d) and i = 7)) select * from w where c1 <> 0.00 "
    "union all select * from w where (select count(*) from w) > 3": "so did push_filter_through_project, of two filters",
}
MANY = range(1000, 1200)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of t1.parquet, t2.parquet and t3.parquet."""
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder)
    return folder


def opened(tables: Path, executors: int = 1, **conf: str) -> Session:
    """A session with the three tables as views."""
    settings = {
        "spark.executor.instances": str(executors),
        "spark.executor.cores": "1",
        "flint.optimizer.check": "true",
    }
    session = Session(conf=settings | {name.replace("__", "."): value for name, value in conf.items()})
    for name in ("t1", "t2", "t3"):
        session.sql(f"create temporary view {name} as select * from parquet.`{tables}/{name}.parquet`")
    return session


@pytest.fixture(scope="module")
def one(tables: Path) -> Iterator[Session]:
    """One executor."""
    with opened(tables) as session:
        yield session


@pytest.fixture(scope="module")
def two(tables: Path) -> Iterator[Session]:
    """Two executors, three partitions, no broadcasts: everything is shuffled."""
    conf = {"spark.sql.shuffle.partitions": "3", "spark.sql.autoBroadcastJoinThreshold": "-1"}
    with opened(tables, 2, **conf) as session:
        yield session


@pytest.fixture(scope="module")
def duck(tables: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the same tables."""
    with duckdb.connect() as connection:
        for name in ("t1", "t2", "t3"):
            connection.execute(f"create view {name} as select * from read_parquet('{tables}/{name}.parquet')")
        yield connection


def rows(session: Session, text: str) -> list[tuple[str, ...]]:
    """What the session answers, in an order of its own."""
    return normal(session.sql(text).collect())


def in_duckdb(text: str) -> str:
    """The same query as DuckDB writes it."""
    text = re.sub(r"left (semi|anti) join", r"\1 join", text)
    return re.sub(r"(\d)D\b", r"\1::double", text)


def check(one: Session, duck: duckdb.DuckDBPyConnection, seed: int) -> str:
    """Compares with DuckDB; gives the query."""
    text, _ = Generator(seed).query()
    expected = normal(duck.execute(in_duckdb(text)).fetchall())
    assert rows(one, text) == expected, text
    return text


@pytest.mark.parametrize("seed", SEEDS)
def test_as_duckdb(one: Session, duck: duckdb.DuckDBPyConnection, seed: int) -> None:
    check(one, duck, seed)


@pytest.mark.parametrize("text", FOUND)
def test_found_before(one: Session, duck: duckdb.DuckDBPyConnection, text: str) -> None:
    in_duck = text.replace("<=>", "is not distinct from")
    assert rows(one, text) == normal(duck.execute(in_duck).fetchall())


@pytest.mark.parametrize("batch", BATCHES)
def test_without_a_batch_of_the_optimizer(one: Session, batch: str) -> None:
    for seed in range(100, 103):
        text, _ = Generator(seed).query()
        expected = rows(one, text)
        one.conf.set("spark.sql.optimizer.excludedRules", batch)
        try:
            assert rows(one, text) == expected, text
        finally:
            one.conf.unset("spark.sql.optimizer.excludedRules")


@pytest.mark.parametrize("seed", range(200, 210))
def test_on_two_executors(one: Session, two: Session, seed: int) -> None:
    text, _ = Generator(seed).query()
    assert rows(two, text) == rows(one, text), text


@pytest.mark.long
@pytest.mark.parametrize("seed", MANY)
def test_many(one: Session, two: Session, duck: duckdb.DuckDBPyConnection, seed: int) -> None:
    text = check(one, duck, seed)
    expected = rows(one, text)
    assert rows(two, text) == expected, text
    for batch in BATCHES:
        one.conf.set("spark.sql.optimizer.excludedRules", batch)
        try:
            assert rows(one, text) == expected, (batch, text)
        finally:
            one.conf.unset("spark.sql.optimizer.excludedRules")
