"""Late materialization: reads a wide split by its filters first: where few rows pass, only those of the other columns are kept.

    columns of filters ──▶ rows that pass ──▶ the other columns, some at a time ──▶ these rows of them
                            too many: None, and the split is read as others are

Of the other columns only pages with such rows are decoded, and few rows of them are one batch. SELECT * of few rows so
holds a few columns of a row group at once, not all, and decodes each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.lazy import pc
from engine.logical.relation import Columns
from engine.logical.row_ranges import Pieces, RowRanges
from engine.physical.batches import batch_of
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.reading import Fetch, together

_WIDE = 8
"""So many times as many columns as filters read make it worth while to know the rows first."""
_FEW = 16
"""At most this part of the rows."""
_AT_ONCE = 32 << 20
_MOST_BYTES = 128 << 20


class LateMaterialization:
    """The way for one scan. `filters` are deterministic and raise nothing. `places` are those of the columns that they read;
    none where it is not worth while."""

    def __init__(self, columns: Sequence[Attribute], filters: Sequence[Expression], run: Execution) -> None:
        self._columns = columns
        found = {column.id: place for place, column in enumerate(columns)}
        used = [list({each.id: each for each in condition.collect(Attribute)}.values()) for condition in filters]
        known = [attributes and all(each.id in found for each in attributes) for attributes in used]
        self._conditions = [
            ([found[each.id] for each in attributes], attributes, run.predicate(condition, attributes))
            for condition, attributes, is_known in zip(filters, used, known, strict=True)
            if is_known
        ]
        places = sorted({place for places, _, _ in self._conditions for place in places})
        self.places = places if len(columns) >= _WIDE * len(places) else []

    def rows(self, split: Columns, fetch: Fetch) -> tuple[npt.NDArray[np.int64], list[Pieces]] | None:
        """The rows that pass, and the columns at `places`; None if they are not few."""
        read = fetch(self.places, None)
        found = [
            self._passing(dict(zip(self.places, pieces, strict=True))) + start
            for pieces, (start, _) in zip(zip(*read, strict=True), _whole(split).cut(), strict=True)
        ]
        rows = np.concatenate(found)
        return (rows, read) if _FEW * len(rows) <= split.rows else None

    def batches(
        self,
        split: Columns,
        rows: npt.NDArray[np.int64],
        read: Sequence[Pieces],
        names: Sequence[str],
        fetch: Fetch,
    ) -> Iterator[pa.RecordBatch] | None:
        """These rows of all columns, of which those at `places` are read; None if one column is too large to be held."""
        sizes = [split.size(name) for name in names]
        if max(sizes) > _MOST_BYTES:
            return None
        return self._batches(split, rows, read, sizes, fetch)

    def _batches(
        self,
        split: Columns,
        rows: npt.NDArray[np.int64],
        read: Sequence[Pieces],
        sizes: Sequence[int],
        fetch: Fetch,
    ) -> Iterator[pa.RecordBatch]:
        about = RowRanges.about(rows) if not split.pin else _whole(split)  # what is pinned is read whole
        places = [pa.array(each) for each in about.places(rows)]
        known = [about.pieces(pieces, _whole(split)) for pieces in read]
        taken = dict(zip(self.places, (_taken(pieces, places) for pieces in known), strict=True))
        groups: list[list[int]] = [[]]
        for place in range(len(self._columns)):
            if place in taken:
                continue
            if sum(sizes[each] for each in groups[-1]) + sizes[place] > _AT_ONCE:
                groups.append([])
            groups[-1].append(place)
        for group in filter(None, groups):
            found = fetch(group, about)
            taken |= {place: _taken(each, places) for place, each in zip(group, found, strict=True)}
        for arrays in together(zip(*(taken[place] for place in range(len(self._columns))), strict=True)):
            yield batch_of(arrays, len(arrays[0]))

    def _passing(self, piece: dict[int, pa.Array]) -> npt.NDArray[np.int64]:
        mask = None
        for places, attributes, keep in self._conditions:
            arrays = [piece[place] for place in places]
            found = keep(decoded(batch_of(arrays, len(arrays[0])), attributes))
            mask = found if mask is None else pc.and_kleene(mask, found)
            if not mask.true_count:
                break
        return np.asarray(pc.indices_nonzero(mask), np.int64)


def _whole(split: Columns) -> RowRanges:
    return RowRanges(((0, split.rows),))


def _taken(pieces: Pieces, rows: Sequence[pa.Array]) -> list[pa.Array]:
    return [piece.take(places) for piece, places in zip(pieces, rows, strict=True) if len(places)]
