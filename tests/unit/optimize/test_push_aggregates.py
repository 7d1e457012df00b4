"""Grouping before joining gives what grouping after it gives: random joins, as DuckDB answers them, with the rule made to fire
wherever it may."""

from __future__ import annotations

import random
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import ExecutionError
from engine.logical.plan import Aggregate
from engine.optimize import eager_aggregation
from engine.query import Query
from engine.session import Session

RULE = "push_aggregates"
MOST = 2**63 - 1
KINDS = {"i": pa.int32(), "d": pa.decimal128(9, 2), "w": pa.decimal128(32, 4), "f": pa.float64(), "l": pa.int64()}


def rows(chance, count):
    def column(most, nulls=0.2):
        return [None if chance.random() < nulls else chance.randint(-most, most) for _ in range(count)]

    return pa.table(
        {
            "a": pa.array(column(4), pa.int32()),
            "b": pa.array(column(3), pa.int32()),
            "s": pa.array([None if x is None else f"text {x}" for x in column(3)]),
            "i": pa.array(column(1000), pa.int32()),
            "d": pa.array([None if x is None else Decimal(x) / 100 for x in column(10**8)], KINDS["d"]),
            "w": pa.array([None if x is None else Decimal(x) / 10 for x in column(10**12)], KINDS["w"]),
            "f": pa.array([None if x is None else x / 4 for x in column(1000)], KINDS["f"]),
            "l": pa.array(column(10**15), KINDS["l"]),
        }
    )


def edge():
    """Sums that are out of range, as BIGINT and as DECIMAL(38, 0)."""
    most = Decimal(10**38 - 1)
    found = [(1, MOST, most), (1, MOST, most), (2, MOST, most), (2, 1, 0), (3, -1, -1), (4, 5, 5)]
    keys, longs, wides = zip(*found, strict=True)
    return pa.table({"a": keys, "l": longs, "w": pa.array([Decimal(x) for x in wides], pa.decimal128(38, 0))})


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """The rule at work, without it, and DuckDB; the first with code from the first row on."""
    chance, folder = random.Random(11), tmp_path_factory.mktemp("tables")
    oracle = duckdb.connect()
    conf = {"flint.optimizer.check": "true", "flint.compile.minRows": "0"}
    with Session(conf=conf) as early, Session(conf={"spark.sql.optimizer.excludedRules": RULE}) as late:
        tables = {name: rows(chance, count) for name, count in (("x", 300), ("y", 40), ("z", 25))}
        for name, table in (tables | {"edge": edge()}).items():
            path = folder / f"{name}.parquet"
            pq.write_table(table, path)
            oracle.execute(f"create view {name} as select * from '{path}'")
            for session in (early, late):
                session.sql(f"create temp view {name} as select * from parquet.`{path}`")
        yield early, late, oracle


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    monkeypatch.setattr(eager_aggregation, "_FEWEST_ROWS", 0.0)
    monkeypatch.setattr(eager_aggregation, "_FEW", float("inf"))
    monkeypatch.setattr(eager_aggregation, "_GAIN", float("-inf"))


def query(chance):
    """Three tables, functions of one of them."""
    source, *others = chance.sample(["x", "y", "z"], 3)
    kinds = [chance.choice(["join", "join", "left join"]), chance.choice(["join", "left join", "left semi join"])]
    shown = [source, *(name for name, kind in zip(others, kinds, strict=True) if kind != "left semi join")]
    text = f"{source} {kinds[0]} {others[0]} on {source}.{chance.choice('ab')} = {others[0]}.{chance.choice('ab')}"
    left = chance.choice([source, others[0]])
    more = f" and {left}.b < {others[1]}.i" if chance.random() < 0.2 else ""
    text += f" {kinds[1]} {others[1]} on {left}.{chance.choice('ab')} = {others[1]}.{chance.choice('ab')}{more}"
    keys = list(dict.fromkeys(f"{chance.choice(shown)}.{chance.choice('abs')}" for _ in range(chance.randint(1, 3))))
    if chance.random() < 0.2:
        keys.append(f"{source}.a + {chance.choice(shown)}.b")
    calls = [call(chance, source) for _ in range(chance.randint(1, 4))]
    where = f" where {chance.choice(shown)}.i > {chance.randint(-900, 0)}" if chance.random() < 0.3 else ""
    return f"select {', '.join((*keys, *calls))} from {text}{where} group by {', '.join(keys)}"


def call(chance, source):
    column = f"{source}.{chance.choice('idfwl')}"
    made = chance.choice(["count({})", "sum({})", "min({})", "max({})", "avg({})", "sum({0}) + count({0})"]).format(
        column
    )
    if "+" not in made and chance.random() < 0.2:
        made += f" filter (where {source}.i > 0)"
    return made


def comparable(found):
    def plain(value):
        return float(f"{float(value):.9g}") if isinstance(value, float | Decimal | int) else value

    return sorted((tuple(plain(value) for value in row) for row in found), key=repr)


@pytest.mark.parametrize("seed", range(6))
def test_random_joins(engines, seed):
    early, late, oracle = engines
    chance, fired = random.Random(seed), 0
    for number in range(10):
        text = query(chance)
        what = f"query {number} of seed {seed}: {text}"
        answer = comparable(early.sql(text).collect())
        fired += len(Query(early, text).optimized.collect(Aggregate)) > 1
        assert answer == comparable(late.sql(text).collect()), what
        assert answer == comparable(oracle.execute(text.replace("left semi", "semi")).fetchall()), what
    assert fired > 3


@pytest.mark.parametrize(
    ("call", "keys", "found"),
    [
        ("sum(l)", "(4)", 5),  # out of range for key 1, which is not joined
        ("sum(l)", "(2), (3)", MOST),  # out of range for key 2 alone
        ("sum(l)", "(1), (4)", "ARITHMETIC_OVERFLOW"),
        ("avg(l)", "(1)", float(MOST)),
        ("sum(cast(l as decimal(38, 0)) * 10000000000000000000)", "(4)", 5 * 10**19),
        ("sum(w)", "(4)", Decimal(5)),
        ("sum(w)", "(1)", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),
    ],
)
def test_sums_of_parts_out_of_range(engines, call, keys, found):
    text = f"select {call} from edge join (values {keys}) r(k) on edge.a = r.k group by r.k > 0"
    for session in engines[:2]:
        if isinstance(found, str):
            with pytest.raises(ExecutionError) as caught:
                session.sql(text).collect()
            assert caught.value.condition == found
        else:
            assert [row[0] for row in session.sql(text).collect()] == [found]
