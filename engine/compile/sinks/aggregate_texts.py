"""The least and greatest text of groups: its first eight bytes as a number, which mostly decide, and its word in the thread's
table of texts (`tables/texts.py`), 0 before the first."""

from __future__ import annotations

from collections.abc import Sequence

from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.sinks.aggregate_cells import Accumulator, Cell
from engine.compile.sinks.text_words import TEXTS, held_word
from engine.compile.tables.texts import leading, order_with_word, order_words
from engine.compile.values import Sql
from engine.records import dataclass

_TOP = (1 << 63) - 1


@dataclass(frozen=True)
class Outermost(Accumulator):
    """The least text, or the greatest."""

    greatest: bool = False

    @property
    def storages(self) -> tuple[str, ...]:
        return ("i64", "i64")

    @property
    def starts(self) -> tuple[int, ...]:
        return (-_TOP - 1 if self.greatest else _TOP), 0

    @property
    def in_registers(self) -> bool:
        return False

    def add(self, row: Row, cells: Sequence[Cell], values: Sequence[Sql], chosen: Value | None) -> None:
        f, value = row.function, values[0]

        def consider() -> None:
            text, (head, word) = value.text, cells
            front = f.helped(leading(), text.address, text.length)
            better = f.variable("i1", self._beyond(front, head.get()))
            with f.when(front == head.get(), likely=False):
                held = word.get()
                better.set(held == 0)
                with f.when(held != 0):
                    order = f.helped(order_with_word(), row.fixed(TEXTS, "ptr"), held, text.address, text.length)
                    better.set(self._beyond(order, f.integer("i64", 0)))
            with f.when(better.get(), likely=False):
                word.set(held_word(row, word.get(), text))
                head.set(front)

        if chosen is None:
            consider()
        else:
            with f.when(chosen):
                consider()

    def merge(self, cells: Sequence[Cell], others: Sequence[Value], arenas: Value | None) -> None:
        assert arenas is not None
        front, word = others
        f = word.function
        better = f.variable("i1", self._beyond(front, cells[0].get()) | (cells[1].get() == 0))
        with f.when(front == cells[0].get()):
            order = f.helped(order_words(), arenas, word, cells[1].get())
            better.set(better.get() | self._beyond(order, f.integer("i64", 0)))
        with f.when(better.get() & (word != 0)):
            cells[0].set(front)
            cells[1].set(word)

    def _beyond(self, one: Value, other: Value) -> Value:
        return one > other if self.greatest else one < other
