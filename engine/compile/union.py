"""A member of UNION ALL as code: its columns have other names from here on."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from engine.compile.numbering import Numbering
from engine.compile.row import Row
from engine.compile.selection import Selected
from engine.compile.stages import Passing, Stage
from engine.compile.values import NotCompiled
from engine.expressions.base import Attribute
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.compile.binding import FrameWords


@dataclass(frozen=True)
class Renamed:
    """The columns of a member by position as those of the union."""

    given: tuple[Attribute, ...]
    columns: tuple[Attribute, ...]

    def write(self, row: Row, following: Callable[[], None]) -> None:
        if self._is_mixed:
            raise NotCompiled("a column as another one of the same rows")
        self._define(row)
        following()

    def selection(self, row: Row) -> Selected | None:
        """Nothing, but columns are defined."""
        if self._is_mixed:
            return None
        self._define(row)
        return Selected(None, Passing(), settled=True)

    def stage(self) -> Stage | None:
        """All rows are left."""
        return None if self._is_mixed else Stage(begin=self._define)

    def shape(self, numbering: Numbering) -> Hashable:
        return Renamed, numbering.of(self.given), numbering.of(self.columns)

    def bind(self, frame: FrameWords) -> None:
        """Reads nothing of its own."""

    @property
    def _renamed(self) -> list[tuple[Attribute, Attribute]]:
        return [(one, other) for one, other in zip(self.given, self.columns, strict=True) if one.id != other.id]

    @property
    def _is_mixed(self) -> bool:
        """Whether a name that a column gets is that of another one."""
        return bool({one.id for one, _ in self._renamed} & {other.id for _, other in self._renamed})

    def _define(self, row: Row) -> None:
        for one, other in self._renamed:
            row.define(other.id, one)
