"""Random expressions over random rows: a batch, its single rows and its slices give the same values, or the same error."""

from __future__ import annotations

import decimal
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import ExecutionError
from engine.expressions.base import Attribute, Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.expressions.conditional import CaseWhen, Coalesce, If
from engine.expressions.operators import Add, Divide, IntegralDivide, Multiply, Remainder, Subtract, UnaryMinus
from engine.expressions.predicates import And, Between, EqualNullSafe, EqualTo, In, IsNull, LessThan, Like, Not, Or
from engine.functions.resolve import resolve_call
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_expression
from engine.types import BOOLEAN, DATE, DOUBLE, INT, LONG, STRING, DataType, DecimalType

ROWS, EXPRESSIONS = 12, 150
MONEY = DecimalType(12, 2)
TYPES: tuple[DataType, ...] = (INT, LONG, DOUBLE, MONEY, STRING, DATE, BOOLEAN)
COLUMNS = tuple(Attribute(f"c{place}", kind) for place, kind in enumerate((*TYPES, *TYPES)))
CONTEXT = EvalContext(time_zone="Europe/Berlin")


def value(kind: DataType, source: random.Random) -> Any:
    """A value of a type, often null or at the edge."""
    if source.random() < 0.2:
        return None
    if kind == INT:
        return source.choice((0, 1, -1, 7, 2**31 - 1, -(2**31), source.randint(-100, 100)))
    if kind == LONG:
        return source.choice((0, 3, -(2**63), 2**63 - 1, source.randint(-(10**12), 10**12)))
    if kind == DOUBLE:
        return source.choice((0.0, -0.0, 1.5, float("nan"), float("inf"), -1e300, source.uniform(-10, 10)))
    if kind == MONEY:
        return decimal.Decimal(source.choice((0, 1, -1, 10**12 - 1, source.randint(-(10**6), 10**6)))).scaleb(-2)
    if kind == STRING:
        return source.choice(("", "a", "Abc", "ñ𝄞b", " 12 ", "-7", "2020-02-29", "true", "x%_y"))
    if kind == DATE:
        return source.choice((0, -1, 18321, -719162, 2932896, source.randint(-20000, 40000)))
    return source.random() < 0.5


class Grammar:
    """Makes expressions of a type, at most `depth` operators deep."""

    def __init__(self, source: random.Random) -> None:
        self.source = source

    def make(self, kind: DataType, depth: int) -> Expression:
        if depth == 0 or self.source.random() < 0.15:
            if self.source.random() < 0.3:
                return Literal(value(kind, self.source), kind)
            return self.source.choice([column for column in COLUMNS if column.type == kind])
        below: Callable[[DataType], Expression] = lambda other: self.make(other, depth - 1)  # noqa: E731
        shared = [
            lambda: If(below(BOOLEAN), below(kind), below(kind)),
            lambda: Coalesce((below(kind), below(kind), below(kind))),
            lambda: CaseWhen(((below(BOOLEAN), below(kind)), (below(BOOLEAN), below(kind))), below(kind)),
            lambda: Cast(below(STRING), kind, self.mode()),
            lambda: resolve_call("greatest", (below(kind), below(kind))),
        ]
        return self.source.choice([*shared, *self.special(kind, below)])()

    def mode(self) -> Mode:
        return self.source.choice((Mode.ANSI, Mode.TRY, Mode.TRY, Mode.LEGACY))

    def special(self, kind: DataType, below: Callable[[DataType], Expression]) -> list[Callable[[], Expression]]:
        """What only expressions of this type are made of."""
        if kind in (INT, LONG, DOUBLE):
            operators = [Add, Subtract, Multiply, Divide if kind == DOUBLE else Remainder]
            found: list[Callable[[], Expression]] = [
                lambda each=each: each(below(kind), below(kind), self.mode())  # type: ignore[misc]
                for each in operators
            ]
            found.append(lambda: UnaryMinus(below(kind), self.mode()))
            if kind == INT:
                found.append(lambda: resolve_call("length", (below(STRING),)))
                found.append(lambda: resolve_call("year", (below(DATE),)))
            if kind == LONG:
                found.append(lambda: IntegralDivide(below(LONG), below(LONG), self.mode()))
                found.append(lambda: Cast(below(DOUBLE), LONG, self.mode()))
            return found
        if kind == MONEY:
            return [lambda: Cast(Multiply(below(MONEY), below(MONEY), self.mode()), MONEY, self.mode())]
        if kind == STRING:
            return [
                lambda: Cast(below(self.source.choice(TYPES)), STRING),
                lambda: resolve_call("substring", (below(STRING), below(INT), Literal(2, INT))),
                lambda: resolve_call("upper", (below(STRING),)),
            ]
        if kind == DATE:
            return [lambda: resolve_call("last_day", (below(DATE),))]
        other = self.source.choice([each for each in TYPES if each != BOOLEAN])
        return [
            lambda: And((below(BOOLEAN), below(BOOLEAN), below(BOOLEAN))),
            lambda: Or((below(BOOLEAN), below(BOOLEAN))),
            lambda: Not(below(BOOLEAN)),
            lambda: LessThan(below(other), below(other)),
            lambda: EqualTo(below(other), below(other)),
            lambda: EqualNullSafe(below(other), below(other)),
            lambda: Between(below(other), below(other), below(other)),
            lambda: In(below(other), (below(other), Literal(value(other, self.source), other))),
            lambda: IsNull(below(other)),
            lambda: Like(below(STRING), Literal(self.source.choice(("%b%", "a%", "_", "%")), STRING)),
        ]


def batch(source: random.Random) -> pa.RecordBatch:
    from_arrow = {INT: pa.int32(), LONG: pa.int64(), DOUBLE: pa.float64(), STRING: pa.string(), BOOLEAN: pa.bool_()}
    arrow = [from_arrow.get(c.type) or (pa.date32() if c.type == DATE else pa.decimal128(12, 2)) for c in COLUMNS]
    arrays = []
    for column, kind in zip(COLUMNS, arrow, strict=True):
        values = [value(column.type, source) for _ in range(ROWS)]
        arrays.append(pa.array(values, pa.int32()).view(kind) if column.type == DATE else pa.array(values, kind))
    return pa.record_batch(arrays, names=[column.name for column in COLUMNS])


def outcome(expression: Expression, rows: pa.RecordBatch) -> list[str] | str:
    """The values as text (NaN is NaN), or the condition that was raised."""
    try:
        array = compile_expression(expression, COLUMNS, CONTEXT)(rows)
    except ExecutionError as error:
        return error.condition
    array.validate(full=True)
    plain = array.view(pa.int32()) if pa.types.is_date32(array.type) else array
    return [repr(each) for each in plain.to_pylist()]


@pytest.mark.parametrize("seed", range(6))
def test_batches_rows_and_slices_agree(seed: int) -> None:
    source = random.Random(seed)
    grammar, rows = Grammar(source), batch(source)
    raised = 0
    for _ in range(EXPRESSIONS // 6):
        expression = grammar.make(source.choice(TYPES), 4)
        whole = outcome(expression, rows)
        single = [outcome(expression, rows.slice(place, 1)) for place in range(ROWS)]
        if isinstance(whole, str):
            raised += 1
            assert whole in [each for each in single if isinstance(each, str)], expression
            continue
        assert single == [[each] for each in whole], expression
        assert outcome(expression, rows.slice(3, 6)) == whole[3:9], expression
    assert raised < EXPRESSIONS // 6
