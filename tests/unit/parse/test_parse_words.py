"""Keywords and names: hardly any word is reserved, and the place decides."""

from __future__ import annotations

import pytest

from engine.errors import ParseError
from engine.expressions.base import Alias
from engine.logical.unresolved import UnresolvedAttribute, UnresolvedRelation
from engine.parse import completions, parse, parse_expression
from engine.parse.table import load
from engine.parse.words import HARD_WORDS

SOFT = sorted(load().keywords - HARD_WORDS - {"NOT"})
# Words that start an expression of their own, so that alone they are no column: as in Spark, unless backquoted.
VALUES = {"NULL", "TRUE", "FALSE", "CASE", "DISTINCT"}


@pytest.mark.parametrize("word", [word for word in SOFT if word not in VALUES])
def test_keywords_are_column_names(word):
    plan = parse(f"select {word}, t.{word} from t")
    assert plan.projections == (UnresolvedAttribute((word,)), UnresolvedAttribute(("t", word)))


@pytest.mark.parametrize("word", sorted(load().keywords))
def test_every_word_is_a_name_after_as_a_dot_or_in_backquotes(word):
    plan = parse(f"select a.{word}, `{word}`, b as `{word}` from `{word}`")
    assert plan.projections[:2] == (UnresolvedAttribute(("a", word)), UnresolvedAttribute((word,)))
    assert isinstance(plan.projections[2], Alias)
    assert plan.child == UnresolvedRelation((word,))


@pytest.mark.parametrize(
    "text",
    [
        "select date, timestamp, interval, year, first, last, current from t",
        "select a year, b month, c as day from t",
        "select count, sum(count) from table group by count",
        "select position, trim, extract, substring, overlay from t",
        "select * from values limit 1",
        "select left.a, right.b from left join right on left.x = right.x",
        "select a.left from a left join b left on true",
        "select over, rows, range, filter, within from t",
        "select map, array, struct from t where map < 3 and array >> 2 > 1",
        "select group, order from t",
        "select all from t",
        "with with as (select 1) select * from with",
        "select x.from, x.where from x",
        "select interval 1 day, interval day from t",
        "select timestampadd(day, 1, d), date_add(day, 1), date_add(day, 1, d), datediff(month, f(a, b)) from t",
        "select exists from t where exists (select 1)",
        "show tables from show",
    ],
)
def test_statements_full_of_keywords(text):
    assert parse(text) is not None


@pytest.mark.parametrize("text", ["select 1 from", "select a, from t", "select a where", "select * from a join b on"])
def test_hard_words_hold_a_statement_together(text):
    with pytest.raises(ParseError):
        parse(text)


@pytest.mark.parametrize("text", ["a > b >> c", "f(a >> 1) >= b", "cast(a as array<array<int>>) >= b"])
def test_angles(text):
    assert parse_expression(text) is not None


@pytest.mark.parametrize(
    ("text", "some", "others"),
    [
        ("", {"SELECT", "WITH", "SHOW", "EXPLAIN", "FROM"}, {"WHERE", "IDENT"}),
        ("sel", {"SELECT"}, {"WHERE"}),
        ("select ", {"IDENT", "DISTINCT", "CASE"}, {"FROM", "WHERE"}),
        ("select a ", {"FROM", "AS", "IDENT"}, {"SELECT"}),
        ("select a from ", {"IDENT", "VALUES", "STRING"}, {"WHERE"}),
        ("select a from t wh", {"WHERE", "GROUP", "LEFT", "JOIN"}, {"SELECT", "BY"}),
        ("select a from t group ", {"BY"}, {"IDENT"}),
        ("select a from t join u ", {"ON", "USING"}, {"SELECT"}),
        ("select a from t order by a ", {"DESC", "NULLS", "LIMIT"}, {"WHERE"}),
        ("show ", {"TABLES", "FUNCTIONS"}, {"SELECT"}),
        ("select cast(a as ", {"IDENT"}, {"FROM"}),
        ("select sum(a) over (partition ", {"BY"}, {"FROM"}),
    ],
)
def test_completions(text, some, others):
    found = set(completions(text, len(text)))
    assert some <= found
    assert not others & found


def test_completions_look_only_at_what_is_before_the_cursor():
    assert completions("select a from t where b = 'x'", 7) == completions("select ", 7)


@pytest.mark.parametrize("text", ["select 'abc", "select from from from ", ") "])
def test_no_completions_after_what_is_no_sql(text):
    assert completions(text, len(text)) == []


@pytest.mark.parametrize(
    "statement", ["drop table", "drop view if exists", "create temporary view", "use", "describe table"]
)
def test_identifier_of_text_is_a_name_of_several_parts_wherever_one_may_stand(statement):
    rest = " as select 1" if statement.startswith("create") else ""
    assert parse(f"{statement} identifier('a.b'){rest}") == parse(f"{statement} a.b{rest}")


def test_identifier_of_text_is_one_part_where_a_dot_cannot_follow():
    assert parse("select x from t as identifier('a')") == parse("select x from t as a")
    with pytest.raises(ParseError, match="IDENTIFIER_TOO_MANY_NAME_PARTS"):
        parse("select x from t as identifier('a.b')")
