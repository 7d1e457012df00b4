"""Writes the output of one map attempt: batches come in any order from many threads, chunks go out by partition.

Batches of a partition are collected until they are worth a chunk, joined into one batch and encoded outside all locks;
space in the file is reserved under a lock and filled with pwrite, so that threads write side by side. One file per
attempt, renamed when complete: a reader never sees half of one.
"""

from __future__ import annotations

import os
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from engine.errors import ClusterError
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
        self._length = 0
        self._buffered = 0
        self._output: MapOutput | None = None
        self._descriptor = _create(self._temporary)

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
        return self._length

    def commit(self) -> MapOutput:
        """Writes what is buffered, then makes the file visible under its name. Call once, after all `write` calls."""
        if self._output is not None:
            return self._output
        self._flush()
        try:
            os.close(self._descriptor)
            self._descriptor = -1
            index = Path(f"{self.file.path}.index.tmp")
            write_index(index, self._chunks, self._length)
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
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
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
        with self._file_lock:
            offset = self._length
            self._length += data.size
            self._buffered -= freed
            self._chunks[partition].append(Chunk(offset, data.size, checksum, rows))
        view = memoryview(data)
        try:
            while view.nbytes:
                written = os.pwrite(self._descriptor, view, offset)
                offset += written
                view = view[written:]
        except OSError as error:
            disk_error(self._temporary.parent, error)


def _create(path: Path) -> int:
    """Opens a new file in a directory that may have to be made; what that is in has to be there."""
    try:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError as error:
        disk_error(path.parent, error)


def encode(batches: list[pa.RecordBatch]) -> pa.Buffer:
    """The batches, joined into as few as possible, as one Arrow IPC stream."""
    if len(batches) > 1:
        schema = batches[0].schema  # members of a union have other names for the same columns
        alike = [b if b.schema == schema else pa.RecordBatch.from_arrays(b.columns, schema=schema) for b in batches]
        batches = pa.Table.from_batches(alike).combine_chunks().to_batches()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    return sink.getvalue()


def disk_error(directory: Path, error: OSError) -> NoReturn:
    """Raises the typed error for a directory that cannot be written."""
    raise ClusterError(
        "SPILL_DISK_FULL",
        {"directory": directory, "reason": error.strerror or error, "setting": "spark.local.dir"},
    ) from error
