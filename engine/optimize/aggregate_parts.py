"""Aggregate calls computed from the values of parts of a group, and the aggregate that puts those together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, Literal, NamedExpression
from engine.expressions.conditional import Coalesce
from engine.logical.plan import Aggregate, LogicalPlan
from engine.optimize.domain import without_rows
from engine.types import (
    DOUBLE,
    LONG,
    ByteType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    NumericType,
    ShortType,
)

_MERGED = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}
"""Functions whose value is that of another function over the values of parts."""

_OF_PARTS = {"sum": "sum_of_parts", "avg": "avg_of_parts"}
"""Functions that are computed from sums of parts, null where one is out of range, and counts."""

_MOST_DIGITS = 38
_SUM_DIGITS = 10
"""Digits that the sum of a decimal has more than the decimal, if there are as many."""


def is_decomposable(call: AggregateCall) -> bool:
    """Whether `call` can be computed from values for parts of the group."""
    return call.function in _MERGED or (call.function == "avg" and isinstance(call.arguments[0].dataType, NumericType))


def parts_never_raise(call: AggregateCall) -> bool:
    """Whether the parts of `call`, decomposable, have a value for any rows."""
    return call.function not in _OF_PARTS or isinstance(call.arguments[0].dataType, NumericType)


def parts_of(call: AggregateCall) -> tuple[AggregateCall, ...]:
    """The functions of a part of the group from which `call` is computed."""
    if not _by_sums(call):
        return (call,)
    function, kind = _total(call.arguments[0].dataType)
    return (
        AggregateCall(function, call.arguments, kind, condition=call.condition),
        AggregateCall("count", call.arguments, LONG, False, condition=call.condition),
    )


def _by_sums(call: AggregateCall) -> bool:
    """Whether parts are a sum that may be out of range, and a count."""
    if call.function not in _OF_PARTS or not isinstance(kind := call.arguments[0].dataType, NumericType):
        return False
    return call.function == "avg" or _total(kind)[0] != "sum"


def _total(kind: DataType) -> tuple[str, DataType]:
    """The function that sums a part, and its type."""
    if isinstance(kind, FloatType | DoubleType):
        return "sum", DOUBLE
    if isinstance(kind, ByteType | ShortType | IntegerType):
        return "sum", LONG  # does not overflow
    digits, scale = (kind.precision, kind.scale) if isinstance(kind, DecimalType) else (_MOST_DIGITS, 0)
    if digits + _SUM_DIGITS <= _MOST_DIGITS:
        return "sum", DecimalType(digits + _SUM_DIGITS, scale)
    return "try_sum", DecimalType(_MOST_DIGITS, scale)


def from_parts(call: AggregateCall, parts: Sequence[Alias], plan: Aggregate) -> Expression:
    """`call` from the columns of its parts."""
    columns = tuple(part.to_attribute() for part in parts)
    if _by_sums(call):
        return AggregateCall(_OF_PARTS[call.function], columns, call.type, call.is_nullable)
    return merged(AggregateCall(_MERGED[call.function], columns, call.type), call, plan)


def merged(whole: AggregateCall, call: AggregateCall, plan: Aggregate) -> Expression:
    """`call` as `whole` from its parts. A group has at least one part; without grouping there may be none, and then the
    value is that of no rows."""
    if plan.grouping:
        return whole if call.is_nullable else _never_null(whole)
    nothing = without_rows(call)
    return whole if nothing == Literal(None, call.type) else Coalesce((whole, nothing))


def _never_null(call: AggregateCall) -> AggregateCall:
    return AggregateCall(call.function, call.arguments, call.type, False, condition=call.condition)


def above(
    plan: Aggregate,
    keys: Mapping[Expression, Expression],
    calls: Mapping[AggregateCall, Expression],
    below: LogicalPlan,
) -> Aggregate:
    """`plan` over `below`, where its `keys` and `calls` are those expressions: names and ids stay."""

    def visit(node: Any) -> Any:
        if isinstance(node, AggregateCall):
            return calls[node]
        if node in keys:
            return keys[node]
        return node.map_children(visit)

    def named(each: NamedExpression) -> NamedExpression:
        if not isinstance(each, Attribute):
            result: NamedExpression = each.map_children(visit)
            return result
        column = keys[each]
        same = isinstance(column, Attribute) and column.id == each.id
        return each if same else Alias(column, each.name, each.id, each.qualifier)

    return Aggregate(tuple(dict.fromkeys(keys.values())), tuple(named(each) for each in plan.aggregates), below)
