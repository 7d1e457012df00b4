"""Correlated scalar subqueries as columns that a join adds."""

from __future__ import annotations

from typing import Any

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import TRUE, Alias, Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.conditional import If
from engine.expressions.predicates import GreaterThan, IsNull, conjunction
from engine.expressions.subquery import ScalarSubquery
from engine.logical import plan as lp
from engine.logical.plan import Join, JoinType, LogicalPlan
from engine.optimize.correlation import Pulled, grouped, is_correlated, pull, unwrapped
from engine.optimize.domain import empty_row
from engine.optimize.membership import by_domain, has_global_aggregate
from engine.optimize.nulls import is_null_with
from engine.optimize.substitution import substitute
from engine.types import INT, LONG, STRING, VOID, DataType

TOO_MANY_ROWS = "SCALAR_SUBQUERY_TOO_MANY_ROWS"
RAISE = "raise_condition"
_NULL: Expression = Literal(None, VOID)


def is_correlated_scalar(expression: Any) -> bool:
    """Whether it is a scalar subquery that reads the enclosing row."""
    return isinstance(expression, ScalarSubquery) and is_correlated(expression.plan)


def has_correlated_scalar(expression: Any) -> bool:
    """Whether such a subquery is in it."""
    return expression.has(ScalarSubquery) and any(is_correlated_scalar(each) for each in _own_nodes(expression))


def _own_nodes(expression: Any) -> Any:
    yield expression
    for child in expression.children:
        if not isinstance(child, LogicalPlan):
            yield from _own_nodes(child)


def with_scalars(expression: Any, child: LogicalPlan) -> tuple[Any, LogicalPlan]:
    """`expression` reading columns where it asked correlated subqueries, and `child` with these columns joined in."""
    if not expression.has(ScalarSubquery):
        return expression, child
    if is_correlated_scalar(expression):
        return _column(expression, child)

    def visit(each: Any) -> Any:
        nonlocal child
        if isinstance(each, LogicalPlan):
            return each
        each, child = with_scalars(each, child)
        return each

    return expression.map_children(visit), child


def _column(subquery: ScalarSubquery, child: LogicalPlan) -> tuple[Expression, LogicalPlan]:
    plan = _having_as_value(subquery.plan)
    single = _is_single(plan)
    found = None if _counts_below(plan) else pull(plan)
    if found is not None and not single:
        found = _counted(found)
    if found is None:
        found, of_nothing = by_domain(plan, child), _NULL  # which gives a row for every outer row
        found = found if single else _counted(found)
        assert found is not None, "a domain is joined by equalities"
    else:
        of_nothing = (empty_row(plan) or {}).get(plan.output[0].id, _NULL)
    value = found.plan.output[0]
    terms = [unwrapped(term, child.output_ids) for term in found.conditions]
    on, inner = conjunction(*terms), found.plan
    result: Expression = value.with_nullability(True)
    if not is_null_with(of_nothing, frozenset()):
        present = Alias(TRUE, "present")
        inner = lp.Project((*inner.output, present), inner)
        missing = IsNull(present.to_attribute().with_nullability(True))
        result = If(missing, unwrapped(of_nothing, child.output_ids), result)
    if not single:
        many = GreaterThan(found.plan.output[1].with_nullability(True), Literal(1, LONG))
        result = If(many, _too_many(value.dataType), result)
    return result, Join(child, inner, JoinType.LEFT, on)


def _counts_below(plan: LogicalPlan) -> bool:
    """Whether a correlated aggregate without grouping stands below another operator than projections: it gives a row even
    where nothing matches, which a join could not tell from no row."""
    while isinstance(plan, lp.Project | lp.Sort | lp.SubqueryAlias):
        plan = plan.child
    if isinstance(plan, lp.Filter):
        plan = plan.child
    parts = plan.plans if isinstance(plan, lp.Aggregate) else (plan,)
    return any(has_global_aggregate(each) for each in parts)


def _is_single(plan: LogicalPlan) -> bool:
    """Whether the subquery gives at most one row by its form."""
    match plan:
        case lp.Project(_, child) | lp.Filter(_, child) | lp.Sort(_, _, child):
            return _is_single(child)
        case lp.Limit(Literal(int() as count)):
            return count <= 1
        case lp.Aggregate(grouping):
            return not grouping
    return False


def _counted(found: Pulled) -> Pulled | None:
    """The rows of a subquery by what the outer row is equal to: their value, and how many there are. Two are an error, but
    only once an outer row meets them. None where the conditions are not all equalities."""
    value = found.plan.output[0]
    first = Alias(AggregateCall("first", (value,), value.dataType), value.name)
    count = Alias(AggregateCall("count", (Literal(1, INT),), LONG, False), "rows")
    return grouped(lp.Aggregate((), (first, count), found.plan), found)


def _too_many(data_type: DataType) -> Expression:
    """The error of a second row."""
    call = Call(RAISE, (Literal(TOO_MANY_ROWS, STRING),), VOID, is_nullable=True, is_raising=True)
    return Cast(call, data_type)


def _having_as_value(plan: LogicalPlan) -> LogicalPlan:
    """HAVING over an aggregate without grouping, whose value of no rows is not null, as a condition on the value: whether
    a row is missing for want of rows or by the condition can no longer be told once the plan is joined."""
    match plan:
        case lp.Project(projections, child):
            below = _having_as_value(child)
            return plan if below is child else lp.Project(projections, below)
        case lp.Filter(condition, lp.Aggregate(grouping, aggregates) as child) if not grouping:
            if all(is_null_with(each, frozenset()) for each in (empty_row(child) or {}).values()):
                return plan
            fresh = {each.id: each.to_attribute().renewed() for each in aggregates}  # type: ignore[attr-defined]
            inner = tuple(Alias(_value(each), each.to_attribute().name, fresh[each.id].id) for each in aggregates)  # type: ignore[attr-defined]
            kept = substitute(condition, fresh)
            columns = tuple(
                Alias(If(kept, fresh[each.id], Literal(None, each.dataType)), each.to_attribute().name, each.id)  # type: ignore[attr-defined]
                for each in aggregates
            )
            return lp.Project(columns, lp.Aggregate((), inner, child.child))
    return plan


def _value(each: Expression) -> Expression:
    return each.child if isinstance(each, Alias) else each
