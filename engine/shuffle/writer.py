"""Writes the output of one map attempt: batches come in any order from many threads, chunks go out by partition.

Batches of a partition are collected until they are worth a chunk, joined into one batch and encoded outside all locks.
One file per attempt, renamed when complete: a reader never sees half of one.
"""

from __future__ import annotations

import threading
import zlib
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from engine.shuffle.appended import AppendedFile, disk_error, encode
from engine.shuffle.store import Chunk, MapFile, MapOutput, write_index

_CHUNK_BYTES = 1 << 20
_BUFFERED_BYTES = 64 << 20


class ShuffleWriter:
    """Splits nothing itself: `write` says to which shuffle partition a batch belongs. All methods raise ClusterError
    (SPILL_DISK_FULL) when the directory cannot take the bytes."""

    def __init__(self, file: MapFile, partitions: int) -> None:
        self.file = file
        self.partitions = partitions
        self._temporary = Path(f"{file.path}.tmp")
        self._chunks: list[list[Chunk]] = [[] for _ in range(partitions)]
        self._buffers: list[list[pa.RecordBatch]] = [[] for _ in range(partitions)]
        self._sizes = [0] * partitions
        self._locks = [threading.Lock() for _ in range(min(partitions, 64))]
        self._file_lock = threading.Lock()
        self._buffered = 0
        self._output: MapOutput | None = None
        self._file = AppendedFile(self._temporary)

    def write(self, partition: int, batch: pa.RecordBatch) -> None:
        """Adds the rows of `batch` to a shuffle partition. Thread-safe; batches of one partition share one schema."""
        if batch.num_rows == 0:
            return
        size = batch.nbytes
        chunk: list[pa.RecordBatch] = []
        with self._locks[partition % len(self._locks)]:
            self._buffers[partition].append(batch)
            self._sizes[partition] += size
            if self._sizes[partition] >= _CHUNK_BYTES:
                chunk = self._take(partition)
        with self._file_lock:
            self._buffered += size
            crowded = self._buffered > _BUFFERED_BYTES
        if chunk:
            self._append(partition, chunk)
        if crowded:
            self._flush()

    @property
    def bytes_written(self) -> int:
        """Length of the file so far."""
        return self._file.length

    def commit(self) -> MapOutput:
        """Writes what is buffered, then makes the file visible under its name. Call once, after all `write` calls."""
        if self._output is not None:
            return self._output
        self._flush()
        try:
            self._file.close()
            index = Path(f"{self.file.path}.index.tmp")
            write_index(index, self._chunks, self._file.length)
            self._temporary.rename(self.file.data)
            index.rename(self.file.index)
        except OSError as error:
            disk_error(self._temporary.parent, error)
        rows = sum(chunk.rows for pieces in self._chunks for chunk in pieces)
        sizes = tuple(sum(chunk.length for chunk in pieces) for pieces in self._chunks)
        self._output = MapOutput(self.file, rows, sizes)
        return self._output

    def abandon(self) -> None:
        """Deletes what was written unless it was committed; for attempts that fail."""
        if self._output is not None:
            return
        with suppress(OSError):  # a disk that is full
            self._file.close()
        with suppress(OSError):  # the directory may be gone with its job
            self._temporary.unlink(missing_ok=True)

    def _take(self, partition: int) -> list[pa.RecordBatch]:
        """The buffered batches of a partition; its lock is held."""
        taken = self._buffers[partition]
        self._buffers[partition] = []
        self._sizes[partition] = 0
        return taken

    def _flush(self) -> None:
        for partition in range(self.partitions):
            with self._locks[partition % len(self._locks)]:
                taken = self._take(partition)
            if taken:
                self._append(partition, taken)

    def _append(self, partition: int, batches: list[pa.RecordBatch]) -> None:
        rows = sum(batch.num_rows for batch in batches)
        freed = sum(batch.nbytes for batch in batches)
        data = encode(batches)
        checksum = zlib.crc32(data)
        offset = self._file.append(data)
        with self._file_lock:
            self._buffered -= freed
            self._chunks[partition].append(Chunk(offset, data.size, checksum, rows))
