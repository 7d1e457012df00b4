"""What a window function demands of its window: an order, a frame that goes forwards, offsets that fit the order."""

from __future__ import annotations

from typing import Any

from engine.errors import AnalysisError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression, Literal, SortOrder
from engine.expressions.sql import shown, sql
from engine.expressions.window import CurrentRow, Frame, Offset, Unbounded, WindowCall
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

_UNORDERED = frozenset(("first_value", "last_value", "nth_value", "first", "last"))
_MEASURED = (NumericType, DateType, TimestampType, TimestampNTZType, NullType)
_INTERVAL = (YearMonthIntervalType, DayTimeIntervalType)


def check_window(
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
