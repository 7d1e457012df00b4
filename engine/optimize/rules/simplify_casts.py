"""Casts that do nothing go; a cast column compared with a constant is compared uncast, so that scans can skip by it.

    CAST(a AS INT), a an INT            =>  a
    CAST(CAST(a AS BIGINT) AS DOUBLE)   =>  CAST(a AS DOUBLE), a an INT
    CAST(a AS DECIMAL(20,2)) < 24.00    =>  a < 24, a a BIGINT or DECIMAL that holds 24

Only widening casts are taken off, and only from constants that the narrower type holds exactly.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from engine.expressions.base import Expression, Literal
from engine.expressions.cast import Cast
from engine.expressions.predicates import BinaryComparison, In
from engine.tree.node import TreeNode
from engine.tree.rules import rule
from engine.types import DataType, DecimalType, IntegralType
from engine.types.casts import is_up_cast

_WIDE = Context(prec=100)


@rule(Cast, BinaryComparison, In)
def simplify_casts(node: TreeNode) -> TreeNode | None:
    match node:
        case Cast(child, to) if child.dataType == to:
            return child
        case Cast(Cast(child, middle, mode), to) if _exact(child.dataType, middle) and _exact(child.dataType, to):
            return child if child.dataType == to else Cast(child, to, mode, node.implicit)
        case BinaryComparison(Cast(child, to), Literal(value)) if _exact(child.dataType, to):
            narrow = _narrowed(value, child.dataType)
            return type(node)(child, narrow) if narrow is not None else None
        case In(Cast(child, to), options) if _exact(child.dataType, to):
            return _in(child, options)
    return None


def _in(child: Expression, options: tuple[Expression, ...]) -> Expression | None:
    narrow = [_narrowed(each.value, child.dataType) if isinstance(each, Literal) else None for each in options]
    return In(child, tuple(each for each in narrow if each is not None)) if all(narrow) else None


def _exact(source: DataType, target: DataType) -> bool:
    """Whether a cast is one between whole numbers and decimals that keeps every value."""
    exact = (IntegralType, DecimalType)
    return isinstance(source, exact) and isinstance(target, exact) and is_up_cast(source, target)


def _narrowed(value: Any, kind: DataType) -> Literal | None:
    """The constant in the column's own type, None if that does not hold it."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(kind, IntegralType):
        whole = value == int(value) and -(2 ** (kind.bits - 1)) <= value < 2 ** (kind.bits - 1)
        return Literal(int(value), kind) if whole else None
    assert isinstance(kind, DecimalType)
    shifted = Decimal(value).scaleb(kind.scale, _WIDE)
    if shifted != int(shifted) or abs(int(shifted)) >= 10**kind.precision:
        return None
    return Literal(Decimal(int(shifted)).scaleb(-kind.scale, _WIDE), kind)
