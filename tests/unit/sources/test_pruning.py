"""What statistics may exclude: checked against the rows themselves, and the cases where they must not be believed."""

from __future__ import annotations

import datetime
import math
import random
from typing import Any

import pytest

from engine.expressions.base import FALSE, NULL, TRUE, Attribute, Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.operators import Add
from engine.expressions.predicates import (
    And,
    Between,
    EqualNullSafe,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNotNull,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Like,
    Not,
    Or,
)
from engine.sources.pruning import Bounds, comparable, exclusion, like_prefix, single_value
from engine.types import BOOLEAN, DATE, DOUBLE, INT, LONG, STRING, TIMESTAMP, DecimalType

A = Attribute("a", INT)
S = Attribute("s", STRING)
D = Attribute("d", DOUBLE)


def lit(value: Any, data_type: Any = INT) -> Literal:
    return Literal(value, data_type)


def prunes(condition: Expression, **columns: Bounds) -> bool:
    return exclusion([condition])(columns.get)


SOME = Bounds(10, 20, nulls=0, rows=100, exact=True)
HALF = Bounds(10, 20, nulls=50, rows=100, exact=True)
ALL_NULL = Bounds(nulls=100, rows=100)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (EqualTo(A, lit(9)), True),
        (EqualTo(A, lit(10)), False),
        (EqualTo(lit(21), A), True),
        (LessThan(A, lit(10)), True),
        (LessThanOrEqual(A, lit(10)), False),
        (GreaterThan(A, lit(20)), True),
        (GreaterThanOrEqual(A, lit(20)), False),
        (GreaterThan(lit(10), A), True),
        (LessThan(lit(20), A), True),
        (Between(A, lit(21), lit(30)), True),
        (Between(A, lit(20), lit(30)), False),
        (In(A, (lit(1), lit(2))), True),
        (In(A, (lit(1), lit(15))), False),
        (Not(In(A, (lit(1), lit(15)))), False),
        (IsNull(A), True),
        (IsNotNull(A), False),
        (Not(IsNotNull(A)), True),
        (Not(LessThan(A, lit(21))), True),
        (Not(LessThan(A, lit(20))), False),
        (EqualTo(A, lit(None)), True),
        (EqualNullSafe(A, lit(None)), True),
        (EqualNullSafe(A, lit(5)), True),
        (Or((EqualTo(A, lit(1)), EqualTo(A, lit(30)))), True),
        (Or((EqualTo(A, lit(1)), EqualTo(A, lit(12)))), False),
        (And((EqualTo(A, lit(12)), EqualTo(A, lit(30)))), True),
        (Not(Or((GreaterThan(A, lit(5)), IsNull(A)))), True),
        (Not(And((GreaterThan(A, lit(5)), IsNotNull(A)))), True),
        (FALSE, True),
        (TRUE, False),
        (NULL, True),
        (Not(TRUE), True),
        (EqualTo(Cast(A, LONG), lit(2**40, LONG)), True),
        (EqualTo(Cast(A, DecimalType(12, 2)), lit(9, LONG)), True),
        (EqualTo(Cast(A, STRING), lit("9", STRING)), False),
        (EqualTo(Add(A, lit(1)), lit(99)), False),
        (EqualTo(A, A), False),
    ],
)
def test_numbers(condition: Expression, expected: bool) -> None:
    assert prunes(condition, a=SOME) is expected


def test_nulls() -> None:
    assert not prunes(IsNull(A), a=HALF)
    assert prunes(IsNotNull(A), a=ALL_NULL)
    assert prunes(EqualTo(A, lit(1)), a=ALL_NULL)
    assert prunes(Not(EqualTo(A, lit(1))), a=ALL_NULL)
    assert not prunes(EqualNullSafe(A, lit(None)), a=ALL_NULL)
    assert not prunes(IsNull(A), a=Bounds(10, 20, None, 100))


def test_unknown_columns_and_bounds_exclude_nothing() -> None:
    for condition in (EqualTo(A, lit(9)), IsNull(A), IsNotNull(A), GreaterThan(A, lit(99)), Like(S, lit("x%", STRING))):
        assert not prunes(condition)
        assert not prunes(condition, a=Bounds(), s=Bounds())


def test_not_equal_needs_exact_bounds() -> None:
    assert prunes(Not(EqualTo(A, lit(7))), a=Bounds(7, 7, 3, 9, exact=True))
    assert not prunes(Not(EqualTo(A, lit(7))), a=Bounds(7, 7, 3, 9, exact=False))
    assert prunes(Not(In(A, (lit(7), lit(8)))), a=single_value(7))


