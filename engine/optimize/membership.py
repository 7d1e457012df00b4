"""EXISTS and IN as joins with the subquery's plan."""

from __future__ import annotations

from typing import Any

from engine.expressions.base import Alias, Attribute, Expression, Literal, next_id
from engine.expressions.predicates import (
    And,
    EqualTo,
    IsNotNull,
    IsNull,
    Or,
    conjunction,
    conjuncts,
)
from engine.expressions.subquery import Exists, InSubquery, OuterReference, ScalarSubquery
from engine.logical import plan as lp
from engine.logical.plan import Join, JoinType, LogicalPlan
from engine.logical.renew import renew
from engine.optimize.correlation import Pulled, is_correlated, pull, unwrapped
from engine.optimize.domain import Domain, same, widened
from engine.types import BOOLEAN, INT


def is_asked_once(subquery: Exists) -> bool:
    """Whether an EXISTS reads nothing of the enclosing row."""
    return not is_correlated(subquery.plan)


def once(subquery: Exists) -> Expression:
    """An uncorrelated EXISTS as a constant: is there a first row?"""
    one = lp.Project((Alias(Literal(1, INT), "one"),), stripped(subquery.plan))
    return IsNotNull(ScalarSubquery(lp.Limit(Literal(1, INT), None, one)))


def semi_join(subquery: Exists | InSubquery, child: LogicalPlan) -> LogicalPlan:
    """The rows of `child` for which the subquery is true."""
    plan, terms, equal = _joined(subquery, child)
    return Join(child, plan, JoinType.SEMI, _on(terms + equal))


def anti_join(subquery: Exists | InSubquery, child: LogicalPlan) -> LogicalPlan:
    """The rows of `child` for which NOT the subquery is true: for IN neither a match nor a null that might be one."""
    plan, terms, equal = _joined(subquery, child)
    if not any(each.nullable for each in equal):
        return Join(child, plan, JoinType.ANTI, _on(terms + equal))
    if len(equal) == 1 and not terms and all(side.references for side in equal[0].children):
        return Join(child, plan, JoinType.ANTI, equal[0], null_aware=True)
    maybe = [Or((each, IsNull(each))) if each.nullable else each for each in equal]
    return Join(child, plan, JoinType.ANTI, _on([*terms, *maybe]))


def as_column(expression: Any, child: LogicalPlan, positive: bool) -> tuple[Any, LogicalPlan]:
    """`expression` with its EXISTS and IN replaced by columns, and `child` with these columns. `positive`: null counts as
    false (a filter's condition down to here through AND and OR), so that IN need not tell them apart."""
    if not expression.has(Exists, InSubquery):
        return expression, child
    match expression:
        case Exists() if is_asked_once(expression):
            return once(expression), child
        case Exists() | InSubquery():
            return _column(expression, child, positive)
    positive = positive and isinstance(expression, And | Or)

    def visit(each: Any) -> Any:
        nonlocal child
        if isinstance(each, LogicalPlan):
            return each
        each, child = as_column(each, child, positive)
        return each

    return expression.map_children(visit), child


def _column(subquery: Exists | InSubquery, child: LogicalPlan, positive: bool) -> tuple[Expression, LogicalPlan]:
    plan, terms, equal = _joined(subquery, child)
    matched = _flag("matched")
    joined = Join(child, plan, JoinType.EXISTENCE, _on(terms + equal), exists=matched)
    if positive or not any(each.nullable for each in equal):
        return matched, joined
    plan, terms, equal = _again(subquery, child)
    unknown = _flag("unknown")
    maybe = conjunction(*equal)
    both = Join(joined, plan, JoinType.EXISTENCE, _on([*terms, IsNull(maybe)]), exists=unknown)
    return Or((matched, And((unknown, Literal(None, BOOLEAN))))), both


def _again(subquery: Exists | InSubquery, child: LogicalPlan) -> tuple[LogicalPlan, list[Expression], list[Expression]]:
    """The same subquery a second time, with ids of its own."""
    plan = renew(subquery.plan)
    return _joined(InSubquery(plan, subquery.values) if isinstance(subquery, InSubquery) else Exists(plan), child)


def _flag(name: str) -> Attribute:
    return Attribute(name, BOOLEAN, False, next_id())


def _on(terms: list[Expression]) -> Expression | None:
    return conjunction(*terms) if terms else None


def _joined(
    subquery: Exists | InSubquery, child: LogicalPlan
) -> tuple[LogicalPlan, list[Expression], list[Expression]]:
    """The plan to join `child` with, the correlated conditions, and the equalities of IN."""
    plan = stripped(subquery.plan) if isinstance(subquery, Exists) else _as_set(subquery.plan)
    found = None if has_global_aggregate(plan) else pull(plan)
    if found is None:
        found = by_domain(plan, child)
    terms = [unwrapped(term, child.output_ids) for term in found.conditions]
    if isinstance(subquery, Exists):
        return found.plan, terms, []
    equal: list[Expression] = [EqualTo(v, c) for v, c in zip(subquery.values, found.plan.output, strict=False)]
    return found.plan, terms, equal


def by_domain(plan: LogicalPlan, child: LogicalPlan) -> Pulled:
    """`plan` computed for every combination of the columns of `child` that it reads; its own columns come first."""
    by_id = {column.id: column for column in child.output}
    outer = [by_id[column.id] for column in ScalarSubquery(plan).outer if column.id in by_id]
    wide = widened(plan, Domain(child, outer))
    ordered = lp.Project((*plan.output, *wide.keys), wide.plan)
    on = same([OuterReference(column) for column in outer], wide.keys)
    return Pulled(ordered, conjuncts(on))


def has_global_aggregate(plan: LogicalPlan) -> bool:
    """Whether a correlated aggregate without grouping is in it: it gives a row even where nothing matches."""
    return any(
        isinstance(node, lp.Aggregate) and not node.grouping and is_correlated(node) for node in plan.walk_plans()
    )


def stripped(plan: LogicalPlan) -> LogicalPlan:
    """What is left of `plan` where only the existence of a row counts."""
    match plan:
        case lp.Project(_, child) | lp.Sort(_, _, child) | lp.Distinct(child) | lp.Repartition(_, _, child):
            return stripped(child)
        case lp.Aggregate(grouping, _, child) if grouping:
            return stripped(child)
        case lp.Limit(Literal(int() as count), None, child) if count > 0:
            return stripped(child)
    return plan


def _as_set(plan: LogicalPlan) -> LogicalPlan:
    """What is left of `plan` where neither order nor duplicates count."""
    match plan:
        case lp.Sort(_, _, child) | lp.Distinct(child):
            return _as_set(child)
        case lp.Aggregate(grouping, aggregates, child) if grouping == aggregates:
            return _as_set(lp.Project(aggregates, child))
    return plan
