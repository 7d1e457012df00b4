"""A limit goes towards the rows: below projections, to each input of a union, to the kept side of an outer join.

    Limit 5              Limit 5
    └─ Union      =>     └─ Union
       ├─ a                 ├─ Limit 5
       └─ b                 │  └─ a
                            └─ Limit 5
                               └─ b

The limit above stays, except over a projection. An offset is skipped above only. Not below what can raise: rows past the
limit would not have been computed, but rows before it still are.
"""

from __future__ import annotations

from engine.expressions.base import Literal
from engine.logical.plan import (
    Aggregate,
    Join,
    JoinType,
    Limit,
    LocalRelation,
    LogicalPlan,
    Project,
    Scan,
    TopN,
    Union,
)
from engine.optimize.rules.combine_limits import limited
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Limit, top_down=True)
def push_limit(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Limit(count, offset, Project(projections, child)):
            return Project(projections, Limit(count, offset, child))
        case Limit(Literal(int() as count), offset, child):
            skipped = offset.value if isinstance(offset, Literal) else 0
            below = _below(child, count + skipped)
            return None if below is None else Limit(plan.count, offset, below)
    return None


def _below(child: LogicalPlan, count: int) -> LogicalPlan | None:
    match child:
        case Union(inputs, columns):
            new = tuple(_at_most(each, count) for each in inputs)
            return None if all(a is b for a, b in zip(new, inputs, strict=True)) else Union(new, columns)
        case Join(left, right, JoinType.LEFT):
            new_left = _at_most(left, count)
            return None if new_left is left else Join(new_left, right, child.type, child.condition, hints=child.hints)
        case Join(left, right, JoinType.RIGHT):
            new_right = _at_most(right, count)
            return None if new_right is right else Join(left, new_right, child.type, child.condition, hints=child.hints)
        case Join(left, right, JoinType.CROSS):
            one, other = _at_most(left, count), _at_most(right, count)
            return None if one is left and other is right else Join(one, other, child.type, hints=child.hints)
        case Scan(relation, columns, name, filters, limit) if limit is None or limit > count:
            return Scan(relation, columns, name, filters, count)
    return None


def _at_most(plan: LogicalPlan, count: int) -> LogicalPlan:
    """`plan` under a limit, unless it has a smaller one already (perhaps below projections)."""
    below = plan
    while isinstance(below, Project):
        below = below.plans[0]
    match below:
        case Limit(Literal(int() as own), None) | TopN(int() as own) if own <= count:
            return plan
        case LocalRelation(_, batch) if batch.num_rows <= count:
            return plan
        case Aggregate(()):
            return plan
    return limited(count, 0, plan)
