"""A scalar subquery that reads the enclosing row becomes a column of an outer join.

    Filter a > (SELECT max(b) FROM t WHERE t.k = s.k)        Filter a > m
    └─ s                                              =>     └─ Join LeftOuter s.k = t.k
                                                                ├─ s
                                                                └─ Aggregate [t.k] [max(b) AS m, t.k]

One that does not is left for the planner to compute first. Counts of nothing are 0, not null; where more than one row could
come, rows are counted and the second is an error.
"""

from __future__ import annotations

from typing import Any

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression
from engine.expressions.subquery import OuterReference
from engine.logical.plan import Aggregate, LogicalPlan, Project
from engine.optimize.scalars import has_correlated_scalar, is_correlated_scalar, with_scalars
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(LogicalPlan, needs=(OuterReference,))
def unnest_scalars(plan: TreeNode) -> TreeNode | None:
    if not isinstance(plan, LogicalPlan) or not any(has_correlated_scalar(each) for each in plan.expressions):
        return None
    if len(plan.plans) != 1:
        return None
    if isinstance(plan, Aggregate) and any(_outside_calls(each) for each in plan.aggregates):
        project = _split(plan)
        return unnest_scalars.rewrite(project) or project
    child = plan.plans[0]
    replace: dict[int, Any] = {id(child): child}
    for expression in plan.expressions:
        replace[id(expression)], child = with_scalars(expression, child)
    replace[id(plan.plans[0])] = child
    return _kept_output(plan, plan.map_children(lambda each: replace[id(each)]))


def _kept_output(old: LogicalPlan, new: LogicalPlan) -> LogicalPlan:
    return new if len(new.output) == len(old.output) else Project(old.output, new)


def _outside_calls(expression: Any) -> bool:
    """Whether a correlated subquery stands beside the aggregate functions, reading grouping columns."""
    if isinstance(expression, AggregateCall | LogicalPlan):
        return False
    return is_correlated_scalar(expression) or any(_outside_calls(child) for child in expression.children)


def _split(plan: Aggregate) -> Project:
    """The aggregate with plain columns, and a projection above it that holds the rest."""
    lower: dict[Expression, Any] = {}
    for key in plan.grouping:
        lower[key] = key if isinstance(key, Attribute) else Alias(key, "key")

    def visit(each: Any) -> Any:
        if isinstance(each, Alias):
            return each.map_children(visit)
        if each in lower:
            return lower[each].to_attribute()
        if isinstance(each, AggregateCall):
            lower[each] = Alias(each, each.function)
            return lower[each].to_attribute()
        return each if isinstance(each, LogicalPlan) else each.map_children(visit)

    projections = tuple(visit(each) for each in plan.aggregates)
    return Project(projections, Aggregate(plan.grouping, tuple(lower.values()), plan.child))
