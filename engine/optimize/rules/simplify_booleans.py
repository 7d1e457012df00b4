"""AND, OR and NOT without what they do not need.

    TRUE AND a          =>  a                  a OR (a AND b)      =>  a
    FALSE AND a         =>  FALSE              a AND a             =>  a
    NOT (a < b)         =>  a >= b             NOT (a AND b)       =>  NOT a OR NOT b

A term that can raise is kept where it stands unless a FALSE before it means that it is never reached.
"""

from __future__ import annotations

from engine.expressions.base import FALSE, TRUE, Expression, is_null
from engine.expressions.predicates import (
    And,
    GreaterThan,
    GreaterThanOrEqual,
    IsNotNull,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Not,
    Or,
    conjunction,
    disjunction,
)
from engine.optimize.substitution import can_raise, is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_INVERSE = {
    LessThan: GreaterThanOrEqual,
    GreaterThanOrEqual: LessThan,
    GreaterThan: LessThanOrEqual,
    LessThanOrEqual: GreaterThan,
}


@rule(And, Or, Not)
def simplify_booleans(node: TreeNode) -> TreeNode | None:
    match node:
        case Not(child):
            return negation(child)
        case And(terms):
            return _shorter(node, terms, FALSE)
        case Or(terms):
            return _shorter(node, terms, TRUE)
    return None


def negation(child: Expression) -> Expression | None:
    """NOT `child` without a NOT around it, None where there is no such form."""
    match child:
        case Not(inner):
            return inner
        case LessThan(a, b) | LessThanOrEqual(a, b) | GreaterThan(a, b) | GreaterThanOrEqual(a, b):
            return _INVERSE[type(child)](a, b)
        case IsNull(inner):
            return IsNotNull(inner)
        case IsNotNull(inner):
            return IsNull(inner)
        case And(terms):
            return disjunction(*(negation(term) or Not(term) for term in terms))
        case Or(terms):
            return conjunction(*(negation(term) or Not(term) for term in terms))
    if child == TRUE:
        return FALSE
    if child == FALSE:
        return TRUE
    return child if is_null(child) else None


def _shorter(node: And | Or, terms: tuple[Expression, ...], decisive: Expression) -> Expression | None:
    """`node` where `decisive` (FALSE of AND, TRUE of OR) settles it and the opposite says nothing."""
    neutral = TRUE if decisive is FALSE else FALSE
    join = conjunction if isinstance(node, And) else disjunction
    kept: list[Expression] = []
    seen: set[Expression] = set()
    for term in _flat(node, terms):
        if term == neutral or (term in seen and is_movable(term)):
            continue
        seen.add(term)
        if term == decisive:
            return decisive if not any(can_raise(each) for each in kept) else _with(node, kept, decisive)
        kept.append(term)
    kept = _absorbed(kept, Or if isinstance(node, And) else And)
    if _contradict(kept):
        return decisive
    if not kept:
        return neutral
    if len(kept) == len(terms) and all(a is b for a, b in zip(kept, terms, strict=True)):
        return None
    return join(*kept)


def _with(node: And | Or, kept: list[Expression], decisive: Expression) -> Expression | None:
    terms = (*kept, decisive)
    return None if terms == node.terms else type(node)(terms)


def _flat(node: And | Or, terms: tuple[Expression, ...]) -> list[Expression]:
    return [each for term in terms for each in (term.terms if type(term) is type(node) else (term,))]


def _absorbed(terms: list[Expression], other: type[And] | type[Or]) -> list[Expression]:
    """a AND (a OR b) is a: drops terms of the other kind that hold one of `terms`."""
    plain = {term for term in terms if not isinstance(term, other)}
    return [term for term in terms if not (isinstance(term, other) and plain & set(term.terms) and is_movable(term))]


def _contradict(terms: list[Expression]) -> bool:
    """a AND NOT a, where a is never null: settled. Also x = 1 AND NOT (x = 1) and IS NULL with IS NOT NULL."""
    seen = set(terms)
    for term in terms:
        opposite = negation(term) or Not(term)
        if opposite in seen and not term.nullable and is_movable(term):
            return True
    return False
