"""Implicit casts: each operator gets operands of the types it works on.

One function per family of nodes, found by `coerce`; each is called once, when the children of its node have types. The types
come from the lattice (`engine.types.coercion`) and the decimal rules (`engine.types.decimals`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.analyze.arithmetic import NUMERIC_OR_INTERVAL, arithmetic, cast, different_types, with_decimals
from engine.errors import AnalysisError
from engine.expressions.base import Expression, Mode, SortOrder
from engine.expressions.cast import Cast
from engine.expressions.conditional import CaseWhen, Coalesce, If
from engine.expressions.operators import (
    BinaryArithmetic,
    BinaryBitwise,
    BitwiseNot,
    Concat,
    UnaryMinus,
    UnaryPlus,
)
from engine.expressions.predicates import (
    And,
    Between,
    BinaryComparison,
    EqualNullSafe,
    EqualTo,
    In,
    IsNaN,
    Like,
    Not,
    Or,
    RLike,
)
from engine.expressions.sql import shown, shown_type
from engine.functions.resolve import resolve_call
from engine.tree.node import copy_origin
from engine.types import (
    BOOLEAN,
    DOUBLE,
    LONG,
    STRING,
    ArrayType,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructType,
    YearMonthIntervalType,
)
from engine.types.casts import can_cast, cast_is_nullable
from engine.types.coercion import common_type, common_type_of, tightest_common_type
from engine.types.session import binaries_are_text


def coerce(node: Expression, ansi: bool) -> Expression:
    """`node` with its operands cast to what it works on. Raises AnalysisError DATATYPE_MISMATCH.*."""
    for kind in type(node).__mro__:
        found = _COERCIONS.get(kind)
        if found is not None:
            return copy_origin(node, _placed(node, found(node, ansi)))
    return node


def _placed(node: Expression, coerced: Expression) -> Expression:
    """The casts that coercion added belong to the operator: errors point to all of it."""
    known = set(map(id, node.children))
    for child in coerced.children:
        if type(child) is Cast and child.implicit and id(child) not in known:
            child.at(node.origin)
    return coerced


def condition(expression: Expression, what: str) -> Expression:
    """`expression` as the condition of `what` ("WHERE"): a boolean, or an error."""
    if isinstance(expression.dataType, BooleanType):
        return expression
    parameters = {
        "sqlExpr": shown(expression),
        "filter": shown(expression),
        "type": shown_type(expression.dataType),
    }
    raise AnalysisError(
        "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", parameters, expression.origin, hint=f"It is the {what} condition."
    )


def unify(values: Sequence[Expression], ansi: bool, node: Expression, name: str) -> list[Expression]:
    """`values` cast to their common type. Raises DATATYPE_MISMATCH.DATA_DIFF_TYPES where they have none."""
    types = [value.dataType for value in values]
    met = types[0] if all(each == types[0] for each in types) else common_type_of(types, ansi)
    if met is None:
        given = ", ".join(shown_type(each) for each in types)
        parameters = {"sqlExpr": shown(node), "functionName": f"`{name}`", "dataType": f"[{given}]"}
        raise AnalysisError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", parameters, node.origin)
    return [cast(value, met, ansi) for value in values]


def _unary(node: UnaryMinus | UnaryPlus, ansi: bool) -> Expression:
    child = node.child
    if isinstance(child.dataType, StringType | NullType):
        child = cast(child, DOUBLE, ansi)
    if isinstance(child.dataType, CalendarIntervalType):
        return resolve_call("negate_calendar_interval", (child,)) if isinstance(node, UnaryMinus) else child
    if not isinstance(child.dataType, NumericType | YearMonthIntervalType | DayTimeIntervalType):
        raise wrong_input(node, 0, NUMERIC_OR_INTERVAL, child)
    return UnaryMinus(child, node.mode) if isinstance(node, UnaryMinus) else child


def _bitwise_not(node: BitwiseNot, ansi: bool) -> Expression:
    child = cast(node.child, LONG, ansi) if isinstance(node.child.dataType, StringType | NullType) else node.child
    if not isinstance(child.dataType, IntegralType):
        raise wrong_input(node, 0, '"INTEGRAL"', child)
    return BitwiseNot(child)


def _comparison(node: BinaryComparison, ansi: bool) -> Expression:
    left, right = with_decimals(node.left, node.right, ansi)
    if not ansi and isinstance(node, EqualTo | EqualNullSafe):
        left, right = _true_as_one(left, right, ansi)
    one, other = left.dataType, right.dataType
    if one == other:
        met: DataType | None = one
    else:
        met = _compared_type(one, other, ansi)
    if met is None:
        raise different_types(node, one, other)
    if isinstance(met, MapType | CalendarIntervalType):
        raise not_ordered(node, node.symbol, met)
    return type(node)(cast(left, met, ansi), cast(right, met, ansi))


def not_ordered(node: Expression, name: str, kind: DataType) -> AnalysisError:
    """The error for values that have no order."""
    parameters = {"sqlExpr": shown(node), "functionName": f"`{name}`", "dataType": shown_type(kind)}
    return AnalysisError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", parameters, node.origin)


def sortable(order: SortOrder) -> SortOrder:
    """`order`, of what has an order: intervals of months, days and microseconds have none."""
    if isinstance(order.dataType, CalendarIntervalType):
        raise not_ordered(order, "sortorder", order.dataType)
    return order


def _true_as_one(left: Expression, right: Expression, ansi: bool) -> tuple[Expression, Expression]:
    """Without ANSI true equals 1 and false 0."""
    if isinstance(left.dataType, BooleanType) and isinstance(right.dataType, NumericType):
        return cast(left, right.dataType, ansi), right
    if isinstance(right.dataType, BooleanType) and isinstance(left.dataType, NumericType):
        return left, cast(right, left.dataType, ansi)
    return left, right


def _compared_type(left: DataType, right: DataType, ansi: bool) -> DataType | None:
    """As the common type, but without ANSI a string is compared as the type beside it."""
    if not ansi and isinstance(left, StringType) != isinstance(right, StringType):
        other = right if isinstance(left, StringType) else left
        if isinstance(other, NullType):
            return STRING
        if other.children or isinstance(other, YearMonthIntervalType | DayTimeIntervalType | CalendarIntervalType):
            return None  # of the many intervals no text says which it is
        return DOUBLE if isinstance(other, DecimalType) else other
    if left.children or right.children:
        return tightest_common_type(left, right)
    return common_type(left, right, ansi)


def _between(node: Between, ansi: bool) -> Expression:
    value, low, high = unify((node.value, node.low, node.high), ansi, node, "between")
    return Between(value, low, high)


def _in(node: In, ansi: bool) -> Expression:
    value, *options = unify((node.value, *node.options), ansi, node, "in")
    if isinstance(value.dataType, MapType):
        raise not_ordered(node, "in", value.dataType)
    return In(value, tuple(options))


def _logic(node: And | Or, ansi: bool) -> Expression:
    terms = tuple(_boolean(term, ansi, node) for term in node.terms)
    return node if all(a is b for a, b in zip(terms, node.terms, strict=True)) else type(node)(terms)


def _not(node: Not, ansi: bool) -> Expression:
    return Not(_boolean(node.child, ansi, node))


def _boolean(expression: Expression, ansi: bool, node: Expression) -> Expression:
    if isinstance(expression.dataType, BooleanType):
        return expression
    if isinstance(expression.dataType, NullType | StringType):
        return cast(expression, BOOLEAN, ansi)
    if not isinstance(node, And | Or):
        raise wrong_input(node, 0, '"BOOLEAN"', expression)
    others = [term.dataType for term in node.terms if term.dataType != expression.dataType]
    if others:
        parameters = {
            "sqlExpr": shown(node),
            "left": shown_type(expression.dataType),
            "right": shown_type(others[0]),
        }
        raise AnalysisError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", parameters, node.origin)
    wrong = {"sqlExpr": shown(node), "inputType": '"BOOLEAN"', "actualDataType": shown_type(expression.dataType)}
    raise AnalysisError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", wrong, node.origin)


def _like(node: Like | RLike, ansi: bool) -> Expression:
    value, pattern = node.value, node.pattern
    for index, each in enumerate((value, pattern)):
        if each.dataType.children:
            raise wrong_input(node, index, '"STRING"', each)
    value, pattern = cast(value, STRING, ansi), cast(pattern, STRING, ansi)
    return Like(value, pattern, node.escape, node.ignore_case) if isinstance(node, Like) else RLike(value, pattern)


def _is_nan(node: IsNaN, ansi: bool) -> Expression:
    return node if isinstance(node.child.dataType, FloatType | DoubleType) else IsNaN(cast(node.child, DOUBLE, ansi))


def _if(node: If, ansi: bool) -> Expression:
    yes, no = unify((node.yes, node.no), ansi, node, "if")
    return If(_choice(node.condition, node), yes, no)


def _case(node: CaseWhen, ansi: bool) -> Expression:
    values = unify(node.values, ansi, node, "casewhen")
    conditions = [_choice(when, node) for when, _ in node.branches]
    branches = tuple(zip(conditions, values, strict=False))
    return CaseWhen(branches, values[-1] if node.otherwise is not None else None)


def _choice(expression: Expression, node: Expression) -> Expression:
    """What CASE and IF decide by: a boolean, nothing that is cast to one."""
    if not isinstance(expression.dataType, BooleanType):
        raise wrong_input(node, 0, '"BOOLEAN"', expression)
    return expression


def _coalesce(node: Coalesce, ansi: bool) -> Expression:
    return Coalesce(tuple(unify(node.arguments, ansi, node, "coalesce")))


def _concat(node: Concat, ansi: bool) -> Expression:
    given = node.arguments
    if all(isinstance(each.dataType, ArrayType) for each in given):
        return replace(node, arguments=tuple(unify(given, ansi, node, "concat")))
    if all(isinstance(each.dataType, BinaryType) for each in given) and not binaries_are_text():
        return node
    texts = tuple(each if each.dataType.children else cast(each, STRING, ansi) for each in given)
    for index, each in enumerate(texts):
        if isinstance(each.dataType, MapType | StructType):
            raise wrong_input(node, index, '("STRING" or "BINARY" or "ARRAY")', each)
    types = list(dict.fromkeys(shown_type(each.dataType) for each in texts))
    if len(types) > 1:
        parameters = {"sqlExpr": shown(node), "functionName": "`concat`", "dataType": f"({' or '.join(types)})"}
        raise AnalysisError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", parameters, node.origin)
    return replace(node, arguments=texts)


def _cast_check(node: Cast, ansi: bool) -> Expression:
    source, mode = node.child.dataType, node.mode
    if can_cast(source, node.to, mode is not Mode.LEGACY) and (mode is Mode.ANSI or _keys_stay(source, node.to)):
        return node
    parameters = {"sqlExpr": shown(node), "srcType": shown_type(source), "targetType": shown_type(node.to)}
    function = _instead_of_cast(source, node.to) if ansi else ""
    if function:
        kind, parameters["functionNames"] = "CAST_WITH_FUNC_SUGGESTION", f"`{function}`"
    else:
        loose = mode is Mode.ANSI and can_cast(source, node.to, False)
        kind = "CAST_WITH_CONF_SUGGESTION" if loose else "CAST_WITHOUT_SUGGESTION"
    raise AnalysisError(f"DATATYPE_MISMATCH.{kind}", parameters, node.origin)


def _keys_stay(source: DataType, target: DataType) -> bool:
    """Whether no key of a map can become null, where a cast gives null for what it cannot cast."""
    if isinstance(source, MapType) and isinstance(target, MapType) and cast_is_nullable(source.keyType, target.keyType):
        return False
    return all(_keys_stay(one, other) for one, other in zip(source.children, target.children, strict=False))


def _instead_of_cast(source: DataType, target: DataType) -> str:
    """The function that does what this cast does not."""
    match source, target:
        case DateType(), NumericType():
            return "UNIX_DATE"
        case NumericType(), DateType():
            return "DATE_FROM_UNIX_DATE"
    return ""


def wrong_input(node: Expression, index: int, wanted: str, given: Expression) -> AnalysisError:
    """The error for the argument number `index` (from 0) of `node`, which is to be `wanted`."""
    ordinal = ("first", "second", "third", "fourth", "fifth")[index] if index < 5 else f"{index + 1}th"
    parameters = {
        "sqlExpr": shown(node),
        "paramIndex": ordinal,
        "requiredType": wanted,
        "inputSql": shown(given),
        "inputType": shown_type(given.dataType),
    }
    return AnalysisError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", parameters, node.origin)


_COERCIONS: dict[type, Callable[[Any, bool], Expression]] = {
    BinaryArithmetic: arithmetic,
    UnaryMinus: _unary,
    UnaryPlus: _unary,
    BinaryBitwise: arithmetic,
    BitwiseNot: _bitwise_not,
    BinaryComparison: _comparison,
    Between: _between,
    In: _in,
    And: _logic,
    Or: _logic,
    Not: _not,
    Like: _like,
    RLike: _like,
    IsNaN: _is_nan,
    If: _if,
    CaseWhen: _case,
    Coalesce: _coalesce,
    Concat: _concat,
    Cast: _cast_check,
}
