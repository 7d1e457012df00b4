"""Batches kept for later: in memory while the budget suffices, beyond it in a file of the task."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from engine.physical.batches import BATCH_ROWS
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Operator
from engine.records import dataclass
from engine.shuffle.appended import disk_error, encode


@dataclass(frozen=True)
class _OnDisk:
    """Where a batch lies in the file."""

    offset: int
    length: int


class Spool:
    """Batches of one operator, in the order in which they were appended; by one thread at a time."""

    def __init__(self, operator: Operator, run: Execution) -> None:
        self.rows = 0
        self._kept: list[pa.RecordBatch | _OnDisk] = []
        self._reservation = run.task.memory.reservation(operator.title)
        self._name = f"{operator.title}-{operator.id}"
        self._run = run
        self._file: Path | None = None
        self._length = 0

    def __len__(self) -> int:
        return len(self._kept)

    def append(self, batch: pa.RecordBatch) -> None:
        """Keeps a batch. Raises ClusterError SPILL_DISK_FULL where neither memory nor disk suffices."""
        self.rows += batch.num_rows
        held = self._reservation.try_grow(batch.nbytes)
        self._kept.append(batch if held else self._write(batch))

    def morsels(self, begin: int = 0) -> Sequence[Morsel]:
        """The batches from number `begin` on, small ones several to a morsel."""
        found: list[Morsel] = []
        group: list[pa.RecordBatch | _OnDisk] = []
        rows = 0
        for each in self._kept[begin:]:
            group.append(each)
            rows += BATCH_ROWS if isinstance(each, _OnDisk) else each.num_rows
            if rows >= BATCH_ROWS:
                found.append(partial(self._batches, tuple(group)))
                group, rows = [], 0
        if group:
            found.append(partial(self._batches, tuple(group)))
        return found

    def _batches(self, kept: Sequence[pa.RecordBatch | _OnDisk]) -> Iterator[pa.RecordBatch]:
        for each in kept:
            yield self._read(each) if isinstance(each, _OnDisk) else each

    def _write(self, batch: pa.RecordBatch) -> _OnDisk:
        data = encode([batch])
        if self._file is None:
            self._file = self._run.task.spill_dir() / self._name
        try:
            with self._file.open("ab") as file:
                file.write(data)
        except OSError as error:
            disk_error(self._file.parent, error)
        place = _OnDisk(self._length, data.size)
        self._length += data.size
        return place

    def _read(self, place: _OnDisk) -> pa.RecordBatch:
        assert self._file is not None, "something was written"
        descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(descriptor, place.length, place.offset)
        finally:
            os.close(descriptor)
        with pa.ipc.open_stream(data) as stream:
            batch: pa.RecordBatch = stream.read_next_batch()
        return batch
