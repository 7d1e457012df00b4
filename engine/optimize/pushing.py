"""Which terms of a condition may move, and a filter where there is something to filter by."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.expressions.base import TRUE, Attribute, Expression
from engine.expressions.predicates import conjunction, conjuncts
from engine.logical.plan import Filter, LogicalPlan
from engine.optimize.substitution import can_raise, is_movable

Test = Callable[[Expression], bool]


def movable_terms(condition: Expression | None, may_move: Test) -> tuple[list[Expression], list[Expression]]:
    """The terms of `condition` that may be evaluated for more rows (never those that can raise), and those that stay."""
    moved: list[Expression] = []
    kept: list[Expression] = []
    for term in conjuncts(condition):
        (moved if is_movable(term) and may_move(term) else kept).append(term)
    return moved, kept


def leading_terms(condition: Expression, may_move: Test) -> tuple[list[Expression], list[Expression]]:
    """As `movable_terms`, where the moved ones still see the same rows: a term that can raise moves too, unless one before
    it stays (which may be what keeps it from raising)."""
    moved: list[Expression] = []
    kept: list[Expression] = []
    for term in conjuncts(condition):
        stays = not term.deterministic or not may_move(term) or (bool(kept) and can_raise(term))
        (kept if stays else moved).append(term)
    return moved, kept


def filtered(terms: Iterable[Expression], child: LogicalPlan) -> LogicalPlan:
    """`child` filtered by `terms`, in one filter with those it has; `child` itself if there are none."""
    found = conjunction(*terms)
    if found == TRUE:
        return child
    match child:
        case Filter(lower, below) if may_follow(lower, found):
            return Filter(conjunction(lower, found), below)
    return Filter(found, child)


def may_follow(lower: Expression, upper: Expression) -> bool:
    """Whether `lower AND upper` is the same as filtering by `lower` and then by `upper`. Not where `upper` can raise and
    `lower` may be null: AND would evaluate `upper` for rows that `lower` alone drops."""
    return upper.deterministic and lower.deterministic and not (can_raise(upper) and lower.nullable)


def columns_only(expressions: Iterable[Expression]) -> frozenset[int]:
    """The ids of those that are plain columns."""
    return frozenset(each.id for each in expressions if isinstance(each, Attribute))
