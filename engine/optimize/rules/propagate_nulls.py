"""An operation on NULL is NULL.

    a + NULL   =>  NULL            CAST(NULL AS INT)   =>  NULL (an INT)            NULL LIKE a   =>  NULL

Only where the other operands cannot raise: what raises has to go on raising.
"""

from __future__ import annotations

from engine.expressions.base import Expression, Literal, is_null
from engine.expressions.calls import Field
from engine.expressions.cast import Cast
from engine.expressions.operators import BinaryArithmetic, BinaryBitwise, BitwiseNot, Concat, UnaryMinus, UnaryPlus
from engine.expressions.predicates import Between, In, Like, Not, RLike
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule

STRICT = (BinaryArithmetic, BinaryBitwise, BitwiseNot, Concat, UnaryMinus, UnaryPlus, Cast, Like, RLike, Not, Field)
"""Operations that are null as soon as one operand is. Comparisons have a rule of their own."""


@rule(*STRICT, In, Between)
def propagate_nulls(node: TreeNode) -> TreeNode | None:
    operands: tuple[Expression, ...] = node.children
    match node:
        case In(value, options) if not is_null(value) and not all(is_null(option) for option in options):
            return None
        case Between(value, _, _) if not is_null(value):
            return None
    if any(is_null(each) for each in operands) and all(is_movable(each) for each in operands):
        return Literal(None, node.dataType)  # type: ignore[attr-defined]
    return None
