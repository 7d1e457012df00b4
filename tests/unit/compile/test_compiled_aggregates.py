"""Aggregates as machine code: the same groups and values as the interpreted ones, whatever the batches are like."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS = 30_000
GROUPS = 4_000


def columns(seed: int) -> dict[str, pa.Array]:
    """Nullable columns of many types, with extremes, NaN and both zeros."""
    draw = random.Random(seed)

    def some(values: list[Any], nulls: float = 0.1) -> list[Any]:
        return [None if draw.random() < nulls else draw.choice(values) for _ in range(ROWS)]

    words = ["", "a", "bb", "ccc", "four", "eight888", "a text of nineteen!", "ä€😀"]
    return {
        "id": pa.array([draw.randrange(GROUPS) * (1 << 40) - (1 << 45) for _ in range(ROWS)], pa.int64()),
        "few": pa.array(some([-128, 127, 0, 5]), pa.int8()),
        "mid": pa.array(some([-(1 << 31), (1 << 31) - 1, 7, 8]), pa.int32()),
        "big": pa.array(some([-(1 << 62), 1 << 61, 12345678901234567, 0]), pa.int64()),
        "flag": pa.array(some([True, False]), pa.bool_()),
        "real": pa.array(some([0.0, -0.0, float("nan"), 1.5, -2.25, float("inf")]), pa.float64()),
        "small": pa.array(some([0.0, -0.0, float("nan"), 1.5, -2.25]), pa.float32()),
        "day": pa.array(some(list(range(-5, 5))), pa.int32()).cast(pa.date32()),
        "price": pa.array(some([Decimal("1.25"), Decimal("-99999.99"), Decimal("0.00")]), pa.decimal128(12, 2)),
        "wide": pa.array(some([Decimal(10**25), Decimal(-(10**25)), Decimal(3)]), pa.decimal128(30, 0)),
        "word": pa.array(some(words), pa.string()),
        "text": pa.array([f"{draw.randrange(GROUPS)} some text" for _ in range(ROWS)], pa.string()),
    }


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("aggregates")
    _write(folder / "t", seed=1)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false"}
    with Session(conf=conf) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t')")
        yield made


def _write(folder: Path, seed: int) -> None:
    """Files whose row groups have dictionaries of their own, and one without any."""
    folder.mkdir()
    table = pa.table(columns(seed))
    half = ROWS // 2
    pq.write_table(table.slice(0, half), folder / "a.parquet", row_group_size=4000)
    pq.write_table(table.slice(half), folder / "b.parquet", row_group_size=7000, use_dictionary=False)


def answer(session: Session, text: str, **conf: str) -> list[tuple[Any, ...]]:
    """The rows, in an order of their own, NaN as text."""
    for name, value in conf.items():
        session.conf.set(f"flint.compile.{name}", value)
    try:
        found = session.sql(text).toArrow().to_pylist()
    finally:
        for name in conf:
            session.conf.unset(f"flint.compile.{name}")
    return sorted((tuple(map(_shown, row.values())) for row in found), key=repr)


def _shown(value: Any) -> Any:
    if isinstance(value, float):
        return "NaN" if value != value else round(value, 6) + 0.0
    return value


CALLS = (
    "count(*) c, count(few) c1, count(mid, big) c2, sum(few) s1, sum(mid) s2, sum(price) s3, sum(wide) s4, avg(few) a1, "
    "avg(price) a2, min(few) m1, max(mid) m2, min(real) m3, max(real) m4, min(day) m5, max(price) m6, min(wide) m7, "
    "max(flag) m8, bool_and(flag) b1, bit_or(mid) b2, bit_xor(few) b3, count_if(flag) ci, min(small) m9, "
    "sum(mid) FILTER (WHERE flag) f1, count(*) FILTER (WHERE few > 0) f2, max(big) FILTER (WHERE NOT flag) f3, "
    "try_sum(mid) t1, sum(DISTINCT few) d1"
)


@pytest.mark.parametrize("optimize", ["0", "2"])
@pytest.mark.parametrize(
    "keys",
    [
        "",
        "few",
        "id",
        "real",
        "small, flag",
        "day, few, mid",
        "wide",
        "price, big",
        "word",
        "text",
        "word, text",
        "upper(word), flag",
        "id, text, word, mid, real",
        "few + 1, id % 10",
    ],
)
def test_compiled_aggregates_give_what_interpreted_ones_give(session: Session, keys: str, optimize: str) -> None:
    columns = ", ".join(f"{key} AS k{place}" for place, key in enumerate(keys.split(", "))) if keys else "1 AS one"
    text = f"SELECT {columns}, {CALLS} FROM t" + (f" GROUP BY {keys}" if keys else "")
    expected = answer(session, text, enabled="false")
    assert answer(session, text, optimize=optimize) == expected


@pytest.mark.parametrize("where", ["few > 1000", "id = -1"])
def test_no_rows_make_no_groups(session: Session, where: str) -> None:
    for text in (f"SELECT few, sum(mid) FROM t WHERE {where} GROUP BY few", f"SELECT {CALLS} FROM t WHERE {where}"):
        assert answer(session, text) == answer(session, text, enabled="false")


def test_groups_of_built_rows_alone(session: Session) -> None:
    """No row of the streamed side reaches the groups: they are of what a join has marked, and follow after it."""
    for kind in ("SEMI", "ANTI"):
        text = f"SELECT /*+ shuffle_hash(l) */ l.id, count(*) FROM (SELECT id, few FROM t WHERE mid = 7) l LEFT {kind} JOIN t r"
        text += " ON l.id = r.id AND l.few <> r.few GROUP BY l.id"
        assert answer(session, text) == answer(session, text, enabled="false")


def test_a_sum_beyond_bigint_raises_as_the_interpreted_one(session: Session) -> None:
    messages = []
    for enabled in ("true", "false"):
        with pytest.raises(Exception, match="ARITHMETIC_OVERFLOW") as raised:
            answer(session, "SELECT sum(big + 4611686018427387903) FROM t WHERE big > 0", enabled=enabled)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
    text = "SELECT flag, try_sum(big) FROM t GROUP BY flag"
    assert answer(session, text) == answer(session, text, enabled="false")


def test_many_groups(tmp_path: Path) -> None:
    """More than a table holds at once: groups are put aside and met again, in several threads."""
    rows = 600_000
    ids = [(row * 7919) % 250_000 for row in range(rows)]
    table = pa.table({"id": pa.array(ids, pa.int64()), "name": pa.array([f"name {each}" for each in ids])})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=50_000)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false"}
    with Session(conf=conf) as session:
        session.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{tmp_path}/t.parquet')")
        for key in ("id", "name", "id % 90000"):
            groups = f"SELECT {key} k, count(*) c, sum(id) s, min(id) m FROM t GROUP BY 1"
            text = f"SELECT count(*), sum(c), sum(s), max(c), sum(m), min(k), max(k) FROM ({groups})"
            assert answer(session, text) == answer(session, text, enabled="false")


def test_texts_that_differ_in_little(tmp_path: Path) -> None:
    """Of all lengths, with the same beginning and end, and bytes of zero."""
    texts = ["", "\0", "\0\0", *("x" * size for size in range(1, 40))]
    texts += ["x" * 8 + other + "x" * 8 for other in ("a", "b", "\0", "", "ab", "ba", "a" * 9, "a" * 8 + "b")]
    texts += [f"{'y' * size}{digit}{'y' * size}" for size in range(12) for digit in range(10)]
    rows = [texts[row * 7 % len(texts)] if row % 13 else None for row in range(9000)]
    table = pa.table({"plain": rows, "v": list(range(9000))})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2000, use_dictionary=False)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false"}
    with Session(conf=conf) as session:
        session.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{tmp_path}/t.parquet')")
        for keys in ("plain", "plain, substring(plain, 1, 3)"):
            text = f"SELECT {keys}, count(*) c, sum(v) s FROM t GROUP BY {keys}"
            expected = answer(session, text, enabled="false")
            assert answer(session, text, checked="true") == answer(session, text) == expected
            where = text.replace("GROUP", "WHERE v % 3 = 1 GROUP")
            assert answer(session, where) == answer(session, where, enabled="false")


def test_values_that_the_first_batches_did_not_show(tmp_path: Path) -> None:
    """Nulls and wide numbers that come late: groups of both kinds are merged."""
    half = 20_000
    first = {
        "k": [row % 50 for row in range(half)],
        "w": [f"w{row % 9}" for row in range(half)],
        "v": list(range(half)),
    }
    then = {
        "k": [None if row % 11 == 0 else row % 60 for row in range(half)],
        "w": [None if row % 7 == 0 else f"w{row % 12}" for row in range(half)],
        "v": [None if row % 5 == 0 else row << 33 for row in range(half)],
    }
    kinds = pa.schema([("k", pa.int64()), ("w", pa.string()), ("v", pa.int64())])
    table = pa.concat_tables([pa.table(first, kinds), pa.table(then, kinds), pa.table(first, kinds)])
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=10_000)
    with Session(conf={"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false"}) as session:
        session.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{tmp_path}/t.parquet')")
        for keys in ("k", "w", "k, w", "w, v % 3"):
            text = f"SELECT {keys}, count(v), sum(v), avg(v), min(v), max(v), count(*) FROM t GROUP BY {keys}"
            assert answer(session, text) == answer(session, text, enabled="false")


def test_explain_codegen_shows_the_aggregate_as_compiled(session: Session) -> None:
    for text in ("SELECT sum(mid) FROM t WHERE few > 0", "SELECT word, id, max(real) FROM t GROUP BY word, id"):
        shown = session.sql(f"EXPLAIN CODEGEN {text}").toArrow()[0][0].as_py()
        assert "compiled: the end of the pipeline" in shown
