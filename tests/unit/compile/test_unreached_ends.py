"""Joins that give all their rows after the last batch: the end of the chain that probes is not reached, and not begun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

BIG, SMALL = 60_000, 3_000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("joins")
    small = pa.table({"k": pa.array(range(SMALL)), "word": pa.array(["ab"[row % 2] for row in range(SMALL)])})
    pq.write_table(small, folder / "small.parquet")
    pq.write_table(pa.table({"k": pa.array([row % 4000 * 2 for row in range(BIG)])}), folder / "big.parquet")
    with Session(conf={"flint.compile.minRows": 0, "flint.compile.cache.enabled": False}) as made:
        for name in ("small", "big"):
            made.sql(f"CREATE TEMP VIEW {name} USING parquet OPTIONS (path '{folder}/{name}.parquet')")
        yield made


@pytest.mark.parametrize("join", ["LEFT SEMI", "LEFT ANTI"])
@pytest.mark.parametrize(
    "end",
    ["word, count(*) AS n, sum(k) AS s FROM {} GROUP BY word ORDER BY word", "count(*) AS n, max(word) AS w FROM {}",
     "k, word FROM {} ORDER BY k DESC LIMIT 3"],
)  # fmt: skip
def test_what_follows_a_join_that_gives_its_rows_last(session: Session, join: str, end: str) -> None:
    text = "SELECT " + end.format(f"small {join} JOIN big ON small.k = big.k")
    assert "build=left" in session.sql(text).query.explain()
    kept = [row for row in range(SMALL) if (row % 2 == 0) == (join == "LEFT SEMI")]
    word = "a" if join == "LEFT SEMI" else "b"
    expected = {
        "word,": [{"word": word, "n": len(kept), "s": sum(kept)}],
        "count(*)": [{"n": len(kept), "w": word}],
        "k,": [{"k": row, "word": word} for row in kept[:-4:-1]],
    }
    assert session.sql(text).toArrow().to_pylist() == expected[end.split()[0]]
