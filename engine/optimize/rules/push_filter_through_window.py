"""A condition on partition columns drops whole partitions before the window functions run.

Filter k > 1                                Window rank() OVER (PARTITION BY k)
└─ Window rank() OVER (PARTITION BY k)  =>  └─ Filter k > 1
"""

from __future__ import annotations

from engine.logical.plan import Filter, Window
from engine.optimize.pushing import columns_only, filtered, movable_terms
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, top_down=True, needs=(Window,))
def push_filter_through_window(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Window(functions, partition, order, child)):
            keys = columns_only(partition)
            moved, kept = movable_terms(condition, lambda term: bool(term.references) and term.references <= keys)
            if not moved:
                return None
            return filtered(kept, Window(functions, partition, order, filtered(moved, child)))
    return None
