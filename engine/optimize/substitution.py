"""Columns in expressions replaced by what they stand for, and the terms on which expressions may move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.expressions.base import Alias, Attribute, Expression, NamedExpression
from engine.expressions.subquery import OuterReference, ScalarSubquery, SubqueryExpression
from engine.expressions.window import WindowExpression


def meanings(projections: Iterable[NamedExpression]) -> dict[int, Expression]:
    """What each column stands for, by id: the child of an alias; columns passed through as they are."""
    return {each.id: each.child if isinstance(each, Alias) else each for each in projections}  # type: ignore[attr-defined]


def substitute(expression: Any, mapping: Mapping[int, Expression]) -> Any:
    """`expression` (or a whole plan) with each column that `mapping` knows replaced, also where subqueries read it."""

    def visit(node: Any) -> Any:
        match node:
            case Attribute(_, _, _, id):
                return mapping.get(id, node)
            case OuterReference(Attribute(_, _, _, id)):
                found = mapping.get(id, node.attribute)
                if found is node.attribute:
                    return node
                return OuterReference(found) if isinstance(found, Attribute) else outer(found)
        return node.map_children(visit)

    return visit(expression)


def outer(expression: Expression) -> Expression:
    """`expression` as a subquery below sees it: each column an OuterReference."""

    def visit(node: Any) -> Any:
        return OuterReference(node) if isinstance(node, Attribute) else node.map_children(visit)

    result: Expression = visit(expression)
    return result


def renamed(expression: Any, old: Iterable[Attribute], new: Iterable[Attribute]) -> Any:
    """`expression` with the columns `old` replaced by `new`, pairwise."""
    return substitute(expression, {a.id: b for a, b in zip(old, new, strict=True)})


def can_raise(expression: Any) -> bool:
    """Whether evaluating `expression` for some row may raise. An uncorrelated scalar subquery is a constant: what it raises
    it raises before any row is seen."""
    if not expression.can_raise:
        return False
    if isinstance(expression, SubqueryExpression):
        return not (isinstance(expression, ScalarSubquery) and not expression.outer)
    return expression.raises or any(can_raise(child) for child in expression.children)


def is_movable(expression: Expression) -> bool:
    """Whether it may be evaluated for other rows, or more often: it always gives the same and never raises."""
    return expression.deterministic and not can_raise(expression)


def is_cheap(expression: Expression) -> bool:
    """Whether computing it twice costs nothing to speak of: columns, constants, and casts or fields of them."""
    return not expression.children or (
        len(expression.children) == 1
        and type(expression).__name__ in ("Alias", "Cast", "Field", "OuterReference")
        and is_cheap(expression.children[0])
    )


def has_window(expression: Expression) -> bool:
    """Whether a window function is in it."""
    return expression.has(WindowExpression)
