"""From a logical plan to operators: each kind of node has one strategy, which says how to do it.

A parent says which of its child's columns it needs, so that joins and filters do not gather the others. Queries in
expressions that do not depend on rows are planned too; they run before the operator that holds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from engine.errors import InternalError
from engine.expressions.subquery import SubqueryExpression
from engine.logical.canonical import canonical
from engine.logical.plan import LogicalPlan
from engine.logical.recursion import refers_to_a_loop
from engine.physical.operator import Operator
from engine.plan.context import PlannerContext
from engine.plan.exchanges import insert_exchanges
from engine.plan.pipelines import assign_ids

Needed: TypeAlias = frozenset[int] | None
"""Ids of the columns a parent reads; None: all."""

Strategy: TypeAlias = Callable[[Any, "Planner", Needed], Operator]


class Planner:
    """Plans one query. `definitions` are the common table expressions in scope, by id; `loops` the recursions that are
    planned, by their canonical forms."""

    def __init__(self, context: PlannerContext, strategies: dict[type[LogicalPlan], Strategy]) -> None:
        self.context = context
        self.strategies = strategies
        self.definitions: dict[int, Any] = {}
        self.loops: list[tuple[LogicalPlan, Any]] = []
        self._queries: list[tuple[LogicalPlan, Operator]] = []

    def plan(self, node: LogicalPlan, needed: Needed = None) -> Operator:
        """The operators that give the rows of `node`, of its columns at least those `needed`."""
        strategy = self.strategies.get(type(node))
        if strategy is None:
            raise InternalError(f"No strategy plans {type(node).__name__}.")
        prepared = node.map_expressions(self._with_planned_queries) if node.has(SubqueryExpression) else node
        operator = strategy(prepared, self, needed)
        if operator.estimated_rows is None:
            operator.__dict__["estimated_rows"] = self.context.rows(node)
        return operator

    def _with_planned_queries(self, expression: Any) -> Any:
        if not expression.has(SubqueryExpression):
            return expression
        if isinstance(expression, SubqueryExpression) and isinstance(expression.plan, LogicalPlan):
            plan = expression.plan
            planned = self._query(plan)
            return expression.map_children(
                lambda child: planned if child is plan else self._with_planned_queries(child)
            )
        return expression.map_children(self._with_planned_queries)

    def _query(self, plan: LogicalPlan) -> Operator:
        """The operators of a query in an expression; equal queries share theirs."""
        if refers_to_a_loop(plan):
            return self.plan(plan)
        form = canonical(plan)
        for known, operator in self._queries:
            if known == form:
                return operator
        planned = self.plan(plan)
        self._queries.append((form, planned))
        return planned


def plan_operators(logical: LogicalPlan, context: PlannerContext) -> Operator:
    """The operators of `logical`, without exchanges and ids."""
    # loaded here because strategies build on this module
    from engine.plan.strategies import STRATEGIES

    return Planner(context, STRATEGIES).plan(logical)


def plan_physical(logical: LogicalPlan, context: PlannerContext) -> Operator:
    """The physical plan of `logical`: operators with their exchanges, numbered."""
    return assign_ids(insert_exchanges(plan_operators(logical, context), context))
