"""Parquet: one row group is one split; footers are read once and say what to skip.

Nothing a footer says is trusted for more than skipping and estimating. Files are read by read(2), never mapped: a file
that is truncated while mapped ends the process. Whether a file is still the one that was listed is checked when it is
opened and when it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import pyarrow as pa

from engine.errors import AnalysisError, Unsupported, quoted
from engine.expressions.base import Attribute, Expression
from engine.logical.relation import ScanRequest, Split, Splits, TableStatistics
from engine.records import dataclass
from engine.sources.base import Options, check_options
from engine.sources.files import DataFile, Listing, check_unchanged, list_files, read_error, reason_of
from engine.sources.filescan import (
    BATCH_ROWS,
    SAMPLE,
    FilePart,
    FileRelation,
    fit,
    no_schema,
    nullable_type,
    partition_note,
    record_batch,
    split_schema,
    without_partitions,
)
from engine.sources.footer_statistics import merged_statistics
from engine.sources.footers import READ_FAILURES, Footer, footer, open_file
from engine.sources.pruning import Bounds, Lookup, exclusion
from engine.sources.rowgroups import Chunks, RowGroup, wrong_rows
from engine.sources.texts import is_text
from engine.types import TIMESTAMP, DataType, StructField, StructType
from engine.types.arrow import from_arrow, to_arrow
from engine.types.coercion import tightest_common_type

OPTIONS = {"mergeSchema", "datetimeRebaseMode", "int96RebaseMode"}


@dataclass(frozen=True, eq=False, repr=False)
class ParquetRelation(FileRelation):
    """Rows of Parquet files. Columns are found by name, without case; a file that lacks one gives nulls."""

    format: ClassVar[str] = "parquet"

    def measured(self) -> TableStatistics:
        """Exact rows where at most 64 files are listed, else scaled up from the first 64."""
        files = self.listing.sample(SAMPLE)
        whole = len(self.listing.files) == len(files) and not self.listing.directories
        total = len(self.listing.files) + len(self.listing.directories)
        scale = 1.0 if whole or not files else max(1.0, total / len(files))
        return replace(merged_statistics([footer(file) for file in files], self.data, scale), exact=whole)

    def splits(self, request: ScanRequest) -> Splits:
        """The row groups that may hold rows which pass the filters; no more than `limit` rows need, without filters."""
        chosen = self.select(request.filters)
        partitions = {name.lower() for name in self.listing.columns.names}
        read = {attribute for each in request.filters for attribute in _names(each)}
        types = {f.name.lower(): f for f in self.data.fields if f.name in read and f.name.lower() not in partitions}
        limit = request.limit if not request.filters else None
        is_out = exclusion(request.filters)
        splits: list[Split] = []
        considered = rows = 0
        for file in chosen.files:
            known = footer(file)
            names = {name: known.ordered(field) for name, field in types.items()}
            for group in range(known.groups):
                considered += 1
                if types and is_out(_lookup(known, group, names)):
                    continue
                count = known.rows(group)
                if count == 0 or (limit is not None and rows >= limit):
                    continue
                rows += count
                splits.append(Split(FilePart(file, group), count, known.bytes(group, request.columns)))
        return Splits(tuple(splits), considered, considered - len(splits), partition_note(chosen))

    def read_part(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """A row group as batches. Raises FAILED_READ_FILE if the file changed or its pages are corrupt."""
        return _checked(part, fields, _plain_batches)

    def read_encoded(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """The same, encoded."""
        return _checked(part, fields, _encoded_batches)

    def version(self, split: Split) -> Hashable:
        """File with size and time, and row group."""
        part: FilePart = split.payload
        return part.file.path, part.file.size, part.file.mtime, part.piece

    def columns_of(self, split: Split, columns: Sequence[str]) -> RowGroup | None:
        """The row group, if so many columns of it may be held at once."""
        group = RowGroup(self, split)
        return group if group.fits(columns) else None


def _checked(
    part: FilePart,
    fields: Sequence[StructField],
    read: Callable[[DataFile, Footer, int, Sequence[StructField]], Iterator[pa.RecordBatch]],
) -> Iterator[pa.RecordBatch]:
    """What `read` gives of a row group, with its failures, and a file that is not the one that was listed, as errors."""
    file = part.file
    known = footer(file)
    expected = known.rows(part.piece)
    if all(known.column(field.name) is None for field in fields):
        yield from _nulls(fields, expected)
        return
    rows = 0
    check_unchanged(file)
    try:
        for batch in read(file, known, part.piece, fields):
            rows += batch.num_rows
            yield batch
    except READ_FAILURES as error:
        check_unchanged(file)
        raise read_error(file.path, reason_of(error, "The file is corrupt")) from error
    check_unchanged(file)
    if rows != expected:
        raise wrong_rows(file, expected, rows)


def _plain_batches(
    file: DataFile, known: Footer, group: int, fields: Sequence[StructField]
) -> Iterator[pa.RecordBatch]:
    found = [known.column(field.name) for field in fields]
    names = [name for name in found if name is not None]
    with open_file(file, known.metadata) as reader:
        check_unchanged(file)
        for batch in reader.iter_batches(BATCH_ROWS, [group], columns=names, use_threads=False):
            yield _conform(batch, fields, found, file.path)


def _encoded_batches(
    file: DataFile, known: Footer, group: int, fields: Sequence[StructField]
) -> Iterator[pa.RecordBatch]:
    found = [field for field in fields if known.column(field.name) is not None]
    for columns in Chunks(file, known, group, found).batches():
        arrays = {field.name: column for field, column in zip(found, columns, strict=True)}
        rows = len(columns[0])
        missing = {field.name: pa.nulls(rows, to_arrow(field.dataType)) for field in fields if field not in found}
        yield record_batch([(arrays | missing)[field.name] for field in fields], fields, rows)


def open(  # noqa: A001 - the name by which base.open_relation finds it
    paths: Sequence[str], options: Options, schema: StructType | None, conf: Mapping[str, str]
) -> ParquetRelation:
    """The Parquet files under `paths`; the schema is the first file's, or all files' with the option mergeSchema."""
    check_options("parquet", options, OPTIONS)
    for name in ("datetimerebasemode", "int96rebasemode"):
        if options.get(name, "CORRECTED").upper() != "CORRECTED":
            raise Unsupported(f"{name} {options[name]}")
    listing = list_files(paths, options, conf, must_exist=schema is None)
    kept = tuple(sorted(options.items()))
    if schema is not None:
        data, listing = split_schema(schema, listing)
        return ParquetRelation(listing, data, kept)
    merge = options.get("mergeschema", conf.get("spark.sql.parquet.mergeSchema", "false")).lower() == "true"
    return ParquetRelation(listing, without_partitions(infer_schema(listing, merge), listing.columns), kept)


def infer_schema(listing: Listing, merge: bool) -> StructType:
    """The columns of the first file, or of all files. Raises UNABLE_TO_INFER_SCHEMA for none."""
    files = listing.select().files if merge else listing.sample(1)
    if not files:
        raise no_schema("Parquet")
    if len(files) == 1:
        return file_schema(footer(files[0]), files[0].path)
    found: dict[str, StructField] = {}
    for file in files:
        for field in file_schema(footer(file), file.path).fields:
            known = found.setdefault(field.name.lower(), field)
            if known.dataType != field.dataType:
                found[field.name.lower()] = StructField(known.name, _merged(known, field, file))
    return StructType(tuple(found.values()))


def file_schema(known: Footer, path: str) -> StructType:
    """A file's columns as SQL sees them: all nullable; INT96 and instants are TIMESTAMP.

    Raises AnalysisError COLUMN_ALREADY_EXISTS for two columns of one name, Unsupported for a type that SQL does not
    have.
    """
    fields: list[StructField] = []
    seen: set[str] = set()
    for arrow in known.arrow_schema:
        if arrow.name in seen:
            raise AnalysisError(
                "COLUMN_ALREADY_EXISTS", {"columnName": quoted(arrow.name)}, hint=f"In the file {path}."
            )
        seen.add(arrow.name)
        try:
            data_type = from_arrow(arrow.type)
        except (TypeError, ValueError):
            raise Unsupported(f"the type {arrow.type} of the column `{arrow.name}` in {path}") from None
        if arrow.name in known.int96:
            data_type = TIMESTAMP
        fields.append(StructField(arrow.name, nullable_type(data_type)))
    return StructType(tuple(fields))


def _merged(known: StructField, field: StructField, file: DataFile) -> DataType:
    wider = tightest_common_type(known.dataType, field.dataType)
    if wider is None:
        parameters = {
            "left": known.dataType.simpleString(),
            "right": field.dataType.simpleString(),
            "column": field.name,
            "path": file.path,
        }
        raise AnalysisError("CANNOT_MERGE_SCHEMAS", parameters)
    return wider


def _lookup(known: Footer, group: int, names: Mapping[str, str | None]) -> Lookup:
    def bounds(asked: str) -> Bounds | None:
        name = names.get(asked.lower())
        return None if name is None else known.bounds_of(group, name)

    return bounds


def _names(expression: Expression) -> set[str]:
    """The names of all columns in an expression."""
    return {attribute.name for attribute in expression.collect(Attribute)}


def _conform(
    batch: pa.RecordBatch, fields: Sequence[StructField], found: Sequence[str | None], path: str
) -> pa.RecordBatch:
    """The columns in the order and the types of `fields`."""
    rows = batch.num_rows
    arrays = []
    for field, name in zip(fields, found, strict=True):
        if name is None:
            arrays.append(pa.nulls(rows, to_arrow(field.dataType)))
            continue
        column = batch.column(name)
        if not is_text(column):
            raise read_error(path, f"The file is corrupt: the column `{name}` holds bytes that are not UTF-8 text.")
        arrays.append(fit(column, field, path))
    return record_batch(arrays, fields, rows)


def _nulls(fields: Sequence[StructField], rows: int) -> Iterator[pa.RecordBatch]:
    """Rows of which nothing is read: only counted, or with columns that this file does not have."""
    while rows > 0:
        count = min(rows, BATCH_ROWS)
        yield record_batch([pa.nulls(count, to_arrow(field.dataType)) for field in fields], fields, count)
        rows -= count
