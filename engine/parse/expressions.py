"""Transformer of grammar/expressions.lark: what each rule means, as `engine.expressions`.

Each public function is the rule (or the `-> name`) of its name; its arguments are the rule's parts: values of rules,
tokens of the words that matter, None for what is absent. The parser's loop adds the origins.
"""

from __future__ import annotations

from engine.errors import ParseError, Unsupported
from engine.expressions import operators, predicates
from engine.expressions.base import Alias, Expression, Literal, Mode, SortOrder
from engine.expressions.cast import Cast
from engine.expressions.conditional import CaseWhen
from engine.expressions.predicates import Between, EqualNullSafe, EqualTo, In, IsNotNull, IsNull, Like, Not, RLike
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import (
    Parameter,
    UnresolvedAlias,
    UnresolvedAttribute,
    UnresolvedExists,
    UnresolvedExtract,
    UnresolvedFunction,
    UnresolvedInSubquery,
    UnresolvedName,
    UnresolvedScalarSubquery,
    UnresolvedStar,
)
from engine.logical.unresolved import sort_item as sort_order
from engine.parse import intervals, literals
from engine.parse.intervals import IntervalPart
from engine.parse.lexer import Token
from engine.parse.literals import string_value
from engine.parse.parts import row_values
from engine.types import BOOLEAN, STRING, VOID, DataType
from engine.types.char import without_lengths

_BINARY: dict[str, type[operators.BinaryArithmetic | operators.BinaryBitwise | predicates.BinaryComparison]] = {
    "+": operators.Add,
    "-": operators.Subtract,
    "*": operators.Multiply,
    "/": operators.Divide,
    "%": operators.Remainder,
    "DIV": operators.IntegralDivide,
    "|": operators.BitwiseOr,
    "^": operators.BitwiseXor,
    "&": operators.BitwiseAnd,
    "=": EqualTo,
    "==": EqualTo,
    "<=>": EqualNullSafe,
    "<": predicates.LessThan,
    ">": predicates.GreaterThan,
    "<=": predicates.LessThanOrEqual,
    "!>": predicates.LessThanOrEqual,
    ">=": predicates.GreaterThanOrEqual,
    "!<": predicates.GreaterThanOrEqual,
}
_SHIFTS = frozenset(("<<", ">>", ">>>"))


def _negated(expression: Expression, word: Token | None) -> Expression:
    return Not(expression) if word else expression


# Names


def identifier(token: Token) -> str:
    """A name without its quotes."""
    text = token.text
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote) if quote in '`"' else text


def name(*parts: str | tuple[str, ...]) -> tuple[str, ...]:
    """a.b.c as its parts."""
    match parts:
        case (tuple() as before, str() as last):
            if isinstance(before[0], UnresolvedName):
                raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'.'", "hint": ": IDENTIFIER() is a whole name"})
            return (*before, last)
    return tuple(part for part in parts if isinstance(part, str))


def computed_name(_word: Token, expression: Expression) -> tuple[UnresolvedName]:
    """IDENTIFIER(expression) as the name of an object."""
    return (UnresolvedName(expression),)


def column(parts: tuple[str, ...]) -> Expression:
    return UnresolvedAttribute(parts)


def star(excluded: tuple[tuple[str, ...], ...] | None) -> Expression:
    return UnresolvedStar((), excluded or ())


def qualified_star(target: tuple[str, ...], excluded: tuple[tuple[str, ...], ...] | None) -> Expression:
    return UnresolvedStar(target, excluded or ())


