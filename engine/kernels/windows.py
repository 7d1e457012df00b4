"""Window functions over rows sorted by partition and order: each works on all partitions at once.

A `Layout` says where the partition and the peers of each row begin and end; a frame is two arrays, `low` and `high`: row i sees
the rows from low[i] to before high[i].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.sql import shown
from engine.expressions.window import WindowCall
from engine.kernels.aggregates import take_rows
from engine.kernels.buffers import Ints, Mask, valid
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.lazy import pc
from engine.records import dataclass
from engine.types.arrow import to_arrow


@dataclass(frozen=True)
class Layout:
    """Sorted rows: for each the number of its partition, and the first and past the last row of its partition and its peers."""

    rows: int
    partition: Ints
    starts: Ints
    stops: Ints
    peer_starts: Ints
    peer_stops: Ints

    @property
    def numbers(self) -> Ints:
        """The rows' own places."""
        return np.arange(self.rows, dtype=np.int64)

    @property
    def partitions(self) -> int:
        """How many there are."""
        return int(self.partition[-1]) + 1 if self.rows else 0


@dataclass(frozen=True)
class Frames:
    """What each row sees: the rows from `low` to before `high`, never outside its partition."""

    low: Ints
    high: Ints


def layout_of(first: Mask, peers: Mask) -> Layout:
    """The layout of sorted rows, given which begin a partition, and which begin peers."""
    partition, starts, stops = _runs(first)
    _, peer_starts, peer_stops = _runs(peers)
    return Layout(len(first), partition, starts, stops, peer_starts, peer_stops)


def _runs(first: Mask) -> tuple[Ints, Ints, Ints]:
    """The number of each row's run, its start and its stop, given which rows begin one."""
    begins = np.flatnonzero(first)
    ends = np.append(begins[1:], len(first)) if len(begins) else begins
    number = np.cumsum(first) - 1
    return number, begins[number] if len(begins) else number, ends[number] if len(begins) else number


class WindowFunction:
    """The base: what the function was called with."""

    def __init__(self, call: WindowCall, context: EvalContext) -> None:
        self.call = call
        self.context = context
        self.wanted = to_arrow(call.dataType)

    def evaluate(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> pa.Array:
        """The value for each row."""
        values = self.values(layout, frames, arguments)
        return pa.array(values).cast(self.wanted)

    def values(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> Any:  # noqa: ARG002
        """The values as numbers, of functions that make numbers."""
        return np.zeros(layout.rows)

    def constant(self, place: int, default: int) -> int:
        """A constant whole argument. Raises INVALID_PARAMETER_VALUE for null."""
        if place >= len(self.call.arguments):
            return default
        value = evaluate_constant(self.call.arguments[place], self.context).value
        if value is None:
            raise self.invalid("null")
        return int(value)

    def invalid(self, reason: str) -> ExecutionError:
        """The error for an argument that makes no sense."""
        parameters = {"sqlExpr": shown(self.call), "exprName": "offset", "valueRange": "[1, 2147483647]"}
        parameters["currentValue"] = reason
        return ExecutionError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", parameters, self.call.origin)


def ranks(function: str, layout: Layout) -> Ints:
    """What `row_number`, `rank` or `dense_rank` gives for each row."""
    if function == "row_number":
        return layout.numbers - layout.starts + 1
    if function == "rank":
        return layout.peer_starts - layout.starts + 1
    groups: Ints = np.cumsum(layout.peer_starts == layout.numbers)
    return groups - groups[layout.starts] + 1


class Rank(WindowFunction):
    """Also `row_number` and `dense_rank`."""

    def values(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> Any:  # noqa: ARG002
        return ranks(self.call.function, layout)


class PercentRank(WindowFunction):
    def values(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> Any:  # noqa: ARG002
        others = layout.stops - layout.starts - 1
        return np.where(others > 0, (layout.peer_starts - layout.starts) / np.maximum(others, 1), 0.0)


class CumulativeDistribution(WindowFunction):
    def values(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> Any:  # noqa: ARG002
        return (layout.peer_stops - layout.starts) / np.maximum(layout.stops - layout.starts, 1)


class Ntile(WindowFunction):
    def values(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> Any:  # noqa: ARG002
        shares = self.constant(0, 1)
        if shares < 1:
            raise self.invalid("less than 1")
        size, larger = np.divmod(layout.stops - layout.starts, shares)
        place = layout.numbers - layout.starts
        in_larger = place < larger * (size + 1)
        rest = larger + (place - larger * (size + 1)) // np.maximum(size, 1)
        return np.where(in_larger, place // (size + 1), rest) + 1


class Lag(WindowFunction):
    """Also `lead`, whose offset counts the other way."""

    direction = -1

    def evaluate(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> pa.Array:  # noqa: ARG002
        offset = self.direction * self.constant(1, 1)
        value = arguments[0]
        rows = self._places(layout, value, offset)
        inside = (rows >= layout.starts) & (rows < layout.stops)
        found = take_rows(value, np.where(inside, rows, -1))
        if len(arguments) > 2:
            found = pc.if_else(pa.array(inside), found, arguments[2].cast(found.type))
        return found

    def _places(self, layout: Layout, value: pa.Array, offset: int) -> Ints:
        present = valid(value) if self.call.ignore_nulls else None
        if present is None or offset == 0:
            return layout.numbers + offset
        filled = np.flatnonzero(present)
        before: Ints = np.cumsum(present, dtype=np.int64) - present
        which = before + (offset if offset < 0 else present + (offset - 1))
        there = (which >= 0) & (which < len(filled))
        if not len(filled):
            return np.full(layout.rows, -1, np.int64)
        return np.where(there, filled[np.clip(which, 0, len(filled) - 1)], -1)


class Lead(Lag):
    direction = 1


class NthValue(WindowFunction):
    def evaluate(self, layout: Layout, frames: Frames, arguments: Sequence[pa.Array]) -> pa.Array:  # noqa: ARG002
        number = self.constant(1, 1)
        if number < 1:
            raise self.invalid("less than 1")
        return take_rows(arguments[0], nth_rows(arguments[0], frames, number - 1, self.call.ignore_nulls))


def nth_rows(value: pa.Array, frames: Frames, number: int, ignore_nulls: bool, from_end: bool = False) -> Ints:
    """The row number `number` (from 0) of each frame, counted from its start or its end; -1 where there is none."""
    present = valid(value) if ignore_nulls else None
    low, high = frames.low, frames.high
    filled: Ints | None = None
    if present is not None:
        filled = np.flatnonzero(present)
        before = np.append(0, np.cumsum(present))
        low, high = before[low], before[np.maximum(high, frames.low)]
    place = high - 1 - number if from_end else low + number
    inside = (place >= low) & (place < high)
    if filled is None:
        return np.where(inside, place, -1)
    if not len(filled):
        return np.full(len(low), -1, np.int64)
    return np.where(inside, filled[np.clip(place, 0, len(filled) - 1)], -1)