def test_nan_is_above_all_numbers_and_in_no_statistics() -> None:
    bounds = Bounds(1.0, 2.0, 0, 10)
    assert not prunes(GreaterThan(D, lit(5.0, DOUBLE)), d=bounds)
    assert not prunes(GreaterThanOrEqual(D, lit(5.0, DOUBLE)), d=bounds)
    assert not prunes(Not(LessThan(D, lit(5.0, DOUBLE))), d=bounds)
    assert prunes(LessThan(D, lit(1.0, DOUBLE)), d=bounds)
    assert prunes(EqualTo(D, lit(5.0, DOUBLE)), d=bounds)
    assert not prunes(EqualTo(D, lit(math.nan, DOUBLE)), d=bounds)
    assert prunes(EqualTo(D, lit(-0.5, DOUBLE)), d=Bounds(0.0, 2.0, 0, 10))
    assert not prunes(EqualTo(D, lit(-0.0, DOUBLE)), d=Bounds(0.0, 2.0, 0, 10))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ap%", False),
        ("az%", False),
        ("a", False),
        ("%x", False),
        ("b_", True),
        ("c%", True),
        ("aa%", True),
        ("B%", True),
    ],
)
def test_like_prunes_by_its_prefix(pattern: str, expected: bool) -> None:
    assert prunes(Like(S, lit(pattern, STRING)), s=Bounds(b"apple", b"az", 0, 9)) is expected
    assert not prunes(Like(S, lit(pattern, STRING), ignore_case=True), s=Bounds(b"apple", b"az", 0, 9))


def test_prefixes() -> None:
    assert like_prefix(r"50\%_a", "\\") == "50%"
    assert like_prefix("a!_b%", "!") == "a_b"
    starts = Call("startswith", (S, lit("x", STRING)), BOOLEAN)
    assert prunes(starts, s=Bounds(b"a", b"b", 0, 9))
    # truncated: the least is a prefix of the least value, the greatest was rounded up
    assert not prunes(EqualTo(S, lit("applet", STRING)), s=Bounds(b"app", b"apq", 0, 9))


def test_texts_compare_by_utf8_bytes() -> None:
    assert comparable("é") > comparable("z")  # code points above; a collation would say below
    assert comparable("\U0001f600") > comparable("￿")  # UTF-16 would say below


def test_days_and_instants() -> None:
    day, moment = Attribute("day", DATE), Attribute("moment", TIMESTAMP)
    assert prunes(EqualTo(day, lit(datetime.date(1970, 1, 3), DATE)), day=Bounds(5, 9, 0, 9))
    assert not prunes(EqualTo(day, lit(7, DATE)), day=Bounds(5, 9, 0, 9))
    assert prunes(LessThan(moment, lit(100, TIMESTAMP)), moment=Bounds(100, 200, 0, 9))
    # a day against an instant is never compared by number
    assert not prunes(EqualTo(day, lit(100, TIMESTAMP)), day=Bounds(5, 9, 0, 9))


def truth(condition: Expression, value: int | None) -> bool | None:
    """Three-valued logic over one column, for the test below."""
    match condition:
        case And(terms):
            results = [truth(term, value) for term in terms]
            return False if False in results else (None if None in results else True)
        case Or(terms):
            results = [truth(term, value) for term in terms]
            return True if True in results else (None if None in results else False)
        case Not(child):
            result = truth(child, value)
            return None if result is None else not result
        case IsNull():
            return value is None
        case IsNotNull():
            return value is not None
        case In(_, options):
            return None if value is None else value in [option.value for option in options]  # type: ignore[attr-defined]
    if value is None:
        return None
    other = condition.right.value  # type: ignore[attr-defined]
    return {
        EqualTo: value == other,
        LessThan: value < other,
        LessThanOrEqual: value <= other,
        GreaterThan: value > other,
        GreaterThanOrEqual: value >= other,
    }[type(condition)]


def random_condition(rng: random.Random, depth: int) -> Expression:
    if depth and rng.random() < 0.6:
        kind = rng.choice((And, Or, Not))
        if kind is Not:
            return Not(random_condition(rng, depth - 1))
        return kind(tuple(random_condition(rng, depth - 1) for _ in range(rng.randint(2, 3))))
    number = lit(rng.randint(0, 9))
    comparison = rng.choice((EqualTo, LessThan, LessThanOrEqual, GreaterThan, GreaterThanOrEqual))
    return rng.choice((comparison(A, number), IsNull(A), IsNotNull(A), In(A, (number, lit(rng.randint(0, 9))))))


def test_nothing_that_passes_is_ever_excluded() -> None:
    rng = random.Random(5)
    pruned = 0
    for _ in range(3000):
        values = [rng.choice((None, rng.randint(0, 9))) for _ in range(rng.randint(1, 4))]
        known = [value for value in values if value is not None]
        bounds = Bounds(
            min(known, default=None), max(known, default=None), values.count(None), len(values), bool(known)
        )
        condition = random_condition(rng, 3)
        if prunes(condition, a=bounds):
            pruned += 1
            assert not any(truth(condition, value) is True for value in values), (condition, values)
    assert pruned > 300
