"""An outer join of which only the kept side is read, and which cannot multiply its rows, goes.

    Project [a.x]                                      Project [a.x]
    └─ Join LeftOuter a.k = b.k                 =>     └─ a
       ├─ a
       └─ Aggregate [b.k] [b.k, sum(v)]

Also where rows may be multiplied, below an aggregate that only tells groups apart.
"""

from __future__ import annotations

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute
from engine.expressions.predicates import EqualNullSafe, EqualTo, conjuncts
from engine.logical.plan import Aggregate, Join, JoinType, LogicalPlan, Project
from engine.optimize.rules.remove_redundant_aggregates import unique_columns
from engine.optimize.substitution import can_raise
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Project, Aggregate)
def remove_unused_outer_joins(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Project() | Aggregate() if isinstance(plan.child, Join):
            join = plan.child
            sides = {JoinType.LEFT: (join.left, join.right), JoinType.RIGHT: (join.right, join.left)}
            if join.type not in sides or (join.condition is not None and can_raise(join.condition)):
                return None
            kept, other = sides[join.type]
            if plan.references & other.output_ids or not (_is_insensitive(plan) or _is_unique(join, other)):
                return None
            less: TreeNode = plan.map_plans(lambda _: kept)
            more: TreeNode | None = remove_unused_outer_joins.rewrite(less)  # the next join may be as useless
            return more or less
    return None


def _is_insensitive(plan: LogicalPlan) -> bool:
    return isinstance(plan, Aggregate) and not any(each.has(AggregateCall) for each in plan.aggregates)


def _is_unique(join: Join, other: LogicalPlan) -> bool:
    """Whether at most one row of `other` meets each row."""
    keys = unique_columns(other)
    if keys is None:
        return False
    asked = set()
    for term in conjuncts(join.condition):
        match term:
            case EqualTo(Attribute() as a, Attribute() as b) | EqualNullSafe(Attribute() as a, Attribute() as b):
                mine, theirs = (a, b) if a.id in other.output_ids else (b, a)
                if theirs.id not in other.output_ids:
                    asked.add(mine.id)
    return keys <= asked
