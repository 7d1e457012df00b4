"""What the calls of an aggregate accumulate, where it is in a row, and the states that the kernels would have of it.

Calls share what they have in common: sum(x), avg(x) and count(x) are two accumulators. Whether there was a value at all is
what a count says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from engine.compile.forms import storage_of_arrow
from engine.compile.ir import Value
from engine.compile.sinks.aggregate_cells import Accumulator, Cell
from engine.compile.sinks.aggregate_moments import Pairs, Powers, Shifted
from engine.compile.sinks.aggregate_numbers import Kind, Number, PartSum, column
from engine.compile.sinks.aggregate_texts import Outermost
from engine.compile.tables.layout import Rows
from engine.compile.tables.texts import Texts
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.kernels.aggregate_moments import Moments, PairMoments
from engine.kernels.aggregate_sums import Average, AverageOfParts, Count, CountIf, Sum, SumOfParts
from engine.kernels.aggregate_values import BitOr, Bitwise, BitXor, Extreme
from engine.kernels.aggregates import AggregateKernel
from engine.kernels.buffers import holds_int64
from engine.records import dataclass
from engine.types import DOUBLE, DecimalType, DoubleType, FloatType, IntegralType
from engine.types.arrow import to_arrow

Shape: TypeAlias = tuple[tuple[Accumulator, int], ...]
"""The kinds of accumulators, and where they are in a row."""


def merge(shape: Shape, into: Value, row: Value, arenas: Value) -> None:
    """Adds the accumulators of one row to those of another; `arenas`: where the texts of all threads are."""
    for each, offset in shape:
        each.merge(each.memory(into, offset), [other.get() for other in each.memory(row, offset)], arenas)


@dataclass(frozen=True)
class CallPlan:
    """The accumulators of one call: of its value, None for a count; of the number of its values, None where each group has
    some and nobody needs the number."""

    value: int | None
    count: int | None


class Accumulators:
    """What the calls of an aggregate accumulate, and where in a row. `plan` makes it."""

    def __init__(self, first_word: int) -> None:
        self.accumulators: list[Accumulator] = []
        self.offsets: list[int] = []
        self.calls: list[CallPlan] = []
        self.words = first_word

    def place(self, accumulator: Accumulator) -> int:
        """The number of an accumulator, which is made if no other call has it."""
        if accumulator not in self.accumulators:
            self.accumulators.append(accumulator)
            self.offsets.append(self.words)
            self.words += accumulator.words
        return self.accumulators.index(accumulator)

    @property
    def has_texts(self) -> bool:
        """Whether some of them are words of texts."""
        return any(isinstance(each, Outermost) for each in self.accumulators)

    def cells(self, row: Value) -> list[list[Cell]]:
        """The places of each in a row."""
        return [each.memory(row, offset) for each, offset in zip(self.accumulators, self.offsets, strict=True)]

    @property
    def shape(self) -> Shape:
        """All that code depends on which merges rows."""
        pairs = zip(self.accumulators, self.offsets, strict=True)
        return tuple((replace(each, arguments=(), condition=None), offset) for each, offset in pairs)

    def states(
        self, rows: Rows, texts: Texts | None, calls: Sequence[AggregateCall], kernels: Sequence[AggregateKernel]
    ) -> list[pa.Array]:
        """The states that the kernels would have for the groups `rows`, whose words are of `texts`."""
        columns: list[pa.Array] = []
        for plan, call, kernel in zip(self.calls, calls, kernels, strict=True):
            kinds = kernel.state_types([to_arrow(each.dataType) for each in call.arguments])
            columns += self._state(rows, texts, plan, kinds)
        return columns

    def _state(self, rows: Rows, texts: Texts | None, plan: CallPlan, kinds: Sequence[pa.DataType]) -> list[pa.Array]:
        count = np.ones(len(rows), np.int64) if plan.count is None else column(rows, self.offsets[plan.count])
        if plan.value is None:
            return [pa.array(count)]
        offset, accumulator = self.offsets[plan.value], self.accumulators[plan.value]
        if isinstance(accumulator, Shifted):
            return accumulator.states(rows, offset)
        if isinstance(accumulator, Outermost):
            assert texts is not None
            return [texts.take(rows[:, offset + 1], kinds[0], plain=True)]
        assert isinstance(accumulator, Number)
        if accumulator.kind == "sum":
            return [accumulator.total(rows, offset, kinds[0]), pa.array(count)]
        return [accumulator.picked(rows, offset, kinds[0], None if plan.count is None else count > 0)]


@dataclass(frozen=True)
class Facts:
    """What is known of values. `nullable`: may be null; `wide`: whole numbers that may have more than 31 bits."""

    nullable: Callable[[Expression], bool]
    wide: Callable[[Expression], bool]


def plan(
    calls: Sequence[AggregateCall],
    kernels: Sequence[AggregateKernel],
    first_word: int = 0,
    facts: Facts | None = None,
) -> Accumulators | None:
    """The accumulators of calls; None where one of them has no code. `facts` are those of groups, which have a row at least;
    None without keys."""
    made = Accumulators(first_word)
    if facts is None:
        made.place(Number(()))  # whether there was a row
    for call, kernel in zip(calls, kernels, strict=True):
        found = _planned(made, call, kernel, facts)
        if found is None:
            return None
        made.calls.append(found)
    return made


def _planned(made: Accumulators, call: AggregateCall, kernel: AggregateKernel, facts: Facts | None) -> CallPlan | None:
    if call.order:
        return None
    if isinstance(kernel, CountIf):
        if call.condition is not None:
            return None
        return CallPlan(None, made.place(Number((), call.arguments[0])))
    if isinstance(kernel, Count):
        return CallPlan(None, made.place(_count(call, facts)))
    if not call.arguments:
        return None
    if isinstance(kernel, SumOfParts | AverageOfParts):
        width = "double" if isinstance(call.arguments[0].dataType, DoubleType) else "i128"
        total = made.place(PartSum(call.arguments, storage=width))
        return CallPlan(total, made.place(Number(call.arguments[1:], None, "sum", "i64")))
    whole = _without_count(call, kernel)
    if whole is not None:
        return CallPlan(made.place(whole), None)
    argument = call.arguments[0]
    accumulated = _accumulated(kernel, argument, call.condition is not None or facts is None or facts.wide(argument))
    if accumulated is None:
        return None
    needed = _count(call, facts)
    sure = facts is not None and needed.condition is None and not needed.arguments and not isinstance(kernel, Average)
    count = None if sure else made.place(needed)
    kind, storage = accumulated
    return CallPlan(made.place(Number((argument,), call.condition, kind, storage)), count)


def _count(call: AggregateCall, facts: Facts | None) -> Number:
    sure = facts is not None and call.condition is None
    needed = (each for each in call.arguments if not sure or facts is None or facts.nullable(each))
    return Number(tuple(needed), call.condition)


def _without_count(call: AggregateCall, kernel: AggregateKernel) -> Accumulator | None:
    """What says itself whether there was a value."""
    kinds = [each.dataType for each in call.arguments]
    if isinstance(kernel, Moments) and kinds == [DOUBLE]:
        return Powers(call.arguments, call.condition, kernel.powers)
    if isinstance(kernel, PairMoments) and kinds == [DOUBLE, DOUBLE]:
        return Pairs(call.arguments, call.condition)
    if isinstance(kernel, Extreme) and len(kinds) == 1 and storage_of_arrow(to_arrow(kinds[0])) == "text":
        return Outermost(call.arguments, call.condition, kernel.greatest)
    return None


def _accumulated(kernel: AggregateKernel, argument: Expression, wide: bool) -> tuple[Kind, str] | None:
    kind = argument.dataType
    arrow = to_arrow(kind)
    if isinstance(kernel, Sum | Average):
        if isinstance(kind, FloatType | DoubleType):
            return "sum", "double"
        return ("sum", "i128" if wide else "i64") if isinstance(kind, IntegralType | DecimalType) else None
    if isinstance(kernel, Bitwise):
        how: Kind = "or" if isinstance(kernel, BitOr) else "xor" if isinstance(kernel, BitXor) else "and"
        return how, "i64"
    if isinstance(kernel, Extreme):
        end: Kind = "greatest" if kernel.greatest else "least"
        if holds_int64(arrow) or pa.types.is_floating(arrow):
            return end, "i64"
        return (end, "i128") if pa.types.is_decimal128(arrow) else None
    return None
