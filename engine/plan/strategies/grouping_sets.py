"""ROLLUP, CUBE and GROUPING SETS: where the finest groups are few, rows are grouped by those before they are multiplied.

HashAggregate [a, b, gid] [avg(x)]          HashAggregate(final) [a, b, gid] [avg(x)]
└─ Expand [a, b, 0] [a, null, 1]     =>     └─ Expand [a, b, 0] [a, null, 1]     states pass through
   └─ rows                                     └─ HashAggregate(partial) [a, b] [avg(x)]
                                                  └─ rows
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, Literal, references
from engine.logical import plan as lp
from engine.physical.aggregate import AggregateExec
from engine.physical.expand import ExpandExec
from engine.physical.operator import Operator
from engine.plan.planner import Planner
from engine.records import dataclass

_FEW = 0.2
"""The finest groups have to be less than this part of the rows."""

_ORDERED = frozenset({"first", "last", "any_value", "collect_list", "array_agg", "listagg", "string_agg"})
"""Functions whose value tells in which order rows came."""


@dataclass(frozen=True)
class _Sets:
    """An Expand, taken apart: what all its projections pass on, and the expressions by which they group."""

    passed: dict[int, Expression]
    finest: tuple[Expression, ...]


def plan_in_sets(
    planner: Planner,
    keys: tuple[Expression, ...],
    calls: tuple[AggregateCall, ...],
    results: tuple[Attribute, ...],
    states: tuple[Attribute, ...],
    expand: lp.Expand,
) -> Operator | None:
    """The groups of `keys` over `expand`, or None where grouping twice is no gain or not possible."""
    if not all(isinstance(key, Attribute) for key in keys) or any(call.function in _ORDERED for call in calls):
        return None
    columns = tuple(key for key in keys if isinstance(key, Attribute))
    sets = _taken_apart(columns, expand)
    if sets is None or not references(calls) <= sets.passed.keys():
        return None
    finest = tuple(each if isinstance(each, Attribute) else Alias(each, "key") for each in sets.finest)
    groups = planner.context.rows(lp.Aggregate(sets.finest, finest, expand.child))
    rows = planner.context.rows(expand.child)
    if groups is None or rows is None or groups > _FEW * rows:
        return None
    below = tuple(_below(call, sets) for call in calls)
    child = planner.plan(expand.child, references((*sets.finest, *below)))
    named = tuple(each.to_attribute() for each in finest)
    partial = AggregateExec("partial", sets.finest, below, named, results, states, child, estimated_rows=groups)
    known = dict(zip(sets.finest, named, strict=True))
    places = [expand.columns.index(column) for column in columns]
    projections = tuple(
        (*(known.get(projection[place], projection[place]) for place in places), *states)
        for projection in expand.projections
    )
    multiplied = ExpandExec(projections, (*columns, *states), partial, estimated_rows=groups * len(projections))
    return AggregateExec("final", columns, calls, columns, results, states, multiplied)


def _taken_apart(keys: Sequence[Attribute], expand: lp.Expand) -> _Sets | None:
    """None where a set groups by something of its own."""
    passed: dict[int, Expression] = {}
    finest: dict[Expression, None] = {}
    wanted = {key.id for key in keys}
    for place, column in enumerate(expand.columns):
        values = dict.fromkeys(projection[place] for projection in expand.projections)
        if len(values) == 1:
            passed[column.id] = next(iter(values))
        if column.id in wanted:
            finest.update((each, None) for each in values if not isinstance(each, Literal))
    if not finest or not all(each.deterministic for each in finest):
        return None
    return _Sets(passed, tuple(finest))


def _below(call: AggregateCall, sets: _Sets) -> AggregateCall:
    """`call` over the rows that are multiplied."""

    def visit(node: Expression) -> Expression:
        if isinstance(node, Attribute):
            return sets.passed[node.id]
        return node.map_children(visit)

    return call.map_children(visit)
