"""What part of the rows a condition lets through: one table, and how its entries combine."""

from __future__ import annotations

from collections.abc import Iterable

from engine.expressions.base import Attribute, Expression, Literal
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
    RLike,
)
from engine.optimize.estimates import UNKNOWN, Column, Estimate, Overlay, as_number, part_between
from engine.records import dataclass


@dataclass(frozen=True)
class Table:
    """Parts of the rows, where nothing better is known."""

    equality: float = 0.05  # x = 'text', its number of values unknown
    text_values: float = 40.0  # different values of a text column that is compared with constants
    range: float = 1 / 3  # x < y, bounds unknown
    comparison: float = 1 / 3  # a term between two tables that is no equality
    semi_condition: float = 0.7  # the same in a semi join: any one match will do
    like: float = 0.1
    having: float = 0.1  # a comparison with an aggregate: what HAVING looks for is rare
    other: float = 0.5  # a function, a subquery
    unmatched: float = 0.1  # rows of an outer join without a match
    least: float = 1e-7
    generated: float = 3.0  # rows that a generator makes of one
    levels: float = 30.0  # levels of a recursion


OTHER = Table()


def selected(terms: Iterable[Expression], below: Estimate) -> Estimate:
    """`below` filtered by all of `terms`: bounds on one column meet before they count, the rest is taken as independent."""
    part = 1.0
    narrowed: dict[int, Column] = {}
    for term in terms:
        bound = _bound(term)
        column = narrowed.get(bound[0]) or below.of(bound[0]) if bound is not None else UNKNOWN
        if bound is not None and column.low is not None:
            narrowed[bound[0]] = new = _clipped(column, bound[1], bound[2])
            part *= _share(new, column)
            continue
        part *= selectivity(term, below)
        values = _constants(term)
        if values is not None:
            key, count = values
            narrowed[key] = (known := below.of(key))._replace(
                distinct=min(float(count), known.distinct or float(count))
            )
    return Estimate(below.rows, Overlay(narrowed, below.columns)).scaled(max(part, OTHER.least))


def _constants(term: Expression) -> tuple[int, int] | None:
    """The column that has to be one of some constants, and how many these are."""
    match term:
        case EqualTo(Attribute(_, _, _, key), Literal()):
            return key, 1
        case In(Attribute(_, _, _, key), options) if all(isinstance(each, Literal) for each in options):
            return key, len(options)
        case Or(terms):
            found = [_constants(each) for each in terms]
            sure = [each for each in found if each is not None]
            if len(sure) == len(found) and len({key for key, _ in sure}) == 1:
                return sure[0][0], sum(count for _, count in sure)
    return None


def _bound(term: Expression) -> tuple[int, float | None, float | None] | None:
    """The column, the least and the greatest value that `column < constant` and its like allow."""
    match term:
        case LessThan(a, Literal(value)) | LessThanOrEqual(a, Literal(value)):
            low, high = None, as_number(value)
        case GreaterThan(a, Literal(value)) | GreaterThanOrEqual(a, Literal(value)):
            low, high = as_number(value), None
        case _:
            return None
    column = a.child if isinstance(a, Cast) else a
    return (column.id, low, high) if isinstance(column, Attribute) and (low is not None or high is not None) else None


def _clipped(column: Column, low: float | None, high: float | None) -> Column:
    assert column.low is not None
    new_low = column.low if low is None else max(low, column.low)
    top = column.high if column.high is not None else column.low
    return column._replace(low=new_low, high=top if high is None else min(high, top))


def _share(new: Column, old: Column) -> float:
    """The part of `old`'s range that `new` is."""
    assert new.low is not None and new.high is not None and old.low is not None and old.high is not None
    if new.high < new.low:
        return OTHER.least
    if old.histogram is not None:
        before = part_between(old.histogram, old.low, old.high)
        return max(OTHER.least, min(1.0, part_between(old.histogram, new.low, new.high) / max(before, OTHER.least)))
    whole = old.high - old.low
    return max((new.high - new.low) / whole, 1 / max(old.distinct or 1.0, 1.0)) if whole > 0 else 1.0


def selectivity(term: Expression, below: Estimate) -> float:
    """The part of the rows of `below` for which `term` is true."""
    match term:
        case Literal(value):
            return 1.0 if value is True else 0.0
        case And(terms):
            part = 1.0
            for each in terms:
                part *= selectivity(each, below)
            return part
        case Or(terms):
            missed = 1.0
            for each in terms:
                missed *= 1.0 - selectivity(each, below)
            return 1.0 - missed
        case Not(child):
            return max(0.0, 1.0 - selectivity(child, below))
        case EqualTo(left, right) | EqualNullSafe(left, right):
            return _equality(left, right, below)
        case In(value, options):
            return min(1.0, sum(_equality(value, each, below) for each in options))
        case IsNull(Attribute() as column):
            return below.of(column.id).nulls
        case IsNotNull(Attribute() as column):
            return 1.0 - below.of(column.id).nulls
        case Like() | RLike():
            return OTHER.like
        case Between():
            return OTHER.range**2
        case BinaryComparison():
            bound = _bound(term)
            known = below.of(bound[0]) if bound is not None else UNKNOWN
            if bound is None or known.low is None:
                return OTHER.range
            return _share(_clipped(known, bound[1], bound[2]), known)
    return OTHER.other


def _equality(left: Expression, right: Expression, below: Estimate) -> float:
    match left, right:
        case (Attribute(_, _, _, key), Literal(value)) | (Literal(value), Attribute(_, _, _, key)):
            number, histogram = as_number(value), below.of(key).histogram
            if histogram is not None and number is not None:
                return max(OTHER.least, part_between(histogram, number, number))
    counts = [_values(side, below) for side in (left, right) if not isinstance(side, Literal)]
    known = [count for count in counts if count is not None]
    return 1.0 / max(1.0, *known, 1.0) if known else OTHER.equality


def _values(side: Expression, below: Estimate) -> float | None:
    if isinstance(side, Cast):
        return _values(side.child, below)
    if not isinstance(side, Attribute):
        return None
    found = below.of(side.id).distinct
    if found is not None:
        return found
    return min(OTHER.text_values, below.rows) if side.dataType.name == "string" else None
