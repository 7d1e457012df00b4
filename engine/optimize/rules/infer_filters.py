"""What follows from equalities: a condition on one column holds for the columns equal to it.

    Join Inner a.k = b.k               Join Inner a.k = b.k
    ├─ Filter a.k > 5            =>    ├─ Filter a.k > 5
    └─ b                               └─ Filter b.k > 5 AND b.k IS NOT NULL
                                          └─ b

Of (a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4) each side keeps a.x = 1 OR a.x = 3. Join keys of which many are null are
filtered, since null rows cannot match. Runs once, between two rounds of pushing down.
"""

from __future__ import annotations

from engine.expressions.base import Attribute, Expression, references
from engine.expressions.predicates import EqualTo, IsNotNull, Or, conjunction, conjuncts, disjunction, split_by
from engine.logical.plan import Aggregate, Filter, Join, JoinType, LogicalPlan, Project, Sort, Window
from engine.optimize.nulls import rejects_null
from engine.optimize.pushing import filtered
from engine.optimize.statistics import Estimator
from engine.optimize.substitution import is_movable, meanings, substitute
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_BOTH = (JoinType.INNER, JoinType.CROSS)
_INTO_LEFT = (*_BOTH, JoinType.SEMI, JoinType.RIGHT)
_INTO_RIGHT = (*_BOTH, JoinType.SEMI, JoinType.ANTI, JoinType.LEFT, JoinType.EXISTENCE)

_MANY = 0.02
"""The part of nulls in a column from which on they are dropped before the join."""


@rule(Join)
def infer_filters(plan: TreeNode, estimator: Estimator) -> TreeNode | None:
    found = None
    while (step := _step(found or plan, estimator)) is not None:
        found = step  # what was inferred may say something about the other side in turn
    return found


def _step(plan: TreeNode, estimator: Estimator) -> Join | None:
    match plan:
        case Join(left, right, type, condition, null_aware) if condition is not None and not null_aware:
            on_left, on_right = facts(left), facts(right)
            terms = conjuncts(condition)
            to_left = _from_equalities(left, on_right, terms) if type in _INTO_LEFT else []
            to_right = _from_equalities(right, on_left, terms) if type in _INTO_RIGHT else []
            if type in _INTO_LEFT:
                to_left += [*_from_disjunctions(left, terms), *_not_null(left, terms, estimator)]
            if type in _INTO_RIGHT:
                to_right += [*_from_disjunctions(right, terms), *_not_null(right, terms, estimator)]
            to_left, to_right = _new(to_left, on_left), _new(to_right, on_right)
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
            outward = {
                below.id: Attribute(below.name, below.type, below.is_nullable, key) for key, below in passed.items()
            }
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


def _new(terms: list[Expression], known: frozenset[Expression]) -> list[Expression]:
    """Those that are not known yet, each once."""
    return [term for term in dict.fromkeys(terms) if term not in known]


def _from_equalities(
    side: LogicalPlan, others: frozenset[Expression], terms: tuple[Expression, ...]
) -> list[Expression]:
    """What `others`, which hold on the other side, say of the columns of `side` that `terms` make equal."""
    found = []
    for term in terms:
        match term:
            case EqualTo(Attribute() as a, Attribute() as b):
                mine, theirs = (a, b) if a.id in side.output_ids else (b, a)
                if mine.id not in side.output_ids or theirs.id in side.output_ids:
                    continue
                for fact in others:
                    if fact.references == {theirs.id} and not isinstance(fact, IsNotNull):
                        found.append(substitute(fact, {theirs.id: mine}))
    return sorted(found, key=repr)


def _from_disjunctions(side: LogicalPlan, terms: tuple[Expression, ...]) -> list[Expression]:
    """What each OR among `terms` asks of `side` alone, whichever of its branches holds."""
    found = []
    for term in terms:
        if isinstance(term, Or):
            branches = [split_by(filter(is_movable, conjuncts(each)), side.output_ids)[0] for each in term.terms]
            if all(branches):
                found.append(disjunction(*(conjunction(*each) for each in branches)))
    return found


def _not_null(side: LogicalPlan, terms: tuple[Expression, ...], estimator: Estimator) -> list[Expression]:
    """IS NOT NULL for columns of `side` without which no term of the condition holds, where that drops many rows."""
    found: list[Expression] = []
    read = references(terms)
    for column in (each for each in side.output if each.id in read):
        only = frozenset((column.id,))
        asked = column.nullable and any(column.id in term.references and rejects_null(term, only) for term in terms)
        if asked and estimator.column(side, column).nulls >= _MANY:
            found.append(IsNotNull(column))
    return found
