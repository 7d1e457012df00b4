"""The shipped table belongs to the grammar, and every rule that needs a function has one."""

from __future__ import annotations

import marshal
import re

import pytest

from engine.parse import parser, update
from engine.parse.table import load

# What lark settles by shifting, one line per place. A new line needs a look: is the longer reading the right one?
CONFLICTS = """\
COMMA shifts, though this may end: expressions : expression
COMMA shifts, though this may end: expressions : expression __partition_star
DOT shifts, though this may end: primary : postfix COLLATE name
IGNORE shifts, though this may end: call : plain_call
LPAR shifts, though this may end: postfix : name
LPAR shifts, though this may end: table_columns :
LPAR shifts, though this may end: table_columns :
LPAR shifts, though this may end: type : identifier
RESPECT shifts, though this may end: call : plain_call
RPAR shifts, though this may end: primary : subquery
RPAR shifts, though this may end: relation_source : subquery
WITH shifts, though this may end: type : identifier
"""

# Rules that stand for the tuple of their parts.
TUPLES = {
    *("args", "database_options", "expression_start", "expressions", "group_sets", "identifiers", "properties"),
    *("select_list", "sort_items", "statement_start", "table_options", "tail", "type_start", "view_options", "when"),
    *("names", "unpivot_columns", "whens", "window_definition"),
}


def test_the_table_is_of_this_grammar():
    assert load().digest == update.digest(update.grammar_text()[0]), "run `python -m engine.parse.update`"


def test_the_conflicts_are_the_known_ones():
    written = re.sub(r"_(\d+)\b", "", update.CONFLICTS_FILE.read_text())
    assert [line.rstrip() for line in written.splitlines()] == CONFLICTS.splitlines()


@pytest.mark.long
def test_building_gives_the_shipped_files():
    dump, conflicts = update.build()
    # the bytes depend on which strings are shared, the values do not
    assert marshal.loads(dump) == marshal.loads(update.TABLE_FILE.read_bytes())
    assert conflicts == update.CONFLICTS_FILE.read_text().splitlines()


def test_functions_and_rules_are_the_same_names():
    functions = set(parser._functions())
    rules = {rule.name for rule in load().rules if not rule.passes and not rule.origin.startswith("_")}
    assert functions - rules == set(), "functions of no rule"
    assert rules - functions == TUPLES


def test_a_terminal_that_cannot_stand_leaves_the_stack_alone():
    table = load()
    states = [table.starts["statement_start"]]
    assert table.after(states, "RPAR") is None
    after = table.after(states, "SELECT")
    assert after is not None
    assert len(after) == 2
    assert states == [table.starts["statement_start"]]
