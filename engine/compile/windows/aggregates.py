"""Aggregates over frames, accumulated as groups are (`sinks/aggregate_accumulators.py`): the states of each row's frame are
stored, and the kernels finish them as they finish those of groups."""

from __future__ import annotations

from collections.abc import Sequence

from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.sinks.aggregate_accumulators import Accumulators, Facts, plan
from engine.compile.sinks.aggregate_cells import Cell
from engine.compile.sinks.aggregate_numbers import is_wide
from engine.compile.values import NotCompiled
from engine.compile.windows.frames import Bounds
from engine.compile.windows.loop import Loop, Place
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.kernels.aggregates import AggregateKernel
from engine.records import dataclass


@dataclass(frozen=True)
class Call:
    """An aggregate call, its kernel, and which function of the operator it is."""

    call: AggregateCall
    kernel: AggregateKernel
    output: int


class Accumulated:
    """Calls over one frame; `number` tells it from others."""

    def __init__(self, loop: Loop, calls: Sequence[Call], bounds: Bounds, number: int) -> None:
        self.calls = calls
        self.number = number
        self.asks_for_peers = bounds.kind == "peers"
        self.note = f"{', '.join(each.call.function for each in calls)}: {bounds.kind}"
        self._bounds = bounds
        self.accumulators = _planned(loop, calls, bounds)
        self._cells: list[list[Cell]] = []

    def partition(self, loop: Loop, low: Value, high: Value) -> None:
        kind = self._bounds.kind
        if kind != "few":
            self._reset(loop)
        if kind == "whole":
            loop.update(low, high, self._add)

    def peers(self, loop: Loop, first: Value, last: Value) -> None:
        if self._bounds.kind == "peers":
            loop.update(first, last, self._add)

    def row(self, loop: Loop, row: Row, place: Place) -> None:
        if self._bounds.kind == "rows":
            self._add(row)
        elif self._bounds.kind == "few":
            self._reset(loop)
            loop.update(*self._bounds.of(loop.function, place), self._add)
        states = loop.fixed(("window states", self.number), "ptr")
        own = states.at(loop.output(place) * self.accumulators.words, "i64")
        for cells, kept in zip(self._cells, self.accumulators.cells(own), strict=True):
            for cell, word in zip(cells, kept, strict=True):
                word.set(cell.get())

    def _reset(self, loop: Loop) -> None:
        f = loop.function
        if not self._cells:
            kinds = [each.storages for each in self.accumulators.accumulators]
            self._cells = [[f.variable(storage) for storage in each] for each in kinds]
        for each, cells in zip(self.accumulators.accumulators, self._cells, strict=True):
            for cell, start in zip(cells, each.neutral(f), strict=True):
                cell.set(start)

    def _add(self, row: Row) -> None:
        for each, cells in zip(self.accumulators.accumulators, self._cells, strict=True):
            each.update(row, cells)


def _planned(loop: Loop, calls: Sequence[Call], bounds: Bounds) -> Accumulators:
    """What the calls accumulate. Raises NotCompiled."""
    kernels, own = [each.kernel for each in calls], [each.call for each in calls]
    sure = Facts(lambda each: _value(loop, each)[0], lambda each: _value(loop, each)[1])
    facts = Facts(lambda _: True, sure.wide) if bounds.may_be_empty else sure
    accumulators = plan(own, kernels, 0, facts)
    if accumulators is None or accumulators.has_texts:
        raise NotCompiled(own[0].function)
    for call in own:
        for expression in (*call.arguments, *(() if call.condition is None else (call.condition,))):
            _value(loop, expression)
    return accumulators


def _value(loop: Loop, expression: Expression) -> tuple[bool, bool]:
    """Whether the value may be null, and wide. Raises NotCompiled where it has no code."""
    before = loop.function.mark()
    value = loop.row(loop.function.integer("i64", 0)).value(expression)
    found = value.null is not None, is_wide(value)
    loop.function.undo(before)
    return found
