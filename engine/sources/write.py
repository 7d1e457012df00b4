"""Writes batches as the files of a table: one file, or one for each partition's directory.

The caller moves the directory to its place when all is written; a file system that is full is the caller's to report.
"""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from engine.errors import Unsupported
from engine.kernels.datetime_text import text_of
from engine.kernels.json_text import JsonForm, write
from engine.lazy import pc
from engine.sources.base import check_options, heeded
from engine.sources.csv_dialect import flag
from engine.sources.partitions import partition_name
from engine.sources.textvalues import check_types
from engine.types import StructType
from engine.types.arrow import to_arrow_schema
from engine.types.cells import Style, texts, zone_of

OPEN_FILES = 100
"""Partitions written at a time; when more are met, the first ones' files are finished and may be continued in new ones."""
ROW_GROUP_ROWS = 1 << 20


class Writer(Protocol):
    """Writes one file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows."""

    def close(self) -> None:
        """Finishes the file."""


class ParquetFile:
    """Parquet, in row groups of a million rows."""

    def __init__(self, path: Path, schema: pa.Schema, _sql: StructType, options: Mapping[str, str]) -> None:
        codec = options.get("compression", "snappy")
        self._writer = pq.ParquetWriter(path, schema, compression="none" if codec == "uncompressed" else codec)
        self._schema = schema
        self._pending: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows; they reach the disk a row group at a time."""
        self._pending.append(batch)
        self._rows += batch.num_rows
        if self._rows >= ROW_GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_batches(self._pending, self._schema), row_group_size=ROW_GROUP_ROWS)
        self._pending, self._rows = [], 0

    def close(self) -> None:
        """Finishes the file."""
        self._flush()
        self._writer.close()


class OrcFile:
    """ORC; its stripes are the writer's choice."""

    def __init__(self, path: Path, schema: pa.Schema, _sql: StructType, options: Mapping[str, str]) -> None:
        from pyarrow import orc  # here: few statements write it

        codec = options.get("compression", "snappy").lower()
        self._writer = orc.ORCWriter(path, compression="uncompressed" if codec == "none" else codec)
        self._schema = schema
        self._writer.write(schema.empty_table())  # also without rows: the file says the columns

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows."""
        self._writer.write(pa.Table.from_batches([batch], self._schema))

    def close(self) -> None:
        """Finishes the file."""
        self._writer.close()


class CsvFile:
    """CSV as Spark's options say; without a header unless asked for."""

    def __init__(self, path: Path, schema: pa.Schema, _sql: StructType, options: Mapping[str, str]) -> None:
        self._file: BinaryIO = path.open("wb")
        self._options = pacsv.WriteOptions(
            include_header=False,
            delimiter=options.get("sep", options.get("delimiter", ",")).replace("\\t", "\t"),
            quoting_style="needed",
        )
        if flag(options, "header"):
            names = [pa.array([name]) for name in schema.names]
            self._write(pa.RecordBatch.from_arrays(names, names=schema.names))

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows."""
        self._write(pa.RecordBatch.from_arrays([_text(column) for column in batch.columns], names=batch.schema.names))

    def _write(self, batch: pa.RecordBatch) -> None:
        buffer = io.BytesIO()
        pacsv.write_csv(batch, buffer, write_options=self._options)
        self._file.write(buffer.getvalue())

    def close(self) -> None:
        """Finishes the file."""
        self._file.close()


class JsonFile:
    """JSON lines as `to_json` writes them; fields that are null are left out, as Spark does."""

    def __init__(self, path: Path, _schema: pa.Schema, sql: StructType, options: Mapping[str, str]) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._sql = sql
        self._form = JsonForm(
            lambda value, kind: text_of(value, kind, "UTC"), flag(options, "ignorenullfields", "true")
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows."""
        for row in batch.to_pylist():
            self._file.write(write(row, self._sql, self._form) + "\n")

    def close(self) -> None:
        """Finishes the file."""
        self._file.close()


def _text(column: pa.Array) -> pa.Array:
    """A column as a text file writes it: times by ISO 8601 with the zone, decimals and numbers as they are."""
    if pa.types.is_timestamp(column.type):
        pattern = "%Y-%m-%dT%H:%M:%SZ" if column.type.tz else "%Y-%m-%dT%H:%M:%S"
        return pc.strftime(column, format=pattern)
    if pa.types.is_date(column.type) or pa.types.is_boolean(column.type):
        return column.cast(pa.string())
    return column


