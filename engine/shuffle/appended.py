"""A file that grows at its end from many threads: space is reserved under a lock and filled with pwrite side by side."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from engine.errors import ClusterError


class AppendedFile:
    """A new file at `path`, in a directory that may have to be made; what that is in has to be there. `append` and the
    making of it raise ClusterError (SPILL_DISK_FULL) when the directory cannot take the bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.length = 0
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            disk_error(path.parent, error)

    def append(self, data: pa.Buffer) -> int:
        """Writes `data` and returns where it begins."""
        with self._lock:
            begin = self.length
            self.length += data.size
        view, offset = memoryview(data), begin
        try:
            while view.nbytes:
                written = os.pwrite(self.descriptor, view, offset)
                offset += written
                view = view[written:]
        except OSError as error:
            disk_error(self.path.parent, error)
        return begin

    def close(self) -> None:
        """Closes the descriptor; once is enough. Raises OSError where the system tells only now that the disk is full."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def encode(batches: list[pa.RecordBatch]) -> pa.Buffer:
    """The batches, joined into as few as possible, as one Arrow IPC stream."""
    batches = joined(batches)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    return sink.getvalue()


def joined(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """The rows of at least one batch as few batches: one, unless text does not fit into it."""
    if len(batches) == 1 or not batches[0].num_columns:
        return batches
    schema = batches[0].schema  # members of a union have other names for the same columns
    alike = [b if b.schema == schema else pa.RecordBatch.from_arrays(b.columns, schema=schema) for b in batches]
    found: list[pa.RecordBatch] = pa.Table.from_batches(alike).combine_chunks().to_batches()
    return found


def disk_error(directory: Path, error: OSError) -> NoReturn:
    """Raises the typed error for a directory that cannot be written."""
    raise ClusterError(
        "SPILL_DISK_FULL",
        {"directory": directory, "reason": error.strerror or error, "setting": "spark.local.dir"},
    ) from error
