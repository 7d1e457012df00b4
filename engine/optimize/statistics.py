"""How many rows a plan gives, and what its columns hold: guesses, from what relations know of themselves.

    Estimator().rows(plan), .bytes(plan), .column(plan, attribute)

Everything is an estimate: it chooses between plans and never decides what is right. Selectivities are in `selectivity.py`.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.predicates import EqualNullSafe, EqualTo, conjuncts
from engine.logical import plan as lp
from engine.logical.plan import JoinType, LogicalPlan
from engine.logical.recursion import UnionLoop, UnionLoopRef
from engine.logical.relation import ColumnStatistics, Relation, TableStatistics
from engine.optimize.estimates import UNKNOWN, Column, Estimate, Overlay, as_number
from engine.optimize.selectivity import OTHER, selected
from engine.optimize.substitution import meanings
from engine.optimize.width import row_width, width
from engine.types import DateType, DecimalType, IntegralType, StringType

T = TypeVar("T")
ROWS_UNKNOWN = 1_000_000.0
"""Rows of a relation that does not say how many it has."""

SEMI_LEAST = 0.1
"""The least part of the rows that an anti join is taken to leave."""


class Estimator:
    """Estimates of plans, each node's made once. An estimator lives as long as one planning of a query."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[LogicalPlan, Estimate]] = {}
        self._ctes: dict[int, LogicalPlan] = {}
        self._relations: dict[int, tuple[Relation, TableStatistics]] = {}
        self._made: dict[Hashable, Any] = {}

    def rows(self, plan: LogicalPlan) -> float:
        """Rows that come out, at least 1 (0 only if surely none)."""
        return self.estimate(plan).rows

    def bytes(self, plan: LogicalPlan) -> float:
        """Bytes that come out, uncompressed."""
        found = self.estimate(plan)
        wide = sum(found.of(column.id).width or width(column.dataType) for column in plan.output)
        return found.rows * max(1.0, wide)

    def column(self, plan: LogicalPlan, column: Attribute) -> Column:
        """What a column of `plan` holds."""
        return self.estimate(plan).of(column.id)

    def distinct(self, plan: LogicalPlan, expression: Expression) -> float:
        """Different values of an expression over the columns of `plan`."""
        return distinct_of(expression, self.estimate(plan))

    def estimate(self, plan: LogicalPlan) -> Estimate:
        """All that is known of `plan`."""
        known = self._known.get(id(plan))
        if known is None:
            known = (plan, self._make(plan))  # the plan is held, so that its id stays its own
            self._known[id(plan)] = known
        return known[1]

    def define(self, definition: lp.CteDefinition) -> None:
        """Takes note of what references to a CTE stand for; without that they are estimated as unknown relations."""
        if self._ctes.get(definition.id) is not definition.child:
            self._ctes[definition.id] = definition.child
            self._known.clear()
            self._made.clear()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes of estimates, made once for each `key` as long as these stay the same."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[no-any-return]

    def _make(self, plan: LogicalPlan) -> Estimate:
        match plan:
            case lp.OneRow():
                return Estimate(1.0)
            case lp.LocalRelation(_, batch):
                return Estimate(float(batch.num_rows))
            case lp.Range(start, end, step, column):
                rows = max(0.0, math.ceil((end - start) / step))
                return Estimate(rows, Overlay({column.id: Column(rows, 0.0, float(start), float(end))}))
            case lp.Scan():
                return _scan(self._statistics(plan.relation), plan.columns)
            case lp.Filter(condition, lp.Aggregate() | lp.Project(_, lp.Aggregate()) as child):
                return self.estimate(child).scaled(OTHER.having ** min(2, len(conjuncts(condition))))
            case lp.Filter(condition, child):
                return selected(conjuncts(condition), self.estimate(child))
            case lp.Project(projections, child):
                return _named(projections, self.estimate(child))
            case lp.Join():
                return self._join(plan)
            case lp.Aggregate(grouping, aggregates, child):
                below = self.estimate(child)
                rows = groups(grouping, below) if grouping else 1.0
                return _named(aggregates, below.capped(rows))
            case lp.WithCte(definitions, child):
                for each in definitions:
                    self.define(each)
                return self.estimate(child)
            case lp.CteReference(id, columns):
                return self._reference(id, columns)
            case UnionLoop(anchor=anchor):
                return Estimate(self.rows(anchor) * OTHER.levels)
            case UnionLoopRef():
                return Estimate(
                    ROWS_UNKNOWN
                )  # many: joins had better hold the other side, which is the same at each level
        return self._unary(plan)

    def _statistics(self, relation: Relation) -> TableStatistics:
        """What a relation knows of itself, asked once."""
        known = self._relations.get(id(relation))
        if known is None:
            known = self._relations[id(relation)] = (relation, _remembered(relation))
        return known[1]

    def _unary(self, plan: LogicalPlan) -> Estimate:
        match plan:
            case lp.Limit(Literal(int() as count), _, child):
                return self.estimate(child).capped(float(count))
            case lp.TopN(count, _, _, child):
                return self.estimate(child).capped(float(count))
            case lp.Union(inputs):
                return Estimate(sum(self.rows(each) for each in inputs))
            case lp.Expand(projections, _, child):
                return Estimate(self.rows(child) * len(projections), self.estimate(child).columns)
            case lp.Generate(_, _, _, child):
                return Estimate(self.rows(child) * OTHER.generated, self.estimate(child).columns)
            case lp.Distinct(child):
                below = self.estimate(child)
                return below.capped(groups(child.output, below))
            case lp.LateralJoin(left, right):
                return Estimate(self.rows(left) * max(1.0, self.rows(right)), self.estimate(left).columns)
        return self.estimate(plan.plans[0]) if plan.plans else Estimate(1.0)

    def _reference(self, id: int, columns: tuple[Attribute, ...]) -> Estimate:
        body = self._ctes.get(id)
        if body is None:
            return Estimate(ROWS_UNKNOWN)
        below = self.estimate(body)
        known = {own.id: below.of(inner.id) for own, inner in zip(columns, body.output, strict=True)}
        return Estimate(below.rows, Overlay(known))

    def _join(self, plan: lp.Join) -> Estimate:
        left, right = self.estimate(plan.left), self.estimate(plan.right)
        both = Estimate(max(1.0, left.rows * right.rows), Overlay({}, left.columns, right.columns))
        if plan.type is JoinType.SEMI:
            return _matched(plan, left, right).scaled(semi_selectivity(plan, left, right))
        if plan.type is JoinType.ANTI:
            return left.scaled(max(SEMI_LEAST, 1.0 - semi_selectivity(plan, left, right)))
        if plan.type is JoinType.EXISTENCE:
            return left
        rows = both.rows * join_selectivity(conjuncts(plan.condition), plan.left, left, right)
        filled = _filled(plan, both)
        least = {JoinType.LEFT: left.rows, JoinType.RIGHT: right.rows, JoinType.FULL: max(left.rows, right.rows)}
        return filled.capped(max(rows, least.get(plan.type, 0.0)))


