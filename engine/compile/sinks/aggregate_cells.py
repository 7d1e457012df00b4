"""What every accumulator of a compiled aggregate has: its places, in registers or in the words of a group, and which rows it
sees.

An accumulator has one or more cells, each of its own type. It starts at neutral values, so that rows and other groups are added
alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

from engine.compile.ir import Function, Value
from engine.compile.row import Row
from engine.compile.values import Sql
from engine.expressions.base import Expression
from engine.records import dataclass


class Cell(Protocol):
    """A place for what is accumulated: a variable, or words of a row."""

    def get(self) -> Value:
        """What it holds."""

    def set(self, value: Value) -> None:
        """Makes it hold `value`."""


@dataclass(frozen=True)
class Memory:
    """Words of a row in memory."""

    row: Value
    offset: int
    type: str

    def get(self) -> Value:
        return self.row.at(self.offset, "i64").load(self.type, align=8)

    def set(self, value: Value) -> None:
        self.row.at(self.offset, "i64").store(value, align=8)


@dataclass(frozen=True)
class Accumulator(ABC):
    """Something accumulated of `arguments`, over rows where `condition` is true and no argument is null."""

    arguments: tuple[Expression, ...]
    condition: Expression | None = None

    @property
    @abstractmethod
    def storages(self) -> tuple[str, ...]:
        """The types of its cells."""

    @property
    def starts(self) -> tuple[int, ...]:
        """What the cells hold before the first value, as whole numbers of that many bits."""
        return (0,) * len(self.storages)

    @property
    def words(self) -> int:
        """How many words it takes."""
        return sum(map(words_of, self.storages))

    def neutral(self, f: Function) -> list[Value]:
        """What the cells hold before the first value."""
        pairs = zip(self.storages, self.starts, strict=True)
        return [f.number("double", 0.0) if kind == "double" else f.integer(kind, start) for kind, start in pairs]

    def registers(self, f: Function) -> list[Cell]:
        """Places in registers for the rows of one call."""
        return [f.variable(start.type, start) for start in self.neutral(f)]

    @property
    def in_registers(self) -> bool:
        """Whether the rows of a call without groups are added up in registers."""
        return True

    def memory(self, row: Value, offset: int) -> list[Cell]:
        """The places from a word of a row on."""
        cells: list[Cell] = []
        for kind in self.storages:
            cells.append(Memory(row, offset, kind))
            offset += words_of(kind)
        return cells

    def update(self, row: Row, cells: Sequence[Cell]) -> None:
        """Adds the values of a row. Raises NotCompiled."""
        if self.condition is None:
            self._update(row, cells, None)
            return
        chosen = row.value(self.condition).is_true
        if any(each.can_raise for each in self.arguments):
            with row.function.when(chosen), row.branch():
                self._update(row, cells, None)
        else:
            self._update(row, cells, chosen)

    def _update(self, row: Row, cells: Sequence[Cell], chosen: Value | None) -> None:
        values = row.values(self.arguments)
        for value in values:
            if value.null is not None:
                chosen = ~value.null if chosen is None else chosen & ~value.null
        self.add(row, cells, values, chosen)

    @abstractmethod
    def add(self, row: Row, cells: Sequence[Cell], values: Sequence[Sql], chosen: Value | None) -> None:
        """Adds the values of a row if `chosen` (None: always)."""

    @abstractmethod
    def merge(self, cells: Sequence[Cell], others: Sequence[Value], arenas: Value | None) -> None:
        """Adds what the cells of another accumulator of its kind hold. `arenas`: where the texts of all threads are
        (`tables/texts.py`); None within a thread's call."""


def words_of(storage: str) -> int:
    """How many words a cell takes."""
    return 2 if storage == "i128" else 1
