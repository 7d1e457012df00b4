"""Rows selected a block at a time: the same rows, errors and counts as those that interpreted operators find."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.errors import ExecutionError

ROWS = 5_000
"""Several blocks, the last one not full."""

QUERIES = [
    "SELECT id, a FROM facts WHERE a < 40 AND b > 10",
    "SELECT word, count(*) AS n, sum(b) AS s FROM facts WHERE a < b GROUP BY word",
    "SELECT word, count(*) AS n FROM facts WHERE a + b > 60 AND word LIKE 'l%' AND id % 3 = 1 GROUP BY word",
    "SELECT id FROM facts WHERE b IS NULL OR a = b",
    "SELECT f.id, d.n FROM facts f JOIN unique_keys d ON f.far = d.far WHERE f.a < f.b",
    "SELECT f.id, d.n FROM facts f JOIN unique_keys d ON f.far = d.far AND d.n < f.a",
    "SELECT f.id, d.n, e.n AS m FROM facts f JOIN unique_keys d ON f.far = d.far JOIN repeated e ON f.a = e.a WHERE f.b > 3",
    "SELECT f.id, d.n FROM facts f LEFT JOIN unique_keys d ON f.far = d.far WHERE f.a < 50",
    "SELECT f.id, d.n FROM facts f FULL JOIN unique_keys d ON f.far = d.far AND f.b > 50",
    "SELECT id FROM facts f LEFT SEMI JOIN unique_keys d ON f.far = d.far WHERE f.a < 70",
    "SELECT id FROM facts f LEFT ANTI JOIN unique_keys d ON f.far = d.far WHERE f.a < 70",
    "SELECT id FROM facts f LEFT ANTI JOIN unique_keys d ON f.far = d.far AND d.n > f.a",
    "SELECT d.n FROM unique_keys d LEFT SEMI JOIN facts f ON f.far = d.far AND f.a < 20",
    "SELECT d.n FROM unique_keys d LEFT ANTI JOIN facts f ON f.far = d.far WHERE d.n > 9",
    "SELECT f.id FROM facts f JOIN repeated d ON f.far = d.far AND f.a = d.a WHERE f.b < 80",
    "SELECT x.id FROM (SELECT id, far + 0 AS k FROM facts WHERE b > 20) x LEFT SEMI JOIN unique_keys d ON x.k = d.far",
    "SELECT id FROM facts WHERE a > 90 AND 1000 / (a - 5) > 0 AND b > 5",
    "SELECT id FROM facts WHERE 1000 / (a - 5) > 0 AND b > 5",
    "SELECT f.id FROM facts f JOIN unique_keys d ON f.far = d.far WHERE f.a < 60 AND 1000 / (f.b - 7) >= 0",
    "SELECT f.id, d.n FROM facts f JOIN in_order d ON f.far = d.far WHERE f.a < 50",
    "SELECT f.id, d.n FROM facts f LEFT JOIN in_order d ON f.far = d.far AND d.n > f.a",
    "SELECT f.id, d.n FROM facts f FULL JOIN in_order d ON f.far = d.far AND f.word LIKE '%t%'",
    "SELECT id FROM facts f LEFT SEMI JOIN in_order d ON f.far = d.far",
    "SELECT id FROM facts f LEFT ANTI JOIN in_order d ON f.far = d.far WHERE f.word LIKE '%t%'",
    "SELECT d.id, d.far, count(f.id) AS n FROM in_order d LEFT JOIN facts f ON f.far = d.far AND f.b > 9 GROUP BY d.id, d.far",
    "SELECT d.id, sum(f.a) AS n FROM facts f JOIN in_order d ON f.b = d.id WHERE f.word LIKE '%t%' GROUP BY d.id",
    "SELECT f.id, d.far, e.n FROM facts f JOIN in_order d ON f.b = d.id JOIN in_order e ON e.far = d.far WHERE f.a < 70",
    "SELECT count(1000 / (a - 5)) AS n FROM facts WHERE a > 5 AND b > 50",
]


@pytest.fixture(scope="module", params=["checked", "optimized", "far"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("selection")
    conf = {
        "flint.compile.minRows": 0,
        "flint.compile.optimize": "0" if request.param == "checked" else "2",
        "flint.compile.checked": request.param == "checked",
        "flint.compile.nearBytes": 1 << 19 if request.param == "optimized" else 0,
        "flint.compile.cache.directory": str(folder / "objects"),
    }
    with Session(conf=conf) as made:
        for name, rows in (("facts", ROWS), ("unique_keys", 300), ("repeated", 400), ("in_order", 400)):
            pq.write_table(_table(name, rows), folder / f"{name}.parquet", row_group_size=2_100)
            made.sql(f"CREATE TEMP VIEW {name} USING parquet OPTIONS (path '{folder}/{name}.parquet')")
        yield made


def _table(name: str, rows: int) -> pa.Table:
    chance = random.Random(name)

    def number(most: int) -> int | None:
        return None if chance.random() < 0.05 else chance.randrange(most)

    far = [number(700) for _ in range(rows)]
    if name == "unique_keys":
        far = [*chance.sample(range(700), rows - 1), None]
    if name == "in_order":
        far = list(range(0, 2 * rows, 2))
    return pa.table(
        {
            "id": range(rows),
            "n": range(rows),
            "a": pa.array([chance.randrange(100) for _ in range(rows)], pa.int32()),
            "b": pa.array([number(100) for _ in range(rows)], pa.int32()),
            "far": pa.array([None if each is None else each * 1_000 - 9_999 for each in far]),
            "word": [chance.choice(["little", "large", None, "x"]) for _ in range(rows)],
        }
    )


@pytest.mark.parametrize("text", QUERIES)
def test_selected_rows_are_those_that_interpreted_operators_keep(session: Session, text: str) -> None:
    found = []
    for compiled in (True, False):
        session.conf.set("flint.compile.enabled", compiled)
        try:
            found.append((_answer(session, text), _counts(session, text)))
        finally:
            session.conf.unset("flint.compile.enabled")
    assert found[0] == found[1]


def _answer(session: Session, text: str) -> list[str]:
    try:
        return sorted(map(repr, session.sql(text).toArrow().to_pylist()))
    except ExecutionError as error:
        return [type(error).__name__]


def _counts(session: Session, text: str) -> list[str]:
    """The rows of each operator, as EXPLAIN ANALYZE tells them."""
    try:
        shown = session.sql(f"EXPLAIN ANALYZE {text}").collect()[0][0]
    except ExecutionError:
        return []
    return re.findall(r"→ *([\d,]+) ", shown)
