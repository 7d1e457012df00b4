"""Sorts and windows over encoded columns: as over those that interpreted operators give."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS = 3_000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("rows")
    draw = random.Random(8)

    def some(values: list[Any]) -> list[Any]:
        return [None if draw.random() < 0.1 else draw.choice(values) for _ in range(ROWS)]

    table = pa.table(
        {
            "id": pa.array(draw.sample(range(10 * ROWS), ROWS), pa.int64()),
            "word": pa.array(some(["", "b", "bb", "a text of nineteen!", "ä€😀"]), pa.string()),
            "none": pa.array([None] * ROWS, pa.string()),
            "few": pa.array(some([-128, 127, 0, 5]), pa.int32()),
            "big": pa.array(some([-(1 << 62), 1 << 61, 7]), pa.int64()),
            "day": pa.array(some(list(range(-5, 5))), pa.int32()).cast(pa.date32()),
            "price": pa.array(some([Decimal("1.25"), Decimal("-99.99"), Decimal("0.50")]), pa.decimal128(12, 2)),
            "real": pa.array(some([0.0, -0.0, float("nan"), 1.5]), pa.float64()),
        }
    )
    pq.write_table(table.slice(0, ROWS // 2), folder / "a.parquet", row_group_size=400)
    pq.write_table(table.slice(ROWS // 2), folder / "b.parquet", use_dictionary=False)
    with Session("local[2]", conf={"flint.compile.minRows": 0}) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}')")
        yield made


def rows(session: Session, text: str, interpreted: bool = False) -> list[list[str]]:
    session.conf.set("flint.compile.enabled", str(not interpreted).lower())
    try:
        found = session.sql(text).toArrow().to_pylist()
    finally:
        session.conf.unset("flint.compile.enabled")
    return [[repr(round(v, 9) + 0.0) if isinstance(v, float) else repr(v) for v in row.values()] for row in found]


@pytest.mark.parametrize("source", ["t", "(SELECT * FROM t WHERE few + 1 > 0)", "(SELECT * FROM t WHERE id < 0)"])
@pytest.mark.parametrize(
    "order",
    [
        "word",
        "word DESC NULLS LAST, real",
        "none, few",
        "price, day DESC",
        "upper(word) DESC, big",
        "few NULLS LAST, word",
    ],
)
def test_sorts(session: Session, source: str, order: str) -> None:
    text = f"SELECT * FROM {source} s ORDER BY {order}, id"
    assert rows(session, text) == rows(session, text, interpreted=True)


@pytest.mark.parametrize("source", ["t", "(SELECT * FROM t WHERE few + 1 > 0)"])
@pytest.mark.parametrize(
    "window",
    [
        "PARTITION BY word ORDER BY few, id",
        "PARTITION BY word, few ORDER BY word, price DESC, id",
        "PARTITION BY none ORDER BY few RANGE BETWEEN 200 PRECEDING AND 1 FOLLOWING",
        "PARTITION BY few ORDER BY price RANGE BETWEEN 100.5 PRECEDING AND CURRENT ROW",
        "PARTITION BY price ORDER BY day RANGE BETWEEN INTERVAL 2 DAYS PRECEDING AND INTERVAL 1 DAY FOLLOWING",
        "PARTITION BY upper(word) ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING",
        "ORDER BY big, id",
    ],
)
def test_windows(session: Session, source: str, window: str) -> None:
    calls = ["sum(price)", "count(few)", "max(day)", "min(word)", "avg(big)"]
    if "ROWS" not in window and "RANGE" not in window:
        calls += ["row_number()", "rank()", "lag(word)", "lead(price, 2)", "ntile(3)"]
    text = ", ".join(f"{call} OVER ({window}) AS c{place}" for place, call in enumerate(calls))
    text = f"SELECT * FROM (SELECT *, {text} FROM {source} s) q ORDER BY id"
    assert rows(session, text) == rows(session, text, interpreted=True)


@pytest.mark.parametrize("interpreted", [False, True])
@pytest.mark.parametrize("keys", ["PARTITION BY word", "PARTITION BY none, few", "PARTITION BY upper(word), real", ""])
def test_whole_partitions_need_no_order(session: Session, keys: str, interpreted: bool) -> None:
    calls = ["sum(price)", "avg(few)", "count(*)", "max(day)", "sum(few + 1) FILTER (WHERE real > 0)", "stddev(few)"]
    text = ", ".join(f"{call} OVER ({keys}) AS c{place}" for place, call in enumerate(calls))
    alone = f"SELECT id, {text} FROM t ORDER BY id"
    sorted_too = f"SELECT id, {text}, min(word) OVER ({keys}) AS also FROM t ORDER BY id"
    expected = [row[:-1] for row in rows(session, sorted_too, interpreted)]
    assert rows(session, alone, interpreted) == expected


def test_no_rows_have_no_partitions(session: Session) -> None:
    assert rows(session, "SELECT word, sum(few) OVER (PARTITION BY word) FROM t WHERE id < 0") == []
