"""Late materialization: reads a wide split by its filters first: where few rows pass, only those of the other columns are kept.

    columns of filters ──▶ rows that pass ──▶ the other columns, some at a time ──▶ these rows of them
                            too many: None, and the split is read as others are

SELECT * of few rows so holds a few columns of a row group at once, not all, and decodes each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from engine.expressions.base import Attribute, Expression
from engine.logical.relation import Columns
from engine.memory.columns import Pieces
from engine.physical.batches import batch_of
from engine.physical.encoding import decoded
from engine.physical.execution import Execution

_WIDE = 8
"""So many times as many columns as filters read make it worth while to know the rows first."""
_FEW = 16
"""At most this part of the rows."""
_AT_ONCE = 32 << 20
_MOST_BYTES = 128 << 20


Fetch = Callable[[Sequence[int]], list[Pieces]]
"""Reads columns of a split, by position: the pieces of each, cut at the same rows."""


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

    def rows(self, split: Columns, fetch: Fetch) -> tuple[list[pa.Array], list[Pieces]] | None:
        """The rows that pass, by their places in each piece, and the columns at `places`; None if they are not few."""
        read = fetch(self.places)
        pieces = dict(zip(self.places, read, strict=True))
        rows = [
            self._passing({place: each[number] for place, each in pieces.items()}) for number in range(len(read[0]))
        ]
        return (rows, read) if _FEW * sum(map(len, rows)) <= split.rows else None

    def batches(
        self, split: Columns, rows: Sequence[pa.Array], read: Sequence[Pieces], names: Sequence[str], fetch: Fetch
    ) -> Iterator[pa.RecordBatch] | None:
        """These rows of all columns, of which those at `places` are read; None if one column is too large to be held."""
        sizes = [split.size(name) for name in names]
        if max(sizes) > _MOST_BYTES:
            return None
        return self._batches(rows, read, sizes, fetch)

    def _batches(
        self, rows: Sequence[pa.Array], read: Sequence[Pieces], sizes: Sequence[int], fetch: Fetch
    ) -> Iterator[pa.RecordBatch]:
        taken = dict(zip(self.places, (_taken(pieces, rows) for pieces in read), strict=True))
        groups: list[list[int]] = [[]]
        for place in range(len(self._columns)):
            if place in taken:
                continue
            if sum(sizes[each] for each in groups[-1]) + sizes[place] > _AT_ONCE:
                groups.append([])
            groups[-1].append(place)
        for group in filter(None, groups):
            taken |= {place: _taken(each, rows) for place, each in zip(group, fetch(group), strict=True)}
        for arrays in zip(*(taken[place] for place in range(len(self._columns))), strict=True):
            yield batch_of(arrays, len(arrays[0]))

    def _passing(self, piece: dict[int, pa.Array]) -> pa.Array:
        mask = None
        for places, attributes, keep in self._conditions:
            arrays = [piece[place] for place in places]
            found = keep(decoded(batch_of(arrays, len(arrays[0])), attributes))
            mask = found if mask is None else pc.and_kleene(mask, found)
            if not mask.true_count:
                break
        return pc.indices_nonzero(mask)


def _taken(pieces: Pieces, rows: Sequence[pa.Array]) -> list[pa.Array]:
    return [piece.take(places) for piece, places in zip(pieces, rows, strict=True) if len(places)]
