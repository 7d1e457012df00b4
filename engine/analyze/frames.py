"""What a window function demands of its window: an order, a frame that goes forwards, offsets that fit the order.

Offsets of RANGE take the type of the order, but for dates and timestamps, which are an interval apart.
"""

from __future__ import annotations

from decimal import Decimal

from engine.analyze.arithmetic import cast
from engine.errors import AnalysisError, Position, quoted
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression, Literal, SortOrder
from engine.expressions.cast import Cast
from engine.expressions.operators import UnaryMinus
from engine.expressions.sql import shown, shown_type, sql
from engine.expressions.window import (
    UP_TO_CURRENT,
    WHOLE_PARTITION,
    CurrentRow,
    Frame,
    Offset,
    Unbounded,
    WindowCall,
    WindowSpec,
)
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.types import (
    DataType,
    DateType,
    DayTimeIntervalType,
    IntegerType,
    NullType,
    NumericType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)
from engine.types.casts import can_cast

_WHOLE = frozenset(("percentile_cont", "percentile_disc", "median"))
"""Aggregates that are of a whole partition only; with WITHIN GROUP listagg too."""
_RANKING = frozenset(("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"))
_SHIFTING = frozenset(("lag", "lead"))
_UNORDERED = frozenset(("first_value", "last_value", "nth_value", "first", "last"))
_MOMENTS = (DateType, TimestampType, TimestampNTZType)
_INTERVAL = (YearMonthIntervalType, DayTimeIntervalType)
_OFFSETS = '("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL")'


def frame_of(spec: WindowSpec, origin: Position | None, ansi: bool) -> Frame:
    """The frame of a resolved window, its offsets cast. Raises AnalysisError."""
    order = spec.order
    frame = spec.frame or (UP_TO_CURRENT if order else WHOLE_PARTITION)
    if frame.unit == "range" and len(order) == 1 and not isinstance(order[0].child.dataType, _MOMENTS):
        kind = order[0].child.dataType
        frame = Frame(frame.unit, _cast(frame.lower, kind, ansi), _cast(frame.upper, kind, ansi))
    _check_bounds(frame, origin)
    if frame.unit == "range":
        _check_range(WindowSpec(spec.partition, order, frame), origin)
    return frame


def check_window(
    function: AggregateCall | WindowCall,
    order: tuple[SortOrder, ...],
    frame: Frame,
    written: Frame | None,
    node: Expression,
) -> None:
    """Raises AnalysisError where `function` cannot be computed over this window; `written` is the frame that was asked for."""
    if isinstance(function, AggregateCall):
        if function.distinct:
            raise AnalysisError("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", {"windowExpr": shown(node)}, node.origin)
        if (order or frame != WHOLE_PARTITION) and _is_of_whole(function):
            parameters = {"aggFunc": f'"{_plain(function)}"'}
            raise AnalysisError("INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC", parameters, node.origin)
        return
    if not order and function.function not in _UNORDERED:
        raise AnalysisError("WINDOW_FUNCTION_FRAME_NOT_ORDERED", {"wf": f"{function.function}()"}, node.origin)
    if written is not None and function.function in _SHIFTING:
        raise AnalysisError("_LEGACY_ERROR_TEMP_1035", {"prettyName": function.function}, node.origin)
    if written is not None and function.function in _RANKING and written != Frame("rows", Unbounded(), CurrentRow()):
        parameters = {"wf": sql(written), "required": "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"}
        raise AnalysisError("_LEGACY_ERROR_TEMP_1036", parameters, node.origin)
    _check_constant(function, node)


def _is_of_whole(call: AggregateCall) -> bool:
    return call.function in _WHOLE or (call.function == "listagg" and bool(call.order))


def _plain(call: AggregateCall) -> str:
    """The call with all it was given as arguments."""
    if call.function != "listagg":
        return f"{call.function}({', '.join(map(sql, call.arguments))})"
    separator = sql(call.arguments[1]) if len(call.arguments) > 1 else "NULL"
    return f"listagg({', '.join([sql(call.arguments[0]), separator, *map(sql, call.order)])})"


