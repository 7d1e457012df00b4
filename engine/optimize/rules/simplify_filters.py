"""A filter that keeps everything goes; one that keeps nothing leaves no rows.

    Filter TRUE                          Filter NULL AND a
    └─ t           =>    t               └─ t               =>    LocalRelation (0 rows)

As a condition of a filter or an inner join, null is as good as false.
"""

from __future__ import annotations

from engine.expressions.base import FALSE, Expression, is_null, is_true
from engine.expressions.predicates import And, Or, conjunction, conjuncts
from engine.logical.plan import Filter, Join, JoinType
from engine.optimize.empty import empty
from engine.optimize.substitution import can_raise
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, Join)
def simplify_filters(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, child):
            if is_true(condition):
                return child
            simple = as_condition(condition)
            if conjuncts(simple)[0] == FALSE:
                return empty(plan.output)
            return Filter(simple, child) if simple is not condition else None
        case Join(left, right, JoinType.INNER, condition) if condition is None or is_true(condition):
            return Join(left, right, JoinType.CROSS, hints=plan.hints)
        case Join(left, right, type, condition) if condition is not None and not plan.null_aware:
            simple = as_condition(condition)
            if simple is not condition:
                return Join(left, right, type, simple, False, plan.exists, plan.hints)
    return None


def as_condition(condition: Expression) -> Expression:
    """`condition` where null counts as false: nulls in it, down through AND and OR, are FALSE."""
    if is_null(condition):
        return FALSE
    match condition:
        case And(terms):
            simple = [as_condition(term) for term in terms]
            if FALSE in simple and not any(can_raise(term) for term in simple[: simple.index(FALSE)]):
                return FALSE
            return condition if all(a is b for a, b in zip(simple, terms, strict=True)) else conjunction(*simple)
        case Or(terms):
            simple = [as_condition(term) for term in terms]
            if all(a is b for a, b in zip(simple, terms, strict=True)):
                return condition
            left = [term for term in simple if term != FALSE]
            return Or(tuple(left)) if len(left) > 1 else (left[0] if left else FALSE)
    return condition
