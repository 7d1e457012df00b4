"""What follows from equalities: a condition on one column holds for the columns equal to it.

    Join Inner a.k = b.k               Join Inner a.k = b.k
    ├─ Filter a.k > 5            =>    ├─ Filter a.k > 5
    └─ b                               └─ Filter b.k > 5 AND b.k IS NOT NULL
                                          └─ b

Join keys that may be null are filtered where null rows cannot match. Runs once, between two rounds of pushing down.
"""

from __future__ import annotations

from engine.expressions.base import Attribute, Expression
from engine.expressions.predicates import EqualTo, IsNotNull, conjuncts
from engine.logical.plan import Aggregate, Filter, Join, JoinType, LogicalPlan, Project, Sort, Window
from engine.optimize.nulls import rejects_null
from engine.optimize.pushing import filtered
from engine.optimize.substitution import is_movable, meanings, substitute
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_BOTH = (JoinType.INNER, JoinType.CROSS)
_INTO_LEFT = (*_BOTH, JoinType.SEMI, JoinType.RIGHT)
_INTO_RIGHT = (*_BOTH, JoinType.SEMI, JoinType.ANTI, JoinType.LEFT, JoinType.EXISTENCE)


@rule(Join)
def infer_filters(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Join(left, right, type, condition, null_aware) if condition is not None and not null_aware:
            on_left, on_right = facts(left), facts(right)
            terms = conjuncts(condition)
            to_left = _inferred(left, on_left, on_right, terms) if type in _INTO_LEFT else []
            to_right = _inferred(right, on_right, on_left, terms) if type in _INTO_RIGHT else []
            if not (to_left or to_right):
                return None
            return Join(
                filtered(to_left, left), filtered(to_right, right), type, condition, null_aware, plan.exists, plan.hints
            )
    return None


def facts(plan: LogicalPlan) -> frozenset[Expression]:
    """Conditions that every row of `plan` meets."""
    match plan:
        case Filter(condition, child):
            return facts(child).union(term for term in conjuncts(condition) if is_movable(term))
        case Project(projections, child) | Aggregate(_, projections, child):
            passed = {key: each for key, each in meanings(projections).items() if isinstance(each, Attribute)}
            outward = {below.id: Attribute(below.name, below.type, below.is_nullable, key) for key, below in passed.items()}
            known = [fact for fact in facts(child) if fact.references <= outward.keys()]
            return frozenset(substitute(fact, outward) for fact in known)
        case Join(left, right, type, condition):
            found: frozenset[Expression] = frozenset()
            if type in (*_BOTH, JoinType.SEMI, JoinType.ANTI, JoinType.LEFT, JoinType.EXISTENCE):
                found |= facts(left)
            if type in (*_BOTH, JoinType.RIGHT):
                found |= facts(right)
            if type in _BOTH:
                found = found.union(term for term in conjuncts(condition) if is_movable(term))
            return found
        case Sort(_, _, child) | Window(_, _, _, child):
            return facts(child)
    return frozenset()


def _inferred(
    side: LogicalPlan, own: frozenset[Expression], others: frozenset[Expression], terms: tuple[Expression, ...]
) -> list[Expression]:
    """What may be asked of `side`, whose rows meet `own`, given `others` on the other side and the join's `terms`."""
    found: dict[Expression, None] = {}
    for term in terms:
        match term:
            case EqualTo(Attribute() as a, Attribute() as b):
                mine, theirs = (a, b) if a.id in side.output_ids else (b, a)
                if mine.id not in side.output_ids or theirs.id in side.output_ids:
                    continue
                for fact in others:
                    if fact.references == {theirs.id} and not isinstance(fact, IsNotNull):
                        found[substitute(fact, {theirs.id: mine})] = None
    for term in terms:
        for column in side.output:
            only = frozenset((column.id,))
            if column.id in term.references and column.nullable and rejects_null(term, only):
                if not any(rejects_null(each, only) for each in (*own, *found)):
                    found[IsNotNull(column)] = None
    return sorted((each for each in found if each not in own), key=repr)
