"""Window functions, and what they demand of their windows: an order, a frame that goes forwards, offsets that fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.analyze.aliases import LATERAL
from engine.errors import AnalysisError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression, Literal, SortOrder
from engine.expressions.sql import shown, sql
from engine.expressions.window import (
    UP_TO_CURRENT,
    WHOLE_PARTITION,
    CurrentRow,
    Frame,
    Offset,
    Unbounded,
    WindowCall,
    WindowExpression,
    WindowSpec,
)
from engine.logical.unresolved import UnresolvedFunction, UnresolvedWindow
from engine.types import (
    DataType,
    DateType,
    DayTimeIntervalType,
    NullType,
    NumericType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver

_UNORDERED = frozenset(("first_value", "last_value", "nth_value", "first", "last"))
_MEASURED = (NumericType, DateType, TimestampType, TimestampNTZType, NullType)
_INTERVAL = (YearMonthIntervalType, DayTimeIntervalType)


def resolve_window(resolver: Resolver, node: UnresolvedWindow) -> WindowExpression:
    """`function OVER spec`, with the frame that counts where none is written."""
    if isinstance(node.spec, str):
        spec = (resolver.windows or {}).get(resolver.scope.fold(node.spec))
        if spec is None:
            raise AnalysisError("MISSING_WINDOW_SPECIFICATION", {"windowName": node.spec}, node.origin)
    else:
        spec = node.spec
    if resolver.aliases.ambiguous == LATERAL:
        resolver = replace(resolver, aliases=resolver.aliases.inside(node, resolver.scope))
    partition, order = resolver.all(spec.partition), resolver.all(spec.order)
    inner = node.function
    function = (
        resolver.function(inner, window=True) if isinstance(inner, UnresolvedFunction) else resolver.resolve(inner)
    )
    if not isinstance(function, AggregateCall | WindowCall):
        raise AnalysisError("UNSUPPORTED_EXPR_FOR_WINDOW", {"sqlExpr": sql(inner)}, node.origin)
    frame = spec.frame or (UP_TO_CURRENT if order else WHOLE_PARTITION)
    frame = Frame(frame.unit, *(bound.map_children(resolver.resolve) for bound in (frame.lower, frame.upper)))
    _check_window(function, order, frame, node)
    return WindowExpression(function, WindowSpec(partition, order, frame))


def _check_window(
    function: AggregateCall | WindowCall, order: tuple[SortOrder, ...], frame: Frame, node: Expression
) -> None:
    """Raises AnalysisError where `function` cannot be computed over this window."""
    if isinstance(function, AggregateCall) and function.distinct:
        raise AnalysisError("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", {"windowExpr": sql(node)}, node.origin)
    if isinstance(function, WindowCall) and not order and function.function not in _UNORDERED:
        parameters = {"wf": f"{function.function}()"}
        raise AnalysisError("WINDOW_FUNCTION_FRAME_NOT_ORDERED", parameters, node.origin)
    offsets = [bound for bound in (frame.lower, frame.upper) if isinstance(bound, Offset)]
    if frame.unit == "range" and offsets:
        _check_range(order, offsets, node)
    lower, upper = _place(frame.lower, False), _place(frame.upper, True)
    if lower is not None and upper is not None and lower > upper:
        comparison = {"comparison": "greater than"}
        raise _mismatch("SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", node, comparison)


def _check_range(order: tuple[SortOrder, ...], offsets: list[Offset], node: Expression) -> None:
    if not order:
        raise _mismatch("RANGE_FRAME_WITHOUT_ORDER", node, {})
    if len(order) > 1:
        raise _mismatch("RANGE_FRAME_MULTI_ORDER", node, {"orderSpec": ", ".join(map(sql, order))})
    kind = order[0].child.dataType
    for offset in offsets:
        if not _fits(kind, offset.dataType):
            types = {"exprType": f'"{offset.dataType.sql}"', "expectedType": f'"{kind.sql}"'}
            raise _mismatch("SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE", node, types)


def _fits(order: DataType, offset: DataType) -> bool:
    """Whether values of the type `order` are `offset` apart."""
    if isinstance(order, _INTERVAL):
        return type(order) is type(offset)
    if isinstance(order, NumericType | NullType):
        return isinstance(offset, NumericType | NullType)
    return isinstance(order, _MEASURED) and isinstance(offset, (*_INTERVAL, NumericType, NullType))


def _place(bound: Expression, upper: bool) -> float | None:
    """Where a bound stands, counted from the current row; None where that is not written."""
    match bound:
        case Unbounded():
            return float("inf") if upper else float("-inf")
        case CurrentRow():
            return 0
        case Offset(Literal(int() | float() as value, _)):
            return value
    return None


def _mismatch(kind: str, node: Expression, parameters: dict[str, Any]) -> AnalysisError:
    return AnalysisError(f"DATATYPE_MISMATCH.{kind}", {"sqlExpr": shown(node), **parameters}, node.origin)
