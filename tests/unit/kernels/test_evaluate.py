"""Compiling expressions: columns, constants, selections, and errors only for rows that reach them."""

from __future__ import annotations

import decimal
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import ExecutionError, Position
from engine.expressions.base import FALSE, NULL, TRUE, Alias, Attribute, Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.expressions.conditional import CaseWhen, Coalesce, If
from engine.expressions.operators import Add, Divide, IntegralDivide, Multiply, Remainder, Subtract, UnaryMinus
from engine.expressions.predicates import (
    And,
    EqualNullSafe,
    EqualTo,
    GreaterThan,
    In,
    IsNotNull,
    IsNull,
    LessThan,
    Like,
    Not,
    Or,
)
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_expression, compile_predicate, evaluate_constant
from engine.types import BOOLEAN, DATE, DOUBLE, INT, LONG, STRING, DecimalType
from engine.types.arrow import to_arrow

D = decimal.Decimal
CONTEXT = EvalContext()
A, B, S, X = Attribute("a", INT), Attribute("b", INT), Attribute("s", STRING), Attribute("x", DOUBLE)
ROWS = pa.record_batch(
    [
        pa.array([0, 1, None, 5, -3], pa.int32()),
        pa.array([1, None, 2, 0, 7], pa.int32()),
        pa.array(["a", "bc", None, "", "ñ𝄞"]),
        pa.array([0.5, float("nan"), None, -0.0, float("inf")]),
    ],
    names=["a", "b", "s", "x"],
)
ZERO, ONE = Literal(0, INT), Literal(1, INT)


def values(expression: Expression, batch: pa.RecordBatch = ROWS, context: EvalContext = CONTEXT) -> list[Any]:
    result = compile_expression(expression, (A, B, S, X), context)(batch)
    assert len(result) == batch.num_rows
    assert result.type == to_arrow(expression.dataType)
    result.validate(full=True)
    return result.to_pylist()


def divided(left: Expression, right: Expression) -> Expression:
    return Divide(Cast(left, DOUBLE), Cast(right, DOUBLE))


def test_columns_constants_and_aliases() -> None:
    assert values(A) == [0, 1, None, 5, -3]
    assert values(Alias(ONE, "one")) == [1] * 5
    assert values(Literal(None, STRING)) == [None] * 5


def test_empty_batches_sliced_arrays_and_dictionaries() -> None:
    total = Add(A, ONE)
    assert values(total, ROWS.slice(0, 0)) == []
    assert values(total, ROWS.slice(3, 2)) == [6, -2]
    coded = pa.record_batch([*ROWS.columns[:2], ROWS.column(2).dictionary_encode(), ROWS.column(3)], names=list("absx"))
    assert values(Like(S, Literal("%c", STRING)), coded) == [False, True, None, False, False]
    large = pa.record_batch(
        [*ROWS.columns[:2], ROWS.column(2).cast(pa.large_string()), ROWS.column(3)], names=list("absx")
    )
    assert values(S, large) == values(S)


def test_case_evaluates_a_branch_only_where_it_is_taken() -> None:
    guarded = CaseWhen(((Not(EqualTo(A, ZERO)), divided(ONE, A)),), Literal(-1.0, DOUBLE))
    assert values(guarded) == [-1.0, 1.0, -1.0, 0.2, -1 / 3]
    assert values(If(EqualTo(A, ZERO), Literal(None, DOUBLE), divided(ONE, A))) == [None, 1.0, None, 0.2, -1 / 3]


def test_later_conditions_and_arguments_are_evaluated_only_for_rows_that_are_left() -> None:
    case = CaseWhen(
        ((EqualTo(A, ZERO), Literal("zero", STRING)), (GreaterThan(divided(ONE, A), Literal(0.5, DOUBLE)), S))
    )
    assert values(case) == ["zero", "bc", None, None, None]
    zero = If(EqualTo(A, ZERO), Literal(0.0, DOUBLE), Literal(None, DOUBLE))
    assert values(Coalesce((zero, divided(ONE, A)))) == [0.0, 1.0, None, 0.2, -1 / 3]


def test_and_or_stop_where_they_are_decided() -> None:
    large = GreaterThan(divided(ONE, A), Literal(0.5, DOUBLE))
    assert values(And((Not(EqualTo(A, ZERO)), large))) == [False, True, None, False, False]
    assert values(Or((EqualTo(A, ZERO), large))) == [True, True, None, False, False]
    with pytest.raises(ExecutionError, match="DIVIDE_BY_ZERO"):
        values(And((large, Not(EqualTo(A, ZERO)))))


def test_nothing_is_raised_without_rows() -> None:
    never = divided(ONE, ZERO)
    assert values(never, ROWS.slice(0, 0)) == []
    assert values(If(FALSE, never, Literal(2.0, DOUBLE))) == [2.0] * 5


def test_errors_say_where_they_are_from() -> None:
    origin = Position(7, 12)
    with pytest.raises(ExecutionError) as caught:
        values(Add(ONE, Add(A, Literal(2**31 - 1, INT)).at(origin)))
    assert caught.value.condition == "ARITHMETIC_OVERFLOW"
    assert caught.value.position == origin
    assert caught.value.message.startswith("integer overflow. Use 'try_add' to tolerate overflow")


