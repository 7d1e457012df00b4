"""DISTINCT inside aggregate functions, by grouping twice.

    Aggregate [k] [count(DISTINCT x), sum(y)]    =>    Aggregate [k] [count(x), sum(s)]
    └─ t                                               └─ Aggregate [k, x] [k, x, sum(y) AS s]
                                                          └─ t

Where several different things are distinct, or another function cannot be computed from parts, each row is first
multiplied: once for each set of distinct arguments (`gid` 1, 2 ...), once for the other functions (`gid` 0).

    Aggregate [k] [count(DISTINCT x), count(DISTINCT y), avg(z)]
    =>
    Aggregate [k] [count(x), count(y), first(a) FILTER (WHERE gid = 0)]
    └─ Aggregate [k, x, y, gid] [k, x, y, gid, avg(z) AS a]
       └─ Expand [k, x, NULL, 1, NULL] [k, NULL, y, 2, NULL] [k, NULL, NULL, 0, z]
"""

from __future__ import annotations

from engine.expressions.aggregate import AggregateCall
from engine.logical.plan import Aggregate, LogicalPlan
from engine.optimize.aggregate_parts import is_decomposable
from engine.optimize.distinct import expanded, in_two_steps
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_NO_MATTER = {"min", "max", "bool_and", "bool_or", "every", "some", "any", "bit_and", "bit_or", "any_value"}
"""Functions for which a value counts as much once as often."""


@rule(Aggregate)
def rewrite_distinct_aggregates(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Aggregate(_, aggregates, _):
            calls = [call for each in aggregates for call in each.collect(AggregateCall)]
            if not any(call.distinct for call in calls):
                return None
            plan = plan.map_children(_plain)
            calls = list(dict.fromkeys(call for each in plan.aggregates for call in each.collect(AggregateCall)))
            distinct = [call for call in calls if call.distinct]
            if not distinct:
                return plan
            others = [call for call in calls if not call.distinct]
            one_set = len({(call.arguments, call.condition) for call in distinct}) == 1
            if one_set and all(is_decomposable(call) for call in others):
                return in_two_steps(plan, distinct, others)
            return expanded(plan, distinct, others)
    return None


def _plain(node: TreeNode) -> TreeNode:
    """Without DISTINCT where it makes no difference."""
    if isinstance(node, AggregateCall) and node.distinct and node.function.lower() in _NO_MATTER:
        return AggregateCall(
            node.function, node.arguments, node.type, node.is_nullable, False, node.condition, node.order
        )
    return node if isinstance(node, LogicalPlan) else node.map_children(_plain)
