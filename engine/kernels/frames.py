"""Frames of window functions: from ROWS and RANGE bounds to the rows each row sees, and aggregates over those.

Aggregates are computed the cheapest way that is exact: once per partition where all rows see all of it; by differences of
running totals (counts, and sums of whole numbers and decimals); by running over each partition (sums of doubles, least and
greatest from its start); else by gathering the rows of each frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.errors import InternalError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.expressions.window import CurrentRow, Frame, Offset, Unbounded
from engine.kernels import aggregate_sums as sums
from engine.kernels import aggregate_values as values
from engine.kernels.aggregate_moments import Moments
from engine.kernels.aggregates import AggregateKernel, aggregate_kernel, take_rows
from engine.kernels.arithmetic import integer_overflow
from engine.kernels.buffers import (
    Ints,
    Mask,
    decimal_array,
    decimal_words,
    fixed_values,
    holds_int64,
    int64_values,
    valid,
)
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.kernels.sorting import SortKey, order_codes
from engine.kernels.windows import Frames, Layout, nth_rows
from engine.types import DataType, DateType, DayTimeIntervalType, DecimalType, IntegralType, YearMonthIntervalType

_GATHERED = 1 << 20
_FEW = 64
_DAY = 86_400_000_000
_LOW = np.int64(0xFFFFFFFF)
_HALF = np.int64(32)


def frames_of(
    frame: Frame | None, layout: Layout, keys: Sequence[SortKey], types: Sequence[DataType], context: EvalContext
) -> Frames:
    """What each row sees. Without a frame: up to the row's peers if ordered, else the whole partition. `keys` are the sorted
    order columns, `types` their SQL types."""
    if frame is None:
        return Frames(layout.starts, layout.peer_stops if keys else layout.stops)
    ranges = _Ranges(layout, keys, types, context) if frame.unit == "range" else None
    low = _bound(frame.lower, layout, ranges, True, context)
    high = _bound(frame.upper, layout, ranges, False, context)
    found = Frames(low, np.maximum(high, low))
    if ranges is not None and context.ansi:
        ranges.check(frame, found)
    return found


def _bound(bound: Expression, layout: Layout, ranges: _Ranges | None, lower: bool, context: EvalContext) -> Ints:
    if isinstance(bound, Unbounded):
        return layout.starts if lower else layout.stops
    if isinstance(bound, CurrentRow):
        if ranges is None:
            return layout.numbers + (0 if lower else 1)
        return layout.peer_starts if lower else layout.peer_stops
    assert isinstance(bound, Offset)
    constant = evaluate_constant(bound.value, context)
    if ranges is not None:
        return ranges.bound(constant.value, bound.value.dataType, lower)
    places = layout.numbers + int(constant.value) + (0 if lower else 1)
    return np.clip(places, layout.starts, layout.stops)


class _Ranges:
    """Bounds by the value of the one order key."""

    def __init__(
        self, layout: Layout, keys: Sequence[SortKey], types: Sequence[DataType], context: EvalContext
    ) -> None:
        self.layout = layout
        self.key = keys[0] if keys else None
        self.type = types[0] if types else None
        self.context = context

    def bound(self, value: Any, kind: DataType, lower: bool) -> Ints:
        """The first row whose key is at least `value` after that of the row, or past the last one at most so."""
        if self.key is None or self.type is None:
            raise InternalError("A RANGE frame with an offset has no order.")
        key, layout = self.key, self.layout
        present = valid(key.array)
        shift = _shifted(key.array, self.type, value, kind, 1 if key.ascending else -1)
        own = order_codes(key.array).codes
        if not key.ascending:
            own, shift = ~own, ~shift
        _, ranks = np.unique(np.concatenate([own, shift]), return_inverse=True)
        size = int(ranks.max(initial=0)) + 3
        mine, wanted = ranks[: layout.rows] + 1, ranks[layout.rows :] + 1
        if present is not None:
            mine = np.where(present, mine, 0 if key.nulls_first else size - 1)
        places = np.searchsorted(
            layout.partition * size + mine, layout.partition * size + wanted, side="left" if lower else "right"
        )
        if present is not None:
            peers = layout.peer_starts if lower else layout.peer_stops
            places = np.where(present, places, peers)
        return places.astype(np.int64)

    def check(self, frame: Frame, frames: Frames) -> None:
        """Raises where the key of a row and an offset have a sum out of range.

        As in Spark, an end is only looked for while rows are left that may be before it, and a start while rows are seen.
        """
        if self.key is None or not isinstance(self.type, IntegralType):
            return
        layout = self.layout
        first = layout.numbers == layout.starts
        before = np.where(first, layout.starts, np.roll(frames.high, 1))
        seen = ~first & (np.roll(frames.high > frames.low, 1))
        for bound, asked in ((frame.lower, seen | (frames.high > before)), (frame.upper, before < layout.stops)):
            if isinstance(bound, Offset):
                step = int(evaluate_constant(bound.value, self.context).value)
                self._check_sums(step if self.key.ascending else -step, asked)

    def _check_sums(self, step: int, asked: Mask) -> None:
        assert self.key is not None
        array = self.key.array
        edge = 1 << (array.type.bit_width - 1)
        keys = int64_values(array)
        beyond = (keys > edge - 1 - step if step > 0 else keys < -edge - step) & asked
        present = valid(array)
        if present is not None:
            beyond &= present
        if beyond.any():
            raise integer_overflow("+", array.type.bit_width, int(keys[np.argmax(beyond)]), step)


def _shifted(array: pa.Array, kind: DataType, value: Any, value_type: DataType, sign: int) -> Ints:
    """The order codes of each key moved by `sign` times `value`."""
    if pa.types.is_floating(array.type):
        numbers = fixed_values(array)
        with np.errstate(all="ignore"):
            return order_codes(pa.array(numbers + sign * numbers.dtype.type(value))).codes
    codes = order_codes(array).codes
    if isinstance(value_type, YearMonthIntervalType) and not isinstance(kind, YearMonthIntervalType):
        return _months_later(codes, sign * int(value), isinstance(kind, DateType))
    if isinstance(value_type, DayTimeIntervalType) and isinstance(kind, DateType):
        step = int(value) // _DAY
    elif isinstance(kind, DecimalType):
        step = int(Decimal(value).scaleb(kind.scale))
    else:
        step = int(value)
    step *= sign
    edge = np.iinfo(np.int64)
    with np.errstate(over="ignore"):
        moved = codes + np.int64(step)
    if step >= 0:
        return np.where(moved < codes, edge.max, moved)
    return np.where(moved > codes, edge.min, moved)


def _months_later(codes: Ints, months: int, is_date: bool) -> Ints:
    """Days, or microseconds, so many months later; the last day of the month where there is no such day."""
    days, rest = (codes, np.zeros_like(codes)) if is_date else np.divmod(codes, _DAY)
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    moved = month + np.timedelta64(months, "M")
    length = ((moved + np.timedelta64(1, "M")).astype("datetime64[D]") - moved.astype("datetime64[D]")).astype(np.int64)
    day = np.minimum((dates - month.astype("datetime64[D]")).astype(np.int64), length - 1)
    found: Ints = moved.astype("datetime64[D]").astype(np.int64) + day
    return found if is_date else found * _DAY + rest


def aggregate_over(
    call: AggregateCall,
    context: EvalContext,
    layout: Layout,
    frames: Frames,
    inputs: Sequence[pa.Array],
    chosen: Mask | None,
) -> pa.Array:
    """The aggregate of the rows each row sees; `chosen` are the rows that pass its FILTER."""
    kernel = aggregate_kernel(call, context)
    if isinstance(kernel, values.First) and chosen is None:
        rows = nth_rows(inputs[0], frames, 0, kernel.ignores_nulls, isinstance(kernel, values.Last))
        return take_rows(inputs[0], rows)
    if layout.rows == 0:
        return kernel.finish(kernel.update(np.zeros(0, np.int64), 0, inputs), call.dataType)
    if bool((frames.low == layout.starts).all()) and bool((frames.high == layout.stops).all()):
        return _by_partition(kernel, call, layout, inputs, chosen)
    return kernel.finish(states_over(kernel, layout, frames, inputs, chosen), call.dataType)


def states_over(
    kernel: AggregateKernel, layout: Layout, frames: Frames, inputs: Sequence[pa.Array], chosen: Mask | None
) -> list[pa.Array]:
    """The states of an aggregate for the rows each row sees."""
    compute = _special(kernel, layout, frames)
    if compute is not None:
        return compute(layout, frames, inputs, chosen)
    return _by_gathering(kernel, frames, inputs, chosen)


def _by_partition(
    kernel: AggregateKernel, call: AggregateCall, layout: Layout, inputs: Sequence[pa.Array], chosen: Mask | None
) -> pa.Array:
    gids = layout.partition
    if chosen is not None:
        rows = np.flatnonzero(chosen)
        gids, inputs = gids[rows], [take_rows(each, rows) for each in inputs]
    found = kernel.finish(_update(kernel)(gids, layout.partitions, inputs), call.dataType)
    return found.take(pa.array(layout.partition))


def _by_gathering(
    kernel: AggregateKernel, frames: Frames, inputs: Sequence[pa.Array], chosen: Mask | None
) -> list[pa.Array]:
    sizes = frames.high - frames.low
    ends = np.cumsum(sizes)
    parts = []
    start = 0
    while start < len(sizes):
        limit = (ends[start - 1] if start else 0) + _GATHERED
        stop = max(start + 1, int(np.searchsorted(ends, limit, side="right")))
        counts = sizes[start:stop]
        gids = np.repeat(np.arange(stop - start), counts)
        first = np.cumsum(counts) - counts
        rows = np.arange(len(gids)) - np.repeat(first, counts) + np.repeat(frames.low[start:stop], counts)
        if chosen is not None:
            kept = chosen[rows]
            gids, rows = gids[kept], rows[kept]
        parts.append(_update(kernel)(gids, stop - start, [take_rows(each, rows) for each in inputs]))
        start = stop
    return [pa.concat_arrays(states) for states in zip(*parts, strict=True)]


def _update(kernel: AggregateKernel) -> Callable[[Ints, int, Sequence[pa.Array]], list[pa.Array]]:
    return kernel.update_in_order if isinstance(kernel, Moments) else kernel.update


_Compute = Callable[[Layout, Frames, Sequence[pa.Array], Mask | None], list[pa.Array]]


def _special(kernel: AggregateKernel, layout: Layout, frames: Frames) -> _Compute | None:
    """A faster way than gathering, if there is one."""
    if isinstance(kernel, sums.Count) and not isinstance(kernel, sums.CountIf):
        return _count
    if isinstance(kernel, sums.Sum | sums.Average) and not kernel.sums.floating:
        return partial(_exact_sums, kernel)
    running = bool((frames.low == layout.starts).all())
    if running and int((frames.high - frames.low).sum()) > _FEW * layout.rows:
        if isinstance(kernel, sums.Sum | sums.Average):
            return _running_sums
        if isinstance(kernel, values.Extreme):
            return partial(_extremes, kernel, _running_best)
    return partial(_extremes, kernel, _best) if isinstance(kernel, values.Extreme) else None


def _counted(inputs: Sequence[pa.Array], chosen: Mask | None, rows: int) -> Mask:
    """Which rows pass the filter and have no null input."""
    mask = np.ones(rows, np.bool_) if chosen is None else chosen.copy()
    for each in inputs:
        if (present := valid(each)) is not None:
            mask &= present
    return mask


def _between(totals: Ints, frames: Frames) -> Ints:
    """Differences of running totals, which begin with 0."""
    with np.errstate(over="ignore"):
        return totals[frames.high] - totals[frames.low]


def _running(numbers: npt.NDArray[Any]) -> Ints:
    return np.append(np.int64(0), np.cumsum(numbers, dtype=np.int64))


def _count(
    layout: Layout,
    frames: Frames,
    inputs: Sequence[pa.Array],
    chosen: Mask | None,
) -> list[pa.Array]:
    return [pa.array(_between(_running(_counted(inputs, chosen, layout.rows)), frames))]


def _exact_sums(
    kernel: Any, layout: Layout, frames: Frames, inputs: Sequence[pa.Array], chosen: Mask | None
) -> list[pa.Array]:
    mask = _counted(inputs, chosen, layout.rows)
    array = inputs[0]
    if holds_int64(array.type):
        small = int64_values(array)
        low, high = small, small >> np.int64(63)
    else:
        words, high = decimal_words(array)
        low = np.ascontiguousarray(words).view(np.int64)
    pieces = (low & _LOW, (low >> _HALF) & _LOW, high & _LOW, high >> _HALF)
    parts = [_between(_running(np.where(mask, piece, 0)), frames) for piece in pieces]
    total_low, total_high, beyond = sums.joined_words(parts)
    beyond |= sums.exceeds(total_low, total_high, 38)
    total = decimal_array(total_low, total_high, kernel.sums.total, ~beyond if beyond.any() else None)
    return [total, pa.array(_between(_running(mask), frames))]


def _running_sums(
    layout: Layout,
    frames: Frames,
    inputs: Sequence[pa.Array],
    chosen: Mask | None,
) -> list[pa.Array]:
    mask = _counted(inputs, chosen, layout.rows)
    numbers = np.where(mask, fixed_values(inputs[0]).astype(np.float64), 0.0)
    totals = _accumulated(numbers, layout, np.add)
    counts = _between(_running(mask), frames)
    sums_ = np.where(frames.high > frames.low, totals[np.maximum(frames.high - 1, 0)], 0.0)
    return [pa.array(sums_), pa.array(counts)]


def _extremes(
    kernel: Any, find: _Find, layout: Layout, frames: Frames, inputs: Sequence[pa.Array], chosen: Mask | None
) -> list[pa.Array]:
    mask = _counted(inputs, chosen, layout.rows)
    ordered = order_codes(inputs[0])
    edge = np.iinfo(np.int64).min if kernel.greatest else np.iinfo(np.int64).max
    codes = np.where(mask, ordered.codes, edge)
    best = find(codes, layout, frames, np.maximum if kernel.greatest else np.minimum)
    present = _between(_running(mask), frames) > 0
    return [ordered.decode(np.where(present, best, 0), present)]


_Find = Callable[[Ints, Layout, Frames, np.ufunc], Ints]


def _running_best(codes: Ints, layout: Layout, frames: Frames, better: np.ufunc) -> Ints:
    """The best code of each frame, all of which begin with the partition."""
    best: Ints = _accumulated(codes, layout, better)[np.maximum(frames.high - 1, 0)]
    return best


def _best(codes: Ints, layout: Layout, frames: Frames, better: np.ufunc) -> Ints:  # noqa: ARG001
    """The best code of each frame: of two runs that cover it, both as long as the largest power of two that fits."""
    sizes = frames.high - frames.low
    found, best, length = np.zeros(len(codes), np.int64), codes, 1
    while (rows := np.flatnonzero((sizes >= length) & (sizes < 2 * length))).size or bool((sizes >= length).any()):
        found[rows] = better(best[frames.low[rows]], best[frames.high[rows] - length])
        best = better(best[:-length], best[length:])
        length *= 2
    return found


def _accumulated(numbers: npt.NDArray[Any], layout: Layout, combine: np.ufunc) -> npt.NDArray[Any]:
    """Running totals within each partition."""
    result = np.empty_like(numbers)
    starts = np.unique(layout.starts)
    for start in starts.tolist():
        stop = int(layout.stops[start])
        result[start:stop] = combine.accumulate(numbers[start:stop])
    return result
