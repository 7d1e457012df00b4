"""Operands of `+ - * / % div` and of `& | ^`: the types that an operator takes, and what is cast to get there.

In Spark's order: text becomes a number (or, under ANSI, what stands beside it), a whole number beside a decimal becomes one,
then both sides meet in the smallest type that holds them, if the operator takes that. What is left over is an error: of two
types that are not the same, or of one that the operator does not take.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.analyze.datetime_operators import datetime_arithmetic
from engine.errors import AnalysisError
from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.expressions.operators import (
    Add,
    BinaryArithmetic,
    BinaryBitwise,
    Divide,
    IntegralDivide,
    Subtract,
)
from engine.expressions.sql import shown, shown_type
from engine.tree.node import copy_origin
from engine.types import (
    DOUBLE,
    INT,
    LONG,
    STRING,
    ByteType,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    LongType,
    NullType,
    NumericType,
    StringType,
    YearMonthIntervalType,
)
from engine.types.coercion import common_type, tightest_common_type
from engine.types.decimals import decimal_for

NUMERIC_OR_INTERVAL = '("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL")'
_INTERVALS = (YearMonthIntervalType, DayTimeIntervalType)
_TAKEN: tuple[tuple[type[Expression], tuple[type[DataType], ...], str], ...] = (
    (Add, (NumericType, *_INTERVALS, CalendarIntervalType), NUMERIC_OR_INTERVAL),
    (Subtract, (NumericType, *_INTERVALS, CalendarIntervalType), NUMERIC_OR_INTERVAL),
    (Divide, (DoubleType, DecimalType), '("DOUBLE" or "DECIMAL")'),
    (
        IntegralDivide,
        (LongType, DecimalType, *_INTERVALS),
        '("BIGINT" or "DECIMAL" or "INTERVAL YEAR TO MONTH" or "INTERVAL DAY TO SECOND")',
    ),
    (BinaryBitwise, (IntegralType,), '"INTEGRAL"'),
    (BinaryArithmetic, (NumericType,), '"NUMERIC"'),
)
"""What each operator takes, with the name of that in errors; the first that fits counts."""


def arithmetic(node: BinaryArithmetic | BinaryBitwise, ansi: bool) -> Expression:
    """`node` with operands of types that it takes. Raises AnalysisError DATATYPE_MISMATCH.*."""
    if isinstance(node, BinaryArithmetic):
        special = datetime_arithmetic(node, ansi)
        if special is not None:
            return special
    left, right = _without_text(node.left, node.right, ansi)
    left, right = with_decimals(left, right, ansi)
    left, right = _met(node, left, right, ansi)
    _check(node, left.dataType, right.dataType)
    if left is node.left and right is node.right:
        return node
    return replace(node, left=left, right=right)


def cast(expression: Expression, to: DataType, ansi: bool) -> Expression:
    """`expression` as `to`, by an implicit cast unless it is so already; literals are converted where that is exact."""
    if expression.dataType == to:
        return expression
    if isinstance(expression, Literal):
        if expression.value is None:
            return copy_origin(expression, Literal(None, to))
        if (
            isinstance(expression.type, IntegralType)
            and isinstance(to, IntegralType)
            and to.bits >= expression.type.bits
        ):
            return copy_origin(expression, Literal(expression.value, to))
    return Cast(expression, to, Mode.ANSI if ansi else Mode.LEGACY, implicit=True).at(expression.origin)


def with_decimals(left: Expression, right: Expression, ansi: bool) -> tuple[Expression, Expression]:
    """Both as decimals, or both as doubles, where one is a decimal.

    A whole-number constant beside a decimal has just the digits it shows, so that `1 - discount` stays narrow."""
    if not isinstance(left.dataType, DecimalType) and not isinstance(right.dataType, DecimalType):
        return left, right
    if isinstance(left.dataType, DecimalType) and isinstance(right.dataType, DecimalType):
        return left, right
    if any(isinstance(each.dataType, FloatType | DoubleType) for each in (left, right)):
        left, right = (cast(e, DOUBLE, ansi) if isinstance(e.dataType, DecimalType) else e for e in (left, right))
        return left, right
    return _exact(left, ansi), _exact(right, ansi)


def _exact(value: Expression, ansi: bool) -> Expression:
    target = decimal_for(value.dataType)
    whole = isinstance(value.dataType, IntegralType) and not isinstance(value.dataType, ByteType)
    if isinstance(value, Literal) and value.value is not None and whole:
        target = DecimalType(len(str(abs(value.value))), 0)
    return cast(value, target, ansi) if target is not None else value


def _without_text(left: Expression, right: Expression, ansi: bool) -> tuple[Expression, Expression]:
    """Text as the number it is computed with."""
    one, other = left.dataType, right.dataType
    texts = isinstance(one, StringType), isinstance(other, StringType)
    if not any(texts) or isinstance(one, _INTERVALS) or isinstance(other, _INTERVALS):
        return left, right
    if not ansi:
        return (cast(left, DOUBLE, ansi) if texts[0] else left, cast(right, DOUBLE, ansi) if texts[1] else right)
    if all(texts):
        return left, right
    beside = other if texts[0] else one
    met = STRING if isinstance(beside, NullType) else common_type(STRING, beside, ansi)
    return (left, right) if met is None else (cast(left, met, ansi), cast(right, met, ansi))


def _met(node: Expression, left: Expression, right: Expression, ansi: bool) -> tuple[Expression, Expression]:
    """Both in the smallest type that holds them, if `node` takes that."""
    one, other = left.dataType, right.dataType
    if isinstance(one, DecimalType) and isinstance(other, DecimalType):
        return left, right
    if isinstance(one, NullType) and isinstance(other, NullType):
        alone: DataType = DOUBLE
        if isinstance(node, BinaryBitwise | IntegralDivide):
            alone = INT if isinstance(node, BinaryBitwise) else LONG
        return cast(left, alone, ansi), cast(right, alone, ansi)
    numbers = all(isinstance(each, NumericType | NullType) for each in (one, other))
    if isinstance(node, Divide) and numbers and not isinstance(one, DecimalType):
        return cast(left, DOUBLE, ansi), cast(right, DOUBLE, ansi)
    if isinstance(node, IntegralDivide):
        left, right = (cast(e, LONG, ansi) if isinstance(e.dataType, IntegralType) else e for e in (left, right))
        one, other = left.dataType, right.dataType
    met = tightest_common_type(one, other, ansi)
    if one == other or met is None or not isinstance(met, _taken(node)[0]):
        return left, right
    return cast(left, met, ansi), cast(right, met, ansi)


def _taken(node: Expression) -> tuple[tuple[type[DataType], ...], str]:
    return next((kinds, name) for operator, kinds, name in _TAKEN if isinstance(node, operator))


def _check(node: Expression, left: DataType, right: DataType) -> None:
    kinds, name = _taken(node)
    if isinstance(left, DecimalType) and isinstance(right, DecimalType) and issubclass(DecimalType, kinds):
        return
    if left != right:
        raise different_types(node, left, right)
    if not isinstance(left, kinds):
        parameters = {"sqlExpr": shown(node), "inputType": name, "actualDataType": shown_type(left)}
        raise AnalysisError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", parameters, node.origin)


def different_types(node: Any, left: DataType, right: DataType) -> AnalysisError:
    """The error for an operator with operands of two types."""
    parameters = {"sqlExpr": shown(node), "left": shown_type(left), "right": shown_type(right)}
    return AnalysisError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", parameters, node.origin)
