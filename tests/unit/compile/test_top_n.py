"""The first rows in an order: as code and interpreted they are the same, for every type of key and every place of nulls."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS = 30_000
KINDS = ("tiny", "number", "large", "price", "wide", "ratio", "small", "flag", "day", "moment", "word", "phrase", "raw")


def _table() -> pa.Table:
    chance = random.Random(7)

    def some(make: object, share: float = 0.1) -> list[object]:
        return [None if chance.random() < share else make() for _ in range(ROWS)]  # type: ignore[operator]

    doubles = [0.0, -0.0, math.nan, math.inf, -math.inf]
    columns = {
        "tiny": pa.array(some(lambda: chance.randint(-3, 3)), pa.int8()),
        "number": pa.array(some(lambda: chance.randint(-(2**31), 2**31 - 1)), pa.int32()),
        "large": pa.array(some(lambda: chance.randint(-(2**63), 2**63 - 1)), pa.int64()),
        "price": pa.array(some(lambda: Decimal(chance.randint(-(10**9), 10**9)).scaleb(-2)), pa.decimal128(15, 2)),
        "wide": pa.array(some(lambda: Decimal(chance.randint(-(10**37), 10**37))), pa.decimal128(38, 0)),
        "ratio": pa.array(some(lambda: chance.choice([*doubles, chance.uniform(-5, 5)]))),
        "small": pa.array(some(lambda: chance.choice([*doubles, chance.uniform(-5, 5)])), pa.float32()),
        "flag": pa.array(some(lambda: chance.random() < 0.5)),
        "day": pa.array(some(lambda: date(2000, 1, 1) + timedelta(chance.randint(-900, 900)))),
        "moment": pa.array(some(lambda: datetime(2000, 1, 1) + timedelta(seconds=chance.randint(-900, 900)))),
        "word": pa.array(some(lambda: chance.choice(["", "a", "ab", "b", "é", "zz\0", "zz"]))),
        "phrase": pa.array(some(lambda: "".join(chance.choices("abé", k=chance.randint(0, 30))))),
        "raw": pa.array(some(lambda: bytes(chance.choices(range(256), k=3))), pa.binary()),
        "full": pa.array([chance.randint(0, 50) for _ in range(ROWS)]),
        "id": pa.array(range(ROWS)),
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("top_n")
    pq.write_table(_table(), folder / "t.parquet", row_group_size=3_000)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": False, "spark.executor.cores": 2}
    with Session(conf=conf) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t.parquet')")
        yield made


def both(session: Session, text: str, optimize: str = "0") -> tuple[str, str]:
    """What code gives, and what the operators give; as text, since NaN equals NaN there."""
    session.conf.set("flint.compile.optimize", optimize)
    compiled = session.sql(text).toArrow().to_pylist()
    session.conf.set("flint.compile.enabled", False)
    try:
        return str(compiled), str(session.sql(text).toArrow().to_pylist())
    finally:
        session.conf.unset("flint.compile.enabled")


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_each_type(session: Session, kind: str) -> None:
    for direction, nulls in itertools.product(("asc", "desc"), ("first", "last")):
        order = f"{kind} {direction} nulls {nulls}, id"
        compiled, interpreted = both(session, f"SELECT {kind}, id FROM t ORDER BY {order} LIMIT 4000")
        assert compiled == interpreted, order
    compiled, interpreted = both(session, f"SELECT * FROM t WHERE full > 3 ORDER BY {kind} DESC, id LIMIT 7", "2")
    assert compiled == interpreted


@pytest.mark.parametrize("seed", range(12))
def test_several_keys(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    keys = [
        f"{kind} {chance.choice(['asc', 'desc'])} nulls {chance.choice(['first', 'last'])}"
        for kind in (chance.choice(("tiny", "flag", "word", "full")), *chance.sample(KINDS, chance.randint(0, 3)), "id")
    ]
    count, offset = chance.choice([0, 1, 5, 300, 5000]), chance.choice([0, 3])
    text = f"SELECT id, {chance.choice(KINDS)} AS other FROM t ORDER BY {', '.join(keys)} LIMIT {count} OFFSET {offset}"
    compiled, interpreted = both(session, text, chance.choice(["0", "2"]))
    assert compiled == interpreted, text


def test_expressions_as_keys_and_among_the_columns(session: Session) -> None:
    text = (
        "SELECT id, upper(phrase) u, full * 2 d FROM t ORDER BY length(phrase) DESC, substring(phrase, 2), id LIMIT 20"
    )
    compiled, interpreted = both(session, text)
    assert compiled == interpreted


def test_rows_that_get_better_all_the_time(session: Session) -> None:
    compiled, interpreted = both(session, "SELECT id, word FROM t ORDER BY id DESC LIMIT 10")
    assert compiled == interpreted


def test_keys_without_an_order_of_their_own_in_code(session: Session) -> None:
    text = "SELECT id FROM t ORDER BY full, array(tiny, full), struct(word), id LIMIT 50"
    compiled, interpreted = both(session, text)
    assert compiled == interpreted


def test_the_first_of_equal_rows_stay_in_one_thread(session: Session) -> None:
    with Session(conf={"flint.compile.minRows": 0, "spark.executor.cores": 1}) as single:
        single.sql("CREATE TEMP VIEW r AS SELECT id, id % 3 AS k FROM range(100000)")
        compiled, interpreted = both(single, "SELECT k, id FROM r ORDER BY k DESC LIMIT 5000")
        assert compiled == interpreted


def test_it_is_compiled(session: Session) -> None:
    text = (
        session.sql("EXPLAIN CODEGEN SELECT id, word FROM t ORDER BY price DESC, word LIMIT 10").toArrow()[0][0].as_py()
    )
    assert "compiled: the end of the pipeline" in text.split("Pipeline 2")[0]
