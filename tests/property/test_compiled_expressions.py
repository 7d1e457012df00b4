"""Random expressions over random rows in random forms: machine code, optimized or not, gives what the kernels give."""

from __future__ import annotations

import decimal
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from staged import check

from engine.compile.values import NotCompiled
from engine.expressions import operators as op
from engine.expressions import predicates as pred
from engine.expressions.base import Attribute, Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.expressions.conditional import CaseWhen, Coalesce, If
from engine.functions.resolve import resolve_call
from engine.physical.encoding import encoded
from engine.types import (
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP_NTZ,
    DataType,
    DecimalType,
    IntegralType,
)
from engine.types.arrow import to_arrow

ROWS, EXPRESSIONS = 40, 60
DECIMALS = (DecimalType(9, 2), DecimalType(15, 2), DecimalType(18, 4), DecimalType(25, 6), DecimalType(38, 10))
INTEGERS: tuple[DataType, ...] = (BYTE, SHORT, INT, LONG)
TYPES: tuple[DataType, ...] = (*INTEGERS, DOUBLE, FLOAT, *DECIMALS, STRING, DATE, TIMESTAMP_NTZ, BOOLEAN)
TEXTS = ("", "a", "b", "ab", "Abc", "ñ𝄞b", "a longer text, ab abc", "special requests" * 3, "x" * 60 + "ab", "aab" * 12)
PATTERNS = (
    "%b%",
    "a%",
    "%b",
    "%",
    "ab",
    "a%b",
    "%special%requests%",
    "%ab%b%",
    "a%a%b",
    "",
    "%longer text%",
    "_b%",
    "%_b",
    "%a_a%",
    "%_b_%b",
    "__",
)


def value(kind: DataType, source: random.Random, small: bool = False) -> Any:
    """A value of a type, often null or at the edge; small ones keep columns narrow."""
    if source.random() < 0.15:
        return None
    if isinstance(kind, IntegralType):
        most = 100 if small else 2 ** (kind.bits - 1) - 1
        return source.choice((0, 1, -1, 7, most, -most - 1, source.randint(-100, 100), source.randint(-most, most)))
    if isinstance(kind, DecimalType):
        most = 100 if small else 10**kind.precision - 1
        number = source.choice((0, 1, -1, 50, 250, most, -most, source.randint(-999, 999), source.randint(-most, most)))
        return decimal.Decimal(number).scaleb(-kind.scale, decimal.Context(prec=76))
    if kind in (DOUBLE, FLOAT):
        edges = (0.0, -0.0, 1.5, -2.5, float("nan"), float("inf"), float("-inf"), -1e30, 2.0**31, -(2.0**63), 0.1)
        number = source.choice((*edges, source.uniform(-10, 10)))
        return number if kind == DOUBLE else pa.scalar(number, pa.float32()).as_py()
    if kind == STRING:
        return source.choice(TEXTS)
    if kind == DATE:
        return source.choice((0, -1, 59, 18321, -719162, 2932896, source.randint(-20000, 40000)))
    if kind == TIMESTAMP_NTZ:
        return source.choice((0, -1, 86_399_999_999, source.randint(-(10**17), 10**17)))
    return source.random() < 0.5


