"""Filters and projections as steps of a chain."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from engine.compile.row import Row
from engine.compile.selection import Selected
from engine.compile.stages import Looked, Passing, Stage
from engine.expressions.base import Attribute, Expression, NamedExpression
from engine.expressions.predicates import conjunction, conjuncts
from engine.physical.filter import FilterExec
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.compile.binding import FrameWords
    from engine.compile.numbering import Numbering


_MOST_KEPT = 0.9
"""A filter that is expected to keep more of its rows than that decides about each as it comes: processors foresee it."""


def filtered(operator: FilterExec) -> Filtered:
    """The step of a filter."""
    before, after = operator.inputs[0].estimated_rows, operator.estimated_rows
    return Filtered(operator.condition, before is None or after is None or after < _MOST_KEPT * before)


@dataclass(frozen=True)
class Filtered:
    """Rows whose condition is true go on. `selects`: it is expected to drop enough of them to look for them beforehand."""

    condition: Expression
    selects: bool = True

    def write(self, row: Row, following: Callable[[], None]) -> None:
        keep = row.value(self.condition).is_true
        with row.function.when(keep), row.branch():
            following()

    def selection(self, row: Row) -> Selected | None:
        """Says what the terms do that take a few instructions; those before one that may raise."""
        rest = list(conjuncts(self.condition))
        keep = row.function.boolean(True)
        for term in tuple(rest):
            value = row.beforehand(term)
            if value is not None:
                keep = keep & value.is_true
                rest.remove(term)
            elif term.can_raise:
                break
        if not rest:
            return Selected(keep, Passing(), settled=True)
        return Selected(keep, Filtered(conjunction(*rest), self.selects), settled=False)

    def stage(self) -> Stage:
        """Rows that fulfil it are left."""
        return Stage(lambda row: Looked(row.value(self.condition).is_true))

    def shape(self, numbering: Numbering) -> Hashable:
        return Filtered, numbering.of(self.condition), self.selects

    def bind(self, frame: FrameWords) -> None:
        """Reads nothing of its own."""


@dataclass(frozen=True)
class Projected:
    """Columns are defined; what is not asked for is not computed, but what may raise is."""

    projections: tuple[NamedExpression, ...]

    def write(self, row: Row, following: Callable[[], None]) -> None:
        for each in self.projections:
            if not isinstance(each, Attribute):
                row.define(each.to_attribute().id, each)
                if each.can_raise:
                    row.value(each)
        following()

    def selection(self, row: Row) -> Selected | None:
        """Nothing, but columns are defined."""
        if any(each.can_raise for each in self.projections):
            return None
        self.write(row, lambda: None)
        return Selected(None, Passing(), settled=True)

    def stage(self) -> Stage | None:
        """All rows are left."""
        if any(each.can_raise for each in self.projections):
            return None
        return Stage(begin=lambda row: self.write(row, lambda: None))

    def shape(self, numbering: Numbering) -> Hashable:
        return Projected, numbering.of(self.projections)

    def bind(self, frame: FrameWords) -> None:
        """Reads nothing of its own."""
