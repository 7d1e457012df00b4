"""Map files and their index: names, layout, and what is verified before a byte of them is used.

A map attempt writes `<stem>.data`, chunks of Arrow IPC streams one after another, and `<stem>.index`, which says for
every shuffle partition where its chunks are, how long they are and what their CRC-32 is. Both are written under a
temporary name and renamed, the index last: a file with an index is complete. The index itself ends in a CRC-32.

    header   magic, shuffle partitions, chunks, length of the data file           4 x 8 bytes
    starts   first chunk of each partition, and one past the last                 (partitions + 1) x 8 bytes
    chunks   offset, length, crc32, rows                                          4 x 8 bytes each
    trailer  crc32 of all before                                                  8 bytes
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import ClusterError
from engine.records import dataclass

_MAGIC = 0x31464C46_4E495431
_HEADER = 4
_CHUNK = 4


@dataclass(frozen=True)
class MapFile:
    """The finished output of one map attempt: `path` is the stem of its data and index files."""

    stage_id: int
    partition: int
    attempt: int
    path: str

    @property
    def data(self) -> Path:
        """The file of chunks."""
        return Path(self.path + ".data")

    @property
    def index(self) -> Path:
        """The file that locates the chunks."""
        return Path(self.path + ".index")

    def remove(self) -> None:
        """Deletes both files; what is already gone is fine. Maps of them that are still held stay readable."""
        with suppress(OSError):  # swept with the run directory
            self.index.unlink(missing_ok=True)
            self.data.unlink(missing_ok=True)


@dataclass(frozen=True)
class MapOutput:
    """A map file with what it holds: rows, and bytes per shuffle partition."""

    file: MapFile
    rows: int
    sizes: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Length of all chunks."""
        return sum(self.sizes)


@dataclass(frozen=True)
class Chunk:
    """A piece of one shuffle partition: an IPC stream at `offset` of the data file."""

    offset: int
    length: int
    checksum: int
    rows: int


class FetchFailed(ClusterError):
    """A map output is gone or does not verify; the scheduler makes it anew from `file`'s stage and partition."""

    def __init__(self, file: MapFile, reason: str) -> None:
        super().__init__("FETCH_FAILED", {"stage": file.stage_id, "reason": reason})
        self.file = file
        self.reason = reason

    def __reduce__(self) -> tuple[type[FetchFailed], tuple[MapFile, str]]:
        return FetchFailed, (self.file, self.reason)


def write_index(path: Path, chunks: Sequence[Sequence[Chunk]], data_length: int) -> None:
    """Writes the index of `chunks`, listed per shuffle partition, to `path`. Raises OSError."""
    words = array("Q", [_MAGIC, len(chunks), sum(map(len, chunks)), data_length])
    start = 0
    for pieces in chunks:
        words.append(start)
        start += len(pieces)
    words.append(start)
    for pieces in chunks:
        for chunk in pieces:
            words.extend((chunk.offset, chunk.length, chunk.checksum, chunk.rows))
    body = words.tobytes()
    path.write_bytes(body + array("Q", [zlib.crc32(body)]).tobytes())


def read_index(file: MapFile, partitions: Sequence[int]) -> list[Chunk]:
    """The chunks of the shuffle `partitions` of `file`, in order. Raises FetchFailed when files are gone or damaged."""
    try:
        text = file.index.read_bytes()
        length = file.data.stat().st_size
    except OSError as error:
        raise FetchFailed(file, f"{error.strerror}: {error.filename}") from error
    if len(text) < 8 * (_HEADER + 2) or len(text) % 8:
        raise FetchFailed(file, f"The index has {len(text)} bytes: {file.index}")
    words = array("Q", text)
    if zlib.crc32(text[:-8]) != words[-1] or words[0] != _MAGIC:
        raise FetchFailed(file, f"The index does not verify: {file.index}")
    if words[3] != length:
        raise FetchFailed(file, f"The file has {length} bytes instead of {words[3]}: {file.data}")
    first = _HEADER + words[1] + 1
    return [
        Chunk(*words[first + _CHUNK * number : first + _CHUNK * (number + 1)])
        for partition in partitions
        for number in range(words[_HEADER + partition], words[_HEADER + partition + 1])
    ]