def _matched(plan: lp.Join, left: Estimate, right: Estimate) -> Estimate:
    """`left` with no more values of its keys than `right` has."""
    columns: dict[int, Column] = {}
    for term in conjuncts(plan.condition):
        match term:
            case EqualTo(Attribute() as a, Attribute() as b):
                mine, theirs = (a, b) if a.id in plan.left.output_ids else (b, a)
                most = min(distinct_of(mine, left), distinct_of(theirs, right))
                columns[mine.id] = left.of(mine.id)._replace(distinct=most)
    return Estimate(left.rows, Overlay(columns, left.columns))


def _filled(plan: lp.Join, both: Estimate) -> Estimate:
    """`both` with nulls in the columns of a side whose rows may be missing."""
    sides = {JoinType.LEFT: (plan.right,), JoinType.RIGHT: (plan.left,), JoinType.FULL: (plan.left, plan.right)}
    columns: dict[int, Column] = {}
    for side in sides.get(plan.type, ()):
        for column in side.output:
            known = both.of(column.id)
            columns[column.id] = known._replace(nulls=max(known.nulls, OTHER.unmatched))
    return Estimate(both.rows, Overlay(columns, both.columns))


_seen: OrderedDict[Hashable, TableStatistics] = OrderedDict()
_seen_lock = threading.Lock()
_MOST_SEEN = 256


