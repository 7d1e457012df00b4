"""Moments as sums of powers of distances from the first value of a group: n, that value, and the sums.

Adding a row takes no division. Distances from a value of the group lose few digits: however far it is from the others, it is
among them. The central moments, which merge (`kernels/aggregate_moments.py`), are made of the sums when two parts become one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.ir import Function, Value
from engine.compile.row import Row
from engine.compile.sinks.aggregate_cells import Accumulator, Cell
from engine.compile.tables.layout import Rows
from engine.compile.values import Sql
from engine.records import dataclass


@dataclass(frozen=True)
class Shifted(Accumulator):
    """n, the origins that distances are from (one for each argument), and sums."""

    @property
    @abstractmethod
    def origins(self) -> int:
        """How many arguments there are."""

    @property
    @abstractmethod
    def sums(self) -> int:
        """How many sums."""

    @property
    def storages(self) -> tuple[str, ...]:
        return ("double",) * (1 + self.origins + self.sums)

    def add(self, row: Row, cells: Sequence[Cell], values: Sequence[Sql], chosen: Value | None) -> None:
        f, zero = row.function, row.function.number("double", 0.0)
        count = cells[0].get()
        is_first = count == 0.0
        distances = []
        for cell, value in zip(cells[1 : 1 + self.origins], values, strict=True):
            number = value.value
            finite = (number - number) == 0.0
            origin = f.select(is_first, f.select(finite, number, zero), cell.get())
            distance = number - origin
            if chosen is not None:
                origin, distance = f.select(chosen, origin, cell.get()), f.select(chosen, distance, zero)
            cell.set(origin)
            distances.append(distance)
        one = f.number("double", 1.0)
        cells[0].set(count + (one if chosen is None else f.select(chosen, one, zero)))
        for cell, term in zip(cells[1 + self.origins :], self.terms(distances), strict=True):
            cell.set(cell.get() + term)

    def merge(self, cells: Sequence[Cell], others: Sequence[Value], arenas: Value | None) -> None:  # noqa: ARG002
        f = others[0].function

        def take() -> None:
            for cell, other in zip(cells, others, strict=True):
                cell.set(other)

        def join() -> None:
            own = [cell.get() for cell in cells]
            for cell, value in zip(cells, self._joined(f, own, others), strict=True):
                cell.set(value)

        with f.when(others[0] != 0.0):
            f.either(cells[0].get() == 0.0, take, join)

    def _joined(self, f: Function, left: Sequence[Value], right: Sequence[Value]) -> list[Value]:
        """Two parts as one whose origins are its means."""
        counts = left[0], right[0]
        total = left[0] + right[0]
        parts = [self.central(count, part[1:]) for count, part in zip(counts, (left, right), strict=True)]
        share = right[0] / total
        first, second = (part[: self.origins] for part in parts)
        means = []
        for own, other in zip(first, second, strict=True):
            mean = own + (other - own) * share
            means.append(f.select(mean == mean, mean, own + other))  # infinity is no distance
        moved = []
        for count, part in zip(counts, parts, strict=True):
            away = [mean - whole for mean, whole in zip(part[: self.origins], means, strict=True)]
            moved.append(self.moved(count, away, part[self.origins :]))
        nothing = [f.number("double", 0.0)] * self.origins
        return [total, *means, *nothing, *(one + other for one, other in zip(*moved, strict=True))]

    def states(self, rows: Rows, offset: int) -> list[pa.Array]:
        """n, means and central moments of groups."""
        count, *rest = np.ascontiguousarray(rows[:, offset : offset + self.words].T).view(np.float64)
        with np.errstate(all="ignore"):
            found = self.central(np.maximum(count, 1), rest)
        return [pa.array(each) for each in (count, *found)]

    # of registers or of arrays alike

    @abstractmethod
    def terms(self, distances: Sequence[Any]) -> list[Any]:
        """What a row adds to the sums: first its distances."""

    @abstractmethod
    def central(self, count: Any, rest: Sequence[Any]) -> list[Any]:
        """The means and central moments, out of the origins and sums."""

    @abstractmethod
    def moved(self, count: Any, away: Sequence[Any], moments: Sequence[Any]) -> list[Any]:
        """Central moments as those about another mean, which theirs are `away` from."""


@dataclass(frozen=True)
class Powers(Shifted):
    """Moments of one argument up to a power."""

    powers: int = 2

    @property
    def origins(self) -> int:
        return 1

    @property
    def sums(self) -> int:
        return self.powers

    def terms(self, distances: Sequence[Any]) -> list[Any]:
        made = [distances[0]]
        while len(made) < self.powers:
            made.append(made[-1] * distances[0])
        return made

    def central(self, count: Any, rest: Sequence[Any]) -> list[Any]:
        origin, first, *sums = rest
        m = first / count
        found = [origin + m, sums[0] - m * first]
        if self.powers >= 3:
            found.append(sums[1] - m * sums[0] * 3.0 + m * m * first * 2.0)
        if self.powers >= 4:
            found.append(sums[2] - m * sums[1] * 4.0 + m * m * sums[0] * 6.0 - m * m * m * first * 3.0)
        return found

    def moved(self, count: Any, away: Sequence[Any], moments: Sequence[Any]) -> list[Any]:
        (d,), square = away, moments[0]
        found = [square + count * d * d]
        if self.powers >= 3:
            found.append(moments[1] + d * square * 3.0 + count * d * d * d)
        if self.powers >= 4:
            found.append(moments[2] + d * moments[1] * 4.0 + d * d * square * 6.0 + count * d * d * d * d)
        return found


@dataclass(frozen=True)
class Pairs(Shifted):
    """The second moments of two arguments, y and x: xy, yy, xx."""

    @property
    def origins(self) -> int:
        return 2

    @property
    def sums(self) -> int:
        return 5

    def terms(self, distances: Sequence[Any]) -> list[Any]:
        y, x = distances
        return [y, x, y * x, y * y, x * x]

    def central(self, count: Any, rest: Sequence[Any]) -> list[Any]:
        origin_y, origin_x, y, x, xy, yy, xx = rest
        mean_y, mean_x = y / count, x / count
        return [origin_y + mean_y, origin_x + mean_x, xy - mean_y * x, yy - mean_y * y, xx - mean_x * x]

    def moved(self, count: Any, away: Sequence[Any], moments: Sequence[Any]) -> list[Any]:
        y, x = away
        xy, yy, xx = moments
        return [xy + count * y * x, yy + count * y * y, xx + count * x * x]
