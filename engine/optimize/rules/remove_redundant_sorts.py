"""A sort whose order nobody can see is not done.

    Aggregate [k] [k, sum(v)]          Aggregate [k] [k, sum(v)]
    └─ Sort [v]                  =>    └─ t
       └─ t

The same below another sort, and on either side of a join. Functions that see the order of rows (first, collect_list ...)
keep it.
"""

from __future__ import annotations

from engine.expressions.aggregate import AggregateCall
from engine.logical.plan import Aggregate, Filter, Join, LogicalPlan, Project, Sort, TopN
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_ORDERLESS = {"sum", "count", "avg", "min", "max", "count_if", "bool_and", "bool_or", "every", "some", "any", "mean"}


@rule(Sort, TopN, Aggregate, Join, needs=(Sort,))
def remove_redundant_sorts(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Aggregate(_, aggregates):
            calls = [call for each in aggregates for call in each.collect(AggregateCall)]
            if not all(call.function in _ORDERLESS for call in calls):
                return None
        case Sort(_, everywhere) if not everywhere:
            return None
        case Sort() | TopN() | Join():
            pass
        case _:
            return None
    return plan.map_plans(_unsorted)  # type: ignore[no-any-return]


def _unsorted(plan: LogicalPlan) -> LogicalPlan:
    match plan:
        case Sort(_, _, child):
            return _unsorted(child)
        case Project(projections, _) if all(each.deterministic for each in projections):
            return plan.map_plans(_unsorted)  # type: ignore[no-any-return]
        case Filter(condition, _) if condition.deterministic:
            return plan.map_plans(_unsorted)  # type: ignore[no-any-return]
    return plan
