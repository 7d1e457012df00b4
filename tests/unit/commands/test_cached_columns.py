"""CACHE TABLE of files: columns pinned in the executors' cache."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine import Session
from engine.events import CachedInPart
from engine.sources.arrow import ArrowRelation


def counts(session: Session, text: str) -> Counter[str]:
    """What the scans of a statement counted."""
    frame = session.sql(text)
    frame.collect()
    assert frame.query.handle is not None
    found: Counter[str] = Counter()
    for stage in frame.query.handle.metrics.values():
        for (_, name), each in stage.operators.items():
            found[name] += int(each.total)
    return found


def test_all_columns_are_warm_once_a_table_is_cached(session: Session, sql: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"a": list(range(100)), "b": [str(n) for n in range(100)]})
    pq.write_table(table, path, row_group_size=25)
    sql(f"CREATE TEMP VIEW files AS SELECT * FROM parquet.`{path}`")
    sql("CACHE TABLE files")
    (cached,) = session.catalog.cached().values()
    assert not isinstance(cached, ArrowRelation)
    found = counts(session, "SELECT sum(a), max(b) FROM files")
    assert found["columns_warm"] == 8 and found["columns_read"] == 0
    path.unlink()
    assert sql("SELECT sum(a), max(b) FROM files") == [(4950, "99")], "as it was when it was cached"
    sql("UNCACHE TABLE files")
    pq.write_table(table.slice(0, 10), path)
    assert sql("SELECT sum(a), max(b) FROM files") == [(45, "9")]


def test_lazy_ones_are_pinned_when_they_are_read(session: Session, sql: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2], "b": [3, 4]}), tmp_path / "t.parquet")
    sql(f"CREATE TEMP VIEW files AS SELECT * FROM parquet.`{tmp_path}/t.parquet`")
    sql("CACHE LAZY TABLE files")
    assert counts(session, "SELECT sum(a) FROM files")["columns_read"] == 1
    assert counts(session, "SELECT sum(a), sum(b) FROM files") | {"columns_warm": 1, "columns_read": 1}


def test_queries_keep_their_rows(session: Session, sql: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2], "b": [3, 4]}), tmp_path / "t.parquet")
    for number, query in enumerate(("SELECT a + 1 AS a FROM f", "SELECT b, a FROM f", "SELECT a FROM f WHERE a > 1")):
        text = query.replace("FROM f", f"FROM parquet.`{tmp_path}/t.parquet`")
        before = sql(text)
        sql(f"CACHE TABLE c{number} AS {text}")
        assert sql(f"SELECT * FROM c{number}") == before
    assert all(isinstance(each, ArrowRelation) for each in session.catalog.cached().values())


def test_switched_off_rows_are_kept_as_they_are(session: Session, sql: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "t.parquet")
    sql(f"CREATE TEMP VIEW files AS SELECT * FROM parquet.`{tmp_path}/t.parquet`")
    sql("SET flint.columnCache.enabled = false")
    try:
        sql("CACHE TABLE files")
        (tmp_path / "t.parquet").unlink()
        assert sql("SELECT sum(a) FROM files") == [(3,)]
    finally:
        sql("RESET flint.columnCache.enabled")


def test_what_is_kept_is_shown(session: Session, sql: Any, tmp_path: Path) -> None:
    for name in "tu":
        pq.write_table(pa.table({"a": list(range(50)), "b": ["x", "y"] * 25}), tmp_path / f"{name}.parquet")
    sql(f"CREATE TEMP VIEW files AS SELECT * FROM parquet.`{tmp_path}/t.parquet`")
    sql("CACHE TABLE files")
    sql("CACHE LAZY TABLE one AS SELECT 1 AS x")
    sql(f"SELECT max(a) FROM parquet.`{tmp_path}/u.parquet`")
    sql("SELECT sum(a) FROM files")
    shown = sql("SHOW CACHED TABLES")
    mine = [row for row in shown if row[0] in ("files", "one", f"{tmp_path}/u.parquet")]
    assert [(row[0], row[1], row[2], row[4]) for row in mine] == [
        (f"{tmp_path}/u.parquet", "a", 50, 0),
        ("files", "a", 50, 1),
        ("files", "b", 50, 0),
        ("one", None, None, None),
    ]
    assert [row[3] for row in mine][1] == 50, "a byte for each row"
    assert session.sql("SHOW CACHED TABLES").columns == ["name", "column", "rows", "bytes", "hits"]


def test_what_does_not_fit_is_said_and_narrow_columns_stay(tmp_path: Path) -> None:
    rows = range(200_000)
    table = pa.table({"wide": [f"{n:040}" for n in rows], "a": [n % 100 for n in rows], "b": [n % 7 for n in rows]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=50_000)
    told: list[CachedInPart] = []
    with Session(conf={"spark.executor.memory": "4m"}) as session:
        session.events.subscribe(lambda event: told.append(event) if isinstance(event, CachedInPart) else None)
        session.sql(f"CREATE TEMP VIEW files AS SELECT * FROM parquet.`{tmp_path}/t.parquet`")
        session.sql("CACHE TABLE files")
        (found,) = told
        assert found.kept + found.left_out > 8_400_000 and 400_000 <= found.kept < 3_000_000
        assert f"{found.kept:,} bytes of its columns fit" in found.message
        scans = counts(session, "SELECT sum(a), sum(b) FROM files")
        assert scans["columns_warm"] == 8 and scans["columns_read"] == 0
        assert session.sql("SELECT max(wide), sum(b) FROM files").collect() == [
            (f"{199_999:040}", sum(n % 7 for n in rows))
        ]
        told.clear()
        session.sql("UNCACHE TABLE files")
        session.sql(f"CREATE TEMP VIEW narrow AS SELECT a, b FROM parquet.`{tmp_path}/t.parquet`")
        session.sql("CACHE TABLE narrow")
        assert not told


def test_explain_analyze_tells_what_was_not_read(session: Session, tmp_path: Path) -> None:
    table = pa.table({"k": list(range(60_000)), "s": [f"text {place % 99}" for place in range(60_000)]})
    pq.write_table(table, tmp_path / "t.parquet", data_page_size=4000, write_batch_size=500, write_page_index=True)
    query = f"select max(s), count(*) from parquet.`{tmp_path}/t.parquet` where k between 100 and 200"
    text = session.sql(f"explain analyze {query}").collect()[0][0]
    found = re.search(r"skipped ([0-9,]+) rows by page statistics", text)
    assert found is not None and int(found[1].replace(",", "")) > 50_000, text
    assert [tuple(row) for row in session.sql(query).collect()] == [("text 98", 101)]
