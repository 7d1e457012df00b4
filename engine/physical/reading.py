"""What is read of one split: only rows about those that may pass, as soon as that is known.

    page statistics ──▶ columns of runtime filters ──▶ columns of filters ──▶ the others
                             rows about values that pass, and from here on only pages that hold such rows

Columns that were read before more was known are cut to what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.logical.relation import Columns
from engine.logical.row_ranges import GAP, Pieces, RowRanges

_SAMPLES = 4
"""So many blocks of GAP rows are looked at first: where all have rows that pass, so have nearly all pages."""

_TOGETHER = 1 << 14
"""Pieces of no more rows in all are one batch."""

Test = Callable[[Sequence[pa.Array]], npt.NDArray[np.bool_]]
"""Which rows of some columns pass."""


Fetch = Callable[[Sequence[int], RowRanges | None], list[Pieces]]
"""Reads columns of a split, by position, or some rows of them: the pieces of each, cut at the same rows."""


class Reading:
    """The columns of one split that have been read so far. Less than `share` of the rows left makes it worth while to read only
    these."""

    def __init__(self, split: Columns, fetch: Fetch, share: float) -> None:
        self.split = split
        self.wanted: RowRanges | None = None
        self._fetch = fetch
        self._share = share
        self._found: dict[int, Pieces] = {}

    @property
    def rows(self) -> RowRanges:
        """The rows that are read."""
        return self.wanted if self.wanted is not None else RowRanges(((0, self.split.rows),))

    def has(self, place: int) -> bool:
        """Whether a column has been read."""
        return place in self._found

    def columns(self, places: Sequence[int]) -> list[Pieces]:
        """Columns by position; those not there yet are read together."""
        missing = [place for place in places if place not in self._found]
        if missing:
            self._found.update(zip(missing, self._fetch(missing, self.wanted), strict=True))
        return [self._found[place] for place in places]

    def batches(self, places: Sequence[int]) -> Iterator[list[pa.Array]]:
        """Columns cut alike; pieces of few rows, where ranges are narrow, as one."""
        yield from together(zip(*self.columns(places), strict=True))

    def narrow(self, rows: RowRanges) -> int:
        """Reads no more than these rows from now on, if they are few enough; gives how many that leaves out."""
        before = self.rows
        after = RowRanges.of((rows & before).ranges)
        if after.rows > self._share * before.rows:
            return 0
        self._found = {place: after.pieces(pieces, before) for place, pieces in self._found.items()}
        self.wanted = after
        return before.rows - after.rows

    def about(self, places: Sequence[int], test: Test) -> RowRanges | None:
        """The rows about those that pass, by the values of some columns; None if they are nearly everywhere."""
        pieces = list(zip(*self.columns(places), strict=True))
        if all(test([column.slice(start, GAP) for column in pieces[at]]).any() for at, start in self._samples()):
            return None
        found = [np.flatnonzero(test(piece)) + start for piece, (start, _) in zip(pieces, self.rows.cut(), strict=True)]
        return RowRanges.about(np.concatenate(found))

    def _samples(self) -> list[tuple[int, int]]:
        """Numbers of pieces, and where in them blocks to look at begin."""
        blocks = [(at, row) for at, (_, length) in enumerate(self.rows.cut()) for row in range(0, length, GAP)]
        step = max(1, len(blocks) // _SAMPLES)
        return blocks[step // 2 :: step] or blocks[:1]


def together(pieces: Iterable[Sequence[pa.Array]]) -> Iterator[list[pa.Array]]:
    """Pieces of columns, those of few rows joined to one where they are of the same form."""
    waiting: list[Sequence[pa.Array]] = []
    for piece in pieces:
        rows = sum(len(each[0]) for each in waiting) + len(piece[0])
        if waiting and (rows > _TOGETHER or not all(map(_alike, waiting[-1], piece))):
            yield _joined(waiting)
            waiting = []
        waiting.append(piece)
    if waiting:
        yield _joined(waiting)


def _alike(one: pa.Array, other: pa.Array) -> bool:
    """Whether two pieces of a column are as wide as each other, and have the same dictionary."""
    if one.type != other.type or not pa.types.is_dictionary(one.type):
        return bool(one.type == other.type)
    first, second = (each.dictionary.buffers()[1] for each in (one, other))
    return first is second is None or (first is not None and second is not None and first.address == second.address)


def _joined(pieces: Sequence[Sequence[pa.Array]]) -> list[pa.Array]:
    if len(pieces) == 1:
        return list(pieces[0])
    return [pa.concat_arrays(column) for column in zip(*pieces, strict=True)]
