"""Counts of all rows are answered from footers, others are not."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine import Session
from engine.logical.plan import Scan


def test_a_count_of_all_rows_is_answered_by_the_footer(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": pa.array([1, None, 3], pa.int64())}), path)
    with Session("local[1]") as session:
        both = session.sql(f"SELECT count(*), count(a) FROM '{path}'")
        assert both.collect() == [(3, 2)]
        alone = session.sql(f"SELECT count(*) AS n FROM '{path}'")
        assert not alone.query.optimized.has(Scan)
        assert alone.collect() == [(3,)]
        filtered = session.sql(f"SELECT count(*) FROM '{path}' WHERE a > 1")
        assert filtered.query.optimized.has(Scan)
        assert filtered.collect() == [(1,)]
