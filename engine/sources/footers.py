"""Parquet footers: read once, checked, and asked for sizes and bounds.

Footers lie, are truncated or forged: what contradicts itself counts as unknown, what cannot be read raises
FAILED_READ_FILE. The cache is keyed by path, size and mtime, so a replaced file is read anew.
"""

from __future__ import annotations

import os
import struct
import threading
from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal
from io import FileIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.lazy import cached_property
from engine.physical.encoding import bits_of
from engine.sources.files import DataFile, check_unchanged, read_error, reason_of
from engine.sources.page_index import PageStatistics, page_statistics
from engine.sources.plain_footer import metadata_of, plain_metadata
from engine.sources.pruning import Bounds
from engine.sources.thrift import Chunk, column_chunks
from engine.types import (
    DataType,
    NumericType,
    StructField,
)
from engine.types.arrow import from_arrow

MAGIC = b"PAR1"
PHYSICAL_TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
KEPT_FOOTERS = 1024
KEPT_SUMS = 10_000
"""Of one footer: sums of bytes by row group and columns, and page indexes by row group and column."""
_MOST_INDEX = 4 << 20
READ_FAILURES = (pa.ArrowException, OSError, MemoryError, OverflowError, ValueError)
"""What pyarrow raises for files that are not as they should be."""


