"""The end of a chain that groups rows: the code adds each to the accumulators of its group.

Without keys the accumulators are registers, added to the thread's state after the last row. With keys the row of the group is
found in the thread's table, or made; texts among the keys become words first (`tables/texts.py`), codes of dictionaries by a
table of words that is filled when a code is first met. Where each key has a small code, a table by those codes keeps what was
found.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from engine.compile.built_side import BuiltSide
from engine.compile.forms import Form
from engine.compile.inputs import stored_value
from engine.compile.ir import Value
from engine.compile.numbering import NotKept, Numbering, Renaming
from engine.compile.row import Row
from engine.compile.sinks.aggregate_accumulators import Accumulators
from engine.compile.sinks.aggregate_numbers import is_wide
from engine.compile.sinks.text_words import TEXTS, inputs_of, text_word
from engine.compile.tables.grouping import OpenTable, find
from engine.compile.tables.layout import KeyLayout, packed
from engine.compile.tables.texts import foresee
from engine.compile.values import Sql, Text, is_whole
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Expression
from engine.records import dataclass


@dataclass(frozen=True)
class Fit:
    """Groups, and how their rows look: with keys, or one for each row of a built side."""

    groups: Any
    accumulators: Accumulators
    keys: KeyLayout
    side: BuiltSide | None = None
    joins: bool = False
    """Whether it is a built side whose rows are the groups, if there is memory."""


Fitting = Callable[[frozenset[Expression], frozenset[Expression], Row | None], Fit]
"""Gives the groups that hold values of which those may be null and those be of more than 31 bits, at a row's place in code."""

STATE = "aggregate state"
TABLE = "groups"
BUILT = "groups by built row"
SEEN = "built rows that are groups"
CACHE = "groups by codes"
CACHED = "size of groups by codes"
FULL = "groups full"


def _described(keys: KeyLayout | None, accumulators: Accumulators, numbering: Numbering) -> Hashable:
    """What code depends on that finds and changes groups."""
    seen = [numbering.of((each.arguments, each.condition)) for each in accumulators.accumulators]
    return None if keys is None else keys.shape, accumulators.shape, accumulators.words, tuple(seen)


class UngroupedCode:
    """Accumulates all rows in the words of the state."""

    vectorized = True

    def __init__(self, accumulators: Accumulators) -> None:
        self.accumulators = accumulators

    def begin(self, row: Row) -> None:
        f = row.function
        places = self.accumulators.cells(row.fixed(STATE, "ptr"))
        pairs = zip(self.accumulators.accumulators, places, strict=True)
        self.cells = [each.registers(f) if each.in_registers else place for each, place in pairs]

    def shape(self, numbering: Numbering) -> Hashable:
        return UngroupedCode, _described(None, self.accumulators, numbering)

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> None:
        """Nothing is decided."""

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:  # noqa: ARG002
        """There is nothing to follow."""
        return True

    def write(self, row: Row) -> None:
        for each, cell in zip(self.accumulators.accumulators, self.cells, strict=True):
            each.update(row, cell)

    def end(self, row: Row) -> None:
        places = self.accumulators.cells(row.fixed(STATE, "ptr"))
        for each, place, cell in zip(self.accumulators.accumulators, places, self.cells, strict=True):
            if each.in_registers:
                each.merge(place, [one.get() for one in cell], None)


