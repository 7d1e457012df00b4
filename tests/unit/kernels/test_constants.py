"""Constants that need no kernel have the values that kernels give them."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

import pyarrow as pa
import pytest

from engine.errors import FlintError
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.operators import Add, Subtract, UnaryMinus
from engine.kernels.constants import quick_value
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_expression
from engine.kernels.literals import from_scalar
from engine.types import BYTE, DATE, INT, LONG, STRING, DayTimeIntervalType, DecimalType, YearMonthIntervalType

MONTHS, DAYS = YearMonthIntervalType(), DayTimeIntervalType()
NUMBERS = (BYTE, INT, LONG, DecimalType(3, 2), DecimalType(12, 2), DecimalType(38, 10), DecimalType(38, 0))
ROW = pa.RecordBatch.from_struct_array(pa.array([{}], pa.struct([])))


def by_kernel(expression: Expression) -> Literal | None:
    """None where it has no value."""
    try:
        found = compile_expression(expression, (), EvalContext())(ROW)
    except FlintError:
        return None
    return Literal(from_scalar(found[0], expression.dataType), expression.dataType)


def agrees(expression: Expression) -> bool:
    """Whether it is computed at all; it must be as the kernel says."""
    found = quick_value(expression)
    if found is not None:
        assert Literal(found, expression.dataType) == by_kernel(expression)
    return found is not None


def number(chance: random.Random) -> Literal:
    kind = chance.choice(NUMBERS)
    if not isinstance(kind, DecimalType):
        return Literal(chance.choice((0, 1, -1, 7, -128, 127)), kind)
    digits = chance.choice((1, kind.precision // 2, kind.precision))
    return Literal(Decimal(chance.randint(-(10**digits) + 1, 10**digits - 1)).scaleb(-kind.scale), kind)


def test_numbers_as_kernels_compute_them() -> None:
    chance, quick = random.Random(7), 0
    for _ in range(300):
        quick += agrees(Cast(number(chance), chance.choice(NUMBERS)))
        quick += agrees(UnaryMinus(number(chance)))
        one = number(chance)
        for kind in (Add, Subtract):
            quick += agrees(kind(one, Literal(chance.choice((0, 1, one.value)), one.type)))
    assert quick > 500


def test_dates_as_kernels_compute_them() -> None:
    chance, quick = random.Random(7), 0
    first, last = datetime.date.min.toordinal(), datetime.date.max.toordinal()
    for _ in range(300):
        day = datetime.date.fromordinal(chance.choice((first, last, chance.randint(first, last))))
        given = Literal(day, DATE)
        months = Literal(chance.choice((0, 1, -1, 12, 13, -11, chance.randint(-(2**31), 2**31 - 1))), MONTHS)
        quick += agrees(Call("date_add_months_interval", (given, months), DATE))
        span: Expression = Literal(
            chance.choice((0, 1, -1, 86_400_000_000 * 90, chance.randint(-(2**62), 2**62))), DAYS
        )
        quick += agrees(Call("date_add_days_interval", (given, span), DATE))
        quick += agrees(Call("date_add_days_interval", (given, UnaryMinus(span)), DATE))
    assert quick > 600


@pytest.mark.parametrize("day", [datetime.date(2024, 1, 31), datetime.date(2023, 12, 31), datetime.date(2024, 2, 29)])
def test_ends_of_months(day: datetime.date) -> None:
    for months in range(-25, 26):
        assert agrees(Call("date_add_months_interval", (Literal(day, DATE), Literal(months, MONTHS)), DATE))


def test_what_has_no_value_is_left_to_kernels() -> None:
    assert quick_value(Cast(Literal(1000, INT), BYTE)) is None
    assert quick_value(Cast(Literal(Decimal("1.5"), DecimalType(2, 1)), INT)) is None
    assert quick_value(Cast(Literal(None, INT), LONG)) is None
    assert quick_value(Cast(Literal("1", STRING), INT)) is None
    assert quick_value(UnaryMinus(Literal(-128, BYTE))) is None
