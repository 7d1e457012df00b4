"""Counts, sums and averages, exact where SQL says so: whole numbers and decimals are summed in 128 bits.

The sum of a group is kept as DECIMAL(38, scale) beside the number of values; a null sum of some values is one beyond 38 digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.sql import sql
from engine.kernels.aggregates import Aggregation, counts_of, present_rows
from engine.kernels.buffers import (
    Ints,
    Mask,
    Words,
    decimal_array,
    decimal_from_int64,
    decimal_words,
    fits_int64,
    fixed_array,
    fixed_values,
    holds_int64,
    int64_values,
    valid,
)
from engine.kernels.casts.intervals import arithmetic_overflow
from engine.kernels.context import EvalContext
from engine.lazy import pc
from engine.types import DataType
from engine.types.arrow import to_arrow

Floats = npt.NDArray[np.float64]

_LOW = np.int64(0xFFFFFFFF)
_HALF = np.int64(32)


class Count(Aggregation):
    """How many rows have no null argument."""

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:  # noqa: ARG002
        return (pa.int64(),)

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        mask: Mask | None = None
        for argument in arguments:
            if (present := valid(argument)) is not None:
                mask = present if mask is None else mask & present
        return [pa.array(counts_of(gids if mask is None else gids[mask], groups))]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return [pa.array(add_int64(int64_values(states[0]), gids, groups))]

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        return states[0]


class CountIf(Count):
    """How many rows make the argument true."""

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        true = pc.fill_null(arguments[0], False).to_numpy(zero_copy_only=False)
        return [pa.array(counts_of(gids[true], groups))]


class Sum(Aggregation):
    """The sum of the values; null without any. `tolerant`: null where it is out of range."""

    state_name = "sums"
    tolerant = False

    def __init__(self, call: AggregateCall, context: EvalContext) -> None:
        super().__init__(call, context)
        self.sums = Sums(self.types[0])

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return Sums(argument_types[0]).types

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        return self.sums.update(gids, groups, arguments[0])

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return self.sums.merge(gids, groups, states)

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        total, count = states[0], int64_values(states[1])
        present = count > 0
        wanted = to_arrow(result)
        if pa.types.is_floating(total.type):
            return fixed_array(fixed_values(total), wanted, present)
        lost = present if (mask := valid(total)) is None else present & ~mask
        broken = bool(lost.any()) if mask is not None else False
        low, high = decimal_words(total)
        if pa.types.is_decimal128(wanted):
            beyond = exceeds(low, high, wanted.precision) & present
            if (broken or beyond.any()) and self.context.ansi and not self.tolerant:
                raise self._beyond(low, high, beyond, wanted)
            return decimal_array(low, high, wanted, present & ~beyond & (mask if mask is not None else True))
        return self._whole(low, high, wanted, present, broken)

    def _beyond(self, low: Words, high: Ints, beyond: Mask, wanted: pa.DataType) -> ExecutionError:
        """The error for the first sum that has more digits than its decimal type."""
        shown = sql(self.call)  # a sum that passed what states hold is lost
        if beyond.any():
            place = int(np.argmax(beyond))
            with localcontext(Context(prec=50)):
                shown = f"{Decimal((int(high[place]) << 64) | int(low[place])).scaleb(-wanted.scale):f}"
        parameters = {"value": shown, "precision": wanted.precision, "scale": wanted.scale}
        return ExecutionError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", parameters, self.call.origin)

    def _whole(self, low: Words, high: Ints, wanted: pa.DataType, present: Mask, broken: bool) -> pa.Array:
        values = np.ascontiguousarray(low).view(np.int64)
        limit = np.int64((1 << (wanted.bit_width - 1)) - 1)
        beyond = ((values >> np.int64(63)) != high) | (values > limit) | (values < -limit - 1)
        beyond &= present
        if broken or beyond.any():
            if self.tolerant:
                return fixed_array(values, wanted, present & ~beyond)
            if not pa.types.is_int64(wanted):  # intervals are kept as durations and as months of 32 bits
                raise arithmetic_overflow("try_sum")
            if self.context.ansi:
                raise self.overflow("long overflow", "try_sum")
        return fixed_array(values, wanted, present)


class TrySum(Sum):
    tolerant = True


class Average(Aggregation):
    """The mean of the values: of decimals as a decimal of four digits more, rounded half up, else a double."""

    state_name = "sums"
    tolerant = False

    def __init__(self, call: AggregateCall, context: EvalContext) -> None:
        super().__init__(call, context)
        self.sums = Sums(self.types[0])

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return Sums(argument_types[0]).types

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        return self.sums.update(gids, groups, arguments[0])

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return self.sums.merge(gids, groups, states)

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        total, count = states[0], int64_values(states[1])
        present = count > 0
        wanted = to_arrow(result)
        divisor = np.maximum(count, 1)
        if pa.types.is_floating(total.type):
            return fixed_array(fixed_values(total) / divisor, wanted, present)
        if (mask := valid(total)) is not None and (present & ~mask).any():
            if self.context.ansi and not self.tolerant:
                raise self.overflow("Overflow in sum of decimals", "try_avg")
            present = present & mask
        low, high = decimal_words(total)
        if pa.types.is_floating(wanted):
            return fixed_array(as_doubles(low, high) / divisor, wanted, present)
        scale = wanted.scale - total.type.scale if pa.types.is_decimal128(wanted) else 0
        found, beyond = _divided(low, high, divisor, 10**scale, wanted, present)
        if beyond is not None and self.context.ansi and not self.tolerant:
            parameters = {"value": beyond, "precision": wanted.precision, "scale": wanted.scale}
            raise ExecutionError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", parameters, self.call.origin)
        return found


class TryAverage(Average):
    tolerant = True


class SumOfParts(Sum):
    """The sum of rows of which parts are summed: of each the sum, null where it is out of range, and the number of values."""

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        return self.sums.merge(gids, groups, arguments)


class AverageOfParts(Average):
    """The mean of rows of which parts are summed."""

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        return self.sums.merge(gids, groups, arguments)


class Sums:
    """Sums of values of one Arrow type, as two columns: the sum and the number of values."""

    def __init__(self, kind: pa.DataType) -> None:
        self.floating = pa.types.is_floating(kind)
        scale = kind.scale if pa.types.is_decimal128(kind) else 0
        self.total = pa.float64() if self.floating else pa.decimal128(38, scale)
        self.types = (self.total, pa.int64())

    def update(self, gids: Ints, groups: int, values: pa.Array) -> list[pa.Array]:
        """Sum and count of the values of each group."""
        if pa.types.is_null(values.type):
            return [pa.nulls(groups, self.total), pa.array(np.zeros(groups, np.int64))]
        mask, ids = present_rows(values, gids)
        return [self._add(values, mask, ids, groups), pa.array(counts_of(ids, groups))]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        """Sum of sums, and of counts."""
        total, count = states
        mask = valid(total)
        ids = gids if mask is None else gids[mask]
        merged = self._add(total, mask, ids, groups)
        if mask is not None:
            lost = np.zeros(groups, np.bool_)
            lost[gids[~mask & (int64_values(count) > 0)]] = True
            if lost.any():
                merged = pc.if_else(pa.array(lost), pa.scalar(None, merged.type), merged)
        return [merged, pa.array(add_int64(int64_values(count), gids, groups))]

    def _add(self, values: pa.Array, mask: Mask | None, ids: Ints, groups: int) -> pa.Array:
        if self.floating:
            floats = fixed_values(values)
            return pa.array(add_doubles(floats if mask is None else floats[mask], ids, groups))
        if holds_int64(values.type):
            small = int64_values(values)
            return self._add_int64(small if mask is None else small[mask], ids, groups)
        low, high = decimal_words(values)
        if mask is not None:
            low, high = low[mask], high[mask]
        if fits_int64(low, high):
            return self._add_int64(low.view(np.int64), ids, groups)
        return self._add_words(low, high, ids, groups)

    def _add_int64(self, values: Ints, ids: Ints, groups: int) -> pa.Array:
        if len(values) and max(-int(values.min()), int(values.max())) * len(values) >= 1 << 63:
            return self._add_words(np.ascontiguousarray(values).view(np.uint64), values >> np.int64(63), ids, groups)
        return decimal_from_int64(add_int64(values, ids, groups), self.total)

    def _add_words(self, low: Words, high: Ints, ids: Ints, groups: int) -> pa.Array:
        signed = np.ascontiguousarray(low).view(np.int64)
        parts = (signed & _LOW, (signed >> _HALF) & _LOW, high & _LOW, high >> _HALF)
        low, high, beyond = joined_words([add_int64(part, ids, groups) for part in parts])
        beyond |= exceeds(low, high, 38)
        return decimal_array(low, high, self.total, ~beyond if beyond.any() else None)


def add_int64(values: Ints, gids: Ints, groups: int) -> Ints:
    """Sums of groups modulo 2**64."""
    if groups == 1:
        return np.array([values.sum()], np.int64)
    sums = np.zeros(groups, np.int64)
    np.add.at(sums, gids, values)
    return sums


def add_doubles(values: npt.NDArray[np.floating], gids: Ints, groups: int) -> Floats:
    """Sums of groups in double precision."""
    if groups == 1:
        with np.errstate(all="ignore"):  # of infinities NaN, and no word about it
            return np.array([values.sum(dtype=np.float64)], np.float64)
    return np.bincount(gids, values, groups).astype(np.float64, copy=False)


def joined_words(parts: Sequence[Ints]) -> tuple[Words, Ints, Mask]:
    """128-bit numbers of four sums of 32-bit parts (lowest first, the last one signed), and which are out of range."""
    a, b, c, d = parts
    b = b + (a >> _HALF)
    c = c + (b >> _HALF)
    d = d + (c >> _HALF)
    low = (a & _LOW) | ((b & _LOW) << _HALF)
    high = (c & _LOW) | (d << _HALF)
    limit = np.int64(1) << np.int64(31)
    return low.view(np.uint64), high, (d >= limit) | (d < -limit)


def exceeds(low: Words, high: Ints, digits: int) -> Mask:
    """Which 128-bit numbers have more than `digits` decimal digits."""
    if fits_int64(low, high) and digits >= 19:
        return np.zeros(len(low), np.bool_)
    negative = high < 0
    above = np.where(negative, ~high, high)
    below = np.where(negative, ~low, low)  # both words: one less than the magnitude of a negative number
    top, rest = divmod(10**digits, 1 << 64)
    top_less, rest_less = divmod(10**digits - 1, 1 << 64)
    tops = np.where(negative, np.int64(top_less), np.int64(top))
    rests = np.where(negative, np.uint64(rest_less), np.uint64(rest))
    found: Mask = (above > tops) | ((above == tops) & (below >= rests))
    return found


def as_doubles(low: Words, high: Ints) -> Floats:
    """128-bit numbers as doubles."""
    if fits_int64(low, high):
        return np.ascontiguousarray(low).view(np.int64).astype(np.float64)
    return high.astype(np.float64) * 2.0**64 + low.astype(np.float64)


def _divided(
    low: Words, high: Ints, divisor: Ints, factor: int, wanted: pa.DataType, present: Mask
) -> tuple[pa.Array, Decimal | None]:
    """`(low, high) * factor / divisor`, rounded half up; and one that the result type cannot hold, which is null then."""
    if fits_int64(low, high):
        values = np.ascontiguousarray(low).view(np.int64)
        largest = max(abs(int(values.min())), abs(int(values.max()))) if len(values) else 0
        if largest * factor + int(divisor.max(initial=1)) < 1 << 62:
            sizes = np.abs(values) * factor
            quotient = (sizes + divisor // 2) // divisor
            return fixed_array(np.where(values < 0, -quotient, quotient), wanted, present), None
    words: list[int] = []
    beyond = None
    limit = 10**wanted.precision if pa.types.is_decimal128(wanted) else 1 << 63
    fits = np.ones(len(low), np.bool_)
    for a, b, count in zip(low.tolist(), high.tolist(), divisor.tolist(), strict=True):
        value = (b << 64) + a
        size = (2 * abs(value) * factor + count) // (2 * count)
        if size >= limit:
            fits[len(words)] = False
            beyond = Decimal(-size if value < 0 else size).scaleb(-wanted.scale)
        words.append((-size if value < 0 else size) & ((1 << 128) - 1))
    data = b"".join(word.to_bytes(16, "little") for word in words)
    pairs = np.frombuffer(data, np.uint64)
    if pa.types.is_decimal128(wanted):
        return decimal_array(pairs[0::2], pairs[1::2].view(np.int64), wanted, present & fits), beyond
    return fixed_array(pairs[0::2].view(np.int64), wanted, present), None
