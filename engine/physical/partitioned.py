"""Rows on disk, split by a hash of key expressions: the sides of a join, the rows of windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.kernels.buffers import Mask, valid
from engine.kernels.grouping import hash_rows
from engine.memory import spill
from engine.memory.spill import LEVELS, PARTITIONS, PartitionWriter, SpillFile, Words
from engine.physical.batches import sliced
from engine.physical.execution import Execution, Kernel
from engine.records import dataclass

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Keyed:
    """Rows of `columns` and the `keys` they are split by, for the operator `operator_id`.

    `apart` are keys whose null equals nothing: rows that have one are spread, or with `dropping` left out.
    """

    operator_id: int
    columns: Sequence[Attribute]
    keys: Sequence[Expression]
    apart: Sequence[bool]
    dropping: bool = False


class Partitioned:
    """Rows on disk in PARTITIONS partitions, by the bits of level `level` of their hash."""

    def __init__(self, keyed: Keyed, run: Execution, level: int = 0) -> None:
        self.keyed = keyed
        self.run = run
        self.level = level
        self.file: SpillFile = run.task.spill(keyed.operator_id)

    def splits(self, size: int) -> bool:
        """Whether a partition that needs `size` bytes can be split further."""
        return size > spill.SMALL_BYTES and self.level + 1 < LEVELS

    def writer(self) -> KeyedWriter:
        """A thread's way in."""
        writer = PartitionWriter(self.file, self.level, self.run.task.memory.pool.budget)
        return KeyedWriter(self.keyed, self.run.compile_all(self.keyed.keys, self.keyed.columns), writer)

    def filled(self) -> list[int]:
        """The partitions that have rows."""
        return [partition for partition in range(PARTITIONS) if self.file.rows(partition)]

    def batches(self, partition: int) -> Iterator[pa.RecordBatch]:
        """The rows of a partition."""
        for batch in self.file.batches(partition):
            self.run.check()
            yield from sliced(batch)

    def split(self, partition: int) -> Partitioned:
        """The rows of a partition, split by the bits of the next level."""
        deeper = Partitioned(self.keyed, self.run, self.level + 1)
        writer = deeper.writer()
        for batch in self.batches(partition):
            writer.add(batch)
        writer.flush()
        return deeper

    def close(self) -> None:
        """Gives back the disk."""
        self.file.close()


class KeyedWriter:
    """Writes rows of one thread to the partitions of their keys."""

    def __init__(self, keyed: Keyed, kernels: Sequence[Kernel], writer: PartitionWriter) -> None:
        self.rows = 0
        self.nulls = 0
        self._keyed = keyed
        self._kernels = kernels
        self._writer = writer

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes rows; counts them (`rows`) and those with a null key that is apart (`nulls`)."""
        rows = batch.num_rows
        keys = [kernel(batch) for kernel in self._kernels]
        hashes = hash_rows(keys, rows)
        present = self._present(keys)
        self.rows += rows
        if present is not None:
            self.nulls += rows - int(np.count_nonzero(present))
            if self._keyed.dropping:
                chosen = np.flatnonzero(present)
                batch, hashes = batch.take(pa.array(chosen)), hashes[chosen]
            else:
                hashes = np.where(present, hashes, _spread(rows))
        self._writer.add(batch, hashes)

    def flush(self) -> None:
        """Writes what is left."""
        self._writer.flush()

    def _present(self, keys: Sequence[pa.Array]) -> Mask | None:
        """Which rows have no null among keys that are apart; None for all."""
        present: Mask | None = None
        for key, apart in zip(keys, self._keyed.apart, strict=True):
            if apart and (mask := valid(key)) is not None:
                present = mask if present is None else present & mask
        return present


def _spread(rows: int) -> Words:
    """Hashes that differ in all of their bits."""
    with np.errstate(over="ignore"):
        numbers = np.arange(1, rows + 1, dtype=np.uint64) * _GOLDEN
        return numbers ^ (numbers << np.uint64(32))
