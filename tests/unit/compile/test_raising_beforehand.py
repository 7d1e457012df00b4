"""Expressions that may raise and have no code: kernels compute them beforehand, and only rows that get there raise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS = 4000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("raising")
    table = pa.table(
        {
            "k": pa.array([row % 7 for row in range(ROWS)], pa.int32()),
            "digits": [None if row % 50 == 1 else f" {row % 321}" for row in range(ROWS)],
            "some": ["none" if row % 7 == 3 else f"{row}" for row in range(ROWS)],
            "day": [f"20{row % 30:02}-0{row % 9 + 1}-11" for row in range(ROWS)],
        }
    )
    pq.write_table(table.slice(0, 2000), folder / "a.parquet", row_group_size=700)
    pq.write_table(table.slice(2000), folder / "b.parquet", row_group_size=700, use_dictionary=False)
    pq.write_table(pa.table({"k": [0, 2, 3], "name": ["x", "y", "z"]}), folder / "names.parquet")
    with Session(conf={"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false"}) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/[ab].parquet')")
        made.sql(f"CREATE TEMP VIEW names USING parquet OPTIONS (path '{folder}/names.parquet')")
        yield made


def answer(session: Session, text: str, enabled: bool) -> Any:
    session.conf.set("flint.compile.enabled", str(enabled).lower())
    try:
        return sorted((tuple(row.values()) for row in session.sql(text).toArrow().to_pylist()), key=repr)
    except Exception as error:
        return str(error)
    finally:
        session.conf.unset("flint.compile.enabled")


NUMBER = "CAST(digits AS INT)"
GUARDED = "CAST(some AS INT)"
QUERIES = (
    f"SELECT sum({NUMBER}), min(CAST(day AS DATE)) FROM t",
    f"SELECT k, sum({NUMBER}) FROM t WHERE {NUMBER} > 5 GROUP BY k",
    f"SELECT {NUMBER} + 1, k FROM t WHERE k = 2",
    "SELECT CAST(day AS DATE) d, count(*) FROM t GROUP BY 1",
    f"SELECT name, max({NUMBER}) FROM t JOIN names ON t.k = names.k GROUP BY name",
    f"SELECT k, sum({GUARDED}) FROM t WHERE k <> 3 GROUP BY k",
    f"SELECT sum(CASE WHEN k <> 3 THEN {GUARDED} END) FROM t",
    f"SELECT {GUARDED} FROM t WHERE k <> 3 AND {GUARDED} % 100 = 7",
    f"SELECT name, sum({GUARDED}) FROM (SELECT * FROM t WHERE k <> 3) t JOIN names ON t.k = names.k GROUP BY name",
    f"SELECT sum({GUARDED}) FROM t",
    f"SELECT k, {GUARDED} FROM t WHERE k > 2",
    "SELECT regexp_replace(some, 'n(.)', '$1') r, count(*), min(some) FROM t GROUP BY 1",
)


@pytest.mark.parametrize("text", QUERIES)
def test_rows_and_errors_are_those_of_the_operators(session: Session, text: str) -> None:
    expected = answer(session, text, enabled=False)
    assert answer(session, text, enabled=True) == expected
    assert isinstance(expected, str) == (text in QUERIES[9:11]), expected


def test_the_chain_is_compiled(session: Session) -> None:
    for text in (QUERIES[1], QUERIES[4], QUERIES[11]):
        shown = session.sql(f"EXPLAIN CODEGEN {text}").toArrow()[0][0].as_py()
        first = next(each for each in shown.split("Pipeline ") if "by kernels, before" in each)
        assert "interpreted" not in first