class Grammar:
    """Makes expressions of a type over `columns`, at most `depth` operators deep."""

    def __init__(self, source: random.Random, columns: tuple[Attribute, ...]) -> None:
        self.source = source
        self.columns = columns

    def make(self, kind: DataType, depth: int) -> Expression:
        fitting = [column for column in self.columns if column.type == kind]
        if depth == 0 or self.source.random() < 0.15:
            if self.source.random() < 0.3 or not fitting:
                return Literal(value(kind, self.source), kind)
            return self.source.choice(fitting)
        below: Callable[[DataType], Expression] = lambda other: self.make(other, depth - 1)  # noqa: E731
        shared = [
            lambda: If(below(BOOLEAN), below(kind), below(kind)),
            lambda: Coalesce((below(kind), below(kind))),
            lambda: CaseWhen(((below(BOOLEAN), below(kind)), (below(BOOLEAN), below(kind))), below(kind)),
            lambda: CaseWhen(((below(BOOLEAN), below(kind)),)),
            lambda: resolve_call("greatest", (below(kind), below(kind))),
            lambda: resolve_call("least", (below(kind), below(kind), below(kind))),
        ]
        return self.source.choice([*shared, *self.special(kind, below), *self.special(kind, below)])()

    def mode(self) -> Mode:
        return self.source.choice((Mode.ANSI, Mode.ANSI, Mode.TRY, Mode.LEGACY))

    def special(self, kind: DataType, below: Callable[[DataType], Expression]) -> list[Callable[[], Expression]]:
        """What only expressions of this type are made of."""
        if kind == BOOLEAN:
            return self.predicates(below)
        if kind == STRING:
            return [
                lambda: resolve_call(
                    "substring", (below(STRING), Literal(self.source.randint(-5, 9), INT), below(INT))
                ),
                lambda: resolve_call("substring", (below(STRING), Literal(1, INT), Literal(2, INT))),
                lambda: resolve_call("upper", (below(STRING),)),
                lambda: resolve_call(self.source.choice(("trim", "ltrim", "rtrim")), (below(STRING),)),
                lambda: resolve_call("trim", (Literal(self.source.choice(("a", "ab", "")), STRING), below(STRING))),
                lambda: resolve_call(
                    "substring_index",
                    (
                        below(STRING),
                        Literal(self.source.choice(TEXTS[1:5]), STRING),
                        Literal(self.source.choice((-2, -1, 1, 2)), INT),
                    ),
                ),
            ]
        if kind == DATE:
            return [
                lambda: resolve_call("date_add", (below(DATE), Literal(self.source.randint(-400, 400), INT))),
                lambda: resolve_call("last_day", (below(DATE),)),
                lambda: resolve_call("add_months", (below(DATE), Literal(self.source.randint(-40, 40), INT))),
                lambda: resolve_call(
                    "trunc", (below(DATE), Literal(self.source.choice(("year", "MM", "week", "quarter")), STRING))
                ),
            ]
        if kind == TIMESTAMP_NTZ:
            return [lambda: Cast(below(DATE), TIMESTAMP_NTZ, self.mode())]
        return [*self.numbers(kind, below), *self.casts(kind, below)]

    def numbers(self, kind: DataType, below: Callable[[DataType], Expression]) -> list[Callable[[], Expression]]:
        operators = [op.Add, op.Subtract, op.Multiply]
        if not isinstance(kind, DecimalType):
            operators += [op.Remainder, op.Pmod, *([op.Divide] if kind in (DOUBLE, FLOAT) else [])]
        found: list[Callable[[], Expression]] = [
            lambda each=each: each(below(kind), below(kind), self.mode())  # type: ignore[misc]
            for each in operators
        ]
        if isinstance(kind, DecimalType):
            every = (op.Add, op.Subtract, op.Multiply, op.Divide, op.Remainder, op.Pmod)
            pair = lambda: self.source.choice(every)(  # noqa: E731
                below(self.source.choice(DECIMALS)), below(self.source.choice(DECIMALS)), self.mode()
            )
            places = lambda: Literal(self.source.randint(-1, 3), INT)  # noqa: E731
            rounding = lambda: self.source.choice(("round", "floor", "ceil"))  # noqa: E731
            found = [lambda: Cast(pair(), kind, self.mode())] * 3
            found.append(lambda: Cast(resolve_call(rounding(), (below(kind), places())), kind, self.mode()))
        found.append(lambda: op.UnaryMinus(below(kind), self.mode()))
        found.append(lambda: resolve_call("abs", (below(kind),)))
        if kind == INT:
            found += [
                lambda: resolve_call("length", (below(STRING),)),
                lambda: resolve_call(
                    self.source.choice(("year", "month", "day", "quarter", "dayofyear", "dayofweek", "weekday")),
                    (below(DATE),),
                ),
                lambda: resolve_call("datediff", (below(DATE), below(DATE))),
                lambda: op.BitwiseAnd(below(INT), below(INT)),
                lambda: resolve_call("instr", (below(STRING), below(STRING))),
                lambda: resolve_call("locate", (Literal("b", STRING), below(STRING), Literal(2, INT))),
                lambda: resolve_call(
                    self.source.choice(("shiftleft", "shiftright", "shiftrightunsigned")), (below(INT), below(INT))
                ),
                lambda: resolve_call("bit_count", (below(LONG),)),
            ]
        if kind == LONG:
            inner = self.source.choice((INT, LONG, DECIMALS[1]))
            found += [lambda: op.IntegralDivide(below(inner), below(inner), self.mode())] * 2
        if kind == DOUBLE:
            found += [lambda: resolve_call("sqrt", (below(DOUBLE),)), lambda: resolve_call("sign", (below(LONG),))]
        return found

    def casts(self, kind: DataType, below: Callable[[DataType], Expression]) -> list[Callable[[], Expression]]:
        sources: list[DataType] = [*INTEGERS, *DECIMALS, BOOLEAN]
        if not isinstance(kind, DecimalType):
            sources += [DOUBLE, FLOAT]
        source = self.source.choice(sources)
        return [lambda: Cast(below(source), kind, self.mode())]

    def predicates(self, below: Callable[[DataType], Expression]) -> list[Callable[[], Expression]]:
        other = self.source.choice([each for each in TYPES if each != BOOLEAN])
        literal = lambda: Literal(value(other, self.source), other)  # noqa: E731
        compare = self.source.choice(
            (
                pred.LessThan,
                pred.LessThanOrEqual,
                pred.GreaterThan,
                pred.GreaterThanOrEqual,
                pred.EqualTo,
                pred.EqualNullSafe,
            )
        )
        return [
            lambda: pred.And((below(BOOLEAN), below(BOOLEAN), below(BOOLEAN))),
            lambda: pred.Or((below(BOOLEAN), below(BOOLEAN))),
            lambda: pred.Not(below(BOOLEAN)),
            lambda: compare(below(other), below(other)),
            lambda: compare(below(other), literal()),
            lambda: pred.Between(below(other), below(other), below(other)),
            lambda: pred.In(below(other), tuple(literal() for _ in range(self.source.choice((1, 3, 20))))),
            lambda: pred.IsNull(below(other)),
            lambda: pred.IsNotNull(below(other)),
            lambda: pred.IsNaN(below(DOUBLE)),
            lambda: pred.Like(below(STRING), Literal(self.source.choice(PATTERNS), STRING)),
            lambda: resolve_call(
                self.source.choice(("startswith", "endswith", "contains")), (below(STRING), below(STRING))
            ),
        ]


