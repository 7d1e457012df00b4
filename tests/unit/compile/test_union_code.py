"""UNION ALL within compiled chains: what follows it is code for the rows of each member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS = 3000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("unions")
    first = {"a": list(range(ROWS)), "b": [row % 7 for row in range(ROWS)], "w": [f"w{row % 9}" for row in range(ROWS)]}
    second = {
        "a": [None if row % 5 == 0 else row << 33 for row in range(ROWS)],
        "b": [row % 11 for row in range(ROWS)],
        "w": [None if row % 4 == 0 else f"v{row}" for row in range(ROWS)],
    }
    kinds = pa.schema([("a", pa.int64()), ("b", pa.int32()), ("w", pa.string())])
    pq.write_table(pa.table(first, kinds), folder / "one.parquet", row_group_size=1000)
    pq.write_table(pa.table(second, kinds), folder / "two.parquet", row_group_size=700, use_dictionary=False)
    pq.write_table(pa.table({"b": [0, 3, 10], "name": ["x", "y", None]}), folder / "names.parquet")
    with Session(conf={"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false"}) as made:
        for name in ("one", "two", "names"):
            made.sql(f"CREATE TEMP VIEW {name} USING parquet OPTIONS (path '{folder}/{name}.parquet')")
        yield made


def answer(session: Session, text: str) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in session.sql(text).toArrow().to_pylist()), key=repr)


BOTH = "(SELECT a, b, w FROM one UNION ALL SELECT a, b + 1, w FROM two WHERE b > 2)"
SWAPPED = "(SELECT a, b c FROM one UNION ALL SELECT b, a FROM one UNION ALL SELECT a, a FROM two)"
QUERIES = (
    f"SELECT count(*), sum(a), min(w), max(b), round(stddev(b), 9) FROM {BOTH}",
    f"SELECT b, w, count(a), sum(a) FROM {BOTH} GROUP BY b, w",
    f"SELECT name, count(*), sum(a) FROM {BOTH} u JOIN names ON u.b = names.b GROUP BY name",
    f"SELECT /*+ broadcast(u) */ name, u.a FROM names LEFT JOIN {BOTH} u ON u.b = names.b WHERE u.a % 100 = 3 OR u.a IS NULL",
    f"SELECT a, b, w FROM {BOTH} WHERE a % 10 = 3",
    f"SELECT a, b, w FROM {BOTH} ORDER BY a DESC, b, w LIMIT 20",
    f"SELECT c, count(*), sum(a) FROM {SWAPPED} GROUP BY c",
    f"WITH u AS {BOTH} SELECT count(*) FROM u x JOIN u y ON x.a = y.a AND x.b < y.b",
    "SELECT w, a FROM one EXCEPT ALL SELECT w, a FROM two",
    "SELECT b FROM one INTERSECT SELECT b FROM two",
    f"SELECT b, GROUPING_ID(), count(*) FROM {BOTH} GROUP BY ROLLUP (b)",
)


@pytest.mark.parametrize("text", QUERIES)
def test_rows_of_all_members(session: Session, text: str) -> None:
    found = answer(session, text)
    session.conf.set("flint.compile.enabled", "false")
    try:
        expected = answer(session, text)
    finally:
        session.conf.unset("flint.compile.enabled")
    assert found == expected


def test_what_follows_is_compiled(session: Session) -> None:
    shown = session.sql(f"EXPLAIN CODEGEN {QUERIES[2]}").toArrow()[0][0].as_py()
    assert "compiled: Union" in shown
    assert "interpreted: Union" not in shown
