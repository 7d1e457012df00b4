"""A join strategy asked for by a hint is noted on the join above the hinted relation; hints without a join go.

Join Inner                        Join Inner hint(right broadcast)
├─ a                        =>    ├─ a
└─ ResolvedHint broadcast         └─ b
   └─ b
"""

from __future__ import annotations

from engine.logical.hints import JoinHint
from engine.logical.plan import Filter, Join, LogicalPlan, Project, ResolvedHint, SubqueryAlias
from engine.tree.node import TreeNode
from engine.tree.rules import whole


@whole(ResolvedHint)
def move_join_hints(plan: TreeNode) -> TreeNode | None:
    return _visit(plan)


def _visit(node: TreeNode) -> TreeNode:
    if not node.has(ResolvedHint):
        return node
    if isinstance(node, Join):
        asked = [JoinHint(side, *each) for side in ("left", "right") for each in _asked(getattr(node, side))]
        if asked:
            hints = (*node.hints, *asked)
            node = Join(node.left, node.right, node.type, node.condition, node.null_aware, node.exists, hints)
    if isinstance(node, ResolvedHint):
        return _visit(node.child)
    return node.map_children(_visit)


def _asked(plan: LogicalPlan) -> list[tuple[str, int]]:
    """The strategies asked for a plan, with the numbers of the hints."""
    match plan:
        case ResolvedHint(strategy, child, number):
            return [(strategy, number), *_asked(child)]
        case Project() | Filter() | SubqueryAlias():
            return _asked(plan.plans[0])
    return []
