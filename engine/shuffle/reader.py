"""Reads shuffle partitions back: map files become morsels, each verified before a row of it is seen.

Large pieces are mapped (their batches point into the file, which lives until the last buffer dies, also after it is
deleted), small ones are read. A morsel covers consecutive chunks of one map file, small enough to share among threads.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa

from engine.shuffle.store import Chunk, FetchFailed, MapFile, read_index

Morsel = Callable[[], Iterator[pa.RecordBatch]]

_MORSEL_BYTES = 8 << 20
_MAP_BYTES = 256 << 10


def read_morsels(files: Iterable[MapFile], partitions: Sequence[int]) -> list[Morsel]:
    """One callable per piece of the shuffle `partitions` in `files`, in order of map partition, empty pieces left out.

    Calling one gives an iterator over its batches. Both raise FetchFailed for what is gone or damaged.
    """
    morsels: list[Morsel] = []
    for file in files:
        group: list[Chunk] = []
        size = 0
        for chunk in read_index(file, partitions):
            if group and size + chunk.length > _MORSEL_BYTES:
                morsels.append(_Piece(file, group))
                group, size = [], 0
            group.append(chunk)
            size += chunk.length
        if group:
            morsels.append(_Piece(file, group))
    return morsels


class _Piece:
    """Consecutive chunks of one map file."""

    def __init__(self, file: MapFile, chunks: list[Chunk]) -> None:
        self.file = file
        self.chunks = chunks

    def __call__(self) -> Iterator[pa.RecordBatch]:
        for chunk, data in zip(self.chunks, self._buffers(), strict=True):
            if zlib.crc32(data) != chunk.checksum:
                raise FetchFailed(self.file, f"{chunk.length} bytes at {chunk.offset} do not verify: {self.file.data}")
            with pa.ipc.open_stream(data) as stream:
                yield from stream

    def _buffers(self) -> Iterator[pa.Buffer]:
        try:
            if sum(chunk.length for chunk in self.chunks) < _MAP_BYTES:
                yield from self._read()
                return
            with pa.memory_map(str(self.file.data)) as mapped:
                for chunk in self.chunks:
                    mapped.seek(chunk.offset)
                    yield mapped.read_buffer(chunk.length)
        except OSError as error:
            raise FetchFailed(self.file, f"{error.strerror or error}: {self.file.data}") from error

    def _read(self) -> Iterator[pa.Buffer]:
        descriptor = os.open(self.file.data, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for chunk in self.chunks:
                yield pa.py_buffer(os.pread(descriptor, chunk.length, chunk.offset))
        finally:
            os.close(descriptor)
