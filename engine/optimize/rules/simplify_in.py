"""IN lists as short as can be.

a IN (1)             =>  a = 1
a IN (1, 2, 1)       =>  a IN (1, 2)
a LIKE 'x'           =>  a = 'x'         (no wildcard in it)
"""

from __future__ import annotations

from engine.expressions.base import Expression, Literal
from engine.expressions.predicates import EqualTo, In, Like
from engine.tree.node import TreeNode
from engine.tree.rules import rule
from engine.types import StringType


@rule(In, Like)
def simplify_in(node: TreeNode) -> TreeNode | None:
    match node:
        case In(value, options):
            return _in(value, options)
        case Like(value, Literal(str() as pattern, StringType()), escape, False):
            plain = not any(mark in pattern for mark in ("%", "_", escape))
            return EqualTo(value, Literal(pattern, value.dataType)) if plain else None
    return None


def _in(value: Expression, options: tuple[Expression, ...]) -> Expression | None:
    if len(options) == 1:
        return EqualTo(value, options[0])
    if all(isinstance(option, Literal) for option in options):
        different = tuple(dict.fromkeys(options))
        if len(different) < len(options):
            return In(value, different) if len(different) > 1 else EqualTo(value, different[0])
    return None
