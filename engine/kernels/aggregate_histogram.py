"""histogram_numeric: the streaming histogram of Ben-Haim and Tom-Tov, with Spark's ties.

Values go into bins one after the other; where there are too many bins, the two nearest become one. Of pairs equally near one is
drawn, from a generator that always starts alike, so the same rows in the same order give the same bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pyarrow as pa

from engine.kernels.aggregate_lists import Listed, numbers, spread
from engine.kernels.buffers import fixed_array
from engine.kernels.random import JavaRandom
from engine.types import ArrayType, DataType, DecimalType, StructType
from engine.types.arrow import to_arrow

_SEED = 31183


class Bins:
    """Centres in order, with how many values each stands for: at most `most` of them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.centres: list[float] = []
        self.counts: list[float] = []
        self._random = JavaRandom(_SEED)

    def add(self, value: float) -> None:
        """Counts one more value."""
        place = self._place(value)
        if place < len(self.centres) and self.centres[place] == value:
            self.counts[place] += 1
            return
        self.centres.insert(place, value)
        self.counts.insert(place, 1.0)
        if len(self.centres) > self.most:
            self._join(self._nearest())

    def _place(self, value: float) -> int:
        """Where the value is, or goes; not by `bisect`, because NaN is neither above nor below."""
        place, low, high = 0, 0, len(self.centres)
        while low < high:
            place = (low + high) // 2
            if self.centres[place] > value:
                high = place
            elif self.centres[place] < value:
                place += 1
                low = place
            else:
                break
        return place

    def _nearest(self) -> int:
        """The first of the two bins that are nearest to each other."""
        centres = self.centres
        least, chosen, ties = centres[1] - centres[0], 0, 1
        for place in range(1, len(centres) - 1):
            distance = centres[place + 1] - centres[place]
            if distance < least:
                least, chosen, ties = distance, place, 1
            elif distance == least:
                ties += 1
                if self._random.next_double() <= 1 / ties:
                    chosen = place
        return chosen

    def _join(self, place: int) -> None:
        """Makes one bin of two neighbours, at their weighted mean."""
        both = self.counts[place] + self.counts[place + 1]
        centre = self.centres[place] * (self.counts[place] / both)
        centre += self.centres[place + 1] / both * self.counts[place + 1]
        self.centres[place : place + 2] = [centre]
        self.counts[place : place + 2] = [both]


class NumericHistogram(Listed):
    """The bins of the values that are not null; null where there are none."""

    def kept(self, inputs: list[pa.Array]) -> list[pa.Array]:
        return inputs[:1]

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        gids, values = spread(states[0])
        groups = len(states[0])
        ends = np.cumsum(np.bincount(gids, minlength=groups))
        centres: list[float] = []
        counts: list[float] = []
        offsets, start, found = [0], 0, numbers(values).tolist()
        for end in ends.tolist():
            bins = Bins(self.constant(1))
            for value in found[start:end]:
                bins.add(value)
            centres += bins.centres
            counts += bins.counts
            offsets.append(len(centres))
            start = end
        wanted = to_arrow(result)
        assert isinstance(result, ArrayType)
        assert isinstance(result.elementType, StructType)
        bars = pa.StructArray.from_arrays(
            [_as(centres, result.elementType.fields[0].dataType), pa.array(counts, pa.float64())],
            fields=list(wanted.value_type),
        )
        empty = pa.array(np.diff(offsets) == 0)
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), bars, type=wanted, mask=empty)


def _as(centres: list[float], wanted: DataType) -> pa.Array:
    """Centres as values of the column: whole ones are cut off, decimals rounded."""
    if isinstance(wanted, DecimalType):
        unit = Decimal(1).scaleb(-wanted.scale)
        return pa.array([Decimal(repr(x)).quantize(unit, ROUND_HALF_UP) for x in centres], to_arrow(wanted))
    return fixed_array(np.array(centres, np.float64), to_arrow(wanted))