@pytest.mark.parametrize(
    ("terms", "conjunction", "disjunction"),
    [
        ((TRUE, NULL), None, True),
        ((FALSE, NULL), False, None),
        ((NULL, TRUE, FALSE), False, True),
        ((TRUE, TRUE), True, True),
        ((NULL, NULL), None, None),
    ],
)
def test_three_valued_logic(terms: tuple[Expression, ...], conjunction: bool | None, disjunction: bool | None) -> None:
    assert values(And(terms))[0] is conjunction
    assert values(Or(terms))[0] is disjunction


def test_a_chain_of_thousands_of_terms() -> None:
    assert values(Or(tuple(EqualTo(A, Literal(n, INT)) for n in range(2000)))) == [True, True, None, True, False]


@pytest.mark.parametrize("mode", [Mode.TRY, Mode.LEGACY])
def test_modes_that_do_not_raise(mode: Mode) -> None:
    most = Literal(2**31 - 1, INT)
    wrapped = -(2**31) if mode is Mode.LEGACY else None
    assert values(Add(A, most, mode)) == [2**31 - 1, wrapped, None, wrapped and wrapped + 4, 2**31 - 4]
    assert values(IntegralDivide(Cast(A, LONG), Cast(B, LONG), mode)) == [0, None, None, None, 0]
    assert values(Remainder(B, A, mode)) == [None, None, None, 0, 1]
    assert values(UnaryMinus(Literal(-(2**31), INT), mode))[0] == wrapped
    assert values(Multiply(most, Literal(2, INT), mode))[0] == (-2 if mode is Mode.LEGACY else None)


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        (Subtract(Literal(-(2**63), LONG), Literal(1, LONG)), "ARITHMETIC_OVERFLOW"),
        (UnaryMinus(Literal(-(2**31), INT)), "ARITHMETIC_OVERFLOW"),
        (IntegralDivide(Literal(-(2**63), LONG), Literal(-1, LONG)), "ARITHMETIC_OVERFLOW"),
        (Remainder(ONE, ZERO), "REMAINDER_BY_ZERO"),
        (IntegralDivide(Literal(1, LONG), Literal(0, LONG)), "DIVIDE_BY_ZERO"),
        (Cast(Literal("x", STRING), INT), "CAST_INVALID_INPUT"),
        (Cast(Literal(2**40, LONG), INT), "CAST_OVERFLOW"),
        (Cast(Literal(D("123.4"), DecimalType(4, 1)), DecimalType(2, 0)), "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),
    ],
)
def test_ansi_raises(expression: Expression, condition: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        values(expression)
    assert caught.value.condition == condition
    assert values(expression, ROWS.slice(0, 0)) == []


def test_nan_is_equal_to_itself_and_largest() -> None:
    nan = Literal(float("nan"), DOUBLE)
    assert values(EqualTo(X, nan)) == [False, True, None, False, False]
    assert values(GreaterThan(nan, X)) == [True, False, None, True, True]
    assert values(LessThan(X, nan)) == [True, False, None, True, True]
    assert values(EqualTo(X, Literal(0.0, DOUBLE))) == [False, False, None, True, False]
    assert values(EqualNullSafe(X, Literal(None, DOUBLE))) == [False, False, True, False, False]


def test_in_follows_sql_for_nulls() -> None:
    assert values(In(A, (ONE, Literal(5, INT)))) == [False, True, None, True, False]
    assert values(In(A, (ONE, Literal(None, INT)))) == [None, True, None, None, None]
    assert values(In(A, (B, ONE))) == [False, True, None, False, False]
    assert values(In(X, (Literal(float("nan"), DOUBLE),))) == [False, True, None, False, False]


def test_null_typed_inputs() -> None:
    assert values(EqualTo(NULL, NULL)) == [None] * 5
    assert values(IsNull(NULL)) == [True] * 5
    assert values(IsNotNull(A)) == [True, True, False, True, True]
    assert values(Cast(NULL, DATE)) == [None] * 5


def test_predicates_keep_nulls() -> None:
    keep = compile_predicate(GreaterThan(A, ZERO), (A, B, S, X), CONTEXT)
    assert ROWS.filter(keep(ROWS)).column(0).to_pylist() == [1, 5]
    assert keep(ROWS).to_pylist() == [False, True, None, True, False]


def test_constants() -> None:
    found = evaluate_constant(Add(ONE, Literal(2, INT)), CONTEXT)
    assert found == Literal(3, INT)
    assert evaluate_constant(Cast(Literal("2020-01-02", STRING), DATE), CONTEXT) == Literal(18263, DATE)
    assert evaluate_constant(Literal(None, BOOLEAN), CONTEXT) == Literal(None, BOOLEAN)
    with pytest.raises(ExecutionError, match="DIVIDE_BY_ZERO"):
        evaluate_constant(divided(ONE, ZERO), CONTEXT)
