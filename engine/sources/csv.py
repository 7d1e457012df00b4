"""CSV, read in two ways.

Named as a quoted path ('x.csv') it is sniffed: delimiter, header and types are found from the file, and a row that
does not fit them is an error with its line. As csv.`x`, or USING csv, Spark's options and defaults hold: no header,
every column STRING, rows that do not fit padded, dropped or refused as `mode` says. A quoted value may span lines in
both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import pyarrow as pa

from engine.lazy import pc
from engine.logical.relation import TableStatistics
from engine.records import dataclass
from engine.sources.base import Options, check_options
from engine.sources.csv_dialect import OPTIONS, Dialect, column_names, dialect_of, flag, head_of, records, sniff
from engine.sources.csv_read import CsvStream, TextBatch
from engine.sources.files import DataFile, Listing, list_files, read_error
from engine.sources.filescan import (
    BATCH_ROWS,
    FilePart,
    FileRelation,
    no_schema,
    record_batch,
    split_schema,
    without_partitions,
)
from engine.sources.textvalues import check_types, convert, infer_type, narrowed
from engine.types import INT, LONG, STRING, VOID, DataType, StructField, StructType
from engine.types.coercion import tightest_common_type

SNIFF_ROWS = 50_000
"""Rows that types are inferred from in a sniffed file; Spark's inferSchema looks at all."""


SPARK = Dialect()


@dataclass(frozen=True, eq=False, repr=False)
class CsvRelation(FileRelation):
    """Rows of CSV files; columns are found by position."""

    dialect: Dialect = SPARK
    examined: int = 0

    format: ClassVar[str] = "csv"

    @property
    def description(self) -> str:
        """The paths and, if sniffed, what was found."""
        found = f" ({self.dialect.shown})" if self.dialect.sniffed else ""
        return f"csv {', '.join(self.listing.paths)}{found}"

    def details(self) -> list[tuple[str, str]]:
        """What DESCRIBE shows of a sniffed file: how it is read, and why."""
        if not self.dialect.sniffed:
            return []
        delimiter = {"\t": "\\t"}.get(self.dialect.delimiter, self.dialect.delimiter)
        return [
            ("Delimiter", delimiter),
            ("Quote", self.dialect.quote),
            ("Header", "true" if self.dialect.header else "false"),
            ("Types", "from the first row" if self.examined == 1 else f"from the first {self.examined} rows"),
        ]

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "dialect": self.dialect, "examined": self.examined}

    def measured(self) -> TableStatistics:
        """Rows guessed from the size: some 12 bytes a column."""
        known = super().measured()
        return TableStatistics((known.bytes or 0) // (12 * max(1, len(self.data))), known.bytes)

    def read_part(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """A file as batches."""
        places = {field.name: place for place, field in enumerate(self.data.fields)}
        stream = CsvStream(part.file, self.dialect, len(self.data), [places[field.name] for field in fields])
        pending: list[pa.RecordBatch] = []
        rows = 0
        for texts in stream.batches():
            batch = self._typed(texts, fields, stream)
            pending.append(batch)
            rows += batch.num_rows
            if rows >= BATCH_ROWS // 2:
                yield from _pieces(pending)
                pending, rows = [], 0
        if rows:
            yield from _pieces(pending)

    def _typed(self, texts: TextBatch, fields: Sequence[StructField], stream: CsvStream) -> pa.RecordBatch:
        rows = len(texts.numbers)
        arrays, wrong = [], None
        for column, field in zip(texts.columns, fields, strict=False):
            values, bad = convert(column, field.dataType, self.dialect.form)
            arrays.append(values)
            if bad is not None:
                if self.dialect.mode == "FAILFAST":
                    place = pc.index(bad, True).as_py()
                    reason = f"'{column[place]}' in the column `{field.name}` is no {field.dataType}"
                    raise stream.malformed(texts.numbers[place].as_py(), reason)
                wrong = bad if wrong is None else pc.or_(wrong, bad)
        batch = record_batch(arrays, fields, rows)
        return batch.filter(pc.invert(wrong)) if wrong is not None and self.dialect.mode == "DROPMALFORMED" else batch


def _pieces(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Few large batches instead of many small ones, none above the limit."""
    whole = batches[0] if len(batches) == 1 else pa.concat_batches(batches)
    for start in range(0, whole.num_rows, BATCH_ROWS):
        yield whole.slice(start, BATCH_ROWS)


def open(  # noqa: A001 - the name by which base.open_relation finds it
    paths: Sequence[str], options: Options, schema: StructType | None, conf: Mapping[str, str]
) -> CsvRelation:
    """The CSV files under `paths`; sniffed with the option `sniff`."""
    dialect = dialect_of(options, conf)
    check_options("csv", options, OPTIONS)
    listing = list_files(paths, options, conf, must_exist=schema is None)
    kept = tuple(sorted(options.items()))
    if schema is not None:
        check_types([field.dataType for field in schema.fields], "csv")
        data, listing = split_schema(schema, listing)
        return CsvRelation(listing, data, kept, dialect)
    files = [file for file in listing.select().files if file.size]
    if not files:
        raise no_schema("CSV", "All of its files are empty." if listing.sample(1) else "")
    return _inferred(listing, files, dialect, options, kept)


def _inferred(
    listing: Listing, files: Sequence[DataFile], dialect: Dialect, options: Options, kept: tuple[tuple[str, str], ...]
) -> CsvRelation:
    sniffed = flag(options, "sniff")
    text, whole = head_of(files[0], dialect.encoding)
    if sniffed:
        dialect, rows = sniff(text, dialect.form)
        if whole and not dialect.escape and text.count(dialect.quote) % 2:
            raise read_error(files[0].path, f"A quote ({dialect.quote}) is opened and never closed.")
    else:
        rows = records(text, dialect)[:1]
    if not rows:
        raise no_schema("CSV")
    names = column_names(rows[0], dialect.header)
    types: list[DataType] = [STRING] * len(names)
    examined = 0
    if sniffed or flag(options, "inferschema"):
        limit = SNIFF_ROWS if sniffed else None
        types, examined = _infer_types(files, replace(dialect, mode="PERMISSIVE"), len(names), limit)
    found = StructType(tuple(StructField(name, kind) for name, kind in zip(names, types, strict=True)))
    if sniffed:
        widths = [field if field.dataType != INT else StructField(field.name, LONG) for field in found.fields]
        found = StructType(tuple(widths))
    return CsvRelation(listing, without_partitions(found, listing.columns), kept, dialect, examined)


def _infer_types(
    files: Sequence[DataFile], dialect: Dialect, width: int, limit: int | None
) -> tuple[list[DataType], int]:
    """The narrowest types that all rows (the first `limit`) fit, STRING where there is no value."""
    types: list[DataType] = [VOID] * width
    examined = 0
    for file in files:
        for texts in CsvStream(file, dialect, width, range(width)).batches():
            for place, column in enumerate(texts.columns):
                types[place] = _meet(types[place], column, dialect)
            examined += len(texts.numbers)
            if limit is not None and examined >= limit:
                break
        if limit is not None and examined >= limit:
            break
    return [STRING if kind == VOID else kind for kind in types], examined


def _meet(known: DataType, texts: pa.Array, dialect: Dialect) -> DataType:
    if known == STRING:
        return STRING
    found = infer_type(texts, dialect.form)
    if found == LONG and narrowed(texts):
        found = INT
    return tightest_common_type(known, found) or STRING
