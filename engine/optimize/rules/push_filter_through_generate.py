"""A condition that does not read what a generator makes drops rows before it makes anything of them.

Filter a > 1 AND item = 2           Filter item = 2
└─ Generate explode(list)     =>    └─ Generate explode(list)
                                       └─ Filter a > 1
"""

from __future__ import annotations

from engine.logical.plan import Filter, Generate
from engine.optimize.pushing import filtered, movable_terms
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, top_down=True, needs=(Generate,))
def push_filter_through_generate(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Generate(generator, outer, columns, child)) if generator.deterministic:
            moved, kept = movable_terms(condition, lambda term: term.references <= child.output_ids)
            if not moved:
                return None
            return filtered(kept, Generate(generator, outer, columns, filtered(moved, child)))
    return None
