"""Window functions: as code and by kernels they are the same, for every function, frame, type, and place of nulls."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.errors import FlintError

ROWS = 2_000
FRAMES = (
    "",
    "ROWS UNBOUNDED PRECEDING",
    "ROWS BETWEEN 3 PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN 2 PRECEDING AND 3 FOLLOWING",
    "ROWS BETWEEN 4 PRECEDING AND 2 PRECEDING",
    "ROWS BETWEEN 1 FOLLOWING AND 90 FOLLOWING",
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "RANGE UNBOUNDED PRECEDING",
    "RANGE BETWEEN CURRENT ROW AND CURRENT ROW",
    "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
)
RANKS = ("row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(3)", "ntile(700)")
NEIGHBOURS = (
    "lag({0})",
    "lead({0}, 2)",
    "lag({0}, -1)",
    "lead({0}, 0)",
    "lag({0}, 3, {0})",
    "lag({0}) IGNORE NULLS",
)
AGGREGATES = (
    "sum({0})",
    "avg({0})",
    "min({0})",
    "max({0})",
    "count({0})",
    "count(*)",
    "count_if({0} > 0)",
    "sum({0}) FILTER (WHERE flag)",
    "stddev({0})",
    "first_value({0})",
    "last_value({0})",
    "nth_value({0}, 2)",
    "first_value({0}) IGNORE NULLS",
)
COLUMNS = ("tiny", "large", "price", "wide", "ratio", "word", "flag", "day")
NUMBERS = ("tiny", "large", "price", "wide", "ratio")


def _table() -> pa.Table:
    chance = random.Random(11)

    def some(make: object, share: float = 0.15) -> list[object]:
        return [None if chance.random() < share else make() for _ in range(ROWS)]  # type: ignore[operator]

    columns = {
        "k": pa.array(some(lambda: int(chance.expovariate(0.1)), 0.05)),
        "s": pa.array(some(lambda: chance.choice(["", "a", "b", "é"]), 0.05)),
        "o": pa.array(some(lambda: chance.randint(0, 9))),
        "id": pa.array(range(ROWS)),
        "tiny": pa.array(some(lambda: chance.randint(-3, 3)), pa.int8()),
        "large": pa.array(some(lambda: chance.randint(-(2**40), 2**40))),
        "price": pa.array(some(lambda: Decimal(chance.randint(-(10**9), 10**9)).scaleb(-2)), pa.decimal128(15, 2)),
        "wide": pa.array(some(lambda: Decimal(chance.randint(-(10**30), 10**30))), pa.decimal128(32, 0)),
        "ratio": pa.array(some(lambda: chance.choice([0.0, -0.0, float("nan"), 1.5, chance.uniform(-9, 9)]))),
        "word": pa.array(some(lambda: "".join(chance.choices("abé", k=chance.randint(0, 5))))),
        "flag": pa.array(some(lambda: chance.random() < 0.5)),
        "day": pa.array(some(lambda: chance.randint(0, 9000)), pa.int32()).cast(pa.date32()),
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("windows")
    pq.write_table(_table(), folder / "t.parquet", row_group_size=600)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": False, "spark.executor.cores": 1}
    with Session(conf={**conf, "flint.compile.optimize": 0}) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t.parquet')")
        yield made


def rows(session: Session, text: str) -> str:
    """What a query gives; as text, since NaN equals NaN there."""
    return str(session.sql(text).toArrow().sort_by("id").to_pylist())


def agree(session: Session, text: str, **conf: object) -> None:
    for name, value in conf.items():
        session.conf.set(f"flint.compile.{name}", value)
    try:
        compiled = rows(session, text)
        session.conf.set("flint.compile.enabled", False)
        assert compiled == rows(session, text), text
    finally:
        for name in ("enabled", *conf):
            session.conf.unset(f"flint.compile.{name}")
        session.conf.set("flint.compile.optimize", 0)


def window(chance: random.Random, frame: str) -> str:
    partition = chance.choice(["PARTITION BY k ", "PARTITION BY s, k ", "PARTITION BY k % 3 ", "PARTITION BY id ", ""])
    order = (
        f"{chance.choice(['o', 'o DESC', 'o NULLS LAST', 'o DESC NULLS FIRST', 'o, word DESC', 'word, o', 'ratio'])}"
    )
    return f"({partition}ORDER BY {order} {frame})"


@pytest.mark.parametrize("frame", FRAMES)
def test_aggregates(session: Session, frame: str) -> None:
    chance = random.Random(frame)
    for column in chance.sample(COLUMNS, 2):
        usable = [
            each for each in AGGREGATES if column in NUMBERS or not each.startswith(("sum", "avg", "count_if", "std"))
        ]
        over = window(chance, frame)
        values = [f"{each.format(column)} OVER {over}" for each in usable]
        values = [f"CAST({each} AS FLOAT)" if each.startswith("std") else each for each in values]
        calls = ", ".join(f"{each} AS c{n}" for n, each in enumerate(values))
        agree(session, f"SELECT id, {calls} FROM t", optimize=chance.choice([0, 2]), checked=chance.random() < 0.5)


@pytest.mark.parametrize("seed", range(6))
def test_ranks_and_neighbours(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    names = chance.sample(COLUMNS, 3)
    made = [*chance.sample(RANKS, 5), *(chance.choice(NEIGHBOURS).format(name) for name in names)]
    over = window(chance, "")
    text = ", ".join(f"{each} OVER {over} AS c{n}" for n, each in enumerate(made))
    agree(session, f"SELECT id, word, {text} FROM t", checked=seed % 2 == 1)


def test_expressions_and_hoisted_ones(session: Session) -> None:
    over = "(PARTITION BY k ORDER BY o ROWS UNBOUNDED PRECEDING)"
    calls = ("sum(tiny * 2 + id)", "max(length(upper(word)))", "sum(CASE WHEN flag THEN price END)")
    text = ", ".join(f"{each} OVER {over} c{n}" for n, each in enumerate(calls))
    text += ", lag(upper(word)) OVER (PARTITION BY k ORDER BY o) l"
    agree(session, f"SELECT id, {text}, rank() OVER (PARTITION BY s ORDER BY o) r FROM t")


def test_as_duckdb_has_it(session: Session) -> None:
    over = "(PARTITION BY k ORDER BY o NULLS FIRST, id ROWS UNBOUNDED PRECEDING)"
    calls = [f"{each} OVER {over}" for each in ("row_number()", "sum(large)", "min(price)", "count(word)")]
    ordered = "(PARTITION BY k ORDER BY o NULLS FIRST, id)"
    calls += [f"lag(word, 2) OVER {ordered}", "dense_rank() OVER (PARTITION BY k ORDER BY o NULLS FIRST)"]
    text = f"SELECT id, {', '.join(f'{each} AS {name}' for each, name in zip(calls, 'abcdef', strict=True))} FROM t ORDER BY id"
    t = _table()
    with duckdb.connect() as connection:
        connection.register("t", t)
        theirs = connection.sql(f"SELECT * REPLACE (b::BIGINT AS b) FROM ({text}) ORDER BY id").to_arrow_table()
        assert rows(session, text) == str(theirs.to_pylist())


def test_overflow_is_an_error_as_ever(session: Session) -> None:
    over = "OVER (PARTITION BY k ORDER BY id)"
    for call in ("sum(9223372036854775807L)", "sum(large / tiny)", "sum(cast(word AS INT))", "lag(1 / tiny)"):
        text, found = f"SELECT id, {call} {over} FROM t", []
        for enabled in (True, False):
            session.conf.set("flint.compile.enabled", enabled)
            with pytest.raises(FlintError) as error:
                session.sql(text).toArrow()
            found.append(error.value.condition)  # threads race for the row that is told
        session.conf.unset("flint.compile.enabled")
        assert found[0] == found[1]


def test_no_rows_and_one(session: Session) -> None:
    for condition in ("id < 0", "id = 7"):
        over = "OVER (PARTITION BY k ORDER BY o)"
        agree(session, f"SELECT id, rank() {over} r, sum(large) {over} s, lead(word) {over} l FROM t WHERE {condition}")


def test_the_code_is_shown(session: Session) -> None:
    calls = "rank() OVER w, sum(large) OVER w, max(word) OVER w, lag(word) OVER w"
    text = session.sql(f"EXPLAIN CODEGEN SELECT {calls} FROM t WINDOW w AS (PARTITION BY k ORDER BY o)").toArrow()
    lines = text[0][0].as_py().split("Loop of Window:")[1].splitlines()
    shown = [line.split(":")[0].strip() for line in lines if line.strip().startswith(("compiled:", "interpreted:"))]
    assert shown[:4] == ["compiled", "compiled", "interpreted", "compiled"]
    assert any("define i64 @run" in line for line in lines)