def star_except(_word: Token, *names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return names


# Predicates, lowest precedence first


def disjunction(*terms: Expression) -> Expression:
    return predicates.disjunction(*terms)


def conjunction(*terms: Expression) -> Expression:
    flat = [each for term in terms for each in (term.terms if isinstance(term, predicates.And) else (term,))]
    return predicates.And(tuple(flat))


def negation(child: Expression) -> Expression:
    return Not(child)


def is_null(child: Expression, word: Token | None) -> Expression:
    return IsNotNull(child) if word else IsNull(child)


def is_truth(child: Expression, word: Token | None, value: Token) -> Expression:
    """IS TRUE, IS FALSE, IS UNKNOWN: never null."""
    if value.kind == "UNKNOWN":
        return IsNotNull(child) if word else IsNull(child)
    return _negated(EqualNullSafe(child, Literal(value.kind == "TRUE", BOOLEAN)), word)


def is_distinct(left: Expression, word: Token | None, right: Expression) -> Expression:
    return EqualNullSafe(left, right) if word else Not(EqualNullSafe(left, right))


def between(value: Expression, word: Token | None, low: Expression, high: Expression) -> Expression:
    return _negated(Between(value, low, high), word)


def in_list(value: Expression, word: Token | None, options: tuple[Expression, ...]) -> Expression:
    return _negated(In(value, options), word)


def in_query(value: Expression, word: Token | None, plan: LogicalPlan) -> Expression:
    return _negated(UnresolvedInSubquery(row_values(value), plan), word)


def like(value: Expression, word: Token | None, kind: Token, pattern: Expression, escape: Token | None) -> Expression:
    if kind.kind in ("RLIKE", "REGEXP"):
        if escape is not None:
            raise ParseError(
                "PARSE_SYNTAX_ERROR", {"error": "'ESCAPE'", "hint": f": {kind.kind} has no ESCAPE"}, escape.position
            )
        return _negated(RLike(value, pattern), word)
    return _negated(Like(value, pattern, _escape(escape), kind.kind == "ILIKE"), word)


def _escape(token: Token | None) -> str:
    character = "\\" if token is None else string_value(token)
    if len(character) != 1 and token is not None:
        raise ParseError("INVALID_ESCAPE_CHAR", {"sqlExpr": token.text}, token.position)
    return character


def like_quantified(
    value: Expression, word: Token | None, kind: Token, quantifier: Token, patterns: tuple[Expression, ...] | None
) -> Expression:
    """LIKE ANY (a, b) is an OR of LIKEs, LIKE ALL an AND, each of them negated by NOT: functions that Spark names so."""
    if kind.kind in ("RLIKE", "REGEXP"):
        raise Unsupported(f"{kind.kind} {quantifier.kind}", quantifier.position)
    if not patterns:
        raise ParseError(
            "PARSE_SYNTAX_ERROR",
            {"error": "')'", "hint": ": a pattern is expected between '(' and ')'"},
            quantifier.position,
        )
    if not all(isinstance(each, Literal) for each in patterns):
        terms = [_negated(Like(value, p, "\\", kind.kind == "ILIKE"), word).at(p.origin) for p in patterns]
        return predicates.conjunction(*terms) if quantifier.kind == "ALL" else predicates.disjunction(*terms)
    if kind.kind == "ILIKE":
        value, patterns = _lower(value), tuple(map(_lower, patterns))
    function = f"{'not_' if word else ''}like_{'all' if quantifier.kind == 'ALL' else 'any'}"
    return UnresolvedFunction((function,), (value, *patterns))


def _lower(text: Expression) -> Expression:
    return UnresolvedFunction(("lower",), (text,)).at(text.origin)


# Operators


def binary(left: Expression, operator: Token, right: Expression) -> Expression:
    symbol = operator.text.upper()
    if symbol in ("<>", "!="):
        return Not(EqualTo(left, right))
    if symbol in _SHIFTS:
        return UnresolvedFunction((symbol,), (left, right))
    return _BINARY[symbol](left, right)


def concatenation(left: Expression, right: Expression) -> Expression:
    before = left.arguments if isinstance(left, operators.Concat) else (left,)
    return operators.Concat((*before, right), chained=True)


def unary(operator: Token, child: Expression) -> Expression:
    match operator.text:
        case "-":
            return operators.UnaryMinus(child)
        case "+":
            return operators.UnaryPlus(child)
    return operators.BitwiseNot(child)


# Primaries


def row(*values: Expression) -> Expression:
    """(a, b) is a struct."""
    return UnresolvedFunction(("row",), values)


def scalar_subquery(plan: LogicalPlan) -> Expression:
    return UnresolvedScalarSubquery(plan)


def exists(plan: LogicalPlan) -> Expression:
    return UnresolvedExists(plan)


def field(child: Expression, part: str) -> Expression:
    return UnresolvedExtract(child, part)


def element(child: Expression, key: Expression) -> Expression:
    return UnresolvedExtract(child, key)


def cast(word: Token, child: Expression, to: DataType) -> Expression:
    return Cast(child, without_lengths(to), Mode.TRY if word.kind == "TRY_CAST" else Mode.ANSI)


def cast_sign(child: Expression, to: DataType) -> Expression:
    return Cast(child, without_lengths(to))


def collate(_child: Expression, collation: tuple[str, ...]) -> Expression:
    raise Unsupported(f"COLLATE {'.'.join(collation)}")


def positional_parameter() -> Expression:
    raise AssertionError("numbered per statement: see engine.parse.parser")


def named_parameter(parameter: str) -> Expression:
    return Parameter(parameter)


def case(
    operand: Expression | None, whens: tuple[tuple[Expression, Expression], ...], otherwise: Expression | None
) -> Expression:
    """CASE operand WHEN value is CASE WHEN operand = value."""
    if operand is not None:
        whens = tuple((EqualTo(operand, value).at(value.origin), result) for value, result in whens)
    return CaseWhen(whens, otherwise)


# Literals


def number(token: Token) -> Expression:
    return literals.number(token.text)


def negative_number(token: Token) -> Expression:
    """-2147483648 is an INT though 2147483648 is not."""
    return literals.number("-" + token.text)


def string(*tokens: Token) -> Expression:
    """Strings side by side are one."""
    return Literal("".join(map(string_value, tokens)), STRING)


def null() -> Expression:
    return Literal(None, VOID)


def boolean(token: Token) -> Expression:
    return Literal(token.kind == "TRUE", BOOLEAN)


def typed_literal(kind: str, token: Token) -> Expression:
    return literals.typed(kind, string_value(token))


def interval(_word: Token, *parts: IntervalPart) -> Expression:
    return intervals.interval(parts)


def interval_part(sign: Token | None, amount: Token, unit: Token) -> IntervalPart:
    text = string_value(amount) if amount.kind == "STRING" else amount.text
    if sign is not None and sign.text == "-":
        text = text.replace("-", "", 1) if text.startswith("-") else f"-{text}"
    return IntervalPart(text, unit.text, amount.kind == "STRING")


def interval_text(_word: Token, token: Token) -> Expression:
    return intervals.interval_text(string_value(token))


def interval_range(_word: Token, part: IntervalPart, last: Token) -> Expression:
    return intervals.interval_range(part, last.text)


# Select items and sort keys


def alias(child: Expression, alias_name: str) -> Expression:
    return Alias(child, alias_name)


def quoted_alias(child: Expression, token: Token) -> Expression:
    """`AS "a name"`: other dialects quote names so; Spark's strings in single quotes are no names."""
    if token.text[0] != '"':
        hint = ": a name is expected, in backquotes if it is no plain word"
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": token.text, "hint": hint}, token.position)
    return Alias(child, string_value(token))


def multi_alias(child: Expression, names: tuple[str, ...]) -> Expression:
    return UnresolvedAlias(child, names)


def sort_item(child: Expression, direction: Token | None, nulls: Token | None) -> SortOrder:
    ascending = direction is None or direction.kind == "ASC"
    return sort_order(child, ascending, None if nulls is None else nulls.kind == "FIRST")
