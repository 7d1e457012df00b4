"""Fewer rows to sort, or to send elsewhere.

    Filter a > 1           Sort a
    └─ Sort a        =>    └─ Filter a > 1

The same through Repartition: both pass on every row they get.
"""

from __future__ import annotations

from engine.logical.plan import Filter, Repartition, Sort
from engine.optimize.pushing import filtered, leading_terms
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, top_down=True, needs=(Sort, Repartition))
def push_filter_through_sort(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Sort() | Repartition() as below):
            moved, kept = leading_terms(condition, lambda _: True)
            if not moved:
                return None
            return filtered(kept, below.map_plans(lambda child: filtered(moved, child)))
    return None
