"""Different values told from the sizes of dictionaries: of keys in order, of keys drawn at random, and not of runs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.session import Session

ROWS = 40_000


@pytest.fixture(scope="module")
def distinct(tmp_path_factory):
    path = tmp_path_factory.mktemp("sizes") / "t.parquet"
    chance = np.random.default_rng(7)
    numbers = np.arange(ROWS)
    columns = {
        "ordered": numbers // 4 * 9,
        "drawn": chance.integers(0, 5_000, ROWS) * 1000,
        "few": chance.integers(0, 12, ROWS),
        "key": chance.permutation(ROWS) * 5,
        "runs": np.repeat(chance.integers(0, 50_000, ROWS // 20), 20),
    }
    pq.write_table(pa.table(columns), path, row_group_size=ROWS // 4)
    with Session() as session:
        known = session.catalog.resolve(("parquet", str(path))).relation.statistics()
        yield {name: known.columns[name].distinct for name in columns}


@pytest.mark.parametrize(("name", "count"), [("ordered", ROWS // 4), ("drawn", 5_000), ("few", 12), ("key", ROWS)])
def test_near_the_truth(distinct, name, count):
    assert count / 1.2 <= distinct[name] <= count * 1.2


def test_runs_tell_an_upper_bound_only(distinct):
    assert distinct["runs"] >= ROWS // 20 * 0.95
