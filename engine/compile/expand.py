"""Grouping sets as code: the rest of the chain in a loop over the projections, whose number is one more column.

A column that the projections make in different ways is a CASE over that number, so whatever compiles CASE compiles it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.values import NotCompiled, Sql
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.conditional import CaseWhen
from engine.expressions.predicates import EqualTo
from engine.physical.expand import ExpandExec
from engine.records import dataclass
from engine.types import LONG

if TYPE_CHECKING:
    from engine.compile.binding import FrameWords


@dataclass(frozen=True)
class Expanded:
    """Each row once for each projection."""

    operator: ExpandExec

    def write(self, row: Row, following: Callable[[], None]) -> None:
        number = Attribute("projection", LONG, False)
        columns = [self._column(place, number) for place in range(len(self.operator.columns))]
        with row.function.loop(0, len(self.operator.projections)) as current:
            row.providers.append(_Number(number, current))
            for attribute, expression in zip(self.operator.columns, columns, strict=True):
                if expression.references and attribute.id in expression.references:
                    if isinstance(expression, Attribute):
                        continue
                    raise NotCompiled("a projection of a column into itself")
                row.define(attribute.id, expression)
            following()
            row.providers.pop()

    def selection(self, row: Row) -> None:
        """Each row comes out."""

    def stage(self) -> None:
        """What follows is done at once."""

    def bind(self, frame: FrameWords) -> None:
        """Reads nothing of its own."""

    def _column(self, place: int, number: Attribute) -> Expression:
        """How a column is made, whichever projection it is."""
        ways = [projection[place] for projection in self.operator.projections]
        if all(way == ways[0] for way in ways):
            return ways[0]
        branches = tuple((EqualTo(number, Literal(turn, LONG)), way) for turn, way in enumerate(ways[:-1]))
        return CaseWhen(branches, ways[-1])


@dataclass(frozen=True)
class _Number:
    """The provider of the number of the projection."""

    attribute: Attribute
    current: Value

    @property
    def columns(self) -> frozenset[int]:
        return frozenset((self.attribute.id,))

    def column(self, row: Row, attribute: Attribute) -> Sql:  # noqa: ARG002 - there is one
        """Its value."""
        return Sql(LONG, self.current, None, 31)

    def hoisted(self, row: Row, expression: Expression) -> Sql:  # noqa: ARG002 - as the other providers
        """No kernel knows it."""
        raise NotCompiled(type(expression).__name__)
