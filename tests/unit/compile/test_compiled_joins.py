"""Joins as machine code: every kind of join, of keys and of tables gives what the interpreted operators give, and compiles."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

TYPES = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN"]

KEYS = {
    "one key, unique": "a.id = b.id",
    "one key, repeated": "a.few = b.few",
    "one key with nulls": "a.gaps = b.gaps",
    "far apart": "a.wide = b.wide",
    "two keys": "a.few = b.few AND a.gaps = b.gaps",
    "coded text": "a.word = b.word AND a.id = b.id",
    "plain text": "a.name = b.name",
    "null-safe": "a.gaps <=> b.gaps AND a.few = b.few",
    "null-safe text": "a.word <=> b.word AND a.few = b.few",
    "decimal": "a.price = b.price AND a.few = b.few",
    "wide decimal": "a.large = b.large",
    "double": "a.number = b.number AND a.id = b.id",
    "date": "a.day = b.day AND a.few = b.few",
    "boolean": "a.flag = b.flag AND a.id = b.id",
    "computed": "a.id + 1 = b.id * 2",
    "with a condition": "a.few = b.few AND a.gaps < b.gaps",
    "unique with a condition": "a.id = b.id AND a.gaps < b.few",
}


def table(rows: int, step: int) -> pa.Table:
    ids = [row * step for row in range(rows)]
    words = ["x", "yes", None, "a longer word"]
    numbers = [0.0, -0.0, float("nan"), 1.5, None]
    return pa.table(
        {
            "id": pa.array(ids),
            "few": pa.array([i % 97 for i in ids], pa.int32()),
            "gaps": pa.array([None if i % 5 == 0 else i % 40 for i in ids], pa.int16()),
            "wide": pa.array([i * 10**12 for i in ids]),
            "word": pa.array([words[i % 4] for i in ids]),
            "name": pa.array([None if i % 11 == 0 else f"number {i}" for i in ids]),
            "price": pa.array([Decimal(i % 300) for i in ids], pa.decimal128(15, 2)),
            "large": pa.array([Decimal(i * 10**22) for i in ids], pa.decimal128(30, 0)),
            "number": pa.array([numbers[i % 5] for i in ids], pa.float64()),
            "day": pa.array([i % 50 for i in ids], pa.int32()).cast(pa.date32()),
            "flag": pa.array([i % 3 == 0 for i in ids]),
        }
    )


@pytest.fixture(scope="module", params=["0", "2"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("joins")
    conf = {
        "flint.compile.minRows": 0,
        "flint.compile.optimize": request.param,
        "flint.compile.cache.directory": str(folder / "objects"),
    }
    with Session(conf=conf) as made:
        for name, rows, step in (("a", 900, 1), ("b", 500, 2), ("nothing", 0, 1)):
            pq.write_table(table(rows, step), folder / f"{name}.parquet", row_group_size=200)
            made.sql(f"CREATE TEMP VIEW {name} USING parquet OPTIONS (path '{folder}/{name}.parquet')")
        yield made


def both(session: Session, text: str) -> None:
    found = []
    for compiled in (True, False):
        session.conf.set("flint.compile.enabled", compiled)
        try:
            found.append(sorted(map(repr, session.sql(text).toArrow().to_pylist())))
        finally:
            session.conf.unset("flint.compile.enabled")
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("condition", KEYS.values(), ids=KEYS.keys())
def test_compiled_joins_give_what_interpreted_ones_give(session: Session, kind: str, condition: str) -> None:
    columns = (
        "a.id, a.word" if kind.startswith("LEFT ") and kind != "LEFT JOIN" else "a.id, a.word, b.id AS other, b.name"
    )
    both(session, f"SELECT {columns} FROM a {kind} b ON {condition}")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("left", "right"), [("a", "nothing"), ("nothing", "a"), ("nothing", "nothing")])
def test_empty_sides(session: Session, kind: str, left: str, right: str) -> None:
    both(session, f"SELECT * FROM {left} AS a {kind} {right} AS b ON a.id = b.id")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM a WHERE gaps NOT IN (SELECT few FROM b WHERE few > 20)",
        "SELECT id FROM a WHERE gaps NOT IN (SELECT gaps FROM b)",
        "SELECT id FROM a WHERE gaps NOT IN (SELECT id FROM nothing)",
        "SELECT id FROM a WHERE few IN (SELECT few FROM b WHERE few > 50) OR id < 20",
        "SELECT id, few IN (SELECT few FROM b WHERE few > 50) AS found FROM a",
        "SELECT a.id, coalesce(b.name, 'none') AS name FROM a LEFT JOIN b ON a.id = b.id",
        "SELECT a.id, upper(b.word) AS word, length(b.name) AS n FROM a LEFT JOIN b ON a.id = b.id WHERE b.word IS NULL",
        "SELECT x.id FROM a AS x JOIN a AS y ON x.id = y.few JOIN b ON y.id = b.id LEFT JOIN b AS c ON c.few = x.few",
        "SELECT count(*) AS n, sum(b.id) AS s FROM a JOIN b ON a.few = b.few",
        "SELECT a.id, c.* FROM a JOIN (SELECT * FROM b WHERE few % 3 <> 1) AS c ON a.id = c.id",
        "WITH c AS (SELECT * FROM a WHERE few > 5) SELECT x.word, y.name, y.flag FROM c AS x JOIN c AS y ON x.id = y.few",
        "SELECT word, count(*) AS n FROM b WHERE EXISTS (SELECT 1 FROM a WHERE a.id = b.id AND a.few > 5) GROUP BY word",
        "SELECT word, count(*) AS n FROM b WHERE NOT EXISTS (SELECT 1 FROM a WHERE a.id = b.id AND few > 5) GROUP BY word",
    ],
)
def test_subqueries_and_columns_of_built_sides(session: Session, text: str) -> None:
    both(session, text)


@pytest.mark.parametrize("broadcast", ["-1", "10m"])
def test_several_executors(tmp_path: Path, broadcast: str) -> None:
    """Both sides split by key, and the built side sent to all."""
    conf = {
        "flint.compile.minRows": 0,
        "flint.compile.optimize": "0",
        "flint.compile.cache.enabled": "false",
        "spark.executor.instances": 3,
        "spark.executor.cores": 2,
        "spark.sql.autoBroadcastJoinThreshold": broadcast,
    }
    with Session(conf=conf) as session:
        for name, rows, step in (("a", 900, 1), ("b", 500, 2)):
            pq.write_table(table(rows, step), tmp_path / f"{name}.parquet", row_group_size=100)
            session.sql(f"CREATE TEMP VIEW {name} USING parquet OPTIONS (path '{tmp_path}/{name}.parquet')")
        for kind in TYPES:
            for condition in (KEYS["one key, repeated"], KEYS["coded text"], KEYS["with a condition"]):
                both(session, f"SELECT a.id, a.word FROM a {kind} b ON {condition}")
