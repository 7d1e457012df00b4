"""GROUP BY, DISTINCT and the set operations that are made of it.

one executor    Project(HashAggregate)
several         Project(HashAggregate(final, HashAggregate(partial)))       with an exchange by the keys between
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, references
from engine.kernels.aggregates import aggregate_kernel, inputs_of
from engine.logical import plan as lp
from engine.physical.aggregate import AggregateExec
from engine.physical.operator import Operator
from engine.physical.project import ProjectExec
from engine.plan.planner import Needed, Planner
from engine.plan.strategies.grouping_sets import plan_in_sets
from engine.types.arrow import from_arrow, to_arrow


def plan_aggregate(node: lp.Aggregate, planner: Planner, needed: Needed) -> Operator:
    """GROUP BY: keys and calls are computed first, the select list of them after that."""
    aggregates = node.aggregates
    if needed is not None:
        aggregates = tuple(each for each in aggregates if each.to_attribute().id in needed)
    keys = tuple(dict.fromkeys(node.grouping))
    columns = tuple(_key_column(key, number) for number, key in enumerate(keys))
    calls = tuple(dict.fromkeys(call for each in aggregates for call in _calls(each)))
    results = tuple(Attribute(call.function, call.dataType, call.nullable) for call in calls)
    aggregated: Operator | None = None
    if isinstance(node.child, lp.Expand):
        aggregated = plan_in_sets(planner, keys, calls, results, _states_of(calls, planner), node.child)
    if aggregated is None:
        child = planner.plan(node.child, references((*keys, *calls)))
        aggregated = aggregate(planner, keys, calls, columns, results, child, planner.context.rows(node))
    replaced: dict[Expression, Expression] = dict(zip((*keys, *calls), (*columns, *results), strict=True))
    projections = tuple(_over_results(each, replaced) for each in aggregates)
    if projections == aggregated.output:
        return aggregated
    return ProjectExec(projections, aggregated)


def plan_distinct(node: lp.Distinct, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """SELECT DISTINCT: groups of all columns."""
    return distinct(planner.plan(node.child), planner)


def distinct(child: Operator, planner: Planner) -> Operator:
    """Each different row of `child` once."""
    return aggregate(planner, child.output, (), child.output, (), child)


def aggregate(
    planner: Planner,
    keys: tuple[Expression, ...],
    calls: tuple[AggregateCall, ...],
    key_columns: tuple[Attribute, ...],
    result_columns: tuple[Attribute, ...],
    child: Operator,
    rows: float | None = None,
) -> Operator:
    """Groups of `keys` with `calls` over each, in one step or in two. `rows` are as many groups as are expected."""
    made = (calls, key_columns, result_columns)
    if not planner.context.distributed:
        return AggregateExec("complete", keys, *made, (), child, estimated_rows=rows)
    states = _states_of(calls, planner)
    below = child.estimated_rows
    parts = None if rows is None or below is None else min(below, rows * planner.context.executors)
    partial = AggregateExec("partial", keys, *made, states, child, estimated_rows=parts)
    return AggregateExec("final", key_columns, *made, states, partial, estimated_rows=rows)


def _states_of(calls: Sequence[AggregateCall], planner: Planner) -> tuple[Attribute, ...]:
    """The columns that hold the states of all calls."""
    return tuple(state for call in calls for state in _states(call, planner))


def _states(call: AggregateCall, planner: Planner) -> list[Attribute]:
    kernel = aggregate_kernel(call, planner.context.evaluation)
    types = kernel.state_types([to_arrow(each.dataType) for each in inputs_of(call)])
    return [Attribute(f"{call.function}_{number}", from_arrow(kind)) for number, kind in enumerate(types)]


def _key_column(key: Expression, number: int) -> Attribute:
    return key if isinstance(key, Attribute) else Attribute(f"key{number}", key.dataType, key.nullable)


def _calls(expression: Expression) -> list[AggregateCall]:
    """The aggregate calls of an expression, not those of queries in it."""
    if isinstance(expression, AggregateCall):
        return [expression]
    return [call for child in expression.children if isinstance(child, Expression) for call in _calls(child)]


def _over_results(expression: Any, replaced: dict[Expression, Expression]) -> Any:
    """The expression over the columns that hold its keys and calls; it keeps the name and id it had."""
    if isinstance(expression, Attribute):
        return replaced.get(expression, expression)

    def visit(node: Any) -> Any:
        if not isinstance(node, Expression):
            return node
        found = replaced.get(node)
        return found if found is not None else node.map_children(visit)

    return expression.map_children(visit) if isinstance(expression, Alias) else visit(expression)
