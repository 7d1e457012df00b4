"""Answers stay the same: every query of same_answers.sql as DuckDB answers it, and without the optional batches too.

The rows hold many nulls and duplicates, which is where subqueries turned into joins go wrong.
"""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import ExecutionError
from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import REQUIRED, batches
from engine.session import Session

QUERIES = [
    line for line in (Path(__file__).parent / "same_answers.sql").read_text().splitlines() if not line.startswith("--")
]
INT = pa.int32()
PLAIN = ",".join(batch.name for batch in batches(OptimizerContext()) if batch.name not in REQUIRED)


def tables():
    chance = random.Random(5)

    def numbers(count, most, nulls, kind=INT):
        return pa.array([None if chance.random() < nulls else chance.randint(1, most) for _ in range(count)], kind)

    def texts(count, values):
        return pa.array([chance.choice(values) for _ in range(count)])

    return {
        "t": pa.table(
            {
                "a": numbers(40, 12, 0.15),
                "b": numbers(40, 6, 0.2),
                "s": texts(40, ["x", "y", "z", None]),
                "n": numbers(40, 30, 0, pa.int64()),
            }
        ),
        "u": pa.table({"a": numbers(25, 12, 0.15), "c": numbers(25, 6, 0.1), "y": texts(25, ["x", "y", "w", None])}),
        "big": pa.table({"k": numbers(60, 10, 0), "ta": numbers(60, 12, 0.1), "uc": numbers(60, 6, 0)}),
    }


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    oracle = duckdb.connect()
    conf = {"flint.optimizer.check": "true"}
    with Session(master="local[1]", conf=conf) as checked, Session(master="local[1]", conf=conf) as plain:
        plain.conf.set("spark.sql.optimizer.excludedRules", PLAIN)
        for name, table in tables().items():
            path = folder / f"{name}.parquet"
            pq.write_table(table, path)
            oracle.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
            for session in (checked, plain):
                session.sql(f"CREATE TEMP VIEW {name} AS SELECT * FROM parquet.`{path}`")
        yield checked, plain, oracle


def comparable(rows):
    def value(it):
        return round(float(it), 4) if isinstance(it, (int, float, Decimal)) and not isinstance(it, bool) else it

    return sorted(repr([value(it) for it in row]) for row in rows)


@pytest.mark.parametrize("text", QUERIES)
def test_as_duckdb_answers(engines, text):
    checked, _, oracle = engines
    assert comparable(checked.sql(text).collect()) == comparable(oracle.execute(text).fetchall())


@pytest.mark.parametrize("text", QUERIES[::4])
def test_as_without_optional_batches(engines, text):
    checked, plain, _ = engines
    assert comparable(checked.sql(text).collect()) == comparable(plain.sql(text).collect())


@pytest.mark.parametrize(
    ("text", "raises"),
    [
        ("select (select x from (values (1), (2)) t(x) where x > y) from (values (1)) u(y)", False),
        ("select (select x from (values (1), (2)) t(x) where x > y) from (values (0)) u(y)", True),
        ("select (select x from (values (1), (1)) t(x) where x = y) from (values (0)) u(y)", False),
        ("select (select x from (values (1), (1)) t(x) where x = y) from (values (1)) u(y)", True),
        ("select (select x from (values (1), (3)) t(x) where x % 2 = y) from (values (1)) u(y)", True),
    ],
)
def test_a_second_row_is_an_error_only_where_it_is_met(engines, text, raises):
    checked, _, _ = engines
    if raises:
        with pytest.raises(ExecutionError) as caught:
            checked.sql(text).collect()
        assert caught.value.condition == "SCALAR_SUBQUERY_TOO_MANY_ROWS"
    else:
        assert len(checked.sql(text).collect()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "select 12 / b from (values (0, 1), (2, 2)) v(b, k) where b <> 0",
        "select a from (values (0, 1), (2, 2)) v(a, k) join (values (2)) w(k2) on k = k2 where 1 / a > 0",
        "select case when b <> 0 then 1 / b end from (values (0), (2)) v(b)",
        "select q from (select b, 12 / b as q from (values (0), (2)) v(b)) where b <> 0",
        "select count(*) from (values (0), (2)) v(b) where b > 5 and 1 / b > 0",
        "select 1 from (values (1)) v(a) where false and 1 / 0 > 1",
        "select a from (select a from (values (0), (3)) v(a) where a <> 0) where 6 / a = 2",
        "select v.a from (values (0), (3)) v(a) left join (values (3)) w(c) on v.a = w.c and 6 / w.c = 2",
    ],
)
def test_no_error_where_no_row_reaches_it(engines, text):
    checked, _, _ = engines
    checked.sql(text).collect()


def test_an_error_that_a_row_reaches_is_raised(engines):
    checked, _, _ = engines
    with pytest.raises(ExecutionError) as caught:
        checked.sql("select b from (values (0), (2)) v(b) where 1 / b > 0").collect()
    assert caught.value.condition == "DIVIDE_BY_ZERO"
