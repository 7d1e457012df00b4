"""Two filters in a row become one.

    Filter a
    └─ Filter b      =>      Filter b AND a

Not where `a` can raise and `b` may be null: AND would evaluate `a` for rows that the lower filter drops.
"""

from __future__ import annotations

from engine.expressions.predicates import conjunction
from engine.logical.plan import Filter
from engine.optimize.pushing import may_follow
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter)
def merge_filters(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(upper, Filter(lower, child)) if may_follow(lower, upper):
            return Filter(conjunction(lower, upper), child)
    return None
