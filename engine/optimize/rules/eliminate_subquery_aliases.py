"""Table names have done their work once names are resolved.

SubqueryAlias t
└─ Scan lineitem      =>      Scan lineitem
"""

from __future__ import annotations

from engine.logical.plan import SubqueryAlias
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(SubqueryAlias)
def eliminate_subquery_aliases(plan: TreeNode) -> TreeNode | None:
    match plan:
        case SubqueryAlias(_, child):
            return child
    return None
