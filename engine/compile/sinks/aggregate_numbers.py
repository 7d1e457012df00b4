"""What aggregate calls accumulate of numbers: counts, sums, least and greatest values, bits.

count              i64
sum of whole numbers and decimals   i64 of at most 31 bits, of which 2**32 fit; else i128, which stays at its least
                   value, "lost", once it has overflowed
sum of FLOAT, DOUBLE   double
sum of parts       as a sum, lost where the sum of a part that has values is null
least, greatest    i64 or i128 in the order of the values; doubles as numbers in their order
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from engine.compile.ir import Function, Value, Variable
from engine.compile.program import MOST_ROWS
from engine.compile.row import Row
from engine.compile.sinks.aggregate_cells import Accumulator, Cell
from engine.compile.tables.layout import Rows
from engine.compile.values import Sql, bits_of, is_whole
from engine.kernels.aggregate_sums import exceeds
from engine.kernels.buffers import Mask, decimal_array, decimal_from_int64, fixed_array
from engine.records import dataclass
from engine.types import DoubleType, FloatType

_SAFE_BITS = 95
"""Bits of values of which 2**32 fit in 128 bits for sure."""

_LOST = -(1 << 127)
_NO_SIGN = (1 << 63) - 1

Kind = Literal["count", "sum", "least", "greatest", "and", "or", "xor"]


@dataclass(frozen=True)
class Registers:
    """A sum of 128 bits in a variable, and another one that adds numbers of 64 bits, so many as one call has rows."""

    whole: Variable
    narrow: Variable

    def get(self) -> Value:
        return self.whole.get() + self.narrow.get().signed("i128")

    def set(self, value: Value) -> None:
        self.whole.set(value)


@dataclass(frozen=True)
class Number(Accumulator):
    """A number of one cell."""

    kind: Kind = "count"
    storage: str = "i64"

    @property
    def storages(self) -> tuple[str, ...]:
        return (self.storage,)

    @property
    def starts(self) -> tuple[int, ...]:
        top = 1 << (127 if self.storage == "i128" else 63)
        return ({"least": top - 1, "greatest": -top, "and": -1}.get(self.kind, 0),)

    def merge(self, cells: Sequence[Cell], others: Sequence[Value], arenas: Value | None) -> None:  # noqa: ARG002
        (cell,), (other,) = cells, others
        cell.set(self._with(cell.get(), other, wide=True))

    def add(self, row: Row, cells: Sequence[Cell], values: Sequence[Sql], chosen: Value | None) -> None:
        f, (cell,) = row.function, cells
        if self.kind == "count":
            one = f.integer("i64", 1)
            cell.set(cell.get() + (one if chosen is None else chosen.unsigned("i64")))
            return
        value = values[0]
        if isinstance(cell, Registers) and self._is_narrow(row, value):
            number = value.value.signed("i64")
            cell.narrow.add(number if chosen is None else f.select(chosen, number, f.integer("i64", 0)))
            return
        number = self._number(f, value)
        if chosen is not None:
            number = f.select(chosen, number, self.neutral(f)[0])
        cell.set(self._with(cell.get(), number, wide=min(value.bits, _most_bits(value)) > _SAFE_BITS))

    def registers(self, f: Function) -> list[Cell]:
        if self.kind == "sum" and self.storage == "i128":
            return [Registers(f.variable("i128", 0), f.variable("i64", 0))]
        return super().registers(f)

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

    def total(self, rows: Rows, offset: int, kind: pa.DataType) -> pa.Array:
        """The sums of groups as a state's column of that type; null where lost."""
        if self.storage == "double":
            return pa.array(column(rows, offset).view(np.float64))
        if self.storage == "i64":
            return decimal_from_int64(column(rows, offset), kind)
        low, high = rows[:, offset], rows[:, offset + 1].view(np.int64)
        lost = exceeds(low, high, 38)
        return decimal_array(low, high, kind, ~lost if lost.any() else None)

    def picked(self, rows: Rows, offset: int, kind: pa.DataType, present: Mask | None) -> pa.Array:
        """The extremes or bits of groups as a state's column of that type."""
        if self.storage == "i128":
            return decimal_array(rows[:, offset], rows[:, offset + 1].view(np.int64), kind, present)
        numbers = column(rows, offset)
        if pa.types.is_floating(kind):
            floats = (numbers ^ ((numbers >> np.int64(63)) & np.int64(_NO_SIGN))).view(np.float64)
            return fixed_array(floats, kind, present)
        return fixed_array(numbers, kind, present)


@dataclass(frozen=True)
class PartSum(Number):
    """The sum of parts, `arguments`: the sum of each and how many values it has. A null is a sum out of range, or of none."""

    kind: Kind = "sum"

    def _update(self, row: Row, cells: Sequence[Cell], chosen: Value | None) -> None:
        assert chosen is None, "the parts have seen to conditions"
        f, (cell,) = row.function, cells
        total, count = row.values(self.arguments)
        number = self._number(f, total)
        if total.null is not None:
            (nothing,) = self.neutral(f)
            if self.storage == "i128":
                nothing = f.select(count.value.signed("i64") > 0, f.integer("i128", _LOST), nothing)
            number = f.select(total.null, nothing, number)
        cell.set(self._with(cell.get(), number, wide=True))


def is_wide(value: Sql) -> bool:
    """Whether a value may be a whole number of more than 31 bits."""
    return is_whole(value.type) and min(value.bits, _most_bits(value)) > 31


def _most_bits(value: Sql) -> int:
    return bits_of(value.type) if is_whole(value.type) else 0


def column(rows: Rows, offset: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A word of each row."""
    return np.ascontiguousarray(rows[:, offset]).view(np.int64)