class Footer:
    """A file's footer: `groups` row groups, their sizes, the bounds of their columns."""

    def __init__(self, metadata: Any, path: str, data: bytes) -> None:
        self.metadata = metadata
        self._bytes = data
        self.path = path
        self.groups: int = metadata.num_row_groups
        self._bounds: dict[tuple[int, str], Bounds | None] = {}
        self._sums: dict[tuple[int, tuple[str, ...]], int] = {}
        self._bits: dict[str, int] = {}
        self._pages: dict[tuple[int, str], list[tuple[int, int, Bounds]]] = {}
        self._levels: dict[str, tuple[int, int]] = {}
        self._sizes: list[tuple[int, int]] = [
            (metadata.row_group(g).num_rows, metadata.row_group(g).total_byte_size) for g in range(self.groups)
        ]
        if any(rows < 0 for rows, _ in self._sizes) or sum(rows for rows, _ in self._sizes) != metadata.num_rows:
            raise read_error(path, "The file is corrupt: its footer contradicts itself about the number of rows.")

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The columns as pyarrow reads them."""
        return self.metadata.schema.to_arrow_schema()

    @property
    def total_rows(self) -> int:
        """The rows of all groups."""
        return sum(rows for rows, _ in self._sizes)

    @property
    def total_bytes(self) -> int:
        """The uncompressed bytes of all groups."""
        return sum(max(0, size) for _, size in self._sizes)

    def rows(self, group: int) -> int:
        """The rows of a group. Raises FAILED_READ_FILE for a group that is not there (the file was replaced)."""
        if group >= self.groups:
            raise read_error(self.path, f"The file is corrupt: it has no row group {group}.")
        return self._sizes[group][0]

    def bytes(self, group: int, columns: Sequence[str]) -> int:
        """The uncompressed bytes of some columns of a group; nested ones are guessed from the average."""
        if len(columns) >= len(self._names):
            return max(0, self._sizes[group][1])
        key = (group, tuple(columns))
        known = self._sums.get(key)
        if known is None:
            if len(self._sums) > KEPT_SUMS:
                self._sums.clear()
            known = self._sums[key] = self._sum(group, columns)
        return known

    def _sum(self, group: int, columns: Sequence[str]) -> int:
        average = max(0, self._sizes[group][1]) // max(1, len(self._names))
        chunks = [self.chunk(group, self.column(name) or "") for name in columns]
        return sum(average if chunk is None else chunk.size for chunk in chunks)

    def column(self, name: str) -> str | None:
        """The name in this file of the column called `name`, matched without case; None if it has none."""
        return name if name in self._names else self._folded.get(name.lower())

    @cached_property
    def _names(self) -> set[str]:
        return set(self.arrow_schema.names)

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {name.lower(): name for name in reversed(self.arrow_schema.names)}

    @cached_property
    def _leaves(self) -> dict[str, int]:
        """The number of the column chunk of each column that is not nested."""
        schema = self.metadata.schema
        flat = {field.name for field in self.arrow_schema if not pa.types.is_nested(field.type)}
        found = {schema.column(place).path: place for place in range(len(schema))}
        return {name: place for name, place in found.items() if name in flat}

    @cached_property
    def plain(self) -> tuple[Any, frozenset[str]]:
        """What makes pyarrow read the columns that are named as the whole numbers they are stored as (`plain_footer.py`)."""
        return plain_metadata(self.metadata, self._leaves, self._bytes)

    def levels(self, name: str) -> tuple[int, int]:
        """The highest definition and repetition levels of a column that is not nested."""
        if name not in self._levels:
            column = self.metadata.schema.column(self._leaves[name])
            self._levels[name] = column.max_definition_level, column.max_repetition_level
        return self._levels[name]

    def fixed_size(self, name: str) -> int:
        """How many bytes a number has that is stored with its highest byte first; 0 for columns of other kinds."""
        if name not in self._leaves:
            return 0
        column = self.metadata.schema.column(self._leaves[name])
        fixed = column.physical_type == "FIXED_LEN_BYTE_ARRAY" and pa.types.is_decimal(self.arrow_type(name))
        return int(column.length) if fixed else 0

    def arrow_type(self, name: str) -> pa.DataType:
        """What pyarrow reads a column as."""
        return self._types[name][0]

    def own_type(self, name: str) -> DataType | None:
        """The SQL type of a column of the file, None if SQL has none for it."""
        return self._types[name][1] if name in self._types else None

    @cached_property
    def _types(self) -> dict[str, tuple[pa.DataType, DataType | None]]:
        return {field.name: (field.type, _sql_type(field.type)) for field in self.arrow_schema}

    def bits(self, name: str) -> int:
        """The width that the whole numbers stored in a column need by the statistics of all groups; 0 if they do not say."""
        if name not in self._bits:
            chunks = [self.chunk(group, name) for group in range(self.groups)]
            fixed = bool(self.fixed_size(name))
            raws = [(raw, each.type) for each in chunks if each is not None for raw in (each.least, each.most)]
            bounds = [_whole(raw) if fixed and raw is not None else _plain(raw, kind) for raw, kind in raws]
            whole = [bound for bound in bounds if type(bound) is int]
            self._bits[name] = bits_of(min(whole), max(whole)) if whole and len(whole) == 2 * self.groups else 0
        return self._bits[name]

    @cached_property
    def int96(self) -> set[str]:
        """The columns stored as INT96: instants, though pyarrow says local time."""
        schema = self.metadata.schema
        return {name for name, place in self._leaves.items() if schema.column(place).physical_type == "INT96"}

    def bounds(self, group: int, field: StructField | None) -> Bounds | None:
        """What the statistics of a group say of a column, read as `field`; None where they are unusable."""
        name = self.ordered(field) if field is not None else None
        return None if name is None else self.bounds_of(group, name)

    def ordered(self, field: StructField) -> str | None:
        """The name in this file of a column whose values, read as `field`, are in the order that statistics have them in."""
        name = self.column(field.name)
        return name if name is not None and self._compatible(name, field.dataType) else None

    def bounds_of(self, group: int, name: str) -> Bounds | None:
        """What the statistics of a group say of the column `name` of the file."""
        key = (group, name)
        if key not in self._bounds:
            self._bounds[key] = self._read_bounds(group, name)
        return self._bounds[key]

    def chunk(self, group: int, name: str) -> Chunk | None:
        """A column chunk; None for nested columns, and for one that is not of the type that the schema says."""
        leaf = self._leaves.get(name)
        chunks = self._chunks[group] if group < len(self._chunks) else []
        if leaf is None or leaf >= len(chunks):
            return None
        expected = self.metadata.schema.column(leaf).physical_type
        found = chunks[leaf]
        return found if 0 <= found.type < 8 and PHYSICAL_TYPES[found.type] == expected else None

    @cached_property
    def _chunks(self) -> list[list[Chunk]]:
        """All column chunks; none where the footer's details cannot be read."""
        try:
            return column_chunks(self._bytes)
        except ValueError:
            return []

    def _compatible(self, name: str, wanted: DataType) -> bool:
        """Whether values keep their order when the file's column is read as `wanted`."""
        own = self.own_type(name)
        return own == wanted or (isinstance(own, NumericType) and isinstance(wanted, NumericType))

    def pages(self, group: int, field: StructField, stream: FileIO) -> list[tuple[int, int, Bounds]]:
        """What the page index says of a column, read as `field`: rows from one to before another, and their bounds. None
        where there is none that is of use."""
        name = self.column(field.name)
        if name is None or not self._compatible(name, field.dataType):
            return []
        key = (group, name)
        if key not in self._pages:
            if len(self._pages) > KEPT_SUMS:
                self._pages.clear()
            self._pages[key] = self._read_pages(group, name, stream)
        return self._pages[key]

    def _read_pages(self, group: int, name: str, stream: FileIO) -> list[tuple[int, int, Bounds]]:
        chunk = self.chunk(group, name)
        if chunk is None or chunk.index is None or self.levels(name)[1]:
            return []
        offsets, offsets_size, values, values_size = chunk.index
        try:
            column_index, offset_index = _part(stream, values, values_size), _part(stream, offsets, offsets_size)
            found = page_statistics(column_index, offset_index, self._sizes[group][0])
        except ValueError:
            return []  # no statistics: every page may have any value
        return [
            (each.start, each.stop, self._bounds_of(name, chunk, each, each.stop - each.start, True)) for each in found
        ]

    def _read_bounds(self, group: int, name: str) -> Bounds | None:
        chunk = self.chunk(group, name)
        return self._bounds_of(name, chunk, chunk, self._sizes[group][0], chunk.exact) if chunk is not None else None

    def _bounds_of(self, name: str, chunk: Chunk, piece: Chunk | PageStatistics, rows: int, complete: bool) -> Bounds:
        """The bounds of a chunk, or of one of its pages, of `rows` rows; `complete` unless they are truncated."""
        column, nulls = self.metadata.schema.column(self._leaves[name]), piece.nulls
        least, most = (_value(_plain(raw, chunk.type), column) for raw in (piece.least, piece.most))
        if nulls is not None and not 0 <= nulls <= rows:
            nulls = None
        if least is None or most is None or least > most:
            least = most = None
        exact = complete and least is not None and not isinstance(least, bytes | float)
        return Bounds(least, most, nulls, rows, exact)


