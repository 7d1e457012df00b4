"""The end of a chain that groups rows: the code adds each to the accumulators of its group.

Without keys the accumulators are registers, added to the thread's state after the last row. With keys the row of the group is
found in the thread's table, or made; texts among the keys become words first (`tables/texts.py`), codes of dictionaries by a
table of words that is filled when a code is first met.
"""

from __future__ import annotations

from engine.compile.inputs import Inputs
from engine.compile.ir import Value, Variable
from engine.compile.row import Row
from engine.compile.sinks.aggregate_accumulators import Accumulators, Memory
from engine.compile.tables.grouping import OpenTable, find
from engine.compile.tables.layout import KeyLayout, packed
from engine.compile.tables.texts import intern
from engine.compile.values import Sql

STATE = "aggregate state"
TABLE = "groups"
TEXTS = "texts"
FULL = "groups full"
TEXTS_FULL = "texts full"


class UngroupedCode:
    """Accumulates all rows in the words of the state."""

    def __init__(self, accumulators: Accumulators) -> None:
        self.accumulators = accumulators

    def begin(self, row: Row) -> None:
        f = row.function
        self.cells: list[Variable] = [f.variable(a.storage, a.neutral(f)) for a in self.accumulators.accumulators]

    def write(self, row: Row) -> None:
        for each, cell in zip(self.accumulators.accumulators, self.cells, strict=True):
            each.update(row, cell)

    def end(self, row: Row) -> None:
        places = self.accumulators.cells(row.fixed(STATE, "ptr"))
        for each, place, cell in zip(self.accumulators.accumulators, places, self.cells, strict=True):
            each.merge(place, cell.get())


class GroupedCode:
    """Accumulates rows in a table of groups."""

    def __init__(self, keys: KeyLayout, accumulators: Accumulators) -> None:
        self.keys = keys
        self.accumulators = accumulators

    def begin(self, row: Row) -> None:
        self.table = OpenTable(row.function, row.fixed(TABLE, "ptr"), self.accumulators.words)

    def write(self, row: Row) -> None:
        f = row.function
        values = row.values([field.expression for field in self.keys.fields])
        texts = [
            text_word(row, value) if field.storage == "text" else None
            for field, value in zip(self.keys.fields, values, strict=True)
        ]
        words = packed(f, self.keys, values, texts)

        def full() -> None:
            self.table.close()
            row.call_back(FULL, row.index)
            self.table.reload()

        place = find(self.table, self.keys, words, self._fresh, full=full)
        for each, cell in zip(self.accumulators.accumulators, self.accumulators.cells(place), strict=True):
            each.update(row, cell)

    def end(self, row: Row) -> None:  # noqa: ARG002 - the row of the protocol
        self.table.close()

    def _fresh(self, made: Value) -> None:
        cells: list[Memory] = self.accumulators.cells(made)
        for each, cell in zip(self.accumulators.accumulators, cells, strict=True):
            cell.set(each.neutral(made.function))


def text_word(row: Row, value: Sql) -> Value:
    """The word of a text in the thread's table of texts; 0 for null."""
    f = row.function
    word = f.variable("i64", 0)
    text = value.text

    def of_bytes() -> None:
        with f.forever() as known:
            word.set(f.helped(intern(), row.fixed(TEXTS, "ptr"), text.address, text.length))
            f.leave_if(word.get() != 0, known, likely=True)
            row.call_back(TEXTS_FULL, text.length)

    def found() -> None:
        place = None if text.code is None else text.code.place
        if text.code is None or not isinstance(
            place, int
        ):  # built sides hold their dictionaries as long as the chain runs
            of_bytes()
            return
        inputs = next(each for each in row.providers if isinstance(each, Inputs))
        inputs.remapped.add(place)
        words = row.fixed(("words", place), "ptr")
        word.set(words.load("i64", text.code.value))
        with f.when(word.get() == 0, likely=False), row.branch():
            of_bytes()
            words.store(word.get(), text.code.value)

    if value.null is None:
        found()
    else:
        with f.when(~value.null), row.branch():
            found()
    return word.get()
