"""Chains as machine code: what they give, how far they are compiled, and when they are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session

ROWS = 50_000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("chain")
    words = ["apple", "banana", None, "cherry"]
    table = pa.table(
        {
            "id": pa.array(range(ROWS)),
            "word": pa.array([words[row % 4] for row in range(ROWS)]),
            "price": pa.array([None if row % 7 == 0 else row % 1000 for row in range(ROWS)], pa.int64()),
        }
    )
    pq.write_table(table, folder / "t.parquet", row_group_size=10_000)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.directory": str(folder / "objects")}
    with Session(conf=conf) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t.parquet')")
        yield made


def rows(session: Session, text: str, compiled: bool) -> list[dict[str, object]]:
    session.conf.set("flint.compile.enabled", compiled)
    try:
        return session.sql(text).toArrow().to_pylist()
    finally:
        session.conf.unset("flint.compile.enabled")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, word FROM t WHERE word LIKE 'b%' AND id % 1000 < 10",
        "SELECT id, upper(word) AS u, price FROM t WHERE price IS NULL OR word IS NULL",
        "SELECT id + 1 AS next, coalesce(word, 'none') AS w FROM t WHERE length(word) = 6",
        "SELECT word, price FROM t WHERE substring(word, 1, 1) IN ('a', 'c') AND price > 990",
        "SELECT count(*) AS n, sum(price) AS s FROM t WHERE word <> 'apple'",
        "SELECT word, upper(word) AS u, grouping_id() AS g, count(*) AS n FROM t GROUP BY CUBE(word, upper(word)) ORDER BY ALL",
        "SELECT price % 3 AS p, word, sum(id) AS s FROM t GROUP BY ROLLUP(price % 3, word) ORDER BY ALL",
        "SELECT count(DISTINCT word) AS w, count(DISTINCT price) AS p, sum(price) AS s FROM t",
        "SELECT if(id % 2 = 0, word, NULL) AS w, count(*) AS n FROM t GROUP BY 1 ORDER BY ALL",
        "SELECT CASE WHEN id % 3 = 0 THEN upper(word) ELSE NULL END AS w, count(*) AS n FROM t GROUP BY 1 ORDER BY ALL",
    ],
)
def test_compiled_chains_give_what_interpreted_ones_give(session: Session, text: str) -> None:
    assert rows(session, text, compiled=True) == rows(session, text, compiled=False)


def test_an_error_is_that_of_the_interpreted_operators(session: Session) -> None:
    messages = []
    for compiled in (True, False):
        with pytest.raises(Exception, match="DIVIDE_BY_ZERO") as raised:
            rows(session, "SELECT id FROM t WHERE 1 / (id - 777) > 0 AND word = 'banana'", compiled)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


def test_an_error_of_an_aggregate_is_that_of_the_interpreted_one(session: Session) -> None:
    messages = []
    for compiled in (True, False):
        with pytest.raises(Exception, match="REMAINDER_BY_ZERO") as raised:
            rows(session, "SELECT count(*) AS n, avg(id % (id - 777)) AS a FROM t", compiled)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


def test_only_rows_that_get_there_can_raise(session: Session) -> None:
    text = "SELECT sum(q) AS s FROM (SELECT 1000 div (id - 777) AS q FROM t WHERE id > 777)"
    assert rows(session, text, compiled=True) == rows(session, text, compiled=False)


def test_explain_codegen_shows_code_and_reasons(session: Session) -> None:
    text = (
        session.sql("EXPLAIN CODEGEN SELECT id, explode(array(id)) FROM t WHERE word ILIKE 'b_n%'")
        .toArrow()[0][0]
        .as_py()
    )
    assert "compiled: Filter" in text
    assert "interpreted: Generate" in text
    assert "define i64 @run" in text
    assert "by kernels, before: ilike(word, 'b_n%')" in text


def test_few_rows_are_interpreted(session: Session) -> None:
    session.conf.set("flint.compile.minRows", 10 * ROWS)
    try:
        text = session.sql("EXPLAIN CODEGEN SELECT id FROM t WHERE word LIKE 'b%'").toArrow()[0][0].as_py()
    finally:
        session.conf.unset("flint.compile.minRows")
    assert "fewer than flint.compile.minRows" in text
    assert "define" not in text


def test_object_code_is_kept(session: Session) -> None:
    rows(session, "SELECT id FROM t WHERE word LIKE '%rry'", compiled=True)
    folder = Path(session.conf.get("flint.compile.cache.directory"))
    assert any(each.suffix == ".object" for each in folder.iterdir())
    assert folder.stat().st_mode & 0o077 == 0
