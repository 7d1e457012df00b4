"""DISTINCT is grouping by every column.

Distinct             Aggregate [a, b] [a, b]
└─ t          =>     └─ t
"""

from __future__ import annotations

from engine.logical.plan import Aggregate, Distinct
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Distinct)
def replace_distinct(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Distinct(child):
            return Aggregate(child.output, child.output, child)
    return None
