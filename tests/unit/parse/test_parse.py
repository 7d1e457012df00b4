"""The front door: origins, parameters, deep and long texts, all of TPC-H, other dialects."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import AnalysisError, FlintError, ParseError
from engine.expressions.base import Literal
from engine.expressions.operators import Add, Concat
from engine.expressions.predicates import And, EqualTo, In
from engine.logical.unresolved import (
    Parameter,
    UnresolvedAttribute,
    UnresolvedExpression,
    UnresolvedPlan,
    UnresolvedWith,
)
from engine.parse import parse, parse_expression
from engine.parse.dialects import to_spark
from engine.parse.lexer import scan
from engine.types import INT

TPCH = sorted((Path(__file__).parents[3] / "tpch" / "queries").glob("q*.sql"))


def test_the_22_queries_of_tpch_are_here():
    assert len(TPCH) == 22


@pytest.mark.parametrize("path", TPCH, ids=lambda path: path.stem)
def test_tpch_parses_and_every_unresolved_node_knows_its_place(path):
    text = path.read_text()
    plan = parse(text)
    nodes = [node for node in plan.walk() if isinstance(node, UnresolvedExpression | UnresolvedPlan)]
    assert len(nodes) > 5
    assert all(node.origin is not None for node in nodes)
    for node in plan.collect(UnresolvedAttribute):
        assert text[node.origin.start : node.origin.stop].lower() == ".".join(node.parts).lower()


def test_origins_cover_what_a_node_was_read_from():
    text = "with c as (select 1)\nselect f(a + 1) x, (b) from t join u on t.v = u.w where not d"
    plan = parse(text)

    def source(node):
        return text[node.origin.start : node.origin.stop]

    assert isinstance(plan, UnresolvedWith)
    assert source(plan) == text
    select = plan.child
    assert source(select) == text.split("\n")[1]
    alias, b = select.projections
    assert source(alias) == "f(a + 1) x"
    assert source(alias.child) == "f(a + 1)"
    assert source(alias.child.arguments[0]) == "a + 1"
    assert source(b) == "b"
    assert source(select.condition) == "not d"
    assert source(select.child.left) == "t"
    assert source(select.child.condition) == "t.v = u.w"


def test_parameters_without_values_stay():
    plan = parse("select ?, :b, ?")
    assert plan.projections == (Parameter(0), Parameter("b"), Parameter(1))


def test_parameters_with_values():
    one, two = Literal(1, INT), Literal(2, INT)
    assert parse("select ? + ?", [one, two]).projections == (Add(one, two),)
    assert parse("select :x + :y + :x", {"x": one, "y": two}).projections == (Add(Add(one, two), one),)


@pytest.mark.parametrize(
    ("text", "params", "name"),
    [("select ?, ?", [Literal(1, INT)], "_1"), ("select :x", {}, "x"), ("select :x", [], "x"), ("select ?", {}, "_0")],
)
def test_parameters_without_their_value(text, params, name):
    with pytest.raises(AnalysisError) as caught:
        parse(text, params)
    assert caught.value.condition == "UNBOUND_SQL_PARAMETER"
    assert caught.value.message_parameters["name"] == name
    assert caught.value.position is not None


@pytest.mark.parametrize(
    "text",
    [
        "select " + "(" * 5000 + "1" + ")" * 5000,
        "select " + "not " * 5000 + "a",
        "select " + "f(" * 5000 + "1" + ")" * 5000,
        "select " + "case when a then " * 2000 + "1" + " end" * 2000,
        "(" * 2000 + "select 1" + ")" * 2000,
        "select * from " + "(" * 2000 + "t" + ")" * 2000,
        "select " + " + ".join(["1"] * 10000),
        "select " + ", ".join(f"c{i}" for i in range(5000)),
        " union all ".join(["select 1"] * 2000),
    ],
    ids=["parentheses", "not", "calls", "case", "query", "relation", "plus", "columns", "unions"],
)
def test_nesting_has_no_limit(text):
    assert parse(text) is not None


@pytest.mark.parametrize("path", TPCH[::5], ids=lambda path: path.stem)
def test_a_word_too_few_or_too_many_is_an_error_with_a_place_or_fine(path):
    text = path.read_text()
    tokens = scan(text)[:-1]
    for token in tokens:
        without = text[: token.start] + text[token.stop :]
        doubled = text[: token.stop] + " " + text[token.start :]
        for changed in (without, doubled):
            try:
                parse(changed)
            except FlintError as error:
                assert error.position is not None
                assert error.position.start <= len(changed)
                assert str(error)


def test_chains_are_flat():
    condition = parse("select 1 where " + " and ".join(f"(a{i} = {i})" for i in range(10_000))).condition
    assert isinstance(condition, And)
    assert len(condition.terms) == 10_000
    assert condition.terms[-1] == EqualTo(UnresolvedAttribute(("a9999",)), Literal(9999, INT))
    joined = parse_expression(" || ".join(f"a{i}" for i in range(1000)))
    assert isinstance(joined, Concat)
    assert len(joined.arguments) == 1000


def test_a_long_list():
    options = parse_expression(f"a in ({', '.join(map(str, range(20_000)))})")
    assert isinstance(options, In)
    assert len(options.options) == 20_000


def test_errors_know_the_statement():
    with pytest.raises(ParseError) as caught:
        parse("select 1\nfrm t")
    assert caught.value.text == "select 1\nfrm t"
    assert "LINE 2: frm t" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("select a from t", "spark", "select a from t"),
        ("select a::int from t limit 3", "duckdb", "SELECT CAST(a AS INT) FROM t LIMIT 3"),
        ('select "a b" from t', "postgres", "SELECT `a b` FROM t"),
        ("select 1; select 2", "mysql", "SELECT 1;\nSELECT 2"),
    ],
)
def test_other_dialects(text, dialect, expected):
    assert to_spark(text, dialect) == expected


@pytest.mark.parametrize(
    ("text", "dialect", "condition"),
    [
        ("select (1 +\n from", "duckdb", "PARSE_SYNTAX_ERROR"),
        ("select 'abc", "mysql", "PARSE_SYNTAX_ERROR"),
        ("select 1", "postgrs", "UNKNOWN_DIALECT"),
        ("select 1", "klingon", "UNKNOWN_DIALECT"),
    ],
)
def test_errors_of_other_dialects(text, dialect, condition):
    with pytest.raises(FlintError) as caught:
        to_spark(text, dialect)
    assert caught.value.condition == condition
    assert str(caught.value)


def test_the_place_of_an_error_in_another_dialect():
    with pytest.raises(ParseError) as caught:
        to_spark("select (1\n from t", "duckdb")
    assert caught.value.render().splitlines()[1:] == ["LINE 2:  from t", "         ^^^^"]
