"""The relations of a region of joins, the conditions between them, and how many rows any set of them gives."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from engine.expressions.base import Attribute, Expression
from engine.expressions.predicates import EqualNullSafe, EqualTo
from engine.lazy import cached_property
from engine.logical.plan import JoinType, LogicalPlan
from engine.optimize.selectivity import OTHER
from engine.optimize.statistics import SEMI_LEAST, Estimator, combinations
from engine.records import dataclass


@dataclass(frozen=True)
class Unit:
    """A relation of the region. Other than INNER it is the right side of a join of that `type` on `terms`, which reads the
    relations `needs` (a bit set)."""

    plan: LogicalPlan
    type: JoinType = JoinType.INNER
    terms: tuple[Expression, ...] = ()
    needs: int = 0
    null_aware: bool = False
    exists: Attribute | None = None


@dataclass(frozen=True)
class Edge:
    """A condition over the relations `members`. For an equality between two of them, `sides` are its two expressions."""

    term: Expression
    members: int
    sides: tuple[Expression, Expression] | None = None


class Graph:
    """Relations are numbered; a set of them is an int of bits."""

    def __init__(self, units: Sequence[Unit], edges: Sequence[Edge], estimator: Estimator) -> None:
        self.units = units
        self.edges = edges
        self._estimator = estimator
        self._rows: dict[int, float] = {}
        self._around: dict[int, int] = {}
        self._counts: dict[tuple[int, Expression], float] = {}
        self.best_trees: dict[int, Any] = {}
        """Of `join_order`: the best trees over each connected set of relations, for the groups it was asked for."""

    @property
    def size(self) -> int:
        """How many relations there are."""
        return len(self.units)

    def is_one_sided(self, place: int) -> bool:
        """Whether relation `place` is the right side of a join that is not inner."""
        return self.units[place].type is not JoinType.INNER

    def needs(self, place: int) -> int:
        """The relations that must be there before relation `place` is joined."""
        return self.units[place].needs

    def neighbours(self, place: int) -> int:
        """The relations that a condition ties to relation `place`, and itself."""
        return self._neighbours[place]

    @cached_property
    def _neighbours(self) -> list[int]:
        found = [1 << place for place in range(self.size)]
        ties = [edge.members for edge in self.edges] + [
            unit.needs | 1 << place for place, unit in enumerate(self.units) if unit.needs
        ]
        ties += [members for _, members in self.classes]
        for members in ties:
            for place in range(self.size):
                if members >> place & 1:
                    found[place] |= members
        return found

    def around(self, members: int) -> int:
        """The relations outside `members` that a condition ties to one inside."""
        known = self._around.get(members)
        if known is None:
            known = 0
            for place in range(self.size):
                if members >> place & 1:
                    known |= self._neighbours[place]
            known &= ~members
            self._around[members] = known
        return known

    def is_in_class(self, edge: Edge) -> bool:
        """Whether an edge says that two columns of inner relations are equal."""
        if edge.sides is None or edge.members & self._one_sided:
            return False
        return all(isinstance(side, Attribute) for side in edge.sides)

    @cached_property
    def _one_sided(self) -> int:
        """The relations that are not joined by an inner join."""
        return sum(1 << place for place in range(self.size) if self.is_one_sided(place))

    @cached_property
    def classes(self) -> list[tuple[dict[int, list[Attribute]], int]]:
        """Columns that equalities make equal: of each such class the columns by relation, and the set of relations."""
        parent: dict[int, int] = {}
        known: dict[int, Attribute] = {}

        def root(key: int) -> int:
            while parent[key] != key:
                key = parent[key]
            return key

        for edge in self.edges:
            if edge.sides is None or not self.is_in_class(edge):
                continue
            one, other = (side for side in edge.sides if isinstance(side, Attribute))
            for side in (one, other):
                parent.setdefault(side.id, side.id)
                known.setdefault(side.id, side)
            parent[root(one.id)] = root(other.id)
        grouped: dict[int, dict[int, list[Attribute]]] = {}
        for key, column in known.items():
            grouped.setdefault(root(key), {}).setdefault(self.columns[key], []).append(column)
        return [(columns, sum(1 << place for place in columns)) for columns in grouped.values()]

    def equal_columns(self, place: int) -> list[list[Attribute]]:
        """Columns of one relation that are equal because each equals the same column elsewhere."""
        return [columns[place] for columns, _ in self.classes if len(columns.get(place, ())) > 1]

    @cached_property
    def columns(self) -> dict[int, int]:
        """The number of the relation that each column comes from, by id."""
        found: dict[int, int] = {}
        for place, unit in enumerate(self.units):
            if unit.type is JoinType.EXISTENCE:
                assert unit.exists is not None
                found[unit.exists.id] = place
            elif unit.type in (JoinType.INNER, JoinType.LEFT):
                found.update({column.id: place for column in unit.plan.output})
        return found

    def members_of(self, expression: Expression) -> int:
        """The relations that an expression reads."""
        members = 0
        for key in expression.references:
            members |= 1 << self.columns[key]
        return members

    def has_equality(self, left: int, right: int) -> bool:
        """Whether an equality holds between the two sets (so that rows need not be compared pair by pair)."""
        if any(members & left and members & right for _, members in self.classes):
            return True
        for edge in self.edges:
            if edge.sides is not None and edge.members & left and edge.members & right:
                sides = [self.members_of(side) for side in edge.sides]
                if (sides[0] & ~left == 0 and sides[1] & ~right == 0) or (
                    sides[0] & ~right == 0 and sides[1] & ~left == 0
                ):
                    return True
        return self._one_sided_equality(left, right)

    def _one_sided_equality(self, left: int, right: int) -> bool:
        for members in (left, right):
            if members.bit_count() == 1 and self.is_one_sided(members.bit_length() - 1):
                return any(
                    isinstance(term, EqualTo | EqualNullSafe) for term in self.units[members.bit_length() - 1].terms
                )
        return False

    def rows(self, members: int) -> float:
        """Rows of the join of a set of relations, the same in whatever order they are joined."""
        known = self._rows.get(members)
        if known is None:
            known = self._rows[members] = max(1.0, self._count(members))
        return known

    def _count(self, members: int) -> float:
        rows = 1.0
        for place, unit in enumerate(self.units):
            if members >> place & 1:
                rows *= self._factors[place] if members != 1 << place else self._estimator.rows(unit.plan)
        for columns, covered in self.classes:
            if (covered & members).bit_count() > 1:
                counts = sorted(self._distinct(place, columns[place][0]) for place in columns if members >> place & 1)
                for count in counts[1:]:
                    rows /= max(1.0, count)
        for both, more in self._keys_of_several:
            if both & ~members == 0:
                rows *= more
        for edge in self.edges:
            if edge.members & ~members == 0:
                rows *= self._selectivity(edge)
        return rows

    @cached_property
    def _keys_of_several(self) -> list[tuple[int, float]]:
        """Pairs of relations with several equal columns, and how many times more rows they give together than if the columns
        had nothing to do with each other."""
        found = []
        for one, other in itertools.combinations(range(self.size), 2):
            both = 1 << one | 1 << other
            shared = [columns for columns, covered in self.classes if both & ~covered == 0]
            if len(shared) > 1:
                counts = [
                    tuple(self._distinct(place, columns[place][0]) for place in (one, other)) for columns in shared
                ]
                apart = math.prod(max(1.0, *pair) for pair in counts)
                rows = [self._estimator.rows(self.units[place].plan) for place in (one, other)]
                found.append((both, apart / combinations(counts, *rows)))
        return found

    def _distinct(self, place: int, column: Expression) -> float:
        known = self._counts.get((place, column))
        if known is None:
            known = self._counts[place, column] = self._estimator.distinct(self.units[place].plan, column)
        return known

    def _selectivity(self, edge: Edge) -> float:
        if edge.sides is None:
            return OTHER.comparison if edge.members.bit_count() > 1 else OTHER.other
        if self.is_in_class(edge):
            return 1.0  # counted with its class
        counts = [
            self._distinct(members.bit_length() - 1, side)
            for side in edge.sides
            if (members := self.members_of(side)).bit_count() == 1
        ]
        return 1.0 / max(1.0, *counts, 1.0)

    @cached_property
    def _factors(self) -> list[float]:
        """By how much each relation multiplies the rows of the others, its equalities with them aside."""
        return [self._factor(unit) for unit in self.units]

    def _factor(self, unit: Unit) -> float:
        rows = self._estimator.rows(unit.plan)
        if unit.type is JoinType.INNER:
            return rows
        if unit.type is JoinType.EXISTENCE:
            return 1.0
        part, own = 1.0, unit.plan.output_ids
        for term in unit.terms:
            sides = _inside_and_outside(term, own)
            if sides is None:
                part *= OTHER.semi_condition
                continue
            inside, outside = sides
            inner = self._estimator.distinct(unit.plan, inside)
            outer = self._outer_distinct(outside)
            part *= min(1.0, inner / outer) if unit.type is not JoinType.LEFT else 1.0 / max(inner, outer)
        if unit.type is JoinType.LEFT:
            return max(1.0, rows * part)
        return max(part, 1e-6) if unit.type is JoinType.SEMI else max(SEMI_LEAST, 1.0 - part)

    def _outer_distinct(self, expression: Expression) -> float:
        members = self.members_of(expression)
        if members.bit_count() != 1:
            return 1.0
        return max(1.0, self._distinct(members.bit_length() - 1, expression))


def _inside_and_outside(term: Expression, own: frozenset[int]) -> tuple[Expression, Expression] | None:
    """The sides of an equality between columns of a relation, `own`, and columns of others; None for any other condition,
    an equality with a constant, too."""
    if isinstance(term, EqualTo | EqualNullSafe):
        for inside, outside in ((term.right, term.left), (term.left, term.right)):
            read = outside.references
            if inside.references and inside.references <= own and read and read.isdisjoint(own):
                return inside, outside
    return None
