"""Overloads, implicit casts, result types and errors of calls; what every declaration must say."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from engine.errors import AnalysisError, Position
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Expression, Literal, Mode
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.conditional import Coalesce
from engine.expressions.lambdas import Lambda
from engine.expressions.operators import Add, Remainder
from engine.expressions.window import WindowCall
from engine.functions import registry
from engine.functions.resolve import lambda_parameters, resolve_call, scalar_overload
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_expression, compile_generator, evaluate_constant
from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    VOID,
    ArrayType,
    DecimalType,
    MapType,
)

TEXT, NUMBER = Attribute("text", STRING, False), Attribute("number", INT)
LIST = Attribute("list", ArrayType(INT))


def test_arguments_are_cast_to_the_parameters() -> None:
    call = resolve_call("REPEAT", (NUMBER, Literal(2, SHORT)))
    assert isinstance(call, Call)
    assert call.function == "repeat" and call.dataType == STRING
    text, times = call.arguments
    assert isinstance(text, Cast) and text.to == STRING and text.implicit
    assert isinstance(times, Cast) and times.to == INT and times.mode is Mode.ANSI


def test_nullability_and_raising() -> None:
    assert not resolve_call("upper", (TEXT,)).nullable
    assert resolve_call("repeat", (TEXT, NUMBER)).nullable
    assert resolve_call("abs", (NUMBER,)).can_raise
    assert not resolve_call("abs", (NUMBER,), False).can_raise
    assert not resolve_call("abs", (Literal(1.0, DOUBLE),), False).can_raise
    assert not resolve_call("rand", ()).deterministic


def test_arguments_of_one_group_meet_in_one_type() -> None:
    call = resolve_call("greatest", (NUMBER, Literal(1, LONG), Literal(None, VOID)))
    assert call.dataType == LONG
    assert [argument.dataType for argument in call.children] == [LONG] * 3
    found = resolve_call("array_contains", (LIST, Literal(1, LONG)))
    assert [argument.dataType for argument in found.children] == [ArrayType(LONG), LONG]


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("coalesce", (NUMBER, Literal(1, INT)), Coalesce),
        ("mod", (NUMBER, NUMBER), Remainder),
        ("try_add", (NUMBER, NUMBER), Add),
        ("sum", (NUMBER,), AggregateCall),
    ],
)
def test_kinds(name: str, arguments: tuple[Expression, ...], kind: type[Expression]) -> None:
    assert isinstance(resolve_call(name, arguments), kind)


def test_modes_of_rewrites() -> None:
    assert resolve_call("try_add", (NUMBER, NUMBER)) == Add(NUMBER, NUMBER, Mode.TRY)
    assert resolve_call("mod", (NUMBER, NUMBER), False) == Remainder(NUMBER, NUMBER, Mode.LEGACY)


def test_clauses_of_aggregates_and_window_functions() -> None:
    condition = Literal(True, BOOLEAN)
    call = resolve_call("sum", (NUMBER,), distinct=True, condition=condition)
    assert isinstance(call, AggregateCall) and call.distinct and call.condition == condition
    lag = resolve_call("lag", (NUMBER,), ignore_nulls=True, window=True)
    assert isinstance(lag, WindowCall) and lag.ignore_nulls


@pytest.mark.parametrize(
    ("name", "arguments", "condition", "fragment"),
    [
        ("uper", (TEXT,), "UNRESOLVED_ROUTINE", "Cannot resolve routine `uper`"),
        ("zzzzz", (), "UNRESOLVED_ROUTINE", "Cannot resolve routine `zzzzz`"),
        ("upper", (), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "`upper` requires 1 parameters but the actual number is 0"),
        ("substring", (TEXT,), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "requires [2, 3] parameters"),
        ("upper", (LIST,), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", 'The first parameter requires the "STRING" type'),
        ("size", (NUMBER,), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", 'the ("ARRAY" or "MAP") type'),
        ("coalesce", (NUMBER, LIST), "DATATYPE_MISMATCH.DATA_DIFF_TYPES", '("INT" or "ARRAY<INT>")'),
        ("map", (NUMBER,), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "2n (n > 0)"),
    ],
)
def test_errors(name: str, arguments: tuple[Expression, ...], condition: str, fragment: str) -> None:
    origin = Position(3, 9)
    with pytest.raises(AnalysisError) as caught:
        resolve_call(name, arguments, origin=origin)
    assert caught.value.condition == condition
    assert fragment in caught.value.message


def test_clauses_that_do_not_belong() -> None:
    with pytest.raises(AnalysisError, match="FUNCTION_WITH_UNSUPPORTED_SYNTAX"):
        resolve_call("upper", (TEXT,), distinct=True)
    with pytest.raises(AnalysisError, match="IGNORE NULLS"):
        resolve_call("upper", (TEXT,), ignore_nulls=True)
    with pytest.raises(AnalysisError, match="NAMED_PARAMETERS_NOT_SUPPORTED"):
        resolve_call("upper", (TEXT,), named=("nope",))


def test_lambdas() -> None:
    assert lambda_parameters("transform", [ArrayType(INT, False), None], [1]) == [((INT, False),)]
    assert lambda_parameters("transform", [ArrayType(INT), None], [2]) == [((INT, True), (INT, False))]
    assert lambda_parameters("aggregate", [ArrayType(INT), LONG, None, None], [2, 1]) == [
        ((LONG, True), (INT, True)),
        ((LONG, True),),
    ]
    assert lambda_parameters("map_filter", [MapType(STRING, DOUBLE), None], [2]) == [((STRING, False), (DOUBLE, True))]
    with pytest.raises(AnalysisError, match="NUM_ARGS_MISMATCH"):
        lambda_parameters("transform", [ArrayType(INT), None], [3])
    with pytest.raises(AnalysisError, match="NON_HIGHER_ORDER_FUNCTION"):
        lambda_parameters("upper", [None], [1])


def test_a_lambda_reads_the_columns_of_its_row() -> None:
    item = Attribute("x", INT)
    call = resolve_call("transform", (LIST, Lambda((item,), Add(item, NUMBER))))
    batch = pa.record_batch(
        [pa.array([[1, 2], None, [], [None]]), pa.array([10, 20, 30, 40], pa.int32())], names=["l", "n"]
    )
    kernel = compile_expression(call, (LIST, NUMBER), EvalContext())
    assert kernel(batch).to_pylist() == [[11, 12], None, [], [None]]
    assert kernel(batch.slice(3)).to_pylist() == [[None]]


def test_generators_say_which_row_each_row_is_of() -> None:
    call = resolve_call("posexplode", (LIST,))
    assert isinstance(call, Call) and call.dataType.simpleString() == "struct<pos:int,col:int>"
    batch = pa.record_batch([pa.array([[1, 2], None, [], [3]], pa.list_(pa.int32()))], names=["l"]).slice(1)
    owners, columns = compile_generator(call, (LIST,), EvalContext())(batch)
    assert np.asarray(owners).tolist() == [2]
    assert [column.to_pylist() for column in columns] == [[0], [3]]


def test_what_is_bound_once_per_query() -> None:
    context = EvalContext(time_zone="Asia/Tokyo", now=1_600_000_000_000_000, user="ada", database="db")
    values = {
        name: evaluate_constant(resolve_call(name, ()), context) for name in ("now", "current_date", "current_user")
    }
    assert values["now"] == Literal(1_600_000_000_000_000, TIMESTAMP)
    assert values["current_date"] == Literal(18518, DATE)
    assert values["current_user"] == Literal("ada", STRING)


def test_random_numbers_go_on_from_batch_to_batch() -> None:
    call = resolve_call("rand", (Literal(0, LONG),))
    rows = pa.record_batch([pa.array([1, 2, 3, 4], pa.int32())], names=["n"])
    whole = compile_expression(call, (NUMBER,), EvalContext())(rows).to_pylist()
    kernel = compile_expression(call, (NUMBER,), EvalContext())
    assert [*kernel(rows.slice(0, 1)).to_pylist(), *kernel(rows.slice(1)).to_pylist()] == whole
    assert whole[0] == 0.7604953758285915
    other = compile_expression(call, (NUMBER,), EvalContext(partition=1))(rows).to_pylist()
    assert other != whole


def test_resolved_calls_find_their_kernel() -> None:
    assert (
        scalar_overload("element_at", (MapType(STRING, INT), STRING)).parameters[0]
        != scalar_overload("element_at", (ArrayType(INT), INT)).parameters[0]
    )
    with pytest.raises(KeyError):
        scalar_overload("element_at", (INT, INT))


def test_every_listed_function_is_described_by_example() -> None:
    for name in registry.names():
        for function in registry.lookup(name):
            if function.hidden or function.kind == "window":
                continue
            first = function.doc.split("\n")[0]
            assert re.match(r"[A-Z].*[.:;]$|[A-Z]", first), name
            assert re.search(r"> SELECT .*;\n", function.doc), name


def test_results_of_decimals() -> None:
    price = Attribute("price", DecimalType(7, 2))
    assert resolve_call("round", (price, Literal(1, INT))).dataType == DecimalType(7, 1)
    assert resolve_call("round", (price, Literal(-1, INT))).dataType == DecimalType(6, 0)
    assert resolve_call("ceil", (price,)).dataType == DecimalType(6, 0)
    assert resolve_call("abs", (price,)).dataType == DecimalType(7, 2)
