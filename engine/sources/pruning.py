"""Can any row of a piece of a table pass a condition? Answered from the least and greatest values of its columns.

Only "no" matters and must be right: everything unknown, inexact or unusual counts as "perhaps". Values are compared as
Spark orders them: strings by their UTF-8 bytes, NaN above all numbers (and in no statistics), dates as days, instants
as microseconds. Truncated statistics are bounds all the same: the least is a prefix, the greatest was rounded up.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
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


def excluded(filters: Sequence[Expression], lookup: Lookup) -> bool:
    """Whether no row can pass all of `filters`."""
    return any(not _possible(condition, lookup) for condition in filters)


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


def _possible(condition: Expression, lookup: Lookup) -> bool:
    """Whether `condition` may be true for some row."""
    match condition:
        case Literal(value):
            return value is True
        case And(terms):
            return all(_possible(term, lookup) for term in terms)
        case Or(terms):
            return any(_possible(term, lookup) for term in terms)
        case Not(child):
            return _possible_not(child, lookup)
        case BinaryComparison(left, right):
            return _comparison(type(condition), left, right, lookup)
        case Between(value, low, high):
            return _comparison(GreaterThanOrEqual, value, low, lookup) and _comparison(
                LessThanOrEqual, value, high, lookup
            )
        case In(value, options):
            return any(_comparison(EqualTo, value, option, lookup) for option in options)
        case IsNull(child):
            bounds = _bounds(child, lookup)
            return bounds is None or bounds.nulls != 0
        case IsNotNull(child):
            bounds = _bounds(child, lookup)
            return bounds is None or not bounds.all_null
        case Like(value, Literal(str() as pattern), escape, False):
            return _prefix_possible(value, like_prefix(pattern, escape), lookup)
        case Call("startswith", (value, Literal(str() as prefix))):
            return _prefix_possible(value, prefix, lookup)
    return True


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


def _possible_not(child: Expression, lookup: Lookup) -> bool:
    """Whether NOT `child` may be true."""
    match child:
        case Literal(value):
            return value is False
        case Not(inner):
            return _possible(inner, lookup)
        case And(terms):
            return any(_possible_not(term, lookup) for term in terms)
        case Or(terms):
            return all(_possible_not(term, lookup) for term in terms)
        case IsNull(inner):
            return _possible(IsNotNull(inner), lookup)
        case IsNotNull(inner):
            return _possible(IsNull(inner), lookup)
        case EqualTo(left, right):
            return _unequal_possible(left, right, lookup)
        case In(value, options):
            return all(_unequal_possible(value, option, lookup) for option in options)
        case BinaryComparison(left, right) if type(child) in _OPPOSITE:
            return _comparison(_OPPOSITE[type(child)], left, right, lookup)
    return True


def _comparison(kind: type[Expression], left: Expression, right: Expression, lookup: Lookup) -> bool:
    """Whether a comparison of a column with a constant, either way round, may be true."""
    if isinstance(left, Literal) and not isinstance(right, Literal):
        return _comparison(_FLIPPED.get(kind, kind), right, left, lookup)
    if not isinstance(right, Literal):
        return True
    bounds = _bounds(left, lookup)
    if right.value is None:
        return kind is EqualNullSafe and (bounds is None or bounds.nulls != 0)
    if bounds is None:
        return True
    if bounds.all_null:
        return False
    value = comparable(right.value)
    if value is None or not _same_family(left.dataType, right.dataType):
        return True
    return _ordered(kind, bounds, value, isinstance(left.dataType, FloatType | DoubleType))


def _ordered(kind: type[Expression], bounds: Bounds, value: Any, floating: bool) -> bool:
    least, most = bounds.minimum, bounds.maximum
    unbounded = most is None or (floating and not bounds.exact)  # NaN is greater than anything and not in statistics
    if kind in (EqualTo, EqualNullSafe):
        return (least is None or least <= value) and (most is None or value <= most)
    if kind is LessThan:
        return bool(least is None or least < value)
    if kind is LessThanOrEqual:
        return bool(least is None or least <= value)
    if kind is GreaterThan:
        return bool(unbounded or most > value)
    if kind is GreaterThanOrEqual:
        return bool(unbounded or most >= value)
    return True


def _unequal_possible(left: Expression, right: Expression, lookup: Lookup) -> bool:
    """Whether `left <> right` may be true: not if every value is the constant."""
    if isinstance(left, Literal):
        left, right = right, left
    if not isinstance(right, Literal):
        return True
    if right.value is None:
        return False
    bounds = _bounds(left, lookup)
    if bounds is None:
        return True
    if bounds.all_null:
        return False
    value = comparable(right.value)
    if value is None or not bounds.exact or not _same_family(left.dataType, right.dataType):
        return True
    return not (bounds.minimum == value == bounds.maximum)


def _prefix_possible(value: Expression, prefix: str, lookup: Lookup) -> bool:
    """Whether a text may begin with `prefix`."""
    bounds = _bounds(value, lookup)
    if bounds is None or value.dataType != STRING:
        return True
    if bounds.all_null:
        return False
    start = prefix.encode("utf-8", "surrogatepass")
    if bounds.minimum is not None and bounds.minimum[: len(start)] > start:
        return False
    return bounds.maximum is None or bool(bounds.maximum >= start)


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


def _bounds(expression: Expression, lookup: Lookup) -> Bounds | None:
    """The bounds of a column, seen through casts that keep every value as it is."""
    while isinstance(expression, Cast) and _keeps_values(expression.child.dataType, expression.to):
        expression = expression.child
    return lookup(expression.name) if isinstance(expression, Attribute) else None


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
