"""A filter over a union filters each of its inputs.

Filter x > 1            Union
└─ Union          =>    ├─ Filter a > 1
   ├─ a                 │  └─ a
   └─ b                 └─ Filter b > 1
"""

from __future__ import annotations

from engine.logical.plan import Filter, Union
from engine.optimize.pushing import filtered, leading_terms
from engine.optimize.substitution import renamed
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, top_down=True, needs=(Union,))
def push_filter_through_union(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Union(inputs, columns)):
            moved, kept = leading_terms(condition, lambda _: True)
            if not moved:
                return None
            below = tuple(filtered((renamed(term, columns, each.output) for term in moved), each) for each in inputs)
            return filtered(kept, Union(below, columns))
    return None
