"""Where grouping before joining pays: which relations of a region of joins are joined and grouped first.

Rows that agree in all that the joins above and the grouping read of them are one there: functions that are computed from parts
are computed for each such group first, and the joins above multiply groups as they would have multiplied rows (Yan and Larson,
"Eager Aggregation and Lazy Aggregation").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from engine.expressions.base import Attribute, Expression
from engine.logical.plan import Aggregate
from engine.optimize.cost import join_cost
from engine.optimize.join_graph import Graph
from engine.optimize.join_order import MOST_FOR_DYNAMIC, Tree, best_trees
from engine.optimize.statistics import Estimator
from engine.records import dataclass
from engine.types import StringType

_FEWEST_ROWS = 20_000.0
"""Rows from which on grouping them is worth a thought."""

_FEW = 0.7
"""Groups have to be less than this part of the rows."""

_GAIN = 0.5
"""What is gained has to be more than this part of what grouping early costs."""

_ROW, _KEY, _TEXT = 3.0, 1.0, 20.0
"""What grouping a row costs, in rows handled by joins: the row, each key, each key that is a text of many values."""

_FEW_TEXTS = 1000.0


@dataclass(frozen=True)
class Split:
    """The relations that are grouped first; the columns they are grouped by, and what these stand for above: of columns that
    are equal, one is a key; what grouping them costs, and all that comes after it."""

    members: int
    keys: tuple[Expression, ...]
    instead: dict[int, Attribute]
    early: float
    above: float


class Splits:
    """The ways to group the rows of a region early for an aggregate over it, whose functions read the relations `sources`."""

    def __init__(self, plan: Aggregate, graph: Graph, sources: int, estimator: Estimator) -> None:
        self._plan = plan
        self._graph = graph
        self._sources = sources
        self._estimator = estimator

    def best(self) -> tuple[Split, Tree] | None:
        """The cheapest way, and the order in which what is grouped first is joined; None where none is cheap enough."""
        graph = self._graph
        whole = (1 << graph.size) - 1
        if graph.size > MOST_FOR_DYNAMIC:
            return None
        possible = [found for members in self._sets(whole) if (found := self._grouped(members)) is not None]
        if not possible:
            return None
        trees = best_trees(graph)
        ways = [
            (trees[split.members].cost + split.early + split.above, split)
            for split in possible
            if split.members in trees
        ]
        if whole not in trees or not ways:
            return None
        cost, cheapest = min(ways, key=lambda way: way[0])
        late = trees[whole].cost + self._cost(graph.rows(whole), self._plan.grouping)
        return (cheapest, trees[cheapest.members]) if late - cost > _GAIN * cheapest.early else None

    def _sets(self, whole: int) -> Iterator[int]:
        """Sets of relations grown from the sources along conditions, where a one-sided join comes after what it needs; not the
        set of all."""
        graph = self._graph
        known, grown = {self._sources, whole}, [self._sources]
        while grown:
            members = grown.pop()
            if members != whole and graph.rows(members) >= _FEWEST_ROWS:
                yield members
            around = graph.around(members)
            for place in range(graph.size):
                more = members | 1 << place
                if around >> place & 1 and more not in known and graph.needs(place) & ~members == 0:
                    known.add(more)
                    grown.append(more)

    def _grouped(self, members: int) -> Split | None:
        """What grouping `members` first is like; None where it does not pay even if they were joined first anyhow."""
        keys, instead = self._keys(members)
        groups, rows = self._groups(members, keys), self._graph.rows(members)
        if groups >= _FEW * rows:
            return None
        early, above = self._cost(rows, keys) + groups, self._above(members, groups)
        late = self._above(members, rows)
        return Split(members, keys, instead, early, above) if late - above - early > _GAIN * early else None

    def _keys(self, members: int) -> tuple[tuple[Expression, ...], dict[int, Attribute]]:
        """What is read of `members` above."""
        graph = self._graph
        instead: dict[int, Attribute] = {}
        for columns, covered in graph.classes:
            own = [column for place, each in sorted(columns.items()) if members >> place & 1 for column in each]
            if own and covered & ~members:
                instead |= {column.id: own[0] for column in own}
        read: list[Expression] = []
        for key in self._plan.grouping:
            inside = bool(key.references) and graph.members_of(key) & ~members == 0
            read += [key] if inside else key.collect(Attribute)
        for term in terms_above(graph, members):
            read += term.collect(Attribute)
        keys: dict[Expression, None] = {}
        for each in read:
            key = instead.get(each.id, each) if isinstance(each, Attribute) else each
            if key.references <= graph.columns.keys() and graph.members_of(key) & ~members == 0:
                keys[key] = None
        return tuple(keys), instead

    def _groups(self, members: int, keys: Sequence[Expression]) -> float:
        """Different keys among the rows; all of them where that is not known."""
        graph, rows = self._graph, self._graph.rows(members)
        by_unit: dict[int, float] = {}
        for key in keys:
            read = graph.members_of(key)
            place = read.bit_length() - 1
            count = self._different(place, key, rows) if read.bit_count() == 1 else None
            if count is None:
                return rows
            by_unit[place] = by_unit.get(place, 1.0) * count
        most = 1.0
        for place, count in by_unit.items():
            most *= min(count, self._estimator.rows(graph.units[place].plan))
        return min(rows, most)

    def _different(self, place: int, key: Expression, rows: float) -> float | None:
        """Different values of a key of a relation of which this many rows are left, or fewer: of a table's values those
        remain that one of the rows has."""
        unit = self._graph.units[place].plan
        found = self._estimator.estimate(unit)
        columns = [found.columns.get(column.id) for column in key.collect(Attribute)]
        if any(column is None or column.distinct is None for column in columns):
            return None
        known = columns[0]
        if not isinstance(key, Attribute) or known is None or known.distinct is None or known.table is None:
            return self._estimator.distinct(unit, key)
        total = known.table[1]
        part = min(1.0, min(rows, found.rows) / max(1.0, total))
        missed = math.pow(1.0 - part, max(1.0, total / known.distinct))
        return max(1.0, known.distinct * (1.0 - missed))

    def _cost(self, rows: float, keys: Iterable[Expression]) -> float:
        """What grouping `rows` by `keys` costs."""
        return rows * (_ROW + sum(self._weight(key) for key in keys))

    def _weight(self, key: Expression) -> float:
        if not isinstance(key.dataType, StringType):
            return _KEY
        read = self._graph.members_of(key)
        if read.bit_count() != 1:
            return _TEXT
        unit = self._graph.units[read.bit_length() - 1].plan
        known = all(self._estimator.column(unit, each).distinct is not None for each in key.collect(Attribute))
        return _KEY if known and self._estimator.distinct(unit, key) <= _FEW_TEXTS else _TEXT

    def _above(self, members: int, rows: float) -> float:
        """What it costs to join the other relations one by one to `members`, of which there are so many rows, and to group."""
        graph = self._graph
        cost, now, part = 0.0, members, rows / graph.rows(members)
        left = [place for place in range(graph.size) if not members >> place & 1]
        while left:
            around = graph.around(now)
            near = [place for place in left if around >> place & 1 and graph.needs(place) & ~now == 0] or left
            place = min(near, key=lambda each: graph.rows(now | 1 << each))
            left.remove(place)
            now |= 1 << place
            own, after = graph.rows(1 << place), max(1.0, part * graph.rows(now))
            cost += join_cost(min(own, rows), max(own, rows), after, has_equality=True)
            rows = after
        return cost + self._cost(rows, self._plan.grouping)


def terms_above(graph: Graph, members: int) -> Iterator[Expression]:
    """The conditions that relations outside of `members` have a part in."""
    for edge in graph.edges:
        if edge.members & ~members:
            yield edge.term
    for place, unit in enumerate(graph.units):
        if not members >> place & 1:
            yield from unit.terms