class GroupedCode:
    """Accumulates rows in a table of groups."""

    def __init__(self, fitting: Fitting, keys: Sequence[Expression], calls: Sequence[AggregateCall]) -> None:
        self.groups: Any = None
        """What `fitting` has chosen for the values at hand."""
        self._side: BuiltSide | None = None
        self._fitting = fitting
        arguments = {each: None for call in calls if call.condition is None for each in call.arguments}
        self._calls = tuple(calls)
        self._seen = tuple(keys), tuple(arguments)
        self._fitted: tuple[frozenset[Expression], frozenset[Expression]] | None = None
        self._joins = False
        self.sizes: list[int | None] = []
        """Of the codes of keys: the input column whose dictionary they are of, None for codes of at most 256."""

    def begin(self, row: Row) -> None:
        self.table = OpenTable(row.function, row.fixed(TABLE, "ptr"), 0)
        self._last = row.function.variable("i64", -1), row.function.variable("i64")

    def write(self, row: Row) -> None:
        fit = self._choose(row)
        self._side = fit.side
        place = self._by_key(row) if fit.side is None else self._by_built_row(row, fit.side)
        cells = self.accumulators.cells(place)
        for each, cell in zip(self.accumulators.accumulators, cells, strict=True):
            each.update(row, cell)

    def ahead(self, row: Row) -> None:
        """Asks for the group of a built row."""
        if self._side is not None:
            number = self._side.selected(row)
            row.function.prefetch(row.fixed(SEEN, "ptr").at(number))
            row.function.prefetch(row.fixed(BUILT, "ptr").at(number * self.accumulators.words, "i64"))

    def _by_key(self, row: Row) -> Value:
        """The row of the group in the table."""
        codes = self._codes(row)
        return self.table.row(self._found(row) if codes is None else self._cached(row, codes))

    def _by_built_row(self, row: Row, side: BuiltSide) -> Value:
        """The row of the group that the built row at hand is."""
        row.function.note(lambda: f"groups are the built rows of {side.join.title}")
        number = side.selected(row)
        row.fixed(SEEN, "ptr").store(row.number("i8", 1), number)
        return row.fixed(BUILT, "ptr").at(number * self.accumulators.words, "i64")

    def _choose(self, row: Row) -> Fit:
        """Settles how rows of groups look, by the values there are."""
        keys, arguments = self._seen
        before = row.function.mark()
        nullable = {each for each in (*keys, *arguments) if row.value(each).null is not None}
        wide = {each for each in arguments if is_wide(row.value(each))}
        row.function.undo(before)  # not all of it is read then
        self._fitted = frozenset(nullable), frozenset(wide)
        fit = self._fitting(*self._fitted, row)
        self.fit(fit)
        self.table.stride = self.accumulators.words
        return fit

    def fit(self, fit: Fit) -> None:
        """Settles which groups rows go to."""
        self.groups, self.keys, self.accumulators = fit.groups, fit.keys, fit.accumulators
        self._joins = fit.joins

    def shape(self, numbering: Numbering) -> Hashable:
        return GroupedCode, numbering.of((self._seen[0], self._calls))

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> Any:  # noqa: ARG002 - as all sinks
        """For which values groups were chosen, how those look, and what the codes of keys are."""
        if self._fitted is None or self._joins:
            raise NotKept("groups that are chosen by what is built")
        return self._fitted, _described(self.keys, self.accumulators, numbering), tuple(self.sizes)

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:  # noqa: ARG002
        """Takes groups for the same values, if they look the same."""
        (nullable, wide), described, sizes = kept
        self._fitted = frozenset(map(renamed, nullable)), frozenset(map(renamed, wide))
        self.fit(self._fitting(*self._fitted, None))
        self.sizes = list(sizes)
        return bool(_described(self.keys, self.accumulators, numbering) == described)

    def _found(self, row: Row) -> Value:
        """The number of the group's row, by its keys."""
        for field in self.keys.fields:
            _foresee(row, field.expression)
        values = row.values([field.expression for field in self.keys.fields])
        texts = [
            text_word(row, value) if field.storage == "text" else None
            for field, value in zip(self.keys.fields, values, strict=True)
        ]

        def full() -> None:
            self.table.close()
            row.call_back(FULL, row.index)
            self.table.reload()

        words = packed(row.function, self.keys, values, texts)
        looked_up = partial(find, self.table, self.keys, words, self._fresh, full=full)
        return self._as_before(row, words[0], looked_up) if self.keys.is_number else looked_up()

    def _as_before(self, row: Row, key: Value, looked_up: Callable[[], Value]) -> Value:
        """The number of the group's row, which is looked up unless the row before had the same key: rows of large tables often
        come in runs of one key. Only a look makes groups move, and afterwards this is what is known."""
        number, last = self._last
        with row.function.when((number.get() == -1) | (last.get() != key)), row.branch():
            number.set(looked_up())
            last.set(key)
        return number.get()

    def _cached(self, row: Row, codes: Sequence[Value]) -> Value:
        """The number of the group's row by a small code for each key, once it was found by its keys."""
        f = row.function
        place = codes[0]
        for number, code in enumerate(codes[1:], 1):
            place = place + code * row.fixed(("stride", number))
        known, cache = f.variable("i64", 0), row.fixed(CACHE, "ptr")
        is_inside = place < row.fixed(CACHED)
        with f.when(is_inside, likely=True):
            known.set(cache.load("i32", place).unsigned("i64"))
        with f.when(known.get() == 0, likely=False), row.branch():
            known.set(self._found(row) + 1)
            with f.when(is_inside):
                cache.store(known.get().signed("i32"), place)
        return known.get() - 1

    def _codes(self, row: Row) -> list[Value] | None:
        """A small number for each key, where each has one: codes of dictionaries, bytes, booleans."""
        self.sizes = []
        before, codes = row.function.mark(), []
        for value in row.values([field.expression for field in self.keys.fields]):
            code = self._code(row, value)
            if code is None:
                row.function.undo(before)
                return None
            codes.append(code)
        return codes

    def _code(self, row: Row, value: Sql) -> Value | None:
        f = row.function
        if isinstance(value.raw, Text):
            code = value.raw.code
            if code is None or not isinstance(code.place, int) or code.place >= len(inputs_of(row).attributes):
                return None
            self.sizes.append(code.place)
            row.fixed(("entries", code.place))
            return code.value
        if value.value.type == "i1":
            small = value.value.unsigned("i64")
        elif is_whole(value.type) and value.bits <= 7:
            small = value.value.signed("i64") + 128
        else:
            return None
        self.sizes.append(None)
        return small if value.null is None else f.select(value.null, f.integer("i64", 256), small)

    def end(self, row: Row) -> None:  # noqa: ARG002 - the row of the protocol
        self.table.close()

    def _fresh(self, made: Value) -> None:
        for each, cells in zip(self.accumulators.accumulators, self.accumulators.cells(made), strict=True):
            for cell, start in zip(cells, each.neutral(made.function), strict=True):
                cell.set(start)


_AHEAD = (16, 8)
"""Rows by which the slot of a text is asked for before it is needed, and its entry."""


def _foresee(row: Row, key: Expression) -> None:
    """Asks for what will be known of texts of rows that follow, where a key is a column of plain texts: each is somewhere
    else in memory, and nothing else can be done before it is there."""
    column, inputs, f = row.expanded(key), inputs_of(row), row.function
    if not isinstance(column, Attribute) or column.id not in inputs.columns:
        return
    place = inputs.place_of(column)
    form = inputs.forms[place]
    if form.storage != "text" or form.codes:
        return
    for step, rows in enumerate(_AHEAD):
        index = f.minimum(row.index + rows, f.argument("stop") - 1)
        text = stored_value(row, place, Form("text", False), column.dataType, index).text
        f.helped(foresee(step), row.fixed(TEXTS, "ptr"), text.address, text.length)