def _check_constant(call: WindowCall, node: Expression) -> None:
    """The offset of lag, lead and nth_value, and the number of shares of ntile, are constants."""
    place, name, limit = {
        "lag": (1, "offset", ""),
        "lead": (1, "offset", ""),
        "nth_value": (1, "offset", "(0, 9223372036854775807]"),
        "ntile": (0, "buckets", "(0, 2147483647]"),
    }.get(call.function, (len(call.arguments), "", ""))
    if place >= len(call.arguments):
        return
    given = call.arguments[place]
    if not given.foldable:
        told = {"inputName": quoted(name), "inputType": shown_type(given.dataType), "inputExpr": shown(given)}
        raise _mismatch("NON_FOLDABLE_INPUT", shown(call), node.origin, **told)
    value = evaluate_constant(given, EvalContext()).value
    if limit and value is not None and value < 1:
        current = f"{value}L" if call.function == "nth_value" else f"{value}"
        told = {"exprName": name, "valueRange": limit, "currentValue": current}
        raise _mismatch("VALUE_OUT_OF_RANGE", shown(call), node.origin, **told)


def _cast(bound: Expression, kind: DataType, ansi: bool) -> Expression:
    match bound:
        case Offset(value) if value.dataType != kind and can_cast(value.dataType, kind, ansi):
            return Offset(cast(value, kind, ansi)).at(bound.origin)
    return bound


def _check_bounds(frame: Frame, origin: Position | None) -> None:
    text = f'"{sql(frame)}"'
    for bound, location in ((frame.lower, "lower"), (frame.upper, "upper")):
        if not isinstance(bound, Offset):
            continue
        kind = bound.dataType
        if isinstance(kind, NullType):
            continue
        wanted = '"INT"' if frame.unit == "rows" else _OFFSETS
        if not isinstance(kind, IntegerType if frame.unit == "rows" else (NumericType, *_INTERVAL)):
            told = {"location": location, "exprType": shown_type(kind), "expectedType": wanted}
            raise _mismatch("SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE", text, origin, **told)
    if isinstance(frame.lower, Unbounded) or isinstance(frame.upper, Unbounded):
        return
    if isinstance(frame.lower, Offset) and isinstance(frame.upper, Offset):
        kinds = (frame.lower.dataType, frame.upper.dataType)
        if kinds[0] != kinds[1]:
            told = {"lower": shown(frame.lower.value), "upper": shown(frame.upper.value)}
            told |= {"lowerType": shown_type(kinds[0]), "upperType": shown_type(kinds[1])}
            raise _mismatch("SPECIFIED_WINDOW_FRAME_DIFF_TYPES", text, origin, **told)
    lower, upper = _place(frame.lower), _place(frame.upper)
    if lower is not None and upper is not None and lower > upper:
        raise _mismatch("SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", text, origin, comparison="less than or equal")


def _check_range(spec: WindowSpec, origin: Position | None) -> None:
    frame, text = spec.frame, f'"{sql(spec)}"'
    assert frame is not None
    bounds = (frame.lower, frame.upper)
    if not spec.order and not all(isinstance(bound, Unbounded) for bound in bounds):
        raise _mismatch("RANGE_FRAME_WITHOUT_ORDER", text, origin)
    offsets = [bound for bound in bounds if isinstance(bound, Offset)]
    if not offsets:
        return
    if len(spec.order) > 1:
        raise _mismatch("RANGE_FRAME_MULTI_ORDER", text, origin, orderSpec=",".join(map(sql, spec.order)))
    kind, apart = spec.order[0].child.dataType, offsets[0].dataType
    if not _fits(kind, apart):
        told = {"orderSpecType": shown_type(kind), "valueBoundaryType": shown_type(apart)}
        raise _mismatch("RANGE_FRAME_INVALID_TYPE", text, origin, **told)


def _fits(order: DataType, offset: DataType) -> bool:
    """Whether values of the type `order` are `offset` apart."""
    if isinstance(order, DateType):
        days = isinstance(offset, DayTimeIntervalType) and offset == DayTimeIntervalType(0, 0)
        return days or isinstance(offset, IntegerType | YearMonthIntervalType)
    if isinstance(order, TimestampType | TimestampNTZType):
        return isinstance(offset, _INTERVAL)
    return order == offset or type(order) is type(offset)


def _place(bound: Expression) -> float | None:
    """Where a bound stands, counted from the current row; None where that cannot be compared."""
    match bound:
        case CurrentRow():
            return 0
        case Offset(value) if value.foldable:
            plain = _uncast(value)
            found = evaluate_constant(plain, EvalContext()).value if isinstance(plain, Literal | UnaryMinus) else None
            return float(found) if isinstance(found, int | float | Decimal) else None
    return None


def _uncast(value: Expression) -> Expression:
    return value.child if isinstance(value, Cast) and value.implicit else value


def _mismatch(kind: str, text: str, origin: Position | None, **parameters: object) -> AnalysisError:
    return AnalysisError(f"DATATYPE_MISMATCH.{kind}", {"sqlExpr": text, **parameters}, origin)
