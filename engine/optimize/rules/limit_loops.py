"""A recursion ends when it has the rows that a LIMIT above it keeps.

    Limit 5                         Limit 5
    └─ Project                =>    └─ Project
       └─ UnionLoop r                  └─ UnionLoop r limit 5

That is part of what LIMIT means: without it the recursion might have no end. EXISTS asks for one row.
"""

from __future__ import annotations

from typing import Any

from engine.expressions.base import TRUE, Literal
from engine.expressions.subquery import Exists, OuterReference
from engine.logical.plan import Filter, Join, JoinType, Limit, LogicalPlan, Project, Union
from engine.logical.recursion import ALL_ROWS, UnionLoop
from engine.tree.node import TreeNode
from engine.tree.rules import whole


@whole(UnionLoop)
def limit_loops(plan: TreeNode) -> TreeNode | None:
    found: TreeNode = _visit(plan)
    return found


def _visit(node: Any) -> Any:
    if not node.has(UnionLoop):
        return node
    match node:
        case Limit(Literal(int() as count), offset, child):
            skipped = offset.value if isinstance(offset, Literal) else 0
            node = _same(node, Limit(node.count, offset, _limited(child, count + skipped)))
        case Exists(query) if not query.has(OuterReference):
            limited = _limited(query, 1)
            node = node if limited is query else Exists(limited).at(node.origin)
    return node.map_children(_visit)


def _limited(plan: LogicalPlan, count: int) -> LogicalPlan:
    """`plan`, of which `count` rows are needed."""
    if not plan.has(UnionLoop):
        return plan
    match plan:
        case Project(projections, child):
            return _same(plan, Project(projections, _limited(child, count)))
        case Filter(condition, child) if condition == TRUE:
            return _limited(child, count)
        case Limit(Literal(int() as own), offset, child):
            skipped = offset.value if isinstance(offset, Literal) else 0
            return _same(plan, Limit(plan.count, offset, _limited(child, min(own, count) + skipped)))
        case Union(inputs, columns):
            return _same(plan, Union(tuple(_limited(each, count) for each in inputs), columns))
        case Join(left, right, kind) if kind in (JoinType.LEFT, JoinType.RIGHT, JoinType.CROSS):
            left = _limited(left, count) if kind is not JoinType.RIGHT else left
            right = _limited(right, count) if kind is not JoinType.LEFT else right
            return _same(plan, Join(left, right, kind, plan.condition, hints=plan.hints))
        case UnionLoop(id, name, columns, levels, limit, anchor, recursion):
            if limit not in (None, ALL_ROWS) and limit <= count:
                return plan
            return UnionLoop(id, name, columns, levels, count, anchor, recursion).at(plan.origin)
    return plan


def _same(old: LogicalPlan, new: LogicalPlan) -> LogicalPlan:
    return old if old == new else new.at(old.origin)
