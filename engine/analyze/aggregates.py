"""What an aggregate function demands of its call: constants where it wants them, a FILTER that is a plain condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.errors import AnalysisError, Position, quoted
from engine.expressions.aggregate import AggregateCall, Grouping, GroupingId
from engine.expressions.base import Expression, SortOrder
from engine.expressions.cast import Cast
from engine.expressions.sql import shown, sql
from engine.expressions.subquery import OuterAggregate
from engine.expressions.window import WindowExpression
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.logical.plan import LogicalPlan
from engine.tree.node import TreeNode
from engine.types import BinaryType, BooleanType, NullType

_SHARES = ("percentile", "percentile_cont", "percentile_disc")


def has_aggregate(expression: TreeNode) -> bool:
    """Whether it holds an aggregate function of its own query: not those in subqueries, nor window functions themselves."""
    match expression:
        case AggregateCall() | Grouping() | GroupingId():
            return True
        case WindowExpression(function, spec):
            return any(has_aggregate(child) for child in (*function.children, spec))
        case LogicalPlan() | OuterAggregate():
            return False
    return expression.has(AggregateCall, Grouping, GroupingId) and any(has_aggregate(c) for c in expression.children)


def own_aggregates(expression: Any) -> Iterator[Expression]:
    """The aggregate functions of an expression, outermost only, as `has_aggregate` finds them."""
    match expression:
        case AggregateCall() | Grouping() | GroupingId():
            yield expression
        case _ if has_aggregate(expression):
            for child in expression.children:
                yield from own_aggregates(child)


def check_filter(condition: Expression, origin: Position | None) -> None:
    """Raises AnalysisError INVALID_AGGREGATE_FILTER for what FILTER may not be."""
    told: dict[str, object] = {"filterExpr": shown(condition)}
    if not condition.deterministic:
        raise AnalysisError("INVALID_AGGREGATE_FILTER.NON_DETERMINISTIC", told, origin)
    if not isinstance(condition.dataType, BooleanType):
        raise AnalysisError("INVALID_AGGREGATE_FILTER.NOT_BOOLEAN", told, origin)
    inner = next(_aggregates_in(condition), None)
    if inner is not None:
        told["aggExpr"] = shown(inner)
        raise AnalysisError("INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE", told, origin)
    if condition.has(WindowExpression):
        told["windowExpr"] = shown(condition.collect(WindowExpression)[0])
        raise AnalysisError("INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION", told, origin)


def _aggregates_in(expression: Any) -> Iterator[AggregateCall]:
    """The aggregate functions of an expression, those of window functions too."""
    if isinstance(expression, AggregateCall):
        yield expression
    elif expression.has(AggregateCall):
        for child in expression.children:
            if not isinstance(child, LogicalPlan):
                yield from _aggregates_in(child)


def check_nesting(call: AggregateCall) -> None:
    """Raises AnalysisError for an aggregate of an aggregate, or of what is different each time."""
    for argument in (*call.arguments, *((call.condition,) if call.condition is not None else ())):
        if has_aggregate(argument):
            raise AnalysisError("NESTED_AGGREGATE_FUNCTION", {}, call.origin or argument.origin)
    for argument in call.arguments:
        if _has_window(argument):
            raise AnalysisError("_LEGACY_ERROR_TEMP_1031", {}, call.origin)
        if not argument.deterministic:
            parameters = {"sqlExpr": shown(call)}
            condition = "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION"
            raise AnalysisError(condition, parameters, call.origin)


def _has_window(expression: Any) -> bool:
    if isinstance(expression, WindowExpression):
        return True
    return expression.has(WindowExpression) and any(
        _has_window(child) for child in expression.children if not isinstance(child, LogicalPlan)
    )


def check_constants(call: AggregateCall) -> AggregateCall:
    """`call` as it is computed, once the arguments that have to be constants are. Raises AnalysisError."""
    if call.function in _SHARES:
        _check_share(call)
    if call.function == "listagg" and len(call.arguments) > 1:
        _check_separator(call)
    if call.function == "histogram_numeric":
        _check_bins(call)
    if call.function == "mode" and len(call.arguments) > 1:
        least = evaluate_constant(call.arguments[1], EvalContext()).value
        order = (SortOrder(call.arguments[0]),) if least else ()
        return AggregateCall("mode", call.arguments[:1], call.type, order=order, condition=call.condition).at(
            call.origin
        )
    return call


def _check_share(call: AggregateCall) -> None:
    share = call.arguments[1]
    if not share.foldable:
        raise _not_constant(call, "percentage", share)
    value = evaluate_constant(share, EvalContext()).value
    if value is None:
        raise _mismatch("UNEXPECTED_NULL", call, exprName="percentage")
    wanted = list(value) if isinstance(value, list | tuple) else [value]
    if any(each is None or not 0 <= each <= 1 for each in wanted):
        given = ",".join(f"{each}D" for each in wanted)
        raise _mismatch(
            "VALUE_OUT_OF_RANGE", call, exprName="percentage", valueRange="[0.0, 1.0]", currentValue=f'"{given}"'
        )


def _check_bins(call: AggregateCall) -> None:
    bins = call.arguments[1]
    if not bins.foldable:
        raise _not_constant(call, "nb", bins)
    most = evaluate_constant(bins, EvalContext()).value
    if most is None:
        raise _mismatch("UNEXPECTED_NULL", call, exprName="nb")
    if most < 2:
        raise _mismatch("VALUE_OUT_OF_RANGE", call, exprName="nb", valueRange="[2, 2147483647]", currentValue=str(most))


def _not_constant(call: AggregateCall, name: str, given: Expression) -> AnalysisError:
    told = {"inputName": quoted(name), "inputType": f'"{given.dataType.sql}"', "inputExpr": shown(given)}
    return _mismatch("NON_FOLDABLE_INPUT", call, **told)


def _check_separator(call: AggregateCall) -> None:
    value, separator = call.arguments
    plain = separator.child if isinstance(separator, Cast) and separator.implicit else separator
    kinds = [isinstance(each.dataType, BinaryType) for each in (value, separator)]
    if kinds[0] != kinds[1] and not isinstance(plain.dataType, NullType):
        names = [f'"{each.dataType.sql}"' for each in (value, separator)]
        raise _mismatch("DATA_DIFF_TYPES", call, functionName="`listagg`", dataType=f"({' or '.join(names)})")
    if not separator.foldable:
        raise _not_constant(call, "delimiter", separator)


def _mismatch(kind: str, call: AggregateCall, **more: object) -> AnalysisError:
    return AnalysisError(f"DATATYPE_MISMATCH.{kind}", {"sqlExpr": f'"{sql(call)}"', **more}, call.origin)