def _remembered(relation: Relation) -> TableStatistics:
    """The statistics of a relation as long as its files are the same: summing up footers takes milliseconds."""
    key = (type(relation), relation.identity())
    with _seen_lock:
        if key in _seen:
            _seen.move_to_end(key)
            return _seen[key]
    found = relation.statistics()
    with _seen_lock:
        _seen[key] = found
        if len(_seen) > _MOST_SEEN:
            _seen.popitem(last=False)
    return found


def join_selectivity(terms: Iterable[Expression], left_plan: LogicalPlan, left: Estimate, right: Estimate) -> float:
    """The part of all pairs of rows for which `terms` hold."""
    part = 1.0
    counts = []
    for term in terms:
        match term:
            case EqualTo(a, b) | EqualNullSafe(a, b):
                if not a.references <= left_plan.output_ids:
                    a, b = b, a
                counts.append((distinct_of(a, left), distinct_of(b, right)))
            case _:
                part *= OTHER.comparison
    return part / combinations(counts, left.rows, right.rows)


def combinations(counts: Sequence[tuple[float, ...]], left: float, right: float) -> float:
    """Different values of a key of several columns, which have these counts on either side of a join of `left` and `right`
    rows: on each side at least those of one column, at most all pairs or the rows; the geometric mean of the two, since
    columns of a key go together, who knows how much."""
    if not counts:
        return 1.0
    each = [max(1.0, *pair) for pair in counts]
    if len(counts) == 1:
        return each[0]
    found = 1.0
    for side, rows in ((0, left), (1, right)):
        own = [max(1.0, pair[side]) for pair in counts]
        found = max(found, math.sqrt(max(own) * max(max(own), min(math.prod(own), rows))))
    return found


def semi_selectivity(plan: lp.Join, left: Estimate, right: Estimate) -> float:
    """The part of the left rows with a match: as many of the key's values as the right side has."""
    part = 1.0
    for term in conjuncts(plan.condition):
        match term:
            case EqualTo(a, b) | EqualNullSafe(a, b):
                if not a.references <= plan.left.output_ids:
                    a, b = b, a
                part = min(part, distinct_of(b, right) / max(1.0, distinct_of(a, left)))
            case _:
                part *= OTHER.semi_condition
    return max(part, OTHER.least)


def groups(keys: Iterable[Expression], below: Estimate) -> float:
    """Different combinations of `keys`: their product, for keys that go together damped by a root each. Columns of a table
    have no more combinations than it has rows."""
    keys = tuple(keys)
    counts = [distinct_of(key, below) for key in keys]
    product = 1.0
    for place, count in enumerate(sorted(counts, reverse=True)):
        product *= count ** (1.0 / (place + 1) if place < 4 else 0.1)
    return max(1.0, min(product, _most_groups(keys, counts, below), below.rows))


def _most_groups(keys: Sequence[Expression], counts: Sequence[float], below: Estimate) -> float:
    """The product of the combinations that each table's columns have at most."""
    tables: dict[int, float] = {}
    most = 1.0
    for key, count in zip(keys, counts, strict=True):
        table = below.of(key.id).table if isinstance(key, Attribute) else None
        if table is None:
            most *= count
        else:
            tables[table[0]] = min(table[1], tables.get(table[0], 1.0) * count)
    return most * math.prod(tables.values())


