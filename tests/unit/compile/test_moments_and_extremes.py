"""Moments, and the least and greatest texts, as machine code: what the interpreted aggregates give, in groups of all kinds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS, GROUPS = 6000, 700
WORDS = ("", "a", "bb", "abcdefgh", "abcdefghi", "abcdefgha", "ä€😀", "Zz", "abcdefgh\0", "\U0010ffff" * 3)
MOMENTS = (
    "stddev_samp(x) a, stddev_pop(y) b, var_pop(same) c, var_samp(mid) d, corr(x, y) e, covar_pop(x, mid) f, "
    "covar_samp(y, x) g, skewness(y) h, kurtosis(y) i, regr_avgx(x, y) j, regr_count(y, x) k, "
    "stddev(x) FILTER (WHERE mid > 0) l, var_pop(odd) m, "
    "regr_avgy(odd, x) n, count(*) o"
)
TEXTS = (
    "min(word) a, max(word) b, min(text) c, max(text) d, min(text) FILTER (WHERE mid > 900) e, max(CAST(text AS BINARY)) f, "
    "count(*) g, min(substring(text, 2)) h"
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("moments")
    draw = random.Random(3)

    def some(values: list[Any]) -> list[Any]:
        return [None if draw.random() < 0.1 else value for value in values]

    words = [draw.choice(WORDS) for _ in range(ROWS)]
    odd = [float("nan"), float("inf"), float("-inf"), 1e9]
    table = pa.table(
        {
            "id": pa.array([draw.randrange(GROUPS) for _ in range(ROWS)], pa.int64()),
            "few": pa.array([draw.randrange(3) for _ in range(ROWS)], pa.int8()),
            "x": pa.array(some([draw.gauss(1000, 3) for _ in range(ROWS)]), pa.float64()),
            "y": pa.array(some([draw.gauss(-5, 100) for _ in range(ROWS)]), pa.float64()),
            "same": pa.array([0.1] * ROWS, pa.float64()),
            "odd": pa.array(some([draw.choice(odd) if row % 50 == 0 else 1.5 for row in range(ROWS)]), pa.float64()),
            "mid": pa.array(some([draw.randint(-1000, 1000) for _ in range(ROWS)]), pa.int32()),
            "word": pa.array(some(words), pa.string()),
            "text": pa.array(some([f"{word}{draw.randrange(ROWS)}" for word in words]), pa.string()),
        }
    )
    (folder / "t").mkdir()
    for part in range(3):
        rows = table.slice(part * 2000, 2000)
        pq.write_table(rows, folder / "t" / f"{part}.parquet", row_group_size=700, use_dictionary=part != 1)
    owners = pa.table({"id": list(range(GROUPS - 50)), "name": [f"n{each % 50}" for each in range(GROUPS - 50)]})
    pq.write_table(owners, folder / "owners.parquet")
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false", "spark.sql.ansi.enabled": "false"}
    with Session(conf=conf) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t')")
        made.sql(f"CREATE TEMP VIEW owners USING parquet OPTIONS (path '{folder}/owners.parquet')")
        yield made


def answer(session: Session, text: str, **conf: str) -> list[tuple[Any, ...]]:
    """The rows in the order of what is not floating."""
    for name, value in conf.items():
        session.conf.set(f"flint.compile.{name}", value)
    try:
        found = [tuple(row.values()) for row in session.sql(text).toArrow().to_pylist()]
    finally:
        for name in conf:
            session.conf.unset(f"flint.compile.{name}")
    return sorted(found, key=lambda row: repr([each for each in row if not isinstance(each, float)]))


def is_close(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return (
            one == other
            or (math.isnan(one) and math.isnan(other))
            or math.isclose(one, other, rel_tol=1e-7, abs_tol=1e-9)
        )
    return bool(one == other)


FROMS = (
    "t",
    "t GROUP BY few",
    "t GROUP BY id",
    "t GROUP BY word",
    "t GROUP BY text",
    "t WHERE id < 0",
    "/*joined*/ owners JOIN t ON t.id = owners.id GROUP BY owners.id",
    "/*joined*/ owners JOIN t ON t.id = owners.id GROUP BY name",
)


@pytest.mark.parametrize("rows", FROMS)
@pytest.mark.parametrize("calls", [MOMENTS, TEXTS], ids=["moments", "texts"])
def test_compiled_ones_give_what_interpreted_ones_give(session: Session, calls: str, rows: str) -> None:
    hint = "/*+ shuffle_hash(owners) */ " if "joined" in rows else ""
    text = f"SELECT {hint}{rows.split('BY ')[-1] + ' AS key, ' if 'BY' in rows else ''}{calls} FROM {rows}"
    expected = answer(session, text, enabled="false")
    for conf in ({"checked": "true", "optimize": "0"}, {}):
        found = answer(session, text, **conf)
        assert len(found) == len(expected)
        wrong = [
            (a, b)
            for pair in zip(found, expected, strict=True)
            for a, b in zip(*pair, strict=True)
            if not is_close(a, b)
        ]
        assert not wrong, (conf, wrong[:5])


def test_they_are_compiled(session: Session) -> None:
    for calls in (MOMENTS, TEXTS):
        shown = session.sql(f"EXPLAIN CODEGEN SELECT few, {calls} FROM t GROUP BY few").toArrow()[0][0].as_py()
        assert "Pipeline 1: Scan → HashAggregate\n  compiled: the end" in shown.replace("\n\n", "\n")


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_equal_values_have_no_variance(session: Session, enabled: str) -> None:
    """To the last digit: whether there is a correlation depends on it."""
    for rows in ("t", "t GROUP BY few", "t GROUP BY id"):
        text = f"SELECT var_pop(same) v, corr(same, x) c FROM {rows}"
        assert {(v, c) for v, c in answer(session, text, enabled=enabled)} == {(0.0, None)}


@pytest.mark.parametrize("rows", ["t", "t GROUP BY few"])
def test_values_far_from_the_first(session: Session, rows: str) -> None:
    """The first value, which distances are from, is far from all others, and the others far from zero."""
    text = f"SELECT min(few) k, stddev_pop(IF(id = 0, 0D, 1e9D + y)) s, stddev_pop(1e9D + y) u FROM {rows}"
    for one, other in zip(answer(session, text), answer(session, text, enabled="false"), strict=True):
        assert all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("keys", ["", "GROUP BY n % 700", "GROUP BY concat('key ', n % 700)"])
def test_texts_that_get_greater_and_longer(session: Session, keys: str) -> None:
    """Each is better than the one before: the room of a group is used again, and grows, while keys are put into the table."""
    texts = "lpad(n, 8, '0') || repeat('x', n % 900 div 30) AS t, repeat('z', 40 - n div 700) || n AS shrinking"
    rows = f"(SELECT n, {texts} FROM (SELECT id AS n FROM range(20000)))"
    query = (
        f"SELECT max(t) a, min(t) b, min(shrinking) c, max(shrinking) d, count(*) e FROM {rows} {keys} ORDER BY 1, 2"
    )
    assert answer(session, query) == answer(session, query, enabled="false")
