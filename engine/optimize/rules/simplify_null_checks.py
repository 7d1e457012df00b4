"""IS NULL and IS NOT NULL of what never is, or always is.

a IS NOT NULL (a never null)   =>  TRUE            NULL IS NULL   =>  TRUE
coalesce(a, NULL, 1, b)        =>  coalesce(a, 1)  coalesce(a)    =>  a
"""

from __future__ import annotations

from engine.expressions.base import FALSE, TRUE, Expression, Literal, is_null
from engine.expressions.conditional import Coalesce
from engine.expressions.predicates import IsNotNull, IsNull
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(IsNull, IsNotNull, Coalesce)
def simplify_null_checks(node: TreeNode) -> TreeNode | None:
    match node:
        case IsNull(child) if is_null(child):
            return TRUE
        case IsNotNull(child) if is_null(child):
            return FALSE
        case IsNull(child) if not child.nullable and is_movable(child):
            return FALSE
        case IsNotNull(child) if not child.nullable and is_movable(child):
            return TRUE
        case Coalesce(arguments):
            return _coalesce(node, arguments)
    return None


def _coalesce(node: Coalesce, arguments: tuple[Expression, ...]) -> Expression | None:
    kept: list[Expression] = []
    for argument in arguments:
        if is_null(argument):
            continue
        kept.append(argument)
        if not argument.nullable:
            break  # nothing after this is ever looked at
    if not kept:
        return Literal(None, node.dataType)
    if len(kept) == 1:
        return kept[0]
    return Coalesce(tuple(kept)) if len(kept) < len(arguments) else None