def distinct_of(expression: Expression, below: Estimate) -> float:
    """Different values of `expression`."""
    match expression:
        case Attribute():
            found = below.of(expression.id).distinct
            return min(below.rows, found) if found is not None else max(1.0, _guess_distinct(expression, below.rows))
        case Alias(child):
            return distinct_of(child, below)
        case Literal():
            return 1.0
        case Call(function, (argument,)) if function in _PARTS_OF_DATES:
            return min(distinct_of(argument, below), _parts(function, argument, below))
    product = 1.0
    for key in expression.references:
        found = below.of(key).distinct
        product *= found if found is not None else math.sqrt(below.rows)
    return max(1.0, min(product, below.rows))


_PARTS_OF_DATES = {
    "year": 0,
    "quarter": 4,
    "month": 12,
    "day": 31,
    "dayofweek": 7,
    "hour": 24,
    "minute": 60,
    "second": 60,
}
"""Most different values of functions of a date; years are counted."""


def _parts(function: str, argument: Expression, below: Estimate) -> float:
    known = below.of(argument.id) if isinstance(argument, Attribute) else UNKNOWN
    if function != "year":
        return float(_PARTS_OF_DATES[function])
    if known.low is None or known.high is None or not isinstance(argument.dataType, DateType):
        return below.rows
    return (known.high - known.low) / 365 + 1


def _guess_distinct(column: Attribute, rows: float) -> float:
    if isinstance(column.dataType, StringType):
        return min(rows, max(25.0, math.sqrt(rows)))
    return rows


class _ScanColumns:
    """The columns of a scan, each turned into numbers when it is asked for."""

    def __init__(self, statistics: TableStatistics, columns: tuple[Attribute, ...], rows: float) -> None:
        self._statistics = statistics
        self._columns = {column.id: column for column in columns}
        self._rows = rows
        self._known: dict[int, Column] = {}

    def get(self, key: int) -> Column | None:
        """What the relation knows of a column, None if nothing."""
        found = self._known.get(key)
        if found is None and key in self._columns:
            found = self._known[key] = self._column(self._columns[key])
        return found

    def _column(self, column: Attribute) -> Column:
        known = self._statistics.columns.get(column.name)
        if known is None:
            return UNKNOWN
        return _column(column, known, self._rows)._replace(table=(min(self._columns), self._rows))


def _scan(statistics: TableStatistics, columns: tuple[Attribute, ...]) -> Estimate:
    rows = statistics.rows
    if rows is None:
        rows = int(statistics.bytes / row_width(columns)) if statistics.bytes else int(ROWS_UNKNOWN)
    return Estimate(float(rows), _ScanColumns(statistics, columns, float(rows)))


def _column(column: Attribute, known: ColumnStatistics, rows: float) -> Column:
    low, high = as_number(known.minimum), as_number(known.maximum)
    distinct = float(known.distinct) if known.distinct else _by_range(column, low, high, rows)
    if known.minimum is not None and known.minimum == known.maximum:
        distinct = 1.0
    nulls = (known.nulls or 0) / rows if rows else 0.0
    return Column(distinct, nulls, low, high, known.average_bytes, known.histogram)


def _by_range(column: Attribute, low: float | None, high: float | None, rows: float) -> float | None:
    """Whole numbers and dates are taken to fill their range, as keys do."""
    if low is None or high is None:
        return None
    match column.dataType:
        case IntegralType() | DateType():
            return max(1.0, min(rows, high - low + 1))
        case DecimalType(_, scale):
            return max(1.0, min(rows, (high - low) * float(10**scale) + 1))
    return None


class _Named:
    """The columns of a projection, looked up below when asked for."""

    def __init__(self, projections: Iterable[Any], below: Estimate) -> None:
        self._meanings = meanings(projections)
        self._below = below

    def get(self, key: int) -> Column | None:
        """What is known of a column, None if nothing."""
        match self._meanings.get(key):
            case Attribute(_, _, _, inner):
                return self._below.columns.get(inner)
            case Expression() as each if each.references and each.deterministic and not each.has(AggregateCall):
                return Column(distinct_of(each, self._below))
        return None


def _named(projections: Iterable[Any], below: Estimate) -> Estimate:
    return Estimate(below.rows, _Named(projections, below))
