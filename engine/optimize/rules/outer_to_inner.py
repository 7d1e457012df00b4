"""An outer join whose null rows a filter drops anyway is an inner one.

    Filter b.y > 1                  Filter b.y > 1
    └─ Join LeftOuter       =>      └─ Join Inner
       ├─ a                            ├─ a
       └─ b                            └─ b

Also an outer join that no row without a match can leave: FULL becomes LEFT or RIGHT.
"""

from __future__ import annotations

from engine.expressions.base import Expression
from engine.expressions.predicates import conjuncts
from engine.logical.plan import Filter, Join, JoinType, LogicalPlan
from engine.optimize.nulls import rejects_null
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter)
def outer_to_inner(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Join(left, right, JoinType.LEFT | JoinType.RIGHT | JoinType.FULL as type) as join):
            needs_left, needs_right = _needs(condition, left), _needs(condition, right)
            new: JoinType = type
            match type:
                case JoinType.LEFT:
                    new = JoinType.INNER if needs_right else type
                case JoinType.RIGHT:
                    new = JoinType.INNER if needs_left else type
                case _:
                    new = {
                        (True, True): JoinType.INNER,
                        (True, False): JoinType.LEFT,
                        (False, True): JoinType.RIGHT,
                    }.get((needs_left, needs_right), type)
            if new is type:
                return None
            return Filter(condition, Join(left, right, new, join.condition, hints=join.hints))
    return None


def _needs(condition: Expression, side: LogicalPlan) -> bool:
    """Whether the condition cannot be true for a row in which all columns of `side` are null."""
    return any(rejects_null(term, side.output_ids) for term in conjuncts(condition))
