"""ASOF JOIN gives what DuckDB gives, on one executor and on three, over the fuzzer's tables: nulls, NaN, extremes, odd text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import duckdb
import pytest
from fuzz.lab import Lab
from fuzz.oracles import BROADCAST, SHUFFLED
from fuzz.tables import TABLES, write_tables

KINDS = ("i", "x", "m", "s", "d")
CASES = list(itertools.product(KINDS, (">=", ">", "<=", "<"), ("", "k", "k, p")))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Sessions over the fuzzer's tables."""
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder)
    lab = Lab(folder)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def duck(lab: Lab) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the same tables."""
    with duckdb.connect() as connection:
        for name in TABLES:
            connection.execute(f"create view {name} as select * from read_parquet('{lab.folder}/{name}/*.parquet')")
        yield connection


@pytest.mark.parametrize("number", range(len(CASES)))
def test_nearest_rows(lab: Lab, duck: duckdb.DuckDBPyConnection, number: int) -> None:
    at, operator, keys = CASES[number]
    kind = ("", "left")[number % 2]
    names = [key.strip() for key in keys.split(",") if key]
    listed = ", ".join([*names, at])
    # one row for each value: which of several it would be is open
    right = f"(select {listed}, max(m) top, count(*) many from t3 group by {listed})"
    on = " and ".join([*(f"a.{name} = b.{name}" for name in names), f"a.{at} {operator} b.{at}"])
    text = f"select a.{at} own, b.{at} found, many, cast(top as string) top, a.k from t1 a asof {kind} join {right} b on {on}"
    if number % 3 == 0:
        text += " where a.i > 0 or b.many = 1"
    expected = sorted(map(plain, duck.execute(text.replace("string", "varchar")).fetchall()))
    assert sorted(map(plain, lab.one.sql(text).collect())) == expected
    assert lab.run(text, batch_rows=3) == lab.run(text)
    assert lab.run(text, (BROADCAST, SHUFFLED)[number // 3 % 2], executors=3) == lab.run(text)


def plain(row: tuple) -> tuple[str, ...]:
    return tuple(str(value if value != 0 else abs(value)) for value in row)


def test_using_compares_the_last_column(lab: Lab) -> None:
    using = lab.run("select * from (select k, i from t1) a asof join (select distinct k, i from t3) b using (k, i)")
    on = lab.run(
        "select a.* from (select k, i from t1) a asof join (select distinct k, i from t3) b on a.k = b.k and a.i >= b.i"
    )
    assert using == on and using.rows


def test_none_of_several_rows_is_lost_with_equal_values(lab: Lab) -> None:
    found = lab.run("select count(*) from t1 a asof join t3 b on a.k = b.k and a.i >= b.i")
    distinct = lab.run(
        "select count(*) from t1 a asof join (select distinct k, i from t3) b on a.k = b.k and a.i >= b.i"
    )
    assert found == distinct
