"""A condition that reads the left side of an ASOF join only drops rows before their nearest one is looked for.

Filter l.a > 1 AND r.b = 2          Filter r.b = 2
└─ AsOfJoin                   =>    └─ AsOfJoin
   ├─ l                                ├─ Filter l.a > 1
   └─ r                                │  └─ l
                                       └─ r

On the right side it stays: without the row that it drops another one would be the nearest.
"""

from __future__ import annotations

from engine.logical.asof import AsOfJoin
from engine.logical.plan import Filter
from engine.optimize.pushing import filtered, movable_terms
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, top_down=True, needs=(AsOfJoin,))
def push_filter_through_asof_join(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, AsOfJoin(left, right, type, on)):
            moved, kept = movable_terms(condition, lambda term: term.references <= left.output_ids)
            if moved:
                return filtered(kept, AsOfJoin(filtered(moved, left), right, type, on))
    return None
