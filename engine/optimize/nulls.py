"""What an expression is where some columns are null, decided from its form alone."""

from __future__ import annotations

from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.calls import Field
from engine.expressions.cast import Cast
from engine.expressions.operators import BinaryArithmetic, BinaryBitwise, BitwiseNot, Concat, UnaryMinus, UnaryPlus
from engine.expressions.predicates import (
    And,
    Between,
    BinaryComparison,
    EqualNullSafe,
    In,
    IsNotNull,
    IsNull,
    Like,
    Not,
    Or,
    RLike,
)

_STRICT = (
    BinaryArithmetic,
    BinaryBitwise,
    BitwiseNot,
    Concat,
    UnaryMinus,
    UnaryPlus,
    Cast,
    Like,
    RLike,
    Not,
    Field,
    Alias,
)


def is_null_with(expression: Expression, ids: frozenset[int]) -> bool:
    """Whether `expression` is surely null in every row in which the columns `ids` are."""
    match expression:
        case Attribute(_, _, _, id):
            return id in ids
        case Literal(value):
            return value is None
        case EqualNullSafe():
            return False
        case BinaryComparison(left, right):
            return is_null_with(left, ids) or is_null_with(right, ids)
        case In(value) | Between(value):
            return is_null_with(value, ids)
        case And(terms) | Or(terms):
            return all(is_null_with(term, ids) for term in terms)
    return isinstance(expression, _STRICT) and any(is_null_with(child, ids) for child in expression.children)


def rejects_null(condition: Expression, ids: frozenset[int]) -> bool:
    """Whether `condition` cannot be true in a row in which the columns `ids` are null."""
    match condition:
        case IsNotNull(child):
            return is_null_with(child, ids)
        case Not(IsNull(child)):
            return is_null_with(child, ids)
        case And(terms):
            return any(rejects_null(term, ids) for term in terms)
        case Or(terms):
            return all(rejects_null(term, ids) for term in terms)
        case EqualNullSafe(left, Literal(value)) if value is not None:
            return is_null_with(left, ids)
        case Literal(value):
            return value is not True
    return is_null_with(condition, ids)
