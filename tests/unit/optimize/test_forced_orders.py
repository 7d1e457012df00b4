"""Orders of joins that are forced give the same rows, and ours is among those that are tried."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from tpch.orders import Runner, candidates, examine, random_tree, shape_of, swaps, tree_like

QUERY = """SELECT count(*), sum(a.x + b.x + c.x + d.x)
FROM a JOIN b ON a.k = b.k JOIN c ON b.j = c.j LEFT SEMI JOIN d AS e ON c.m = e.m JOIN d ON c.m = d.m"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("tables")
    dice = random.Random(1)
    with Session("local[1]", {"flint.planCache.size": 0}) as found:
        for name, rows in (("a", 300), ("b", 40), ("c", 80), ("d", 15)):
            columns = {key: [dice.randrange(20) for _ in range(rows)] for key in "kjmx"}
            pq.write_table(pa.table(columns), Path(folder) / f"{name}.parquet")
            found.sql(f"CREATE TEMP VIEW {name} AS SELECT * FROM '{folder}/{name}.parquet'")
        yield found


def test_all_orders_give_the_same_rows(session):
    runner = Runner(session)
    regions = runner.regions(QUERY)
    assert len(regions.graphs) == 1
    orders = candidates(regions, 10, seed=1)
    assert orders[0].name == "ours" and len(orders) > 4
    expected = session.sql(QUERY).collect()
    for order in orders:
        query = runner.forced(QUERY, order.shapes)
        assert [tuple(batch.to_pylist()[0].values()) for batch in query.batches()] == expected


def test_each_order_is_measured(session):
    orders = examine(Runner(session), QUERY, 2, 1, seed=1)
    assert all(order.rows is not None and order.rows > 0 for order in orders)


def test_shapes_come_back(session):
    graph = Runner(session).regions(QUERY).graphs[0]
    for seed in range(5):
        tree = random_tree(graph, random.Random(seed))
        shape = shape_of(tree)
        again = tree_like(graph, shape)
        assert again is None or shape_of(again) == shape


def test_swaps_exchange_two_relations():
    assert list(swaps(((0, 1), 2))) == [((1, 0), 2), ((2, 1), 0), ((0, 2), 1)]
