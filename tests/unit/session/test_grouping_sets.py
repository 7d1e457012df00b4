"""ROLLUP, CUBE and GROUPING SETS give what their sets give one by one, however they are planned."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS = 4_000


@pytest.fixture(scope="module", autouse=True)
def facts(session: Session, tmp_path_factory: pytest.TempPathFactory) -> None:
    draw = random.Random(5)
    table = pa.table(
        {
            "a": [draw.choice(["x", "y", "zz", None]) for _ in range(ROWS)],
            "b": pa.array([draw.choice([1, 2, 3, 4, None]) for _ in range(ROWS)], pa.int32()),
            "many": pa.array([draw.randrange(ROWS) for _ in range(ROWS)], pa.int64()),
            "v": pa.array([draw.choice([5, -7, 11, None]) for _ in range(ROWS)], pa.int32()),
            "w": pa.array([draw.choice([0.5, 1.25, -3.0, None]) for _ in range(ROWS)], pa.float64()),
        }
    )
    file = tmp_path_factory.mktemp("facts") / "facts.parquet"
    pq.write_table(table, file)
    session.sql(f"create or replace temp view facts using parquet options (path '{file}')")


CALLS = (
    "count(*), count(v), sum(v), avg(v), min(w), max(a), stddev(w), sum(v) filter (where w > 0), "
    "count(distinct v), approx_count_distinct(v)"
)


def rows(session: Session, text: str) -> list[str]:
    return sorted(
        repr([round(value, 9) if isinstance(value, float) else value for value in row.values()])
        for row in session.sql(text).toArrow().to_pylist()
    )


@pytest.mark.parametrize(
    ("grouping", "sets"),
    [
        ("rollup(a, b)", ("a, b", "a", "")),
        ("cube(a, b)", ("a, b", "a", "b", "")),
        ("grouping sets ((a), (b), (a))", ("a", "b", "a")),
        ("rollup(a, b + 1)", ("a, b + 1", "a", "")),
        ("rollup(a, many)", ("a, many", "a", "")),
    ],
)
def test_sets_one_by_one(session, grouping, sets):
    second = "many" if "many" in grouping else "b + 1" if "+" in grouping else "b"
    found = rows(session, f"select a, {second}, {CALLS} from facts group by {grouping}")
    expected = []
    for one in sets:
        names = zip("kl", ("a", second), strict=True)
        keys = [f"{key if key in one.split(', ') else 'null'} as {name}" for name, key in names]
        by = f"group by {one}" if one else ""
        expected += rows(session, f"select {', '.join(keys)}, {CALLS} from facts {by}")
    assert found == sorted(expected)


def test_markers_and_having(session):
    text = """select a, grouping(a) g, grouping_id(a, b) i, sum(v) from facts where many % 3 = 0
        group by rollup(a, b) having count(*) > 10"""
    parts = [
        "select a, 0 as b, 0 as c, sum(v) from facts where many % 3 = 0 group by a, b having count(*) > 10",
        "select a, 0 as b, 1 as c, sum(v) from facts where many % 3 = 0 group by a having count(*) > 10",
        "select null as a, 1 as b, 3 as c, sum(v) from facts where many % 3 = 0 having count(*) > 10",
    ]
    assert rows(session, text) == sorted(row for part in parts for row in rows(session, part))


@pytest.mark.parametrize(("keys", "first"), [("a, b", True), ("a, many", False)])
def test_few_groups_are_made_first(session, keys, first):
    plan = session.sql(f"explain select {keys}, sum(v) from facts group by rollup({keys})").collect()[0][0]
    assert ("HashAggregate(partial)" in plan) is first


def test_what_tells_the_order_of_rows_is_not_made_of_parts(session):
    plan = session.sql("explain select a, b, last(v) from facts group by rollup(a, b)").collect()[0][0]
    assert "HashAggregate(partial)" not in plan


def test_no_rows(session):
    assert rows(session, "select a, b, count(*) from facts where many < 0 group by rollup(a, b)") == []


def test_a_mean_beside_distinct(session):
    calls = "avg(v), avg(w), avg(v) filter (where w > 100), sum(v)"
    found = rows(session, f"select a, count(distinct many) > 0, {calls} from facts group by a")
    assert found == rows(session, f"select a, true, {calls} from facts group by a")
    assert session.sql("select avg(v), count(distinct v) from facts where many < 0").collect() == [(None, 0)]


def test_sums_that_differ_by_constants(session):
    found = session.sql(
        """select sum(cast(v as smallint) + 3), sum(cast(v as smallint) + -4),
        sum(cast(v as smallint) + 3) filter (where w > 0),
        sum(cast(v as smallint) + 4) filter (where w > 0), sum(v), count(v), sum(v) filter (where w > 0),
        count(v) filter (where w > 0) from facts"""
    ).collect()[0]
    total, count, chosen, of_chosen = found[4:]
    assert tuple(found[:4]) == (total + 3 * count, total - 4 * count, chosen + 3 * of_chosen, chosen + 4 * of_chosen)
    none = "select sum(cast(v as smallint) + 3), sum(cast(v as smallint) + 4) from facts where many < 0"
    assert session.sql(none).collect() == [(None, None)]