def column(kind: DataType, source: random.Random) -> pa.Array:
    """A column in a random form, perhaps a slice."""
    small, clean = source.random() < 0.5, source.random() < 0.3
    values = [value(kind, source, small) for _ in range(ROWS + 3)]
    if clean:
        values = [each if each is not None else value(kind, random.Random(1), small) for each in values]
    plain = {DATE: pa.int32(), TIMESTAMP_NTZ: pa.int64()}.get(kind)
    array = pa.array(values, plain).view(to_arrow(kind)) if plain else pa.array(values, to_arrow(kind))
    if kind == STRING and source.random() < 0.5:
        array = array.dictionary_encode()
    elif source.random() < 0.5:
        array = encoded(array, kind)
    return array.slice(source.randint(0, 3), ROWS)


@pytest.mark.parametrize("seed", range(8))
def test_machine_code_gives_what_kernels_give(seed: int) -> None:
    source = random.Random(seed)
    columns = tuple(Attribute(f"c{place}", kind) for place, kind in enumerate((*TYPES, *TYPES)))
    arrays = [column(each.type, source) for each in columns]
    batch = pa.record_batch(arrays, names=[each.name for each in columns])
    grammar, compiled = Grammar(source, columns), 0
    for _ in range(EXPRESSIONS):
        expression = grammar.make(source.choice(TYPES), source.randint(1, 4))
        try:
            check(expression, columns, batch)
            compiled += 1
        except NotCompiled:
            continue
    assert compiled > EXPRESSIONS // 2
