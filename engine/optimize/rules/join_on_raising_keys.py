"""A cross product under an equality of the two sides is a join on it, even where computing a key can raise.

    Filter a.week = b.week - 53            Join Inner a.week = b.week - 53
    └─ Join Cross                    =>    ├─ a
       ├─ a                                └─ b
       └─ b

Every row of a cross product's side meets some row of the other, so that its key is computed in any case (unless the other
side is empty). That does not hold for a join with another condition, nor behind another term of the filter.
"""

from __future__ import annotations

from engine.expressions.base import Expression
from engine.expressions.predicates import EqualTo, conjuncts
from engine.logical.plan import Filter, Join, JoinType, LogicalPlan
from engine.optimize.pushing import filtered
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, needs=(Join,))
def join_on_raising_keys(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Join(left, right, JoinType.CROSS) as join):
            first, *others = conjuncts(condition)
            if not _is_across(first, left, right):
                return None
            return filtered(others, Join(left, right, JoinType.INNER, first, hints=join.hints))
    return None


def _is_across(term: Expression, left: LogicalPlan, right: LogicalPlan) -> bool:
    """Whether `term` equals something of one side alone to something of the other."""
    match term:
        case EqualTo(a, b) if a.references and b.references and term.deterministic:
            one, other = left.output_ids, right.output_ids
            return (a.references <= one and b.references <= other) or (a.references <= other and b.references <= one)
    return False
