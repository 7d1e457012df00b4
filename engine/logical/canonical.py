"""The canonical form of a plan: equal for plans that mean the same rows, whatever their columns are called.

Column ids, and those of CTEs and of loops, are renumbered by where they first appear; names and qualifiers are erased. Reuse
of equal parts, caches, and "did this rule change anything" compare only canonical forms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.operators import Add, BinaryBitwise, Multiply
from engine.expressions.predicates import (
    And,
    EqualNullSafe,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    Or,
)
from engine.expressions.subquery import OuterReference, SubqueryExpression
from engine.logical.plan import CteDefinition, CteReference, LogicalPlan, Scan, SubqueryAlias
from engine.logical.recursion import UnionLoop, UnionLoopRef
from engine.tree.node import TreeNode
from engine.types import LONG


def canonical(plan: LogicalPlan) -> LogicalPlan:
    """`plan` with ids by position of first appearance and without names; a scan keeps those of its source's columns, and
    references to CTEs and loops that are not in the plan keep theirs."""
    columns: dict[int, int] = {}
    ctes = {definition.id: place for place, definition in enumerate(plan.collect(CteDefinition))}
    loops = {loop.id: place for place, loop in enumerate(plan.collect(UnionLoop))}

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
                return CteDefinition(ctes[id], "", child)
            case CteReference(id, attributes):
                return CteReference(ctes.get(id, -1 - id), attributes)
            case UnionLoop(id, _, attributes, levels, limit, anchor, recursion):
                return UnionLoop(loops[id], "", attributes, levels, limit, anchor, recursion)
            case UnionLoopRef(id, attributes):
                return UnionLoopRef(loops.get(id, -1 - id), attributes)
        return node

    result: LogicalPlan = visit(plan)
    return result


def same_value(expression: Expression) -> Expression:
    """A form of `expression` that is equal for those which mean the same value by their shape: operands of commutative
    operators in one order, plans of subqueries canonical. Outer columns are told apart by their ids."""
    if not expression.children:
        return expression
    if expression.has(SubqueryExpression):
        expression = expression.map_children(_same_part)
    else:
        expression = expression.map_children(same_value)
    match expression:
        case Add(left, right) | Multiply(left, right) | BinaryBitwise(left, right) if hash(right) < hash(left):
            return expression.map_children(lambda child: right if child is left else left)
        case EqualTo(left, right) | EqualNullSafe(left, right) if hash(right) < hash(left):
            return type(expression)(right, left)
        case GreaterThan(left, right):
            return LessThan(right, left)
        case GreaterThanOrEqual(left, right):
            return LessThanOrEqual(right, left)
        case And(terms) | Or(terms):
            return type(expression)(tuple(sorted(terms, key=hash)))
    return expression


def _same_part(child: Any) -> Any:
    return canonical(child.transform_up(_marked)) if isinstance(child, LogicalPlan) else same_value(child)


def _marked(node: Any) -> Any:
    return Literal(node.attribute.id, LONG) if isinstance(node, OuterReference) else node


def same_result(left: TreeNode, right: TreeNode) -> bool:
    """Whether two plans are equal in canonical form."""
    return left is right or (
        isinstance(left, LogicalPlan) and isinstance(right, LogicalPlan) and canonical(left) == canonical(right)
    )
