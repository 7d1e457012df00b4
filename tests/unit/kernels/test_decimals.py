"""Decimal arithmetic against exact fractions: every type, HALF_UP, overflow."""

from __future__ import annotations

import decimal
import random
from fractions import Fraction

import pyarrow as pa
import pytest

from engine.errors import ExecutionError
from engine.expressions.base import Attribute, Literal, Mode
from engine.expressions.operators import Add, BinaryArithmetic, Divide, IntegralDivide, Multiply, Remainder, Subtract
from engine.kernels import decimals
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_expression
from engine.types import DecimalType
from engine.types.arrow import to_arrow

D = decimal.Decimal
TYPES = [
    DecimalType(*each)
    for each in ((1, 0), (5, 2), (15, 2), (18, 18), (20, 4), (38, 0), (38, 6), (38, 18), (38, 37), (38, 38))
]
OPERATORS: list[type[BinaryArithmetic]] = [Add, Subtract, Multiply, Divide, Remainder]


def numbers(kind: DecimalType, seed: int) -> list[D | None]:
    source = random.Random(f"{kind}{seed}")
    most = 10**kind.precision - 1
    integers = [
        0,
        1,
        -1,
        most,
        -most,
        *(source.randint(-most, most) // 10 ** source.randrange(kind.precision) for _ in range(6)),
    ]
    with decimal.localcontext(prec=60):
        return [None, *(D(each).scaleb(-kind.scale) for each in integers)]


def exact(symbol: str, left: D, right: D) -> Fraction | None:
    a, b = Fraction(left), Fraction(right)
    match symbol:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
    if b == 0:
        return None
    quotient = a / b
    if symbol == "/":
        return quotient
    whole = abs(quotient).__floor__() * (1 if quotient >= 0 else -1)
    return a - whole * b


def rounded(value: Fraction | None, kind: DecimalType) -> D | None:
    """HALF_UP to the scale of `kind`, None where it does not fit."""
    if value is None:
        return None
    scaled = abs(value) * 10**kind.scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    if whole >= 10**kind.precision:
        return None
    with decimal.localcontext(prec=60):
        return D(whole if value >= 0 else -whole).scaleb(-kind.scale)


@pytest.mark.parametrize("left", TYPES, ids=str)
@pytest.mark.parametrize("right", TYPES, ids=str)
def test_every_operator_is_exact(left: DecimalType, right: DecimalType) -> None:
    pairs = [(a, b) for a in numbers(left, 1) for b in numbers(right, 2)]
    columns = (Attribute("a", left), Attribute("b", right))
    batch = pa.record_batch(
        [pa.array([p[i] for p in pairs], to_arrow(kind)) for i, kind in enumerate((left, right))], names=["a", "b"]
    )
    for operator in OPERATORS:
        expression = operator(*columns, Mode.TRY)
        found = compile_expression(expression, columns, EvalContext())(batch).to_pylist()
        kind = expression.dataType
        assert isinstance(kind, DecimalType)
        wanted = [None if a is None or b is None else rounded(exact(operator.symbol, a, b), kind) for a, b in pairs]
        differing = [(p, f, w) for p, f, w in zip(pairs, found, wanted, strict=True) if f != w]
        assert differing == [], operator.symbol


def test_constants_beside_columns_and_sliced_columns() -> None:
    price = Attribute("price", DecimalType(15, 2))
    values = [D("901.00"), None, D("0.05"), D("-7.50")]
    batch = pa.record_batch([pa.array(values, pa.decimal128(15, 2))], names=["price"]).slice(1)
    discounted = Multiply(price, Subtract(Literal(D(1), DecimalType(1, 0)), Literal(D("0.07"), DecimalType(15, 2))))
    taxed = Multiply(discounted, Add(Literal(D(1), DecimalType(1, 0)), Literal(D("0.02"), DecimalType(15, 2))))
    assert discounted.dataType == DecimalType(32, 4)
    assert taxed.dataType == DecimalType(38, 6)
    found = compile_expression(taxed, (price,), EvalContext())(batch)
    assert found.to_pylist() == [None, D("0.047430"), D("-7.114500")]


@pytest.mark.parametrize("operator", [Add, Multiply])
def test_overflow(operator: type[BinaryArithmetic]) -> None:
    most = Literal(D("9" * 38), DecimalType(38, 0))
    column = Attribute("a", DecimalType(38, 0))
    batch = pa.record_batch([pa.array([None, D(0), D("9" * 38)], pa.decimal128(38, 0))], names=["a"])
    ansi = compile_expression(operator(column, most), (column,), EvalContext())
    with pytest.raises(ExecutionError) as caught:
        ansi(batch)
    assert caught.value.condition == "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"
    legacy = compile_expression(operator(column, most, Mode.LEGACY), (column,), EvalContext())(batch).to_pylist()
    assert legacy[0] is None and legacy[1] is not None and legacy[2] is None


def test_whole_quotient() -> None:
    a, b = Attribute("a", DecimalType(10, 2)), Attribute("b", DecimalType(5, 3))
    batch = pa.record_batch(
        [
            pa.array([D("7.50"), D("-7.50"), None, D("0.01")], pa.decimal128(10, 2)),
            pa.array([D("2.000"), D("2.000"), D("1.000"), D("0.003")], pa.decimal128(5, 3)),
        ],
        names=["a", "b"],
    )
    assert compile_expression(IntegralDivide(a, b), (a, b), EvalContext())(batch).to_pylist() == [3, -3, None, 3]


def test_unscaled_round_trip() -> None:
    values = [0, None, -1, 10**37, -(10**38) + 1, 2**64, -(2**64)]
    array = decimals.from_unscaled(values, pa.decimal128(38, 0))
    assert decimals.unscaled(array) == values
    assert decimals.unscaled(array.slice(2, 3)) == values[2:5]
    assert decimals.unscaled(pa.nulls(2, pa.decimal128(5, 0))) == [None, None]


@pytest.mark.parametrize(
    ("value", "drop", "wanted"), [(15, 1, 2), (-15, 1, -2), (14, 1, 1), (149, 2, 1), (3, -2, 300), (5, 3, 0)]
)
def test_half_up(value: int, drop: int, wanted: int) -> None:
    assert decimals.round_half_up(value, drop) == wanted
