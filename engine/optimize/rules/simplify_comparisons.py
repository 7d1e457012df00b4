"""Comparisons whose answer is known, or that read better the other way round.

5 < a            =>  a > 5                 a = a (never null)   =>  TRUE
flag = TRUE      =>  flag                  a <=> NULL           =>  a IS NULL
a = NULL         =>  NULL                  a <=> b (neither null) => a = b
"""

from __future__ import annotations

from engine.expressions.base import FALSE, TRUE, Expression, Literal, is_null
from engine.expressions.predicates import (
    BinaryComparison,
    EqualNullSafe,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Not,
)
from engine.optimize.rules.simplify_booleans import negation
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule
from engine.types import BOOLEAN

_MIRRORED: dict[type[BinaryComparison], type[BinaryComparison]] = {
    EqualTo: EqualTo,
    EqualNullSafe: EqualNullSafe,
    LessThan: GreaterThan,
    LessThanOrEqual: GreaterThanOrEqual,
    GreaterThan: LessThan,
    GreaterThanOrEqual: LessThanOrEqual,
}


@rule(BinaryComparison)
def simplify_comparisons(node: TreeNode) -> TreeNode | None:
    match node:
        case BinaryComparison(Literal() as left, right) if not isinstance(right, Literal):
            mirrored = _MIRRORED[type(node)](right, left)
            return _known(mirrored) or mirrored
        case BinaryComparison():
            return _known(node)
    return None


def _known(node: BinaryComparison) -> Expression | None:
    left, right = node.left, node.right
    if isinstance(node, EqualNullSafe):
        return _null_safe(left, right)
    if (is_null(left) and is_movable(right)) or (is_null(right) and is_movable(left)):
        return Literal(None, BOOLEAN)
    if left == right and is_movable(left) and not left.nullable:
        return TRUE if isinstance(node, EqualTo | LessThanOrEqual | GreaterThanOrEqual) else FALSE
    if isinstance(node, EqualTo) and left.dataType == BOOLEAN:
        if right == TRUE:
            return left
        if right == FALSE:
            return negation(left) or Not(left)
    return None


def _null_safe(left: Expression, right: Expression) -> Expression | None:
    if is_null(right):
        return TRUE if is_null(left) else IsNull(left)
    if left == right and is_movable(left):
        return TRUE
    if not left.nullable and not right.nullable:
        equal = EqualTo(left, right)
        return _known(equal) or equal
    return None
