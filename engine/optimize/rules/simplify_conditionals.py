"""IF and CASE without the branches that are never, or always, taken.

IF(TRUE, a, b)                            =>  a
CASE WHEN FALSE THEN a WHEN c THEN b END  =>  CASE WHEN c THEN b END
CASE WHEN TRUE THEN a ELSE b END          =>  a
IF(c, a, a)                               =>  a          IF(c, TRUE, FALSE), c never null  =>  c
"""

from __future__ import annotations

from engine.expressions.base import FALSE, TRUE, Expression, Literal, is_null, is_true
from engine.expressions.conditional import CaseWhen, If
from engine.expressions.predicates import Not
from engine.optimize.rules.simplify_booleans import negation
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(If, CaseWhen)
def simplify_conditionals(node: TreeNode) -> TreeNode | None:
    match node:
        case If(condition, yes, no):
            return _if(condition, yes, no)
        case CaseWhen(branches, otherwise):
            return _case(node, branches, otherwise)
    return None


def _never(condition: Expression) -> bool:
    return condition == FALSE or is_null(condition)


def _if(condition: Expression, yes: Expression, no: Expression) -> Expression | None:
    if is_true(condition):
        return yes
    if _never(condition):
        return no
    if yes == no and yes.deterministic and is_movable(condition):
        return yes
    if not condition.nullable and yes == TRUE and no == FALSE:
        return condition
    if not condition.nullable and yes == FALSE and no == TRUE:
        return negation(condition) or Not(condition)
    return None


def _case(
    node: CaseWhen, branches: tuple[tuple[Expression, Expression], ...], otherwise: Expression | None
) -> Expression | None:
    kept: list[tuple[Expression, Expression]] = []
    for condition, value in branches:
        if _never(condition):
            continue
        if is_true(condition):
            otherwise = value
            break
        kept.append((condition, value))
    if not kept:
        return otherwise if otherwise is not None else Literal(None, node.dataType)
    if otherwise is not None and is_null(otherwise) and not is_null(kept[0][1]):
        otherwise = None
    if len(kept) == len(branches) and otherwise is node.otherwise:
        return None
    return CaseWhen(tuple(kept), otherwise)
