"""Fresh ids for a plan that is used a second time: self-joins, views, CTEs.

Two copies of a plan in one query must not produce the same column ids, or a condition could not say which it means.
"""

from __future__ import annotations

from typing import Any

from engine.expressions.base import Alias, Attribute, next_id
from engine.expressions.lambdas import Lambda
from engine.logical.plan import (
    CteDefinition,
    CteReference,
    Expand,
    Generate,
    Join,
    LocalRelation,
    LogicalPlan,
    Range,
    Scan,
    Union,
    WithCte,
)
from engine.logical.recursion import UnionLoop, UnionLoopRef


def renew(plan: LogicalPlan) -> LogicalPlan:
    """`plan` with every id it produces (those of subqueries in it too) replaced by a fresh one; columns keep their places."""
    columns = {key: next_id() for key in produced(plan)}
    ctes = {definition.id: next_id() for node in plan.collect(WithCte) for definition in node.definitions}
    loops = {loop.id: next_id() for loop in plan.collect(UnionLoop)}

    def visit(node: Any) -> Any:
        match node:
            case Attribute(name, kind, nullable, id, qualifier):
                return Attribute(name, kind, nullable, columns[id], qualifier) if id in columns else node
        node = node.map_children(visit)
        match node:
            case Alias(child, name, id, qualifier):
                return Alias(child, name, columns[id], qualifier) if id in columns else node
            case CteDefinition(id, name, child) if id in ctes:
                return CteDefinition(ctes[id], name, child)
            case CteReference(id, attributes) if id in ctes:
                return CteReference(ctes[id], attributes)
            case UnionLoop(id, name, attributes, levels, limit, anchor, recursion):
                return UnionLoop(loops[id], name, attributes, levels, limit, anchor, recursion)
            case UnionLoopRef(id, attributes) if id in loops:
                return UnionLoopRef(loops[id], attributes)
        return node

    result: LogicalPlan = visit(plan)
    return result


def produced(plan: LogicalPlan) -> frozenset[int]:
    """The ids of the columns that come into being in `plan`, lambdas' parameters and subqueries' columns included."""
    return frozenset(key for node in plan.walk() for key in _made_by(node))


def _made_by(node: Any) -> list[int]:
    match node:
        case Alias(_, _, id):
            return [id]
        case Scan() | LocalRelation() | CteReference() | Expand() | Generate() | Union() | UnionLoop() | UnionLoopRef():
            return [column.id for column in node.columns]
        case Range(_, _, _, column):
            return [column.id]
        case Join(exists=Attribute(_, _, _, id)):
            return [id]
        case Lambda(parameters):
            return [parameter.id for parameter in parameters]
    return []
