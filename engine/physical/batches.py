"""Batches by position: made of arrays, gathered, and kept as columns that rows are taken from.

Columns of collected batches are joined into one array each where rows must be taken at random; text beyond 2 GB goes into
arrays with 64-bit offsets and comes back in ordinary ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.expressions.base import Attribute
from engine.lazy import pc
from engine.physical.operator import Morsel
from engine.types.arrow import to_arrow

BATCH_ROWS = 1 << 16
"""How many rows a batch made of larger data has at most."""

_TEXT_BYTES = (1 << 31) - 1
Indices = npt.NDArray[np.int64]


def batch_of(arrays: Sequence[pa.Array], rows: int) -> pa.RecordBatch:
    """A batch of `rows` rows whose columns are `arrays`; there may be none."""
    if not arrays:
        return pa.RecordBatch.from_struct_array(pa.StructArray.from_buffers(pa.struct([]), rows, [None]))
    return pa.RecordBatch.from_arrays(list(arrays), names=[str(place) for place in range(len(arrays))])


def arrow_types(columns: Sequence[Attribute]) -> list[pa.DataType]:
    """The Arrow type of each column."""
    return [to_arrow(column.dataType) for column in columns]


def nulls(columns: Sequence[Attribute], rows: int) -> list[pa.Array]:
    """Columns of nothing but nulls."""
    return [pa.nulls(rows, kind) for kind in arrow_types(columns)]


class Columns:
    """All rows of some batches, to take rows from. `rows` is their number. With `emptying` a list of batches is left empty,
    so that no more than one column is in memory twice."""

    def __init__(self, batches: Sequence[pa.RecordBatch], types: Sequence[pa.DataType], emptying: bool = False) -> None:
        self.rows = sum(batch.num_rows for batch in batches)
        self.types = list(types)
        chunks = [[batch.column(place) for batch in batches] for place in range(len(self.types))]
        if emptying and isinstance(batches, list):
            batches.clear()
        self.arrays = []
        for kind in self.types:
            self.arrays.append(joined(chunks.pop(0), kind))

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(array.nbytes for array in self.arrays)

    def kept(self, place: int) -> pa.Array:
        """All of a column in the form in which it is kept."""
        return self.arrays[place]

    def whole(self, place: int) -> pa.Array:
        """All of a column."""
        return self.arrays[place]

    def take(self, indices: Indices | pa.Array, optional: bool = False) -> list[pa.Array]:
        """The rows at `indices`; with `optional`, an index of -1 gives nulls."""
        wanted = indices if isinstance(indices, pa.Array) else _optional(indices) if optional else pa.array(indices)
        return [self.column(place, wanted) for place in range(len(self.arrays))]

    def column(self, place: int, rows: pa.Array) -> pa.Array:
        """The values of one column at `rows`, null where those are."""
        return narrow(pc.take(self.arrays[place], rows, boundscheck=False), self.types[place])

    def batch(self, indices: Indices) -> pa.RecordBatch:
        """The rows at `indices` as a batch."""
        return batch_of(self.take(indices), len(indices))

    def slice(self, start: int, length: int) -> pa.RecordBatch:
        """A batch of consecutive rows."""
        length = max(0, min(length, self.rows - start))
        arrays = [narrow(array.slice(start, length), kind) for array, kind in zip(self.arrays, self.types, strict=True)]
        return batch_of(arrays, length)

    def batches(self, indices: Indices | None = None, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """The rows, in the order of `indices`, as batches of at most `size` rows."""
        count = self.rows if indices is None else len(indices)
        for start in range(0, count, size):
            if indices is None:
                yield self.slice(start, size)
            else:
                yield self.batch(indices[start : start + size])


def _optional(indices: Indices) -> pa.Array:
    return pa.array(indices, mask=indices < 0)


def joined(arrays: list[pa.Array], kind: pa.DataType) -> pa.Array:
    """One array of several of type `kind`; with 64-bit offsets where text is beyond 2 GB."""
    if not arrays:
        return pa.array([], kind)
    if len(arrays) == 1:
        return arrays[0]
    text = pa.types.is_string(kind) or pa.types.is_binary(kind)
    if text and sum(array.nbytes for array in arrays) > _TEXT_BYTES:
        wide = pa.large_string() if pa.types.is_string(kind) else pa.large_binary()
        arrays = [array.cast(wide) for array in arrays]
    return pa.concat_arrays(arrays)


def narrow(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """A part of a joined array in its own type."""
    return array if array.type == kind else array.cast(kind)


def sliced(batch: pa.RecordBatch, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """A batch as batches of at most `size` rows."""
    if batch.num_rows <= size:
        yield batch
        return
    for start in range(0, batch.num_rows, size):
        yield batch.slice(start, size)


def morsel(batches: Sequence[pa.RecordBatch]) -> Morsel:
    """A morsel of batches that are there."""
    return partial(iter, tuple(batches))
