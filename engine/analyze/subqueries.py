"""Where a subquery may read columns of the enclosing query: as Spark allows it, and refused by Spark's names elsewhere.

Filters, projections and join conditions may; aggregates, windows, orders and generators may not; nor may anything below the
side of an outer join that can be left out, below samples and below grouping sets. (ValidateSubqueryExpression in Catalyst.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.errors import AnalysisError, Position, quoted
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, SortOrder
from engine.expressions.sql import sql
from engine.expressions.subquery import (
    Exists,
    InSubquery,
    OuterAggregate,
    OuterReference,
    ScalarSubquery,
    SubqueryExpression,
    own_subqueries,
)
from engine.expressions.window import WindowCall, WindowExpression, WindowSpec
from engine.logical import plan as lp
from engine.logical.plan import JoinType, LogicalPlan

_CATEGORY = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY"


def check_correlation(plan: LogicalPlan, allowed: bool = True) -> None:
    """Raises AnalysisError where `plan`, a subquery's, reads the enclosing query in a way that Spark does not allow.
    `allowed`: whether this part of it may read it at all."""
    if not plan.has(OuterReference):
        return
    _check_node(plan, allowed)
    for child, may in _below(plan):
        check_correlation(child, allowed and may)


def _check_node(plan: LogicalPlan, allowed: bool) -> None:
    for expression in plan.expressions:
        _check_mixed(expression)
    reads = _reads_in_window if isinstance(plan, lp.Window) else reads_outer
    reading = [each for each in plan.expressions if reads(each)]
    if not reading:
        return
    if not allowed:
        tree = {"treeNode": type(plan).__name__}
        raise AnalysisError(f"{_CATEGORY}.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED", tree, plan.origin)
    if _hosts(plan):
        return
    shown = ",".join(f'"{_shown(each)}"' for each in reading)
    raise AnalysisError(f"{_CATEGORY}.CORRELATED_REFERENCE", {"sqlExprs": shown}, _place(plan, reading))


def _hosts(plan: LogicalPlan) -> bool:
    """Whether its expressions may read outer columns."""
    match plan:
        case lp.Filter() | lp.Join():
            return True
        case lp.Project():
            return not _aggregates(plan)
        case lp.Generate(child=child):
            return not child.output  # LATERAL explode(outer)
    return False


def _below(plan: LogicalPlan) -> Iterator[tuple[LogicalPlan, bool]]:
    """The plans below, each with whether it may read outer columns as far as `plan` is concerned."""
    match plan:
        case lp.Join(left, right, type):
            yield left, type not in (JoinType.RIGHT, JoinType.FULL)
            yield right, type in (JoinType.INNER, JoinType.CROSS, JoinType.RIGHT)
        case lp.LateralJoin(left):
            yield left, True  # its right side was checked by itself
        case lp.Expand(child=child) | lp.Generate(child=child):
            yield child, isinstance(plan, lp.Generate) and bool(child.output)
        case _:
            for child in plan.plans:
                yield child, True


def _aggregates(plan: lp.Project) -> bool:
    """Whether it holds the select list of an aggregation, which to Spark is part of the Aggregate."""
    child = plan.child
    return isinstance(child.child if isinstance(child, lp.Filter) else child, lp.Aggregate)


def reads_outer(expression: Any) -> bool:
    """Whether it reads a column of the enclosing query, itself and not in a subquery of its own."""
    if isinstance(expression, OuterReference):
        return True
    if not expression.has(OuterReference):
        return False
    return any(reads_outer(child) for child in expression.children if not isinstance(child, LogicalPlan))


def _reads_in_window(expression: Any) -> bool:
    """As `reads_outer`, where an operand of a window function is a column of the enclosing query: Spark computes operands
    that are more than columns in a projection below, which may read it."""
    if isinstance(expression, OuterReference):
        return True
    if not isinstance(expression, Alias | WindowExpression | WindowSpec | WindowCall | AggregateCall | SortOrder):
        return False
    return any(_reads_in_window(child) for child in expression.children)


def _check_mixed(expression: Any) -> None:
    if not expression.has(AggregateCall):
        return
    if isinstance(expression, AggregateCall) and reads_outer(expression) and expression.references:
        parameters = {"function": sql(expression, _qualified)}
        condition = f"{_CATEGORY}.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES"
        raise AnalysisError(condition, parameters, expression.origin)
    for child in expression.children:
        if not isinstance(child, LogicalPlan):
            _check_mixed(child)


def _qualified(column: Attribute) -> str:
    return ".".join((*column.qualifier, column.name))


def _shown(expression: Expression) -> str:
    if isinstance(expression, Alias):
        return f"{sql(expression.child)} AS {_quoted_if_needed(expression.name)}"
    return sql(expression)


def _quoted_if_needed(name: str) -> str:
    return name if name.replace("_", "a").isalnum() and not name.isdigit() else quoted(name)


def _place(plan: LogicalPlan, reading: Iterable[Expression]) -> Position | None:
    return plan.origin or next((each.origin for each in reading if each.origin is not None), None)


# what may hold a subquery


def check_in_join(condition: Expression, left: frozenset[int], right: frozenset[int], origin: Position | None) -> None:
    """Raises AnalysisError for a subquery that the condition of a join, whose sides have the columns `left` and `right`, may
    not hold."""
    for subquery in own_subqueries(condition):
        if isinstance(subquery, ScalarSubquery) and subquery.outer:
            raise _misplaced(subquery, origin)
        values = [each for each in subquery.children if not isinstance(each, LogicalPlan)]
        read = frozenset(column.id for column in subquery.outer).union(*(each.references for each in values))
        read &= left | right  # not what the join's own enclosing query has
        if isinstance(subquery, ScalarSubquery) or read <= left or read <= right:
            continue
        shown = {"subqueryExpression": sql(subquery, _qualified)}
        raise AnalysisError(f"{_CATEGORY}.UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION", shown, subquery.origin)


def check_in_order(key: Expression, origin: Position | None) -> None:
    """Raises AnalysisError for a subquery that a sort key, or a generator, may not hold."""
    for subquery in own_subqueries(key):
        if isinstance(subquery, Exists | InSubquery):
            condition = f"{_CATEGORY}.UNSUPPORTED_IN_EXISTS_SUBQUERY"
            raise AnalysisError(condition, {"treeNode": sql(key)}, subquery.origin)
        if subquery.outer:
            raise _misplaced(subquery, origin)


def _misplaced(subquery: SubqueryExpression, origin: Position | None) -> AnalysisError:
    condition = f"{_CATEGORY}.UNSUPPORTED_CORRELATED_SCALAR_SUBQUERY"
    return AnalysisError(condition, {"treeNode": sql(subquery)}, origin or subquery.origin)


def asked_of_outer(expression: Any) -> Any:
    """`expression` with the aggregate functions that read the enclosing query only left to that query."""
    if isinstance(expression, AggregateCall) and reads_outer(expression) and not expression.references:
        own = expression.map_children(lambda child: child.transform_up(_own))
        return OuterAggregate(own).at(expression.origin)
    if isinstance(expression, LogicalPlan) or not expression.has(AggregateCall):
        return expression
    return expression.map_children(asked_of_outer)


def _own(node: Any) -> Any:
    return node.attribute if isinstance(node, OuterReference) else node
