"""A projection that changes nothing goes, and a mere choice of columns below an aggregate, which reads what it needs.

Project [a, b]
└─ Scan [a, b]      =>      Scan [a, b]
"""

from __future__ import annotations

from engine.expressions.base import Attribute
from engine.logical.plan import Aggregate, Project
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Project, Aggregate)
def remove_noop_projects(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Aggregate(grouping, aggregates, Project(projections, child)):
            plain = all(isinstance(each, Attribute) for each in projections)
            return Aggregate(grouping, aggregates, child) if plain else None
        case Project(projections, child) if len(projections) == len(child.output):
            same = all(
                isinstance(each, Attribute) and each.id == below.id and each.name == below.name
                for each, below in zip(projections, child.output, strict=True)
            )
            return child if same else None
    return None
