"""Subqueries in the condition of an outer join: each is asked on the side whose columns it reads.

    Join LeftOuter a = b OR EXISTS (t WHERE t.k = l.k)        Join LeftOuter a = b OR matched
    ├─ l                                                =>    ├─ Join ExistenceJoin [matched] t.k = l.k
    └─ r                                                      └─ r

One that reads both sides could only be asked for each pair of rows; Spark refuses it, and so do we.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import AnalysisError
from engine.expressions.base import Expression
from engine.expressions.predicates import And, Or, conjunction, conjuncts
from engine.expressions.sql import sql
from engine.logical.plan import Join, LogicalPlan, Project

Ask = Callable[[Any, LogicalPlan, bool], tuple[Any, LogicalPlan]]
"""An expression, a plan, and whether null counts as false there; gives the expression as read from the new plan."""


def asked_on_sides(plan: Join, asks: Callable[[Any], bool], ask: Ask) -> LogicalPlan:
    """`plan` with each subquery of its condition for which `asks` is true replaced by what `ask` makes of it.

    Raises AnalysisError UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION.
    """
    left, right = plan.left, plan.right

    def visit(node: Any, positive: bool) -> Any:
        nonlocal left, right
        if isinstance(node, LogicalPlan):
            return node
        if asks(node):
            if node.references <= left.output_ids:
                node, left = ask(node, left, positive)
            elif node.references <= right.output_ids:
                node, right = ask(node, right, positive)
            else:
                raise on_both_sides(node)
            return node
        positive = positive and isinstance(node, And | Or)
        return node.map_children(lambda child: visit(child, positive))

    terms = [visit(term, True) for term in conjuncts(plan.condition)]
    new = Join(left, right, plan.type, conjunction(*terms), plan.null_aware, plan.exists, plan.hints)
    return new if len(new.output) == len(plan.output) else Project(plan.output, new)


def on_both_sides(subquery: Expression) -> AnalysisError:
    """The error for a subquery that reads both sides of a join."""
    condition = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION"
    return AnalysisError(condition, {"subqueryExpression": sql(subquery)}, subquery.origin)
