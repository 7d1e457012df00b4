"""The parser's front door: SQL text in, an unresolved plan or a command out.

Text goes through the lexer, then through one loop over the grammar's table whose reductions call the functions of the
three transformers, one per grammar file: `expressions` (with `calls` and `types`), `relations` (with `reshape`,
`pipes` and `extensions`), `statements` (with `settings` and `variables`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from engine.errors import AnalysisError, FlintError, ParseError, Position
from engine.expressions.base import Expression
from engine.logical.keywords import RESERVED
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import Parameter
from engine.parse import (
    alters,
    calls,
    ctes,
    expressions,
    extensions,
    inserts,
    pipes,
    relations,
    reshape,
    routines,
    settings,
    shows,
    statements,
    types,
    variables,
)
from engine.parse.errors import syntax_error
from engine.parse.lexer import END, Token, scan
from engine.parse.loop import Functions, Stuck, advance, run
from engine.parse.substitution import PLAIN, Parameters, Reading, substituted, text_with_values
from engine.parse.table import Table, load
from engine.parse.words import Words
from engine.types import DataType

TRANSFORMERS: tuple[ModuleType, ...] = (
    expressions,
    calls,
    types,
    relations,
    ctes,
    extensions,
    reshape,
    pipes,
    statements,
    shows,
    inserts,
    alters,
    settings,
    variables,
    routines,
)


def parse(text: str, params: Parameters | None = None, reading: Reading = PLAIN) -> LogicalPlan:
    """One statement: an unresolved plan, or a `Command` (itself a LogicalPlan).

    `params` gives an expression for each `:name` (a mapping) or each `?` (a sequence); without it they stay Parameters.
    `reading` says what settings change. Raises ParseError for text that is no statement, Unsupported for one that Spark has
    and we do not, AnalysisError for a parameter without a value; each knows the text and where in it.
    """
    plan: LogicalPlan = _parse(text, "statement_start", params, reading)
    return plan


def parse_expression(text: str) -> Expression:
    """An expression alone, as in `a + 1`. Raises ParseError."""
    expression: Expression = _parse(text, "expression_start")
    return expression


def parse_type(text: str) -> DataType:
    """A type alone, as in `array<int>`. Raises ParseError."""
    data_type: DataType = _parse(text, "type_start")
    return data_type


def _parse(text: str, start: str, params: Parameters | None = None, reading: Reading = PLAIN) -> Any:
    table = load()
    try:
        _check_characters(text)
        tokens = scan(text)
        if tokens[0].kind == END:
            raise ParseError("PARSE_EMPTY_STATEMENT", {}, Position(0, 0))
        tokens = substituted(tokens, text, params, reading)
        reserved = RESERVED if reading.reserved else frozenset()
        try:
            words = Words(table, list(tokens), strict=True, reserved=reserved, identifiers=reading.identifiers)
            value = run(table, start, words, _statement_functions(text, params, tokens))
        except Stuck as stuck:
            words = Words(table, list(tokens), strict=False, reserved=reserved, identifiers=reading.identifiers)
            value = _second_try(table, start, words, _statement_functions(text, params, tokens), stuck)
    except FlintError as error:
        raise error.located(text) from None
    return value[0] if isinstance(value, tuple) else value


def _check_characters(text: str) -> None:
    """Halves of characters (bytes that were not UTF-8, as a terminal hands them on) can be in no column name and no value."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        wrong = text[error.start].encode("utf-8", "backslashreplace").decode()
        parameters = {"error": f"'{wrong}'", "hint": ": it is half of a character"}
        raise ParseError(
            "PARSE_SYNTAX_ERROR", parameters, Position(error.start, error.start + 1), hint="The text should be UTF-8."
        ) from None


def _second_try(table: Table, start: str, words: Words, functions: Functions, first: Stuck) -> Any:
    """The value with hard words as names too. If that fails as well, the first error points at the right word."""
    try:
        return run(table, start, words, functions)
    except Stuck:
        raise syntax_error(table, start, first.tokens, first.index) from None


@cache
def _functions() -> dict[str, Callable[..., Any]]:
    """Every function of the transformers by the rule it stands for."""
    return {
        name: value
        for module in TRANSFORMERS
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and not name.startswith("_")
    }


@cache
def _bound() -> tuple[Functions, dict[str, list[int]]]:
    """The function of each rule of the table, and the rules whose function is made for each statement."""
    table = load()
    special = ("positional_parameter", "named_parameter", "query_text", "expression_text")
    places = {name: [number for number, rule in enumerate(table.rules) if rule.name == name] for name in special}
    return table.bind(_functions()), places


def _statement_functions(text: str, params: Parameters | None, tokens: list[Token]) -> Functions:
    """The functions of all rules, those that depend on the statement made for this one."""
    shared, places = _bound()
    functions = list(shared)
    parameters = _Binder(params)
    made: dict[str, Callable[..., Any]] = {
        "positional_parameter": parameters.positional,
        "named_parameter": parameters.named,
        "query_text": lambda node: (node, text_with_values(text, tokens, node.origin) if node.origin else text),
        "expression_text": lambda node: (node, text_with_values(text, tokens, node.origin) if node.origin else text),
    }
    for name, numbers in places.items():
        for number in numbers:
            functions[number] = made[name]
    return functions


class _Binder:
    """Gives parameters the values that are not literals of the text (`substitution`): copies, since each use has a place of
    its own. Those without a value are told apart by their names, or by their numbers."""

    def __init__(self, params: Parameters | None) -> None:
        self.params = params
        self.count = 0

    def positional(self) -> Expression:
        self.count += 1
        if self.params is None:
            return Parameter(self.count - 1)
        raise AnalysisError("UNBOUND_SQL_PARAMETER", {"name": f"_{self.count - 1}"})

    def named(self, name: str) -> Expression:
        if self.params is None:
            return Parameter(name)
        if not isinstance(self.params, Mapping):
            if not name.startswith("?"):
                raise AnalysisError("UNBOUND_SQL_PARAMETER", {"name": name})
            return copy(self.params[int(name[1:])])
        if name not in self.params:
            raise AnalysisError("UNBOUND_SQL_PARAMETER", {"name": name})
        return copy(self.params[name])


def completions(text: str, cursor: int) -> list[str]:
    """The terminals that fit at offset `cursor`: keywords as written, IDENT for a name, NUMBER, STRING, symbols' names.

    A word that touches the cursor is still being typed and not looked at. Empty where the text before is no SQL.
    """
    table = load()
    try:
        tokens = scan(text[:cursor])
    except ParseError:
        return []
    if len(tokens) > 1 and tokens[-2].kind == "WORD" and tokens[-2].stop == cursor:
        del tokens[-2]
    for strict in (True, False):
        words = Words(table, list(tokens), strict, complete=True)
        states = advance(table, "statement_start", words)
        if states is not None:
            return sorted(kind for kind in table.fitting(states) if kind != END)
    return []
