"""Which rows of a split are read, where not all are: ranges that pages, and batches, are cut by.

    rows of pages that may pass by their statistics ──▶ of these, about rows that pass a filter ──▶ pieces of the columns

Ranges are wide: what is left out is whole pages and what is decoded for nothing is part of the last ones, but batches of a few
rows would cost more than they save.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.lazy import cached_property
from engine.records import dataclass

GAP = 4096
"""So many rows at least are between two ranges: pages have more."""
PIECE_ROWS = 128 * 1024
"""Rows of a split are also cut at multiples of so many."""
_END = np.iinfo(np.int64).max

Pieces = tuple[pa.Array, ...]


@dataclass(frozen=True)
class RowRanges:
    """Rows by ranges, each (first, one past the last), in order."""

    ranges: tuple[tuple[int, int], ...]

    @staticmethod
    def of(ranges: Sequence[tuple[int, int]], gap: int = GAP) -> RowRanges:
        """Of ranges in order, those joined that are near to each other."""
        joined: list[tuple[int, int]] = []
        for start, stop in ranges:
            if joined and start - joined[-1][1] < gap:
                joined[-1] = joined[-1][0], max(stop, joined[-1][1])
            elif start < stop:
                joined.append((start, stop))
        return RowRanges(tuple(joined))

    @staticmethod
    def about(rows: npt.NDArray[np.int64], gap: int = GAP) -> RowRanges:
        """The ranges that hold `rows`, which ascend."""
        if not len(rows):
            return RowRanges(())
        breaks = np.flatnonzero(np.diff(rows) >= gap)
        starts = rows[np.append(0, breaks + 1)]
        stops = rows[np.append(breaks, len(rows) - 1)] + 1
        return RowRanges(tuple(zip(starts.tolist(), stops.tolist(), strict=True)))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(stop - start for start, stop in self.ranges)

    def __and__(self, other: RowRanges) -> RowRanges:
        """The rows that both have."""
        found, mine, theirs = [], list(self.ranges), list(other.ranges)
        while mine and theirs:
            start, stop = max(mine[0][0], theirs[0][0]), min(mine[0][1], theirs[0][1])
            if start < stop:
                found.append((start, stop))
            done = mine if mine[0][1] <= theirs[0][1] else theirs
            done.pop(0)
        return RowRanges(tuple(found))

    @cached_property
    def words(self) -> npt.NDArray[np.int64]:
        """As compiled code reads them (`engine/compile/pages.py`)."""
        return np.array([*(place for each in self.ranges for place in each), _END, _END], np.int64)

    def cut(self) -> Iterator[tuple[int, int]]:
        """Start and length of pieces, cut at ranges and at multiples of PIECE_ROWS."""
        for start, stop in self.ranges:
            while start < stop:
                end = min(stop, (start // PIECE_ROWS + 1) * PIECE_ROWS)
                yield start, end - start
                start = end

    def pieces(self, found: Pieces, of: RowRanges) -> Pieces:
        """The pieces of these rows, all of them among those of `of`, whose pieces are `found`."""
        cut = []
        for piece, (start, length) in zip(found, of.cut(), strict=True):
            part = self & RowRanges(((start, start + length),))
            cut += [piece.slice(first - start, last - first) for first, last in part.ranges]
        return tuple(cut)

    def places(self, rows: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
        """Where `rows`, which ascend and are all among these, are in each piece."""
        edges = [(start, *np.searchsorted(rows, (start, start + length)).tolist()) for start, length in self.cut()]
        return [rows[first:last] - start for start, first, last in edges]