_WRITERS: dict[str, tuple[str, Callable[[Path, pa.Schema, StructType, Mapping[str, str]], Writer], set[str]]] = {
    "parquet": (".snappy.parquet", ParquetFile, {"compression"}),
    "csv": (".csv", CsvFile, {"sep", "delimiter", "header"}),
    "json": (".json", JsonFile, {"ignoreNullFields"}),
    "orc": (".snappy.orc", OrcFile, {"compression"}),
}
"""Suffix of the files, what writes them, and the options it obeys, by format."""


def write_files(
    batches: Iterable[pa.RecordBatch],
    schema: StructType,
    directory: Path,
    format: str,
    options: Mapping[str, str],
    partitioned_by: Sequence[str],
    zone: str = "UTC",
) -> int:
    """Writes all rows below `directory` and gives their number. Raises Unsupported for a format that cannot be written,
    AnalysisError for options it does not have, OSError if the disk does not take it. Instants that are partition values
    are written as local time of `zone`."""
    if format not in _WRITERS:
        raise Unsupported(f"writing {format} files", hint=f"Formats to write: {', '.join(sorted(_WRITERS))}.")
    suffix, opener, known = _WRITERS[format]
    lowered = {key.lower(): value for key, value in heeded(format, options, known).items()}
    check_options(format, lowered, known)
    if format == "csv":
        check_types([field.dataType for field in schema.fields], format)
    layout = _Layout(directory, schema, partitioned_by, zone)

    def open_file(folder: Path) -> Writer:
        folder.mkdir(parents=True, exist_ok=True)
        return opener(folder / f"part-00000-{_ordered_uuid()}{suffix}", layout.inner, layout.sql, lowered)

    return _write_all(batches, layout, open_file)


def _ordered_uuid() -> uuid.UUID:
    """One that is greater than those before it: files are read in the order of their names."""
    return uuid.UUID(int=(time.time_ns() << 64) | uuid.uuid4().int & (1 << 64) - 1)


def _write_all(batches: Iterable[pa.RecordBatch], layout: _Layout, open_file: Callable[[Path], Writer]) -> int:
    writers: dict[Path, Writer] = {}
    rows = 0
    try:
        if not layout.places:
            writers[layout.directory] = open_file(layout.directory)  # also without rows: the file says the columns
        for batch in batches:
            rows += batch.num_rows
            for folder, part in layout.parts(batch):
                if folder not in writers and len(writers) >= OPEN_FILES:
                    writers.pop(next(iter(writers))).close()
                writers.setdefault(folder, writers.get(folder) or open_file(folder)).write(part)
    finally:
        for writer in writers.values():
            writer.close()
    return rows


def partition_style(zone: str) -> Style:
    """How the names of directories write values: bytes as the text they are."""
    return Style(zone_of(zone), binary=lambda value: value.decode("utf-8", "replace"))


class _Layout:
    """Which directory a row goes to, and the columns that are left for the file."""

    def __init__(self, directory: Path, sql: StructType, partitioned_by: Sequence[str], zone: str) -> None:
        self.directory = directory
        self.types = [field.dataType for field in sql.fields]
        self.style = partition_style(zone)
        schema = to_arrow_schema(sql)
        lowered = [name.lower() for name in schema.names]
        self.places = [lowered.index(name.lower()) for name in partitioned_by]
        self.names = [schema.names[place] for place in self.places]
        self.kept = [place for place in range(len(schema)) if place not in self.places]
        self.sql = StructType(tuple(sql.fields[place] for place in self.kept))
        # files promise nothing about nulls
        self.inner = pa.schema([schema.field(place).with_nullable(True) for place in self.kept])

    def parts(self, batch: pa.RecordBatch) -> Iterable[tuple[Path, pa.RecordBatch]]:
        """The rows of each partition's directory."""
        inner = pa.RecordBatch.from_arrays([batch.column(place) for place in self.kept], schema=self.inner)
        if not self.places:
            yield self.directory, inner
            return
        found = [texts(batch.column(place), self.types[place], self.style) for place in self.places]
        folders = [
            "/".join(partition_name(name, value) for name, value in zip(self.names, values, strict=True))
            for values in zip(*found, strict=True)
        ]
        distinct, groups = np.unique(np.array(folders, dtype=object), return_inverse=True)
        for number, folder in enumerate(distinct):
            yield self.directory / str(folder), inner.take(pa.array(np.flatnonzero(groups == number)))
