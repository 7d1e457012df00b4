"""Files as blocks of whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from engine.sources.base import compression_of
from engine.sources.files import DataFile, check_unchanged, read_error, reason_of

BLOCK_BYTES = 4 << 20
RANGE_BYTES = 32 << 20
"""Uncompressed files are cut into ranges of this size, so that several threads read one."""


def ranges(file: DataFile) -> list[tuple[int, int]]:
    """Byte ranges that cover the file: a line belongs to the range it begins in."""
    if compression_of(file.path) is not None:
        return [(0, file.size)]
    return [(start, min(start + RANGE_BYTES, file.size)) for start in range(0, file.size, RANGE_BYTES)]


def line_blocks(file: DataFile, piece: tuple[int, int] | None = None) -> Iterator[bytes]:
    """The lines of a file (of a range of it), several MB at a time; every block ends with a line. A byte order mark is
    dropped. Raises FAILED_READ_FILE."""
    try:
        blocks = _compressed(file) if compression_of(file.path) is not None else _range(file, piece or (0, file.size))
        first = piece is None or piece[0] == 0
        for block in blocks:
            yield block.removeprefix(b"\xef\xbb\xbf") if first else block
            first = False
    except (OSError, pa.ArrowException, ValueError) as error:
        check_unchanged(file)
        raise read_error(file.path, reason_of(error, "It cannot be read")) from error


def _compressed(file: DataFile) -> Iterator[bytes]:
    rest = b""
    with pa.input_stream(file.path) as stream:
        for data in iter(lambda: stream.read(BLOCK_BYTES), b""):
            whole, end, rest_of_line = (rest + data).rpartition(b"\n")
            if end:
                yield whole + end
            rest = rest_of_line
    if rest:
        yield rest


def _range(file: DataFile, piece: tuple[int, int]) -> Iterator[bytes]:
    start, stop = piece
    with Path(file.path).open("rb") as stream:
        if start:
            stream.seek(start - 1)
            stream.readline()  # the line that began before belongs to the range before
        while (place := stream.tell()) < stop:
            data = stream.read(min(BLOCK_BYTES, stop - place))
            if not data:
                return
            yield data + stream.readline() if not data.endswith(b"\n") else data
