"""The sink that keeps batches, with an account of their memory: the base of sorts, windows, builds of joins.

Where the budget does not suffice, what a thread holds goes to disk through its `SpillWriter`; how, is the matter of each
operator. Here it goes there as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import field
from functools import partial
from typing import Any, Protocol

import pyarrow as pa

from engine.memory.spill import SpillFile
from engine.physical.batches import morsel
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Operator
from engine.records import dataclass

_CHUNK_BYTES = 1 << 20


class SpillWriter(Protocol):
    """One thread's way to disk."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Puts a batch on disk, soon. Raises ClusterError (SPILL_DISK_FULL)."""

    def flush(self) -> None:
        """Puts on disk what is not there yet."""


@dataclass
class Collected:
    """What one thread has: batches, the bytes reserved for them, its way to disk once it has needed one, and what makes a batch
    of the rest of its rows."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    size: int = 0
    writer: SpillWriter | None = None
    rest: Callable[[], None] | None = None

    def settle(self) -> None:
        """Makes batches of all rows."""
        rest, self.rest = self.rest, None
        if rest is not None:
            rest()


class CollectSink:
    """Keeps all batches; gives them back, one morsel each."""

    row_bytes = 0
    """What an operator takes for a row beyond its columns, at the end."""

    can_spill = True
    """Whether the operator can work with rows on disk; else it raises OUT_OF_MEMORY."""

    def __init__(self, operator: Operator, run: Execution) -> None:
        self.run = run
        self.operator: Any = operator
        self.batches: list[pa.RecordBatch] = []
        self.size = 0
        self.reservation = run.task.memory.reservation(operator.title)
        self.spilled = False
        self._lock = threading.Lock()
        self._file: SpillFile | None = None

    def local(self) -> Collected:
        return Collected()

    def add(self, local: Collected, batch: pa.RecordBatch) -> None:
        size = held_bytes(batch) + self.row_bytes * batch.num_rows
        if not self.can_spill:
            self.reservation.grow(size)
        elif not self.reservation.try_grow(size):
            local.batches.append(batch)
            self.spill(local)
            return
        local.batches.append(batch)
        local.size += size

    def combine(self, local: Collected) -> None:
        local.settle()
        if local.writer is not None:
            self.spill(local)
            local.writer.flush()
        with self._lock:
            self.batches.extend(local.batches)
            self.size += local.size
        local.batches = []

    def finish(self) -> Sequence[Morsel]:
        found = [morsel([batch]) for batch in self.batches]
        if self._file is not None:
            found += [partial(self._file.chunk, 0, number) for number in range(len(self._file.chunks(0)))]
        return found

    def release(self) -> None:
        """Forgets the batches."""
        self.batches = []
        if self._file is not None:
            self._file.close()
        self.reservation.release()

    def spill(self, local: Collected) -> None:
        """Puts what a thread holds on disk."""
        if not local.batches:
            return
        self.spilled = True
        if local.writer is None:
            local.writer = self.writer()
        while local.batches:
            local.writer.add(self.on_disk(local.batches.pop(0)))
        self.reservation.shrink(local.size)
        local.size = 0

    def on_disk(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch in the form in which it goes to disk."""
        return batch

    def spill_rest(self) -> None:
        """If a thread has put something on disk, puts there what others still hold. Before the end of `finish`."""
        if self.spilled:
            rest = Collected(self.batches, self.size)
            self.batches, self.size = [], 0
            self.spill(rest)
            if rest.writer is not None:
                rest.writer.flush()

    def writer(self) -> SpillWriter:
        """A thread's way to disk."""
        with self._lock:
            if self._file is None:
                self._file = self.run.task.spill(self.operator.id, 1)
            return _Whole(self._file)


def held_bytes(batch: pa.RecordBatch) -> int:
    """The bytes of a batch, without dictionaries: those are shared."""
    columns = batch.columns
    return sum(each.indices.nbytes if pa.types.is_dictionary(each.type) else each.nbytes for each in columns)


class _Whole:
    """Writes batches as they are, small ones together."""

    def __init__(self, file: SpillFile) -> None:
        self._file = file
        self._batches: list[pa.RecordBatch] = []
        self._size = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self._size += batch.nbytes
        if self._size > _CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._batches:
            self._file.write(0, self._batches)
        self._batches, self._size = [], 0
