"""Expressions at their edges as machine code: the same values as the kernels, and errors in the same rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from staged import RAISES, Compiled, check

from engine.compile.values import NotCompiled
from engine.errors import InternalError
from engine.expressions import operators as op
from engine.expressions import predicates as pred
from engine.expressions.base import Attribute, Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.expressions.conditional import CaseWhen, Coalesce, If
from engine.functions.resolve import resolve_call
from engine.kernels.context import EvalContext
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
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DecimalType,
)
from engine.types.arrow import to_arrow

MONEY, WIDE = DecimalType(15, 2), DecimalType(38, 4)
VALUES: dict[str, tuple[DataType, list[Any]]] = {
    "i": (INT, [2**31 - 1, -(2**31), 0, 1, -1, None, 7, -7]),
    "j": (INT, [1, -1, 0, -(2**31), -(2**31), 3, None, 2]),
    "l": (LONG, [2**63 - 1, -(2**63), 0, -(2**63), 1, None, 10, -10]),
    "m": (LONG, [1, -1, 0, 1, None, 5, 3, 3]),
    "b": (BYTE, [127, -128, 0, 1, -1, None, 100, -100]),
    "x": (DOUBLE, [0.0, -0.0, float("nan"), 1.5, None, float("inf"), -2.5, 9.3e18]),
    "y": (DOUBLE, [-0.0, 0.0, float("nan"), float("nan"), 1.0, None, -2.5, 0.0]),
    "f": (FLOAT, [0.5, -0.0, float("nan"), 1e30, None, -1.25, 2.0, -7.0]),
    "d": (
        MONEY,
        [Decimal(n).scaleb(-2) if n is not None else None for n in (10**15 - 1, 1 - 10**15, 0, 5, -5, None, 125, 50)],
    ),
    "e": (MONEY, [Decimal(n).scaleb(-2) if n is not None else None for n in (300, -7, 0, 0, None, 5, 100, -100)]),
    "w": (WIDE, [Decimal(n) if n is not None else None for n in (10**33, -(10**33), 0, 3, -3, None, 1, 2)]),
    "s": (STRING, ["", "a", "abc", None, "ñandú", "special x requests", "𝄞𝄞𝄞", "abcabc" * 10]),
    "t": (STRING, ["", "abc", "ab", "b", None, "special", "𝄞", "bca"]),
    "q": (DATE, [0, -1, 59, 11016, None, -719162, 2932896, 18321]),
    "u": (
        TIMESTAMP,
        [0, -1, 1_700_000_000_123_456, None, -62_135_596_800_000_000, 86_400_000_000 - 1, 10**15, -(10**15) - 7],
    ),
    "v": (
        TIMESTAMP_NTZ,
        [0, -1, 1_700_000_000_123_456, None, -62_135_596_800_000_000, 253_402_300_799_999_999, 10**15, -1_000_001],
    ),
    "p": (BOOLEAN, [True, False, None, True, False, None, True, False]),
    "r": (BOOLEAN, [True, True, True, False, None, None, None, False]),
}
COLUMNS = {name: Attribute(name, kind) for name, (kind, _) in VALUES.items()}


def arrays() -> list[pa.Array]:
    made = []
    for kind, values in VALUES.values():
        made.append(
            pa.array(values, pa.int32()).view(pa.date32()) if kind == DATE else pa.array(values, to_arrow(kind))
        )
    return made


def batch(coded: bool = False) -> pa.RecordBatch:
    found = [each.dictionary_encode() if coded and pa.types.is_string(each.type) else each for each in arrays()]
    return pa.record_batch(found, names=list(VALUES))


def number(value: int, kind: DataType = INT) -> Literal:
    return Literal(value, kind)


def text(value: str) -> Literal:
    return Literal(value, STRING)


i, j, m, b, x, y, f, d, e, w, s, t, q, p, r, u, v = (COLUMNS[name] for name in "ijmbxyfdewstqpruv")
long = COLUMNS["l"]
MODES = (Mode.ANSI, Mode.LEGACY, Mode.TRY)
ARITHMETIC = [
    operator(left, right, mode)
    for mode in MODES
    for left, right in ((i, j), (long, m), (x, y), (d, e), (f, f), (b, b), (w, w))
    for operator in (op.Add, op.Subtract, op.Multiply, op.Remainder, op.Pmod)
    if not (left is w and operator in (op.Multiply, op.Pmod))
]
DIVISIONS = [
    *(op.Divide(left, right, mode) for mode in MODES for left, right in ((x, y), (d, e), (f, f))),
    *(op.IntegralDivide(left, right, mode) for mode in MODES for left, right in ((i, j), (long, m), (d, e), (b, b))),
    *(op.UnaryMinus(each, mode) for mode in MODES for each in (i, long, b, x, f, d, w)),
]
COMPARISONS = [
    compare(left, right)
    for compare in (
        pred.EqualTo,
        pred.EqualNullSafe,
        pred.LessThan,
        pred.LessThanOrEqual,
        pred.GreaterThan,
        pred.GreaterThanOrEqual,
    )
    for left, right in ((i, j), (long, m), (x, y), (f, f), (d, e), (w, w), (s, t), (p, r), (q, Literal(0, DATE)))
]
NUMBERS: list[DataType] = [BYTE, SHORT, INT, LONG, DOUBLE, FLOAT, MONEY, DecimalType(3, 1), WIDE, BOOLEAN]
CASTS = [
    Cast(child, to, mode)
    for child in (i, long, b, x, f, d, w, p)
    for to in NUMBERS
    for mode in MODES
    if not (child in (x, f) and isinstance(to, DecimalType)) and not (child is w and to in (DOUBLE, FLOAT))
]
CHOICES: list[Expression] = [
    CaseWhen(((p, i), (r, j)), number(5)),
    CaseWhen(((pred.GreaterThan(i, number(0)), op.IntegralDivide(number(100), i)),), None),
    CaseWhen(((pred.LessThan(s, t), s), (pred.EqualTo(s, t), t)), text("other")),
    CaseWhen(((pred.Like(s, text("%b%")), op.Add(i, number(1))), (p, j)), number(0)),
    If(p, s, t),
    If(pred.EqualTo(j, number(0)), number(0), op.Remainder(i, j)),
    Coalesce((i, j, number(9))),
    Coalesce((s, t)),
    Coalesce((j, op.Remainder(number(1), number(0)))),
    pred.And((pred.EqualTo(s, t), pred.GreaterThan(op.Divide(x, y), number(0, DOUBLE)))),
    pred.And((pred.IsNotNull(j), pred.GreaterThan(op.Remainder(i, j), number(0)))),
    pred.And((p, r)),
    pred.Or((p, r, pred.IsNull(i))),
    pred.Or((pred.EqualTo(j, number(0)), pred.GreaterThan(op.Remainder(i, j), number(0)))),
    pred.Not(pred.And((p, r))),
    pred.Between(i, j, number(7)),
    pred.IsNaN(x),
    pred.In(i, (number(7), number(-7), Literal(None, INT))),
    pred.In(x, (number(0, DOUBLE), Literal(float("nan"), DOUBLE))),
    resolve_call("least", (x, y)),
    resolve_call("greatest", (i, j, number(0))),
]
FUNCTIONS = [
    *(resolve_call(name, (each,)) for name in ("abs", "sign") for each in (i, long, b, x, f, d)),
    *(resolve_call(name, (d, number(to))) for name in ("round", "floor", "ceil") for to in (-3, -1, 0, 1, 2, 4)),
    *(
        resolve_call(name, (q,))
        for name in ("year", "month", "day", "quarter", "dayofyear", "dayofweek", "weekday", "last_day")
    ),
    *(resolve_call("add_months", (q, number(count))) for count in (-13, -1, 0, 1, 12)),
    *(resolve_call("trunc", (q, text(unit))) for unit in ("year", "quarter", "month", "week")),
    resolve_call("date_add", (q, j)),
    resolve_call("datediff", (q, Literal(7, DATE))),
    resolve_call("sqrt", (x,)),
    *(
        resolve_call(name, (each, j))
        for name in ("shiftleft", "shiftright", "shiftrightunsigned")
        for each in (i, long)
    ),
    *(resolve_call("bit_count", (each,)) for each in (i, long, b, p)),
]
TIMES = [
    *(resolve_call(name, (each,)) for name in ("hour", "minute", "second") for each in (u, v)),
    *(
        resolve_call("date_trunc", (text(unit), u))
        for unit in ("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "nothing")
    ),
    *(Cast(each, to) for each in (q, u, v) for to in (DATE, TIMESTAMP, TIMESTAMP_NTZ)),
    resolve_call("year", (Cast(u, DATE),)),
]


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize(
    "expressions",
    [ARITHMETIC, DIVISIONS, COMPARISONS, CASTS, CHOICES, FUNCTIONS],
    ids=["arithmetic", "divisions", "comparisons", "casts", "choices", "functions"],
)
def test_edges(expressions: list[Expression], coded: bool) -> None:
    if coded and expressions not in (COMPARISONS, CHOICES):
        return
    columns, rows = list(COLUMNS.values()), batch(coded)
    for expression in expressions:
        check(expression, columns, rows)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+02:00"])
def test_times(zone: str) -> None:
    for expression in TIMES:
        check(expression, list(COLUMNS.values()), batch(), EvalContext(time_zone=zone))


def test_errors_are_in_the_rows_that_get_there() -> None:
    rows = Compiled(op.IntegralDivide(i, j), list(COLUMNS.values()), batch()).rows(2)
    assert [row for row, value in enumerate(rows) if value == RAISES] == [2]


def test_what_has_no_code_says_so() -> None:
    with pytest.raises(NotCompiled, match="string as int"):
        Compiled(Cast(text("1"), INT), list(COLUMNS.values()), batch())


def test_an_expression_over_codes_is_looked_up() -> None:
    expression = pred.Like(resolve_call("substring", (s, number(1), number(3))), text("a%"))
    by_code = Compiled(expression, list(COLUMNS.values()), batch(coded=True))
    assert list(by_code.program.inputs.hoists) == [expression], "the largest part is one look-up"
    assert not Compiled(expression, list(COLUMNS.values()), batch()).program.inputs.hoists


def test_checked_code_stays_within_its_columns() -> None:
    checked = Compiled(op.Add(i, j, Mode.TRY), list(COLUMNS.values()), batch(), checked=True)
    assert checked.rows(2) == Compiled(op.Add(i, j, Mode.TRY), list(COLUMNS.values()), batch()).rows(2)
    checked.batch = batch().slice(0, 3)
    with pytest.raises(InternalError, match="where nothing is"):
        checked.rows(2, count=4)
