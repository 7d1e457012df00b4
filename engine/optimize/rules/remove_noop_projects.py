"""A projection that changes nothing goes.

Project [a, b]
└─ Scan [a, b]      =>      Scan [a, b]
"""

from __future__ import annotations

from engine.expressions.base import Attribute
from engine.logical.plan import Project
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Project)
def remove_noop_projects(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Project(projections, child) if len(projections) == len(child.output):
            same = all(
                isinstance(each, Attribute) and each.id == below.id and each.name == below.name
                for each, below in zip(projections, child.output, strict=True)
            )
            return child if same else None
    return None
