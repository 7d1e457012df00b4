"""Tables of groups and states, one row a group: merged, finished, and put on disk where memory does not suffice.

A table holds the keys, then the states of each call (`kernels/aggregates.py`), as a partial aggregate gives them. What is on
disk is split by a hash of the keys, so that each partition is merged for itself; one that is still too large is split again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from engine.expressions.aggregate import AggregateCall
from engine.kernels.aggregates import aggregate_kernel, inputs_of
from engine.kernels.buffers import Ints
from engine.kernels.grouping import group_rows, hash_rows
from engine.memory import spill
from engine.memory.pool import Reservation
from engine.memory.spill import LEVELS, PARTITIONS, PartitionWriter, SpillFile
from engine.physical.batches import Columns, batch_of, sliced
from engine.physical.execution import Execution
from engine.physical.operator import Morsel
from engine.types.arrow import to_arrow

if TYPE_CHECKING:
    from engine.physical.aggregate import AggregateExec

_ROW_BYTES = 48
"""About what numbering groups takes for a row."""


class GroupStates:
    """What an aggregate does with tables of groups and states. Shared by threads."""

    def __init__(self, operator: AggregateExec, run: Execution) -> None:
        self.operator = operator
        self.run = run
        self.keys = len(operator.keys)
        self.kernels = [aggregate_kernel(call, run.evaluation) for call in operator.calls]
        self.input_types = [input_types(call) for call in operator.calls]
        self._widths = [len(k.state_types(t)) for k, t in zip(self.kernels, self.input_types, strict=True)]

    def merged(self, tables: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
        """A table with each group of at least one table once."""
        table = Columns(tables, [column.type for column in tables[0].columns])
        keys = table.arrays[: self.keys]
        groups = group_rows(keys, table.rows)
        columns = picked(keys, groups.first)
        place = self.keys
        for kernel, count in zip(self.kernels, self._widths, strict=True):
            columns += kernel.merge(groups.ids, groups.count, table.arrays[place : place + count])
            place += count
        return batch_of(columns, groups.count)

    def no_rows(self) -> pa.RecordBatch:
        """The one group of an aggregate without keys, over no rows."""
        none = np.zeros(0, np.int64)
        columns: list[pa.Array] = []
        for kernel, types in zip(self.kernels, self.input_types, strict=True):
            columns += kernel.update(none, 1, [pa.array([], kind) for kind in types])
        return batch_of(columns, 1)

    def results(self, table: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """What comes out for the groups of a merged table: states where the operator is partial."""
        if self.operator.mode == "partial":
            yield from sliced(table)
            return
        states = table.columns  # once: each call makes the list
        columns = list(states[: self.keys])
        place = self.keys
        for kernel, count, result in zip(self.kernels, self._widths, self.operator.result_columns, strict=True):
            columns.append(kernel.finish(states[place : place + count], result.dataType))
            place += count
        yield from sliced(batch_of(columns, table.num_rows))

    def hashes(self, table: pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """The hash of each group."""
        return hash_rows(table.columns[: self.keys], table.num_rows)


class SpilledGroups:
    """Groups and states on disk, if a thread has asked for its `writer`. `morsels` are the results when all have flushed
    theirs."""

    def __init__(self, states: GroupStates, level: int = 0) -> None:
        self._states = states
        self._level = level
        self._task = states.run.task
        self._file: SpillFile | None = None
        self._lock = threading.Lock()

    @property
    def active(self) -> bool:
        """Whether there are any."""
        return self._file is not None

    def writer(self) -> GroupWriter:
        """A way in for one thread."""
        with self._lock:
            if self._file is None:
                self._file = self._task.spill(self._states.operator.id)
            file = self._file
        return GroupWriter(self._states, PartitionWriter(file, self._level, self._task.memory.pool.budget))

    def morsels(self) -> Sequence[Morsel]:
        """The results, one morsel for each partition that has groups."""
        file = self._file
        if file is None:
            return []
        return [partial(self._results, file, place) for place in range(PARTITIONS) if file.rows(place)]

    def close(self) -> None:
        """Gives back the disk."""
        if self._file is not None:
            self._file.close()

    def _results(self, file: SpillFile, partition: int) -> Iterator[pa.RecordBatch]:
        states = self._states
        states.run.check()
        tables = list(file.batches(partition))
        needed = merge_bytes(tables)
        with self._task.memory.reservation(states.operator.title) as reservation:
            if reserved(reservation, needed, needed <= spill.SMALL_BYTES or self._level + 1 == LEVELS):
                yield from states.results(states.merged(tables))
                return
        deeper = SpilledGroups(states, self._level + 1)
        writer = deeper.writer()
        for table in tables:
            states.run.check()
            writer.add(table)
        writer.flush()
        for morsel in deeper.morsels():
            yield from morsel()
        deeper.close()


class GroupWriter:
    """Takes tables of groups and states of one thread."""

    def __init__(self, states: GroupStates, writer: PartitionWriter) -> None:
        self._states = states
        self._writer = writer

    def add(self, table: pa.RecordBatch) -> None:
        """Puts a table on disk, soon."""
        for part in sliced(table):
            self._writer.add(part, self._states.hashes(part))

    def flush(self) -> None:
        """Puts on disk what is not there yet."""
        self._writer.flush()


def merge_bytes(tables: Sequence[pa.RecordBatch]) -> int:
    """About what merging tables takes beyond them."""
    return sum(2 * table.nbytes + _ROW_BYTES * table.num_rows for table in tables)


def reserved(reservation: Reservation, size: int, must: bool) -> bool:
    """Whether `size` could be reserved. Where it `must`, OUT_OF_MEMORY is raised instead."""
    if must:
        reservation.grow(size)
        return True
    return reservation.try_grow(size)


def picked(arrays: Sequence[pa.Array], rows: Ints) -> list[pa.Array]:
    """The rows of each column."""
    wanted = pa.array(rows)
    return [array.take(wanted) for array in arrays]


def input_types(call: AggregateCall) -> list[pa.DataType]:
    """The Arrow types of what a call reads."""
    return [to_arrow(each.dataType) for each in inputs_of(call)]
