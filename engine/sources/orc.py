"""ORC: one stripe is one split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa
from pyarrow import orc

from engine.errors import Unsupported
from engine.logical.relation import ScanRequest, Split, Splits, TableStatistics
from engine.records import dataclass
from engine.sources.base import Options, check_options
from engine.sources.files import DataFile, check_unchanged, list_files, read_error, reason_of
from engine.sources.filescan import (
    BATCH_ROWS,
    SAMPLE,
    FilePart,
    FileRelation,
    fit,
    no_schema,
    nullable,
    partition_note,
    record_batch,
    split_schema,
    without_partitions,
)
from engine.types import StructField, StructType
from engine.types.arrow import from_arrow_schema, to_arrow


@dataclass(frozen=True, eq=False, repr=False)
class OrcRelation(FileRelation):
    """Rows of ORC files. Columns are found by name, without case; a file that lacks one gives nulls."""

    format: ClassVar[str] = "orc"

    def measured(self) -> TableStatistics:
        """Rows as the footers of the first 64 files say."""
        known = super().measured()
        rows = sum(_open(file).nrows for file in self.listing.sample(SAMPLE) if file.size)
        return TableStatistics(rows, known.bytes)

    def splits(self, request: ScanRequest) -> Splits:
        """The stripes of the partitions that are needed."""
        chosen = self.select(request.filters)
        splits = []
        for file in chosen.files:
            stripes = _open(file).nstripes
            splits += [Split(FilePart(file, stripe), None, file.size // stripes) for stripe in range(stripes)]
        return Splits(tuple(splits), len(splits), 0, partition_note(chosen))

    def read_part(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """A stripe as batches."""
        reader = _open(part.file)
        own = _schema(reader, part.file).names
        folded = {name.lower(): name for name in reversed(own)}
        found = [f.name if f.name in own else folded.get(f.name.lower()) for f in fields]
        names = [name for name in found if name is not None]
        try:
            # without any column the rows are counted by the first
            stripe = reader.read_stripe(part.piece, columns=names or own[:1])
        except (OSError, pa.ArrowException, ValueError) as error:
            check_unchanged(part.file)
            raise read_error(part.file.path, reason_of(error, "The file is corrupt")) from error
        check_unchanged(part.file)
        for start in range(0, stripe.num_rows, BATCH_ROWS):
            batch = stripe.slice(start, BATCH_ROWS)
            arrays = [
                pa.nulls(batch.num_rows, to_arrow(f.dataType)) if n is None else fit(batch.column(n), f, part.file.path)
                for f, n in zip(fields, found, strict=True)
            ]
            yield record_batch(arrays, fields, batch.num_rows)


def open(  # noqa: A001 - the name by which base.open_relation finds it
    paths: Sequence[str], options: Options, schema: StructType | None, conf: Mapping[str, str]
) -> OrcRelation:
    """The ORC files under `paths`, with the first one's columns."""
    check_options("orc", options, set())
    listing = list_files(paths, options, conf, must_exist=schema is None)
    kept = tuple(sorted(options.items()))
    if schema is not None:
        data, listing = split_schema(schema, listing)
        return OrcRelation(listing, data, kept)
    files = listing.sample(1)
    if not files:
        raise no_schema("ORC")
    schema_there = _schema(_open(files[0]), files[0])
    try:
        found = nullable(from_arrow_schema(schema_there))
    except (TypeError, ValueError) as error:
        raise Unsupported(f"a type in {files[0].path}: {error}") from error
    return OrcRelation(listing, without_partitions(found, listing.columns), kept)


def _open(file: DataFile) -> Any:
    check_unchanged(file)
    try:
        return orc.ORCFile(file.path)
    except (OSError, pa.ArrowException, ValueError) as error:
        check_unchanged(file)
        reason = reason_of(error, "It is not an ORC file, or it is truncated or corrupt")
        raise read_error(file.path, reason) from error


def _schema(reader: Any, file: DataFile) -> pa.Schema:
    try:
        return reader.schema
    except (OSError, pa.ArrowException, ValueError) as error:
        raise read_error(file.path, reason_of(error, "Its columns cannot be read")) from error
