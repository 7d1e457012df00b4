"""Transformer of the calls and windows of grammar/expressions.lark, as `engine.parse.expressions`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.errors import AnalysisError, ParseError
from engine.expressions import operators
from engine.expressions.base import Expression, Literal, SortOrder
from engine.expressions.sql import sql
from engine.expressions.window import CurrentRow, Frame, Offset, Unbounded, WindowSpec
from engine.logical.unresolved import (
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedIdentifier,
    UnresolvedLambda,
    UnresolvedWindow,
)
from engine.parse.lexer import Token
from engine.parse.parts import FrameEdge, NamedArgument, Windows, call
from engine.types import BOOLEAN, STRING


def plain_call(
    function: tuple[str, ...],
    quantifier: Token | None,
    arguments: tuple[Expression | NamedArgument, ...] | None,
    order: tuple[SortOrder, ...] | None,
    condition: Expression | None,
) -> Expression:
    distinct = quantifier is not None and quantifier.kind == "DISTINCT"
    plain = call(function, arguments or ())
    if not (distinct or condition or order):
        return plain
    if not isinstance(plain, UnresolvedFunction):
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'IDENTIFIER'", "hint": ": it is no function"})
    return replace(plain, distinct=distinct, condition=condition, order=order or ())


def plain_call_nulls(
    function: tuple[str, ...], argument: Expression | NamedArgument, ignore_nulls: bool, condition: Expression | None
) -> Expression:
    """first(x IGNORE NULLS)."""
    plain = call(function, (argument,))
    if not isinstance(plain, UnresolvedFunction):
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'IDENTIFIER'", "hint": ": it is no function"})
    return replace(plain, ignore_nulls=ignore_nulls, condition=condition)


def identifier_call(
    _word: Token,
    function: Expression,
    quantifier: Token | None,
    arguments: tuple[Expression | NamedArgument, ...] | None,
    order: tuple[SortOrder, ...] | None,
    condition: Expression | None,
) -> Expression:
    """IDENTIFIER('sum')(x): the name of the function is known when the query is analyzed."""
    made = plain_call(("",), quantifier, arguments, order, condition)
    assert isinstance(made, UnresolvedFunction)
    return UnresolvedIdentifier(function, made)


def call_nulls(function: UnresolvedFunction | UnresolvedIdentifier, ignore_nulls: bool) -> Expression:
    """first(x) IGNORE NULLS."""
    if isinstance(function, UnresolvedIdentifier):
        return replace(function, function=_with_nulls(function.function, ignore_nulls))
    return _with_nulls(function, ignore_nulls)


def call_over(
    function: UnresolvedFunction | UnresolvedIdentifier, ignore_nulls: bool | None, spec: WindowSpec | str
) -> Expression:
    if ignore_nulls is not None:
        return UnresolvedWindow(call_nulls(function, ignore_nulls).at(function.origin), spec)
    return UnresolvedWindow(function, spec)


def _with_nulls(function: UnresolvedFunction | None, ignore_nulls: bool) -> UnresolvedFunction:
    if function is None:
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'NULLS'", "hint": ": IDENTIFIER is no function"})
    return replace(function, ignore_nulls=ignore_nulls)


def exists_call(arguments: tuple[Expression | NamedArgument, ...]) -> Expression:
    """The function `exists(array, x -> ...)`."""
    return call(("exists",), arguments)


_BY_UNIT = frozenset(("TIMESTAMPADD", "DATEADD", "DATE_ADD", "TIMESTAMPDIFF", "DATEDIFF", "DATE_DIFF", "TIMEDIFF"))
"""Functions whose first of three arguments is a unit, written as a word."""


def word_call(word: Token, arguments: tuple[Expression | NamedArgument, ...]) -> Expression:
    """A function whose name is a word of the grammar, called plainly."""
    if (
        word.kind in _BY_UNIT
        and len(arguments) == 3
        and isinstance(arguments[0], Literal)
        and arguments[0].type == STRING
    ):
        parameters = {"parameter": "`unit`", "functionName": f"`{word.text.lower()}`"}
        value = {"invalidValue": f"'{arguments[0].value}'"}
        raise ParseError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", parameters | value)
    return call((word.text.lower(),), arguments)


def nulls_word(token: Token) -> bool:
    return token.kind == "IGNORE"


def named_argument(argument: str, value: Expression) -> NamedArgument:
    return NamedArgument(argument, value)


def lambda_one(parameter: str, body: Expression) -> Expression:
    return UnresolvedLambda((parameter,), body)


def lambda_many(_open: Token, *parts: str | Expression) -> Expression:
    *parameters, body = parts
    assert isinstance(body, Expression)
    return UnresolvedLambda(tuple(map(str, parameters)), body)


def extract(unit: str, source: Expression) -> Expression:
    return UnresolvedFunction(("extract",), (Literal(unit, STRING), source))


def substring_from(_word: Token, text: Expression, start: Expression, length: Expression | None) -> Expression:
    return UnresolvedFunction(("substring",), (text, start) if length is None else (text, start, length))


def trim_from(side: Token | None, characters: Expression | None, text: Expression) -> Expression:
    """TRIM([side] [characters] FROM text): ltrim and rtrim take the characters first, as in Spark."""
    kind = "BOTH" if side is None else side.kind
    if kind == "BOTH":
        return (
            UnresolvedFunction(("trim",), (text,))
            if characters is None
            else UnresolvedFunction(("trim_both",), (characters, text))
        )
    function = "ltrim" if kind == "LEADING" else "rtrim"
    return UnresolvedFunction((function,), (text,) if characters is None else (characters, text))


def overlay_placing(text: Expression, new: Expression, start: Expression, length: Expression | None) -> Expression:
    return UnresolvedFunction(("overlay",), (text, new, start) if length is None else (text, new, start, length))


def position_in(part: Expression, _word: Token, text: Expression) -> Expression:
    return UnresolvedFunction(("locate",), (part, text))


def unit_call(word: Token, unit: Token, first: Expression, second: Expression) -> Expression:
    """DATEADD(day, 3, t) and its kin."""
    function = "timestampadd" if word.kind in ("TIMESTAMPADD", "DATEADD", "DATE_ADD") else "timestampdiff"
    return UnresolvedFunction((function,), (Literal(unit.text, STRING), first, second))


# Windows


def window_spec(
    partition: tuple[Expression, ...] | None, order: tuple[SortOrder, ...] | None, frame: Frame | None
) -> WindowSpec:
    return WindowSpec(partition or (), order or (), frame)


def window_clause(*definitions: tuple[str, WindowSpec | str]) -> Windows:
    seen: set[str] = set()
    for name, _ in definitions:
        if name.lower() in seen:
            raise ParseError("INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION", {"windowName": f"`{name}`"})
        seen.add(name.lower())
    return definitions


def frame_from(unit: Token, lower: FrameEdge) -> Expression:
    return _frame(unit, lower, FrameEdge(CurrentRow(), ""))


def frame_between(unit: Token, lower: FrameEdge, upper: FrameEdge) -> Expression:
    return _frame(unit, lower, upper)


def _frame(unit: Token, lower: FrameEdge, upper: FrameEdge) -> Expression:
    starts_late = isinstance(lower.bound, Unbounded) and lower.side == "following"
    if starts_late or (isinstance(upper.bound, Unbounded) and upper.side == "preceding"):
        shown = [_edge(each) for each in (lower, upper)]
        parameters = {"lower": f'"{shown[0]}"', "upper": f'"{shown[1]}"'}
        parameters["sqlExpr"] = f'"{unit.kind} BETWEEN {shown[0]} AND {shown[1]}"'
        raise AnalysisError("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND", parameters, unit.position)
    return Frame("rows" if unit.kind == "ROWS" else "range", lower.bound, upper.bound)


def _edge(edge: FrameEdge) -> str:
    match edge.bound:
        case Unbounded():
            return f"UNBOUNDED {edge.side.upper()}"
        case CurrentRow():
            return "CURRENT ROW"
    return sql(edge.bound.children[0])


def frame_unbounded(side: Token) -> FrameEdge:
    return FrameEdge(Unbounded(), side.kind.lower())


def frame_current() -> FrameEdge:
    return FrameEdge(CurrentRow(), "")


def frame_offset(value: Expression, side: Token) -> FrameEdge:
    """Rows or units before the current row are a negative offset."""
    if value.has(UnresolvedAttribute):
        raise ParseError("INVALID_SQL_SYNTAX.INVALID_WINDOW_FRAME_BOUND", {}, value.origin)
    if side.kind == "PRECEDING":
        if isinstance(value, Literal) and isinstance(value.value, int | float | Decimal) and value.type != BOOLEAN:
            value = Literal(-value.value, value.type).at(value.origin)
        else:
            value = operators.UnaryMinus(value).at(value.origin)
    return FrameEdge(Offset(value), side.kind.lower())
