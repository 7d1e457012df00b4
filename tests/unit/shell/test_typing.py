"""Statements while they are typed: tokens, whether they are finished, what the cursor can name."""

from __future__ import annotations

import pytest

from engine.shell.lexing import is_complete, significant, tokens
from engine.shell.scope import Place, Relation, place_of


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "select 'a;b",
        "/* /* nested */ still open",
        "`x",
        "r'\\' || \"x",
        "a--b\n;é::int|>x",
        "1.5e3BD :p 0x",
        "",
    ],
)
def test_tokens_cover_the_text(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


def test_kinds() -> None:
    kinds = [
        (token.kind, token.text) for token in significant("select `a b`, 'it''s', r'\\', :p, 1.5 -- ;\n /* ; */ x")
    ]
    assert kinds == [
        ("WORD", "select"),
        ("QUOTED", "`a b`"),
        ("SYMBOL", ","),
        ("STRING", "'it''s'"),
        ("SYMBOL", ","),
        ("STRING", "r'\\'"),
        ("SYMBOL", ","),
        ("PARAMETER", ":p"),
        ("SYMBOL", ","),
        ("NUMBER", "1.5"),
        ("WORD", "x"),
    ]


@pytest.mark.parametrize(
    "text",
    ["select 1;", "select 1; -- done", "select 1; /* done */ ", "select ';' ;", "", "  -- only a comment", "a; b;"],
)
def test_finished(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "select 'a;",
        'select "a;',
        "select `a;",
        "select 1; /* open ;",
        "select 1 -- ;",
        "a; b",
        "select 'it''s;",
    ],
)
def test_not_finished(text: str) -> None:
    assert not is_complete(text)


def place(text: str) -> Place:
    """The place of the | in `text`."""
    cursor = text.index("¦")
    return place_of(text.replace("¦", ""), cursor)


@pytest.mark.parametrize(
    ("text", "kind", "prefix"),
    [
        ("¦", "statement", ""),
        ("sel¦", "statement", "sel"),
        ("select 1; fr¦", "statement", "fr"),
        ("select * from ¦", "table", ""),
        ("select * from or¦", "table", "or"),
        ("select * from a, b¦", "table", "b"),
        ("select * from a left join ¦", "table", ""),
        ("insert into ¦", "table", ""),
        ("describe or¦", "table", "or"),
        ("select ¦ from t", "column", ""),
        ("select a, b¦ from t", "column", "b"),
        ("select a ¦ from t", "operator", ""),
        ("select a from t where x > ¦", "column", ""),
        ("select sum(¦", "column", ""),
        ("select a from t order by ¦", "column", ""),
        ("select * from t join u using (¦", "column", ""),
        ("select * from t where exists (¦", "statement", ""),
        ("with x as (¦", "statement", ""),
        ("select * from 'ord¦", "file", "ord"),
        ("select * from 'ord¦'", "file", "ord"),
        ("select * from 'ord'¦", "operator", ""),
        ("select 'it¦", "nothing", ""),
        ("select 1 -- not ¦", "nothing", ""),
        ("select /* ¦ */ 1", "nothing", ""),
        (".mo¦", "command", ".mo"),
        (".mode c¦", "command", ".mode c"),
        ("select * from `or¦", "table", "`or"),
    ],
)
def test_kind_of_place(text: str, kind: str, prefix: str) -> None:
    found = place(text)
    assert (found.kind, found.prefix) == (kind, prefix)


@pytest.mark.parametrize(
    ("text", "relations"),
    [
        ("select ¦ from orders", [("orders", "orders")]),
        ("select ¦ from db.orders as o, 'x.parquet' x", [("db.orders", "o"), ("'x.parquet'", "x")]),
        ("from orders o select ¦", [("orders", "o")]),
        ("select * from a join b on ¦", [("a", "a"), ("b", "b")]),
        ("select * from a left outer join b using (id) where ¦", [("a", "a"), ("b", "b")]),
        ("select * from (select x from t) s where ¦", [("(select x from t)", "s")]),
        ("select * from (select ¦ from t) s", [("t", "t")]),
        ("select * from t where x = (select max(¦) from u)", [("u", "u"), ("t", "t")]),
        ("select a from t union all select ¦ from u", [("u", "u")]),
        ("select ¦ from t union all select b from u", [("t", "t")]),
        ("select * from range(10) r where ¦", [("range(10)", "r")]),
        ("select ¦ from `my table`", [("`my table`", "my table")]),
        ("select ¦ from parquet.`x.parquet`", [("parquet.`x.parquet`", "x.parquet")]),
        ("select * from t, lateral (select 1 y) l where ¦", [("t", "t"), ("(select 1 y)", "l")]),
        ("select a from t; select ¦ from u; select b from v", [("u", "u")]),
        ("select * from t¦", []),
    ],
)
def test_relations_in_scope(text: str, relations: list[tuple[str, str]]) -> None:
    assert place(text).relations == tuple(Relation(*relation) for relation in relations)


def test_qualifier() -> None:
    found = place("select o.cust¦ from orders o")
    assert (found.kind, found.qualifier, found.prefix) == ("column", "o", "cust")
    assert place("select a.b.¦ from a.b").qualifier == "a.b"


def test_ctes_before_the_cursor() -> None:
    found = place("with a as (select 1 x), b (y) as (select x from a) select ¦ from b")
    assert found.ctes == ("a", "b")
    assert found.with_clause == "with a as (select 1 x), b (y) as (select x from a)"
    inside = place("with a as (select 1 x), b as (select ¦ from a) select * from b")
    assert inside.ctes == ("a",)
    assert inside.relations == (Relation("a", "a"),)
