"""Sorting more than fits into memory: sorted runs on disk, merged range by range.

A run is a row of sorted chunks, whose first keys stay in memory as samples. Samples of all runs in order tell which chunks
have rows of a range; those are read, sorted once more (runs are quick to sort), and cut at the range's ends. So ranges need
about the same memory whatever the keys, and threads can work at several: equal keys are told apart by run and place in it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute, SortOrder
from engine.kernels.buffers import Ints
from engine.kernels.sorting import SortKey, sort_rows
from engine.memory.spill import SpillFile
from engine.physical.batches import Columns, arrow_types, batch_of
from engine.physical.execution import Execution
from engine.physical.keys import key_arrays
from engine.physical.operator import Morsel, Operator
from engine.records import dataclass
from engine.types.arrow import to_arrow

ROW_BYTES = 32
"""About what sorting takes for a row beyond its columns."""

CHUNK_ROWS = 1 << 13
"""How many rows a chunk of a run has."""

_RUN_SHARE = 16
_LEAST_RUN_BYTES = 256 << 10
_MOST_RUN_BYTES = 256 << 20
_RANGE_CHUNKS = 32


@dataclass(frozen=True)
class _Run:
    """The numbers of its chunks in the file, and the keys of the first row of each."""

    chunks: tuple[int, ...]
    samples: pa.RecordBatch


@dataclass(frozen=True)
class _Cut:
    """A place in the order of all rows: the first row of a chunk of run `run`. `chunks` of each run begin before it."""

    run: int
    chunks: tuple[int, ...]


class Runs:
    """Sorted runs of one operator on disk. Rows from `stop` on (None: none) are not wanted."""

    def __init__(
        self,
        operator: Operator,
        columns: Sequence[Attribute],
        order: Sequence[SortOrder],
        stop: int | None,
        run: Execution,
    ) -> None:
        self.budget = run.task.memory.pool.budget
        self._operator = operator
        self._columns = columns
        self._order = order
        self._stop = stop
        self._run = run
        self._file: SpillFile = run.task.spill(operator.id, 1)
        self._runs: list[_Run] = []
        self._lock = threading.Lock()
        self.rows = 0
        """How many there are."""

    def write(self, batches: list[pa.RecordBatch]) -> None:
        """Makes one run of some batches, whose list is left empty."""
        rows = Columns(batches, arrow_types(self._columns), emptying=True)
        keys = self._keys(rows)
        places = sort_rows(self._sort_keys(keys), rows.rows)[: self._stop]
        starts = range(0, len(places), CHUNK_ROWS)
        chunks = [self._file.write(0, [rows.batch(places[start : start + CHUNK_ROWS])]) for start in starts]
        firsts = pa.array(places[::CHUNK_ROWS])
        with self._lock:
            self.rows += len(places)
            self._runs.append(_Run(tuple(chunks), batch_of([key.take(firsts) for key in keys], len(chunks))))

    def morsels(self, offset: int) -> Sequence[Morsel]:
        """All rows from `offset` on in order, a range each; one morsel if rows are counted."""
        samples = [run.samples for run in self._runs]
        order = sort_rows(self._sort_keys(Columns(samples, self._key_types()).arrays), sum(map(len, samples)))
        cuts = [None, *self._cuts(order), None]
        ranges = [partial(self._range, low, high) for low, high in itertools.pairwise(cuts)]
        if offset == 0 and self._stop is None:
            return ranges
        return [partial(self._counted, ranges, offset)]

    def close(self) -> None:
        """Gives back the disk."""
        self._file.close()

    def _cuts(self, order: Ints) -> list[_Cut]:
        """Where the order of all rows is cut into ranges, given that of the samples."""
        run_of = np.repeat(np.arange(len(self._runs)), [len(run.chunks) for run in self._runs])
        counts = np.zeros(len(self._runs), np.int64)
        step = max(_RANGE_CHUNKS, len(self._runs))
        cuts = []
        for place, sample in enumerate(order.tolist()):
            if place and place % step == 0:
                cuts.append(_Cut(int(run_of[sample]), tuple(counts.tolist())))
            counts[run_of[sample]] += 1
        return cuts

    def _counted(self, ranges: Sequence[Morsel], offset: int) -> Iterator[pa.RecordBatch]:
        """The rows from `offset` to `stop`."""
        place = 0
        for each in ranges:
            for batch in each():
                start, end = max(offset - place, 0), batch.num_rows
                if self._stop is not None:
                    end = min(end, self._stop - place)
                if start < end:
                    yield batch.slice(start, end - start)
                place += batch.num_rows
            if self._stop is not None and place >= self._stop:
                return

    def _range(self, low: _Cut | None, high: _Cut | None) -> Iterator[pa.RecordBatch]:
        """The rows from one place to before another, in order."""
        self._run.check()
        batches: list[pa.RecordBatch] = []
        rows, first_row, end_row = 0, -1, -1
        for number, run in enumerate(self._runs):
            # the chunk that begins before a cut may go on behind it; the cut's own is read to see where it is
            begin = 0 if low is None else max(low.chunks[number] - (number != low.run), 0)
            end = len(run.chunks) if high is None else high.chunks[number] + (number == high.run)
            first_row = rows if low is not None and number == low.run else first_row
            for chunk in run.chunks[begin:end]:
                end_row = rows if high is not None and number == high.run else end_row  # that of the last chunk
                found = list(self._file.chunk(0, chunk))
                batches += found
                rows += sum(batch.num_rows for batch in found)
        with self._run.task.memory.reservation(self._operator.title) as reservation:
            reservation.grow(sum(batch.nbytes for batch in batches) + rows * ROW_BYTES)
            columns = Columns(batches, arrow_types(self._columns), emptying=True)
            places = sort_rows(self._sort_keys(self._keys(columns)), rows)
            start = 0 if first_row < 0 else int(np.flatnonzero(places == first_row)[0])
            stop = rows if end_row < 0 else int(np.flatnonzero(places == end_row)[0])
            yield from columns.batches(places[start:stop])

    def _keys(self, rows: Columns) -> list[pa.Array]:
        return key_arrays([key.child for key in self._order], rows, self._columns, self._run)

    def _key_types(self) -> list[pa.DataType]:
        return [to_arrow(key.dataType) for key in self._order]

    def _sort_keys(self, arrays: Sequence[pa.Array]) -> list[SortKey]:
        return [SortKey(a, k.ascending, k.nulls_first) for a, k in zip(arrays, self._order, strict=True)]


class RunWriter:
    """Makes runs of what one thread has, each of a share of the budget."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._limit = max(_LEAST_RUN_BYTES, min(_MOST_RUN_BYTES, runs.budget // _RUN_SHARE))
        self._batches: list[pa.RecordBatch] = []
        self._size = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes rows."""
        self._batches.append(batch)
        self._size += batch.nbytes
        if self._size > self._limit:
            self.flush()

    def flush(self) -> None:
        """Makes a run of what is left."""
        if self._batches:
            self._runs.write(self._batches)
        self._batches, self._size = [], 0
