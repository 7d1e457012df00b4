"""UNNEST and SUMMARIZE: what comes out, for every kind of column, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine import Session
from engine.errors import FlintError

LISTS = """create temporary view lists as select * from values
    (1, array(10, 20, null), array('a'), map('x', 1, 'y', 2)), (2, array(), array('b', 'c'), map()), (3, null, null, null)
    as v(k, a, b, h)"""
UNNESTED = {
    "select * from unnest(array(1, null, 2))": [(1,), (None,), (2,)],
    "select * from unnest(array(1, 2)) with ordinality": [(1, 1), (2, 2)],
    "select * from unnest(array(1, 2)) with offset as u(x, n)": [(1, 0), (2, 1)],
    "select * from unnest(array(1, 2, 3), array('a')) as u(x, y)": [(1, "a"), (2, None), (3, None)],
    "select * from unnest(map('a', 1))": [("a", 1)],
    "select * from unnest(map('a', 1, 'b', 2)) with ordinality as u(k, v, n)": [("a", 1, 1), ("b", 2, 2)],
    "select * from unnest(cast(null as array<int>))": [],
    "select * from unnest(array(named_struct('f', 1))) as u(s)": [((1,),)],
    "select k, x from lists, unnest(a) as u(x)": [(1, 10), (1, 20), (1, None)],
    "select k, x from lists, unnest(lists.b) as u(x) where x > 'a'": [(2, "b"), (2, "c")],
    "select k, x from lists cross join unnest(a) as u(x) where x is not null": [(1, 10), (1, 20)],
    "select k, x, y from lists, lateral unnest(a, b) as u(x, y)": [
        (1, 10, "a"),
        (1, 20, None),
        (1, None, None),
        (2, None, "b"),
        (2, None, "c"),
    ],
    "select k, x, n from lists left join unnest(b) with ordinality as u(x, n) on true": [
        (1, "a", 1),
        (2, "b", 1),
        (2, "c", 2),
        (3, None, None),
    ],
    "select k, v from lists left join unnest(h) as u(x, v) on v > 1": [(1, 2), (2, None), (3, None)],
    "select k, (select sum(x) from unnest(a) as u(x)) from lists": [(1, 30), (2, None), (3, None)],
    "select k from lists where exists (select 1 from unnest(b) as u(x) where x = 'c')": [(2,)],
    "select u.x, w.y from lists, unnest(a) as u(x), unnest(array(u.x, k)) as w(y) where u.x = 10": [(10, 10), (10, 1)],
}
REFUSED = {
    "select * from unnest(1)": "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
    "select * from unnest(null)": "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
    "select * from unnest(map('a', 1), array(1))": "UNSUPPORTED_FEATURE",
    "select * from unnest(array(1)) as u(a, b)": "ASSIGNMENT_ARITY_MISMATCH",
    "select unnest(array(1))": "UNRESOLVED_ROUTINE",
    "select * from lists right join unnest(a) on true": "INVALID_LATERAL_JOIN_TYPE",
    "select * from lists full join unnest(a) on true": "INVALID_LATERAL_JOIN_TYPE",
    "select * from unnest(nowhere.a)": "UNRESOLVED_COLUMN",
    "select * from explode(array(1)) with ordinality": "PARSE_SYNTAX_ERROR",
    "summarize nowhere": "TABLE_OR_VIEW_NOT_FOUND",
}
KINDS = """select * from values
    (1, 1.50, 2.0D, 'b', date'2020-01-01', true, timestamp'2020-01-01 12:00:00', array(1), map('a', 1), X'00'),
    (3, 2.50, null, 'a', date'2021-01-01', false, timestamp'2021-01-01 12:00:00', array(2), map(), X'01'),
    (null, null, null, null, null, null, null, null, null, null),
    (4, 9.00, 4.0D, 'b', date'2022-01-01', true, timestamp'2022-01-01 12:00:00', array(), map(), X'01')
    as v(i, m, x, s, d, p, t, a, h, y)"""


@pytest.fixture(scope="module")
def lists(session: Session) -> Session:
    session.sql(LISTS)
    return session


@pytest.mark.parametrize("text", UNNESTED)
def test_unnest(lists: Session, text: str) -> None:
    assert [tuple(row) for row in lists.sql(text).collect()] == UNNESTED[text]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(lists: Session, text: str) -> None:
    with pytest.raises(FlintError) as caught:
        lists.sql(text).collect()
    assert caught.value.condition.startswith(REFUSED[text])
    assert caught.value.position is not None


def test_names_and_types_of_unnest(lists: Session) -> None:
    assert lists.sql("select * from unnest(array(1L)) with ordinality").dtypes == [
        ("unnest", "bigint"),
        ("ordinality", "bigint"),
    ]
    assert lists.sql("select * from unnest(map('a', 1)) with offset").columns == ["key", "value", "offset"]


def test_along_the_rows_without_a_join(lists: Session) -> None:
    assert (
        "Join"
        not in lists.sql("select k, x, n from lists left join unnest(b) with offset u(x, n) on true").query.explain()
    )


def test_summarize(session: Session) -> None:
    frame = session.sql(f"summarize {KINDS}")
    expected = [
        ("i", "INT", "1", "4", 3, "2.6666666666666665", "1.5275252316519465", "1", "3", "4", 4, "25.00"),
        ("m", "DECIMAL(3,2)", "1.50", "9.00", 3, "4.333333", "4.072263907623539", "1.50", "2.50", "9.00", 4, "25.00"),
        ("x", "DOUBLE", "2.0", "4.0", 2, "3.0", "1.4142135623730951", "2.0", "2.0", "4.0", 4, "50.00"),
        ("s", "STRING", "a", "b", 2, None, None, None, None, None, 4, "25.00"),
        ("d", "DATE", "2020-01-01", "2022-01-01", 3, None, None, "2020-01-01", "2021-01-01", "2022-01-01", 4, "25.00"),
        ("p", "BOOLEAN", "false", "true", 2, None, None, None, None, None, 4, "25.00"),
    ]
    rows = [tuple(row) for row in frame.collect()]
    assert [(*row[:11], str(row[11])) for row in rows[:6]] == expected
    assert [row[:2] for row in rows[6:]] == [
        ("t", "TIMESTAMP"),
        ("a", "ARRAY<INT>"),
        ("h", "MAP<STRING, INT>"),
        ("y", "BINARY"),
    ]
    assert rows[7][2:10] == (None,) * 8
    assert [kind for _, kind in frame.dtypes] == ["string"] * 4 + ["bigint"] + ["string"] * 5 + [
        "bigint",
        "decimal(9,2)",
    ]


def test_summarize_tables_and_as_a_relation(session: Session, files) -> None:
    session.sql(f"create or replace temporary view small as select * from parquet.`{files}/t.parquet`")
    whole = session.sql("summarize small").collect()
    assert session.sql("summarize table small").collect() == whole
    assert session.sql("select * from (summarize select * from small)").collect() == whole
    missing = session.sql(
        "select column_name, null_percentage p from (summarize small) where column_name = 'd'"
    ).collect()
    assert [tuple(row) for row in missing] == [("d", Decimal("25.00"))]


def test_summarize_nothing(session: Session) -> None:
    rows = session.sql("summarize select 1 as a where false").collect()
    assert [tuple(row) for row in rows] == [("a", "INT", None, None, 0, *[None] * 5, 0, None)]
