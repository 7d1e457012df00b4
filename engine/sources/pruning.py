"""Can any row of a piece of a table pass a condition? Answered from the least and greatest values of its columns.

Only "no" matters and must be right: everything unknown, inexact or unusual counts as "perhaps". Values are compared as
Spark orders them: strings by their UTF-8 bytes, NaN above all numbers (and in no statistics), dates as days, instants
as microseconds. Truncated statistics are bounds all the same: the least is a prefix, the greatest was rounded up.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.predicates import (
    And,
    Between,
    BinaryComparison,
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
from engine.records import dataclass
from engine.types import DATE, STRING, DataType, DecimalType, DoubleType, FloatType, IntegralType, NumericType


@dataclass(frozen=True)
class Bounds:
    """What is known of a column in a piece: `minimum` and `maximum` as `comparable` gives them, None if unknown;
    `nulls` of `rows`. `exact`: they are values of the column, neither truncated nor possibly beside NaN."""

    minimum: Any = None
    maximum: Any = None
    nulls: int | None = None
    rows: int | None = None
    exact: bool = False

    @property
    def all_null(self) -> bool:
        """Whether there surely is no value."""
        return self.nulls is not None and self.nulls == self.rows


Lookup: TypeAlias = Callable[[str], Bounds | None]
"""The bounds of a column by name; None if nothing is known."""
Test: TypeAlias = Callable[[Lookup], bool]
"""Whether a condition may be true for some row of a piece."""


def exclusion(filters: Sequence[Expression]) -> Callable[[Lookup], bool]:
    """Whether no row of a piece can pass all of `filters`, as a function of the piece's bounds: what the filters say is read
    once, and tables have hundreds of pieces."""
    tests = [_possible(condition) for condition in filters]
    return lambda lookup: not all(test(lookup) for test in tests)


def single_value(value: Any) -> Bounds:
    """The bounds of a column that holds one value only (a partition's)."""
    known = comparable(value)
    return Bounds(known, known, int(value is None), 1, exact=known is not None)


def comparable(value: Any) -> Any:
    """A literal's value in a form that Python orders as Spark does; None where it has none (null, NaN, nested)."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, datetime.datetime):
        return _micros(value)
    if isinstance(value, datetime.date):
        return (value - datetime.date(1970, 1, 1)).days
    return value if isinstance(value, bool | int | float | Decimal | bytes) else None


def _micros(value: datetime.datetime) -> int:
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC if value.tzinfo else None)
    return (value - epoch) // datetime.timedelta(microseconds=1)


def _perhaps(_lookup: Lookup) -> bool:
    return True


def _never(_lookup: Lookup) -> bool:
    return False


def _every(tests: Iterable[Test]) -> Test:
    found = [test for test in tests if test is not _perhaps]
    return (lambda lookup: all(test(lookup) for test in found)) if found else _perhaps


def _some(tests: Iterable[Test]) -> Test:
    found = [test for test in tests if test is not _never]
    return _perhaps if _perhaps in found else lambda lookup: any(test(lookup) for test in found)


def _possible(condition: Expression) -> Test:
    """Whether `condition` may be true for some row."""
    match condition:
        case Literal(value):
            return _perhaps if value is True else _never
        case And(terms):
            return _every(_possible(term) for term in terms)
        case Or(terms):
            return _some(_possible(term) for term in terms)
        case Not(child):
            return _possible_not(child)
        case BinaryComparison(left, right):
            return _comparison(type(condition), left, right)
        case Between(value, low, high):
            return _every((_comparison(GreaterThanOrEqual, value, low), _comparison(LessThanOrEqual, value, high)))
        case In(value, options):
            return _some(_comparison(EqualTo, value, option) for option in options)
        case IsNull(child):
            return _when_known(child, lambda bounds: bounds.nulls != 0)
        case IsNotNull(child):
            return _with_values(child, lambda _: True)
        case Like(value, Literal(str() as pattern), escape, False):
            return _prefix_possible(value, like_prefix(pattern, escape))
        case Call("startswith", (value, Literal(str() as prefix))):
            return _prefix_possible(value, prefix)
    return _perhaps


_OPPOSITE: dict[type[Expression], type[Expression]] = {
    LessThan: GreaterThanOrEqual,
    LessThanOrEqual: GreaterThan,
    GreaterThan: LessThanOrEqual,
    GreaterThanOrEqual: LessThan,
}
_FLIPPED: dict[type[Expression], type[Expression]] = {
    LessThan: GreaterThan,
    LessThanOrEqual: GreaterThanOrEqual,
    GreaterThan: LessThan,
    GreaterThanOrEqual: LessThanOrEqual,
}


def _possible_not(child: Expression) -> Test:
    """Whether NOT `child` may be true."""
    match child:
        case Literal(value):
            return _perhaps if value is False else _never
        case Not(inner):
            return _possible(inner)
        case And(terms):
            return _some(_possible_not(term) for term in terms)
        case Or(terms):
            return _every(_possible_not(term) for term in terms)
        case IsNull(inner):
            return _possible(IsNotNull(inner))
        case IsNotNull(inner):
            return _possible(IsNull(inner))
        case EqualTo(left, right):
            return _unequal_possible(left, right)
        case In(value, options):
            return _every(_unequal_possible(value, option) for option in options)
        case BinaryComparison(left, right) if type(child) in _OPPOSITE:
            return _comparison(_OPPOSITE[type(child)], left, right)
    return _perhaps


def _comparison(kind: type[Expression], left: Expression, right: Expression) -> Test:
    """Whether a comparison of a column with a constant, either way round, may be true."""
    if isinstance(left, Literal) and not isinstance(right, Literal):
        return _comparison(_FLIPPED.get(kind, kind), right, left)
    if not isinstance(right, Literal):
        return _perhaps
    if right.value is None:
        return _when_known(left, lambda bounds: bounds.nulls != 0) if kind is EqualNullSafe else _never
    value = comparable(right.value)
    if value is None or not _same_family(left.dataType, right.dataType):
        return _with_values(left, lambda _: True)
    return _with_values(left, _ordered(kind, value, isinstance(left.dataType, FloatType | DoubleType)))


def _ordered(kind: type[Expression], value: Any, floating: bool) -> Callable[[Bounds], bool]:
    def unbounded(bounds: Bounds) -> bool:
        # NaN is greater than anything and not in statistics
        return bounds.maximum is None or (floating and not bounds.exact)

    if kind in (EqualTo, EqualNullSafe):
        return lambda known: (
            (known.minimum is None or known.minimum <= value) and (known.maximum is None or value <= known.maximum)
        )
    if kind is LessThan:
        return lambda known: known.minimum is None or bool(known.minimum < value)
    if kind is LessThanOrEqual:
        return lambda known: known.minimum is None or bool(known.minimum <= value)
    if kind is GreaterThan:
        return lambda known: unbounded(known) or bool(known.maximum > value)
    if kind is GreaterThanOrEqual:
        return lambda known: unbounded(known) or bool(known.maximum >= value)
    return lambda _: True


def _unequal_possible(left: Expression, right: Expression) -> Test:
    """Whether `left <> right` may be true: not if every value is the constant."""
    if isinstance(left, Literal):
        left, right = right, left
    if not isinstance(right, Literal):
        return _perhaps
    if right.value is None:
        return _never
    value = comparable(right.value)
    if value is None or not _same_family(left.dataType, right.dataType):
        return _with_values(left, lambda _: True)
    return _with_values(left, lambda known: not (known.exact and known.minimum == value == known.maximum))


def _prefix_possible(value: Expression, prefix: str) -> Test:
    """Whether a text may begin with `prefix`."""
    if value.dataType != STRING:
        return _perhaps
    start = prefix.encode("utf-8", "surrogatepass")

    def may_begin(bounds: Bounds) -> bool:
        if bounds.minimum is not None and bounds.minimum[: len(start)] > start:
            return False
        return bounds.maximum is None or bool(bounds.maximum >= start)

    return _with_values(value, may_begin)


def like_prefix(pattern: str, escape: str) -> str:
    """The text that everything LIKE `pattern` begins with."""
    found: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            character = next(characters, "")
        elif character in "%_":
            break
        found.append(character)
    return "".join(found)


def _when_known(expression: Expression, fits: Callable[[Bounds], bool]) -> Test:
    """What `fits` says of the bounds of a column, seen through casts that keep every value as it is."""
    while isinstance(expression, Cast) and _keeps_values(expression.child.dataType, expression.to):
        expression = expression.child
    if not isinstance(expression, Attribute):
        return _perhaps
    name = expression.name

    def test(lookup: Lookup) -> bool:
        bounds = lookup(name)
        return bounds is None or fits(bounds)

    return test


def _with_values(expression: Expression, fits: Callable[[Bounds], bool]) -> Test:
    """The same, and false where there surely is no value."""
    return _when_known(expression, lambda bounds: not bounds.all_null and fits(bounds))


def _keeps_values(source: DataType, target: DataType) -> bool:
    if source == target:
        return True
    if isinstance(source, IntegralType):
        if isinstance(target, IntegralType):
            return source.bits <= target.bits
        if isinstance(target, DecimalType):
            return target.precision - target.scale >= {8: 3, 16: 5, 32: 10, 64: 20}[source.bits]
        return isinstance(target, DoubleType) and source.bits <= 32
    if isinstance(source, DecimalType) and isinstance(target, DecimalType):
        return target.scale >= source.scale and target.precision - target.scale >= source.precision - source.scale
    return isinstance(source, FloatType) and isinstance(target, DoubleType)


def _same_family(left: DataType, right: DataType) -> bool:
    """Whether values of both compare as their `comparable` forms do."""
    if isinstance(left, NumericType):
        return isinstance(right, NumericType)
    return left == right or (left == DATE and right == DATE)
