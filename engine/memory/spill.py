"""What operators put on disk when memory does not suffice: batches, by partition, in files that have no name.

    batches + hashes of their keys ──PartitionWriter, one a thread──▶ SpillFile ──batches(partition)──▶ merged, joined, sorted

A file loses its name when it is made: the system frees its space with the last reader, however the process ends. Batches
come back as views of the mapped file, so reading them takes none of the memory that the budget is about.

A level splits by `BITS` bits of the hash, the upper ones, as exchanges and threads split by lower ones; a partition that is
still too large is split again by those of the next level.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.records import dataclass
from engine.shuffle.appended import AppendedFile, disk_error, encode, joined

BITS = 5
PARTITIONS = 1 << BITS
LEVELS = 4
SMALL_BYTES = 256 << 10
"""What is as small is not split again: it is reserved, or fails."""

_BUFFERED_BYTES = 8 << 20
_LEAST_BUFFERED = 64 << 10
_SHARE = 64

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class _Chunk:
    """Where some batches of a partition lie: an IPC stream of `length` bytes."""

    offset: int
    length: int
    rows: int


class SpillFile:
    """Batches of `partitions`, written by many threads and read when all are written. `note` is told each number of bytes.

    Raises ClusterError (SPILL_DISK_FULL) when the directory of `path` cannot take them."""

    def __init__(self, path: Path, partitions: int, note: Callable[[int], None]) -> None:
        self.partitions = partitions
        self._file = AppendedFile(path)
        with suppress(FileNotFoundError):
            path.unlink()
        self._note = note
        self._chunks: list[list[_Chunk]] = [[] for _ in range(partitions)]
        self._lock = threading.Lock()
        self._mapped: tuple[int, pa.Buffer] = (0, pa.py_buffer(b""))

    def write(self, partition: int, batches: list[pa.RecordBatch]) -> int:
        """Appends batches of one schema to a partition; returns the number of its chunk."""
        rows = sum(batch.num_rows for batch in batches)
        data = encode(batches)
        offset = self._file.append(data)
        self._note(data.size)
        with self._lock:
            self._chunks[partition].append(_Chunk(offset, data.size, rows))
            return len(self._chunks[partition]) - 1

    def rows(self, partition: int) -> int:
        """How many rows a partition has."""
        return sum(chunk.rows for chunk in self._chunks[partition])

    def bytes(self, partition: int) -> int:
        """About how much memory the batches of a partition would take."""
        return sum(chunk.length for chunk in self._chunks[partition])

    def chunks(self, partition: int) -> list[int]:
        """The rows of each chunk of a partition."""
        return [chunk.rows for chunk in self._chunks[partition]]

    def batches(self, partition: int) -> Iterator[pa.RecordBatch]:
        """The batches of a partition, as a thread wrote them."""
        for number in range(len(self._chunks[partition])):
            yield from self.chunk(partition, number)

    def chunk(self, partition: int, number: int) -> Iterator[pa.RecordBatch]:
        """The batches of one chunk."""
        chunk = self._chunks[partition][number]
        with pa.ipc.open_stream(self._bytes(chunk)) as stream:
            yield from stream

    def close(self) -> None:
        """Gives the space back once the last batch that was read is gone."""
        with suppress(OSError):  # what was written is not wanted any more
            self._file.close()
        self._mapped = (0, pa.py_buffer(b""))

    def _bytes(self, chunk: _Chunk) -> pa.Buffer:
        with self._lock:
            length, mapped = self._mapped
            if chunk.offset + chunk.length > length:
                length = self._file.length
                try:
                    whole = mmap.mmap(self._file.descriptor, length, mmap.MAP_SHARED, mmap.PROT_READ)
                except OSError as error:
                    disk_error(self._file.path.parent, error)
                mapped = pa.py_buffer(whole)
                self._mapped = (length, mapped)
        return mapped.slice(chunk.offset, chunk.length)


class PartitionWriter:
    """One thread's way into a SpillFile of PARTITIONS partitions: some batches are split together, so that chunks are worth
    reading. `budget` is the executor's, of which a small share is used."""

    def __init__(self, file: SpillFile, level: int, budget: int) -> None:
        self._file = file
        self._shift = np.uint64(64 - BITS * (level + 1))
        self._limit = max(_LEAST_BUFFERED, min(_BUFFERED_BYTES, budget // _SHARE))
        self._batches: list[pa.RecordBatch] = []
        self._hashes: list[Words] = []
        self._size = 0

    def add(self, batch: pa.RecordBatch, hashes: Words) -> None:
        """Takes rows, each with the hash of its key."""
        if batch.num_rows == 0:
            return
        self._batches.append(batch)
        self._hashes.append(hashes)
        self._size += batch.nbytes
        if self._size > self._limit:
            self.flush()

    def flush(self) -> None:
        """Writes what is left; at the end, and when others are to read it."""
        batches, hashes = self._batches, self._hashes
        self._batches, self._hashes, self._size = [], [], 0
        if not batches:
            return
        owners = partition_of(np.concatenate(hashes), self._shift)
        counts = np.bincount(owners, minlength=PARTITIONS).tolist()
        order = pa.array(np.argsort(owners, kind="stable"))
        whole = joined(batches)
        rows = whole[0].take(order) if len(whole) == 1 else pa.Table.from_batches(whole).take(order)
        start = 0
        for partition, count in enumerate(counts):
            if count:
                part = rows.slice(start, count)
                self._file.write(partition, [part] if isinstance(part, pa.RecordBatch) else part.to_batches())
                start += count


def partition_of(hashes: Words, shift: np.uint64) -> npt.NDArray[np.int64]:
    """The partition of each hash, by the bits from `shift` on."""
    return ((hashes >> shift) & np.uint64(PARTITIONS - 1)).astype(np.int64)