def _sql_type(kind: pa.DataType) -> DataType | None:
    try:
        return from_arrow(kind)
    except (TypeError, ValueError):
        return None


_footers: OrderedDict[tuple[str, int, int], Footer] = OrderedDict()
_lock = threading.Lock()


def footer(file: DataFile) -> Footer:
    """The footer of `file`. Raises ExecutionError FAILED_READ_FILE if it changed since it was listed or is corrupt."""
    key = (file.path, file.size, file.mtime)
    with _lock:
        if key in _footers:
            _footers.move_to_end(key)
            return _footers[key]
    found = _read_footer(file)
    with _lock:
        _footers[key] = found
        while len(_footers) > KEPT_FOOTERS:
            _footers.popitem(last=False)
    return found


def _read_footer(file: DataFile) -> Footer:
    if file.size == 0:
        raise read_error(file.path, "The file is empty (0 bytes): it is not a Parquet file.")
    check_unchanged(file)
    try:
        data = _footer_bytes(file)
        found = Footer(metadata_of(data), file.path, data)
        found.arrow_schema  # noqa: B018 - a schema that cannot be read must fail here
    except READ_FAILURES as error:
        check_unchanged(file)
        reason = reason_of(error, "It is not a Parquet file, or it is truncated or corrupt")
        raise read_error(file.path, reason) from error
    check_unchanged(file)
    return found


def _footer_bytes(file: DataFile) -> bytes:
    """The footer, without the writer's Arrow schema: columns are what Parquet says, as in Spark.

    Arrow's schema would bring back dictionaries, views and zones, only to be cast away batch by batch.
    """
    with Path(file.path).open("rb") as stream:
        stream.seek(-min(8, file.size), os.SEEK_END)
        tail = stream.read(8)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length + 12 > file.size:
            reason = "it is encrypted" if tail[4:] == b"PARE" else "its last bytes are not those of a footer"
            raise ValueError(reason)
        stream.seek(-(length + 8), os.SEEK_END)
        return stream.read(length).replace(b"ARROW:schema", b"arrow-schema")


def open_file(file: DataFile, metadata: Any, dictionaries: Sequence[str] = ()) -> Any:
    """A pyarrow ParquetFile over the footer `metadata`, which is not read again. The texts of the columns `dictionaries` come
    as the codes that the file has."""
    return pq.ParquetFile(
        file.path,
        metadata=metadata,
        read_dictionary=list(dictionaries) or None,
        memory_map=False,
        pre_buffer=False,
        coerce_int96_timestamp_unit="us",
        page_checksum_verification=True,
    )


def _plain(raw: bytes | None, type: int) -> Any:
    """A plainly encoded value; None where its length is not right."""
    if raw is None or type in (6, 7):
        return raw
    if type == 0:
        return bool(raw[0]) if len(raw) == 1 else None
    if type in (1, 2):
        return int.from_bytes(raw, "little", signed=True) if len(raw) == 4 * type else None
    if type in (4, 5) and len(raw) == 4 * (type - 3):
        return struct.unpack("<f" if type == 4 else "<d", raw)[0]
    return None


def _part(stream: FileIO, start: int, size: int) -> bytes:
    """Some bytes of a file. Raises ValueError for more than there are, or than an index has."""
    if start < 0 or not 0 < size <= _MOST_INDEX:
        raise ValueError("malformed footer: an index of no such size")
    stream.seek(start)
    found = stream.read(size)
    if len(found) != size:
        raise ValueError("malformed footer: an index beyond the end")
    return found


def _whole(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


def _value(raw: Any, column: Any) -> Any:
    """A statistic in the form that `pruning.comparable` gives; None where its meaning is not sure."""
    if raw is None:
        return None
    logical, physical = column.logical_type.type, column.physical_type
    if logical == "DECIMAL":
        number = _whole(raw) if isinstance(raw, bytes) else raw
        return Decimal(number).scaleb(-column.scale)
    if logical == "TIMESTAMP":
        unit = str(column.logical_type).lower()
        if "nanoseconds" in unit:
            return raw // 1000
        return raw * 1000 if "milliseconds" in unit else raw
    if logical == "INT" and "issigned=false" in str(column.logical_type).lower().replace(" ", ""):
        return raw & (2**32 - 1 if physical == "INT32" else 2**64 - 1)
    if physical in ("FLOAT", "DOUBLE"):
        return None if raw != raw else raw
    if physical == "BYTE_ARRAY" and logical in ("STRING", "NONE", "JSON", "ENUM"):
        return bytes(raw)
    if physical in ("INT32", "INT64", "BOOLEAN") and logical in ("INT", "DATE", "NONE"):
        return raw
    return None
