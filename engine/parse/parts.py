"""What rules of the grammar hand to each other that is no node of a plan yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from engine.errors import ParseError
from engine.expressions.base import Alias, Expression
from engine.expressions.window import WindowSpec
from engine.logical.plan import JoinType, LogicalPlan, SubqueryAlias
from engine.logical.unresolved import (
    Hint,
    UnresolvedAlias,
    UnresolvedColumnAliases,
    UnresolvedCte,
    UnresolvedFunction,
    UnresolvedIdentifier,
    UnresolvedJoin,
    UnresolvedUnnest,
)
from engine.parse.lexer import Token
from engine.parse.literals import string_value
from engine.tree.node import TreeNode, node
from engine.types import StructField

Step = Callable[[LogicalPlan], LogicalPlan]
"""A clause that waits for the plan it changes."""
Windows = tuple[tuple[str, WindowSpec | str], ...]


class NamedArgument(NamedTuple):
    """`name => value` in a call."""

    name: str
    value: Expression


class FrameEdge(NamedTuple):
    """A bound of a frame with its side ("preceding", "following", "" for the current row)."""

    bound: Expression
    side: str


class SelectHead(NamedTuple):
    """SELECT hints DISTINCT projections."""

    hints: tuple[Hint, ...]
    distinct: bool
    projections: tuple[Expression, ...]


class Grouping(NamedTuple):
    """GROUP BY items, or GROUP BY ALL."""

    items: tuple[Expression, ...]
    everything: bool = False


class CteList(NamedTuple):
    """WITH [RECURSIVE] definitions."""

    definitions: tuple[UnresolvedCte, ...]
    recursive: bool


class Relation(NamedTuple):
    """One item of FROM: a relation and what is joined to it."""

    first: LogicalPlan
    lateral: bool
    joins: tuple[JoinPart | Step, ...]


class JoinPart(NamedTuple):
    """[type] JOIN right, waiting for its left side."""

    right: LogicalPlan
    type: JoinType
    condition: Expression | None = None
    using: tuple[str, ...] = ()
    natural: bool = False
    lateral: bool = False
    asof: bool = False


class LateralViewPart(NamedTuple):
    """LATERAL VIEW generator table AS names, waiting for what it reads."""

    generator: UnresolvedFunction
    outer: bool
    table: str
    names: tuple[str, ...]


class TableAlias(NamedTuple):
    """AS name (columns); the name is "" in `AS (columns)`."""

    name: str
    columns: tuple[str, ...]


@node
class TailItem(TreeNode):
    """A clause after a query, ORDER BY to OFFSET. A node, so that it has an origin."""

    clause: str
    value: Any


class ColumnDefinition(NamedTuple):
    """A column of CREATE TABLE; `default` is the expression of DEFAULT, and its text."""

    field: StructField
    default: tuple[Expression, str] | None = None


class Option(NamedTuple):
    """A clause of a CREATE statement by the name it is called."""

    name: str
    value: Any


def once(options: Iterable[Option]) -> dict[str, Any]:
    """Options by name. Raises ParseError for one that is given twice."""
    given: dict[str, Any] = {}
    for option in options:
        if option.name in given:
            raise ParseError("DUPLICATE_CLAUSES", {"clauseName": option.name})
        given[option.name] = option.value
    return given


def key_text(key: tuple[str, ...] | Token) -> str:
    """The key of a property, written as a string or as a name."""
    return string_value(key) if isinstance(key, Token) else ".".join(key)


def call(
    function: tuple[str, ...], arguments: Iterable[Expression | NamedArgument]
) -> UnresolvedFunction | UnresolvedIdentifier:
    """`function(arguments)`; IDENTIFIER('name') is the name. Raises ParseError for an alias among the arguments of
    anything but struct()."""
    given = tuple(arguments)
    names = tuple(each.name if isinstance(each, NamedArgument) else "" for each in given)
    values = tuple(each.value if isinstance(each, NamedArgument) else each for each in given)
    for value in values:
        if isinstance(value, Alias | UnresolvedAlias) and function[-1].lower() != "struct":
            hint = ": only the arguments of struct() have names"
            raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'AS'", "hint": hint}, value.origin)
    if len(function) == len(values) == 1 and function[0].lower() == "identifier" and not any(names):
        return UnresolvedIdentifier(values[0])
    return UnresolvedFunction(function, values, named=names if any(names) else ())


def row_values(value: Expression) -> tuple[Expression, ...]:
    """The values of a row written as (a, b) or struct(a, b); anything else is a row of one value."""
    if isinstance(value, UnresolvedFunction) and len(value.name) == 1 and value.name[0].lower() in ("row", "struct"):
        return value.arguments
    return (value,)


def joined(left: LogicalPlan, part: JoinPart) -> LogicalPlan:
    """`left` joined as `part` says. UNNEST sees what stands before it without being told to."""
    origin = part.right.origin
    lateral = part.lateral or isinstance(unaliased(part.right), UnresolvedUnnest)
    if lateral and part.natural:
        raise ParseError("UNSUPPORTED_FEATURE.LATERAL_NATURAL_JOIN", {}, origin)
    if lateral and part.using:
        raise ParseError("UNSUPPORTED_FEATURE.LATERAL_JOIN_USING", {}, origin)
    if lateral and part.type not in (JoinType.INNER, JoinType.CROSS, JoinType.LEFT):
        words = {JoinType.SEMI: "LEFT SEMI", JoinType.ANTI: "LEFT ANTI"}
        kind = words.get(part.type, f"{part.type.name} OUTER")
        raise ParseError("INVALID_LATERAL_JOIN_TYPE", {"joinType": kind}, origin)
    return UnresolvedJoin(left, part.right, part.type, part.condition, part.using, part.natural, lateral, part.asof).at(
        origin
    )


def unaliased(plan: LogicalPlan) -> LogicalPlan:
    """A relation without the names it is given."""
    while isinstance(plan, SubqueryAlias | UnresolvedColumnAliases):
        plan = plan.child
    return plan
