"""What aggregate calls accumulate, as words of a group: counts, sums, least and greatest values.

    count              i64
    sum of whole numbers and decimals   i64 of at most 31 bits, of which 2**32 fit; else i128, which stays at its least
                       value, "lost", once it has overflowed
    sum of FLOAT, DOUBLE   double
    least, greatest    i64 or i128 in the order of the values; doubles as numbers in their order

Calls share what they have in common: sum(x), avg(x) and count(x) are two accumulators. Each starts at a neutral value, so that
rows and other groups are added alike; whether there was a value at all is what a count says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa

from engine.compile.ir import Function, Value, Variable
from engine.compile.program import MOST_ROWS
from engine.compile.row import Row
from engine.compile.tables.layout import Rows
from engine.compile.values import Sql, bits_of, is_whole
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.kernels.aggregate_sums import Average, Count, CountIf, Sum, exceeds
from engine.kernels.aggregate_values import BitOr, Bitwise, BitXor, Extreme
from engine.kernels.aggregates import AggregateKernel
from engine.kernels.buffers import Mask, decimal_array, decimal_from_int64, fixed_array, holds_int64
from engine.types import DecimalType, DoubleType, FloatType, IntegralType
from engine.types.arrow import to_arrow

_SAFE_BITS = 95
"""Bits of values of which 2**32 fit in 128 bits for sure."""

_LOST = -(1 << 127)
_NO_SIGN = (1 << 63) - 1

Kind = Literal["count", "sum", "least", "greatest", "and", "or", "xor"]


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
class Registers:
    """A variable, and for a sum of 128 bits another one that adds numbers of 64 bits, so many as one call has rows."""

    whole: Variable
    narrow: Variable | None

    def get(self) -> Value:
        return self.whole.get() if self.narrow is None else self.whole.get() + self.narrow.get().signed("i128")

    def set(self, value: Value) -> None:
        self.whole.set(value)


@dataclass(frozen=True)
class Accumulator:
    """Something accumulated of `arguments`, over rows where `condition` is true and no argument is null."""

    kind: Kind
    storage: str
    arguments: tuple[Expression, ...]
    condition: Expression | None = None

    @property
    def words(self) -> int:
        """How many words it takes."""
        return 2 if self.storage == "i128" else 1

    @property
    def start(self) -> int:
        """What it holds before the first value, as a whole number."""
        top = 1 << (127 if self.storage == "i128" else 63)
        return {"least": top - 1, "greatest": -top, "and": -1}.get(self.kind, 0)

    def neutral(self, f: Function) -> Value:
        """What it holds before the first value."""
        return f.number("double", 0.0) if self.storage == "double" else f.integer(self.storage, self.start)

    def merge(self, cell: Cell, other: Value) -> None:
        """Adds what another accumulator of its kind holds."""
        cell.set(self._with(cell.get(), other, wide=True))

    def update(self, row: Row, cell: Cell) -> None:
        """Adds the values of a row. Raises NotCompiled."""
        if self.condition is None:
            self._update(row, cell, None)
            return
        chosen = row.value(self.condition).is_true
        if any(each.can_raise for each in self.arguments):
            with row.function.when(chosen), row.branch():
                self._update(row, cell, None)
        else:
            self._update(row, cell, chosen)

    def _update(self, row: Row, cell: Cell, chosen: Value | None) -> None:
        f = row.function
        values = row.values(self.arguments)
        for value in values:
            if value.null is not None:
                chosen = ~value.null if chosen is None else chosen & ~value.null
        if self.kind == "count":
            one = f.integer("i64", 1)
            cell.set(cell.get() + (one if chosen is None else chosen.unsigned("i64")))
            return
        value = values[0]
        if isinstance(cell, Registers) and cell.narrow is not None and self._is_narrow(row, value):
            number = value.value.signed("i64")
            cell.narrow.add(number if chosen is None else f.select(chosen, number, f.integer("i64", 0)))
            return
        number = self._number(f, value)
        if chosen is not None:
            number = f.select(chosen, number, self.neutral(f))
        cell.set(self._with(cell.get(), number, wide=min(value.bits, _most_bits(value)) > _SAFE_BITS))

    def registers(self, f: Function) -> Registers:
        """A place in registers for the rows of one call."""
        wide = self.kind == "sum" and self.storage == "i128"
        return Registers(f.variable(self.storage, self.neutral(f)), f.variable("i64", 0) if wide else None)

    def _is_narrow(self, row: Row, value: Sql) -> bool:
        """Whether 64 bits hold the values of all rows of a call, which only joins make more."""
        return len(row.providers) == 1 and value.bits + MOST_ROWS.bit_length() <= 63

    def _number(self, f: Function, value: Sql) -> Value:
        """A value as it is accumulated."""
        raw = value.value
        if self.kind == "sum":
            return raw.to_float() if self.storage == "double" else raw.signed(self.storage)
        if isinstance(value.type, FloatType | DoubleType):
            plain = raw.to_float() + 0.0
            plain = f.select(plain != plain, f.number("double", float("nan")), plain)
            bits = plain.bitcast("i64")
            return bits ^ (bits.arithmetic_shift(63) & _NO_SIGN)
        return raw.unsigned("i64") if raw.type == "i1" else raw.signed(self.storage)

    def _with(self, held: Value, number: Value, wide: bool) -> Value:
        f = held.function
        if self.kind in ("least", "greatest"):
            return f.select(number < held if self.kind == "least" else number > held, number, held)
        if self.kind in ("and", "or", "xor"):
            return {"and": held & number, "or": held | number, "xor": held ^ number}[self.kind]
        if self.storage != "i128" or not wide:
            return held + number
        total, beyond = f.overflowing("add", held, number)
        lost = f.integer("i128", _LOST)
        return f.select(beyond | (held == lost) | (number == lost), lost, total)


def is_wide(value: Sql) -> bool:
    """Whether a value may be a whole number of more than 31 bits."""
    return is_whole(value.type) and min(value.bits, _most_bits(value)) > 31


def _most_bits(value: Sql) -> int:
    return bits_of(value.type) if is_whole(value.type) else 0


Shape = tuple[tuple[Accumulator, int], ...]
"""The kinds of accumulators, and where they are in a row."""


def merge(shape: Shape, into: Value, row: Value) -> None:
    """Adds the accumulators of one row to those of another."""
    for each, offset in shape:
        each.merge(Memory(into, offset, each.storage), Memory(row, offset, each.storage).get())


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
    def shape(self) -> Shape:
        """All that code depends on which merges rows."""
        pairs = zip(self.accumulators, self.offsets, strict=True)
        return tuple((Accumulator(each.kind, each.storage, ()), offset) for each, offset in pairs)

    def cells(self, row: Value) -> list[Memory]:
        """The places in a row."""
        pairs = zip(self.accumulators, self.offsets, strict=True)
        return [Memory(row, offset, each.storage) for each, offset in pairs]

    def states(self, rows: Rows, calls: Sequence[AggregateCall], kernels: Sequence[AggregateKernel]) -> list[pa.Array]:
        """The states that the kernels would have for the groups `rows`."""
        columns: list[pa.Array] = []
        for plan, call, kernel in zip(self.calls, calls, kernels, strict=True):
            columns += self._state(rows, plan, call, kernel)
        return columns

    def _state(self, rows: Rows, plan: CallPlan, call: AggregateCall, kernel: AggregateKernel) -> list[pa.Array]:
        count = np.ones(len(rows), np.int64) if plan.count is None else _column(rows, self.offsets[plan.count])
        if plan.value is None:
            return [pa.array(count)]
        offset, storage = self.offsets[plan.value], self.accumulators[plan.value].storage
        kinds = kernel.state_types([to_arrow(each.dataType) for each in call.arguments])
        if isinstance(kernel, Sum | Average):
            return [_sums(rows, offset, storage, kinds[0]), pa.array(count)]
        return [_extremes(rows, offset, storage, kinds[0], None if plan.count is None else count > 0)]


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
        made.place(Accumulator("count", "i64", ()))  # whether there was a row
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
        return CallPlan(None, made.place(Accumulator("count", "i64", (), call.arguments[0])))
    if isinstance(kernel, Count):
        return CallPlan(None, made.place(_count(call, facts)))
    if not call.arguments:
        return None
    argument = call.arguments[0]
    accumulated = _accumulated(kernel, argument, call.condition is not None or facts is None or facts.wide(argument))
    if accumulated is None:
        return None
    needed = _count(call, facts)
    sure = facts is not None and needed.condition is None and not needed.arguments and not isinstance(kernel, Average)
    count = None if sure else made.place(needed)
    kind, storage = accumulated
    return CallPlan(made.place(Accumulator(kind, storage, (argument,), call.condition)), count)


def _count(call: AggregateCall, facts: Facts | None) -> Accumulator:
    sure = facts is not None and call.condition is None
    needed = (each for each in call.arguments if not sure or facts is None or facts.nullable(each))
    return Accumulator("count", "i64", tuple(needed), call.condition)


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


def _column(rows: Rows, offset: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.ascontiguousarray(rows[:, offset]).view(np.int64)


def _sums(rows: Rows, offset: int, storage: str, kind: pa.DataType) -> pa.Array:
    if storage == "double":
        return pa.array(_column(rows, offset).view(np.float64))
    if storage == "i64":
        return decimal_from_int64(_column(rows, offset), kind)
    low, high = rows[:, offset], rows[:, offset + 1].view(np.int64)
    lost = exceeds(low, high, 38)
    return decimal_array(low, high, kind, ~lost if lost.any() else None)


def _extremes(rows: Rows, offset: int, storage: str, kind: pa.DataType, present: Mask | None) -> pa.Array:
    if storage == "i128":
        return decimal_array(rows[:, offset], rows[:, offset + 1].view(np.int64), kind, present)
    numbers = _column(rows, offset)
    if pa.types.is_floating(kind):
        floats = (numbers ^ ((numbers >> np.int64(63)) & np.int64(_NO_SIGN))).view(np.float64)
        return fixed_array(floats, kind, present)
    return fixed_array(numbers, kind, present)
