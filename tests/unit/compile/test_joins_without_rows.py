"""A join whose rows all come from its end, before a grouping: the code of what streams into it gives the grouping no row."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session


@pytest.mark.parametrize("kind", ["EXISTS", "NOT EXISTS"])
def test_a_semi_join_that_builds_its_left_side(tmp_path: Path, kind: str) -> None:
    pq.write_table(pa.table({"k": range(2_000), "g": [k % 3 for k in range(2_000)]}), tmp_path / "few.parquet")
    pq.write_table(pa.table({"k": [2 * (k % 500) for k in range(300_000)]}), tmp_path / "many.parquet")
    text = f"""SELECT g, count(*) FROM parquet.`{tmp_path}/few.parquet` f
        WHERE {kind} (SELECT 1 FROM parquet.`{tmp_path}/many.parquet` m WHERE m.k = f.k) GROUP BY g ORDER BY g"""
    matched = [k for k in range(2_000) if (k < 1_000 and k % 2 == 0) == (kind == "EXISTS")]
    expected = [(g, sum(k % 3 == g for k in matched)) for g in range(3)]
    with Session("local[2]") as session:
        found = session.sql(text)
        assert "build=left" in found.query.explain()
        assert found.collect() == expected
