"""The canonical form of a plan: equal for plans that mean the same rows, whatever their columns are called.

Column ids, and those of CTEs, are renumbered by where they first appear; names and qualifiers are erased. Reuse of equal
parts, caches, and "did this rule change anything" compare only canonical forms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.expressions.base import Alias, Attribute
from engine.logical.plan import CteDefinition, CteReference, LogicalPlan, Scan, SubqueryAlias
from engine.tree.node import TreeNode


def canonical(plan: LogicalPlan) -> LogicalPlan:
    """`plan` with ids by position of first appearance and without names; a scan keeps those of its source's columns."""
    columns: dict[int, int] = {}
    ctes: dict[int, int] = {}

    def visit(node: Any) -> Any:
        match node:
            case Scan(_, attributes):  # what is read is known by name only
                node = replace(node, name=tuple(column.name for column in attributes))
            case Attribute(_, kind, nullable, id):
                return Attribute("", kind, nullable, columns.setdefault(id, len(columns)))
        node = node.map_children(visit)
        match node:
            case Alias(child, _, id):
                return Alias(child, "", columns.setdefault(id, len(columns)))
            case SubqueryAlias(_, child):
                return SubqueryAlias((), child)
            case CteDefinition(id, _, child):
                return CteDefinition(ctes.setdefault(id, len(ctes)), "", child)
            case CteReference(id, attributes):
                return CteReference(ctes.setdefault(id, len(ctes)), attributes)
        return node

    result: LogicalPlan = visit(plan)
    return result


def same_result(left: TreeNode, right: TreeNode) -> bool:
    """Whether two plans are equal in canonical form."""
    return left is right or (
        isinstance(left, LogicalPlan) and isinstance(right, LogicalPlan) and canonical(left) == canonical(right)
    )
