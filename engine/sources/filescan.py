"""What all relations over files share: identity, partition columns, and the form in which batches leave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import field, replace
from typing import Any, ClassVar

import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression
from engine.lazy import cached_property, pc
from engine.logical.relation import ScanRequest, Split, Splits, TableStatistics
from engine.logical.row_ranges import PIECE_ROWS
from engine.physical.encoding import min_max
from engine.records import dataclass
from engine.sources.analyzed import TableFacts, known_better, stamp_of
from engine.sources.files import DataFile, Listing, Selection, list_files, read_error, stat_file
from engine.sources.partition_filter import partition_filter
from engine.sources.partitions import PartitionColumns
from engine.types import ArrayType, DataType, DecimalType, MapType, StructField, StructType
from engine.types.arrow import to_arrow

BATCH_ROWS = PIECE_ROWS
"""Most rows of a batch that a source gives."""


@dataclass(frozen=True)
class FilePart:
    """A split's payload: `file`, and which `piece` of it (a format's own: a row group, a byte range)."""

    file: DataFile
    piece: Any = None


class Identity(tuple[Hashable, ...]):
    """What a relation is known by, which may name a thousand files: hashed once."""

    @cached_property
    def _hash(self) -> int:
        return super().__hash__()

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, eq=False, repr=False)
class FileRelation(ABC):
    """Rows of listed files: `data` are the columns in the files, partition columns follow. `pin` is the number of the CACHE
    TABLE by which its columns are to be kept, 0 if none is. `facts` are what an analysis of these files found."""

    listing: Listing
    data: StructType
    options: tuple[tuple[str, str], ...] = ()
    pin: int = field(default=0, kw_only=True)
    facts: TableFacts | None = field(default=None, kw_only=True)

    format: ClassVar[str] = ""

    @cached_property
    def schema(self) -> StructType:
        """The columns, partition columns last."""
        return StructType((*self.data.fields, *self.listing.columns.fields))

    @property
    def description(self) -> str:
        """The format and the paths."""
        return f"{self.format} {', '.join(self.listing.paths)}"

    def identity(self) -> Hashable:
        """Format, options, schema and every listed file with size and mtime."""
        return self._identity

    @cached_property
    def _identity(self) -> Identity:
        return Identity((self.format, self.listing.identity, self.schema, self.options, self.facts))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, FileRelation) and self._identity == other._identity)

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return f"<{self.description}>"

    def __getstate__(self) -> dict[str, Any]:
        return {"listing": self.listing, "data": self.data, "options": self.options, "pin": self.pin}

    def is_current(self) -> bool:
        """Whether its paths hold the same files as when they were listed. Raises what listing them raises,
        and FAILED_READ_FILE if a file that was named is gone."""
        known = self.listing
        if self._is_by_name:
            return self._has_same_files()
        conf = {"spark.sql.session.timeZone": known.columns.zone}
        now = list_files(known.asked, dict(self.options), conf, must_exist=bool(known.paths))
        names = known.columns.names == now.columns.names
        return names and now.identity == known.identity and now.folders == known.folders

    @cached_property
    def _is_by_name(self) -> bool:
        """Whether it was asked for files, and not for what is below folders: then none can have come."""
        known = self.listing
        return bool(known.asked) and known.asked == tuple(file.path for file in known.files) and not known.directories

    def _has_same_files(self) -> bool:
        found = ((file, stat_file(file.path)) for file in self.listing.files)
        return all((now.size, now.mtime) == (file.size, file.mtime) for file, now in found)

    def relisted(self) -> FileRelation:
        """The same relation over the files that are there now; this one if they are partitioned otherwise.

        Raises AnalysisError PATH_NOT_FOUND if its paths are gone.
        """
        with suppress(ExecutionError):  # one that is gone is told below
            if self._is_by_name and self._has_same_files():
                return self
        listing = self.listing
        conf = {"spark.sql.session.timeZone": listing.columns.zone}
        now = list_files(listing.asked, dict(self.options), conf, must_exist=bool(listing.paths))
        if now == listing or now.columns.names != listing.columns.names:
            return self
        return replace(self, listing=replace(now, columns=listing.columns), facts=None)

    def statistics(self) -> TableStatistics:
        """What the files say of themselves, and what ANALYZE TABLE found."""
        return known_better(self.measured(), self.facts, self.schema)

    def with_facts(self, facts: TableFacts | None) -> FileRelation:
        """This relation with what an analysis found, if it read the files that are there."""
        if facts is None or facts.stamp != stamp_of(self.listing.identity):
            return self
        return replace(self, facts=facts)

    def measured(self) -> TableStatistics:
        """Bytes from the listing; formats that know more say more."""
        sampled = self.listing.sample(SAMPLE)
        total = sum(file.size for file in sampled)
        partitions = len(self.listing.directories)
        return TableStatistics(bytes=total * max(1, partitions // max(1, len(sampled))) if partitions else total)

    def select(self, filters: Sequence[Expression]) -> Selection:
        """The files of the partitions that may hold rows which pass `filters`."""
        chosen = _select(self.listing, filters)
        if self.listing.directories and not self.listing.is_current():
            return _select(self.relisted().listing, filters)  # the directories were replaced before they were listed
        return chosen

    def splits(self, request: ScanRequest) -> Splits:
        """One split a file; formats that can cut files override this."""
        chosen = self.select(request.filters)
        parts = tuple(Split(FilePart(file), None, file.size) for file in chosen.files if file.size)
        return Splits(parts, len(parts), 0, partition_note(chosen))

    def read(self, split: Split, request: ScanRequest) -> Iterator[pa.RecordBatch]:
        """The rows of a split, `request.columns` of them in that order, in engine types or encoded."""
        part: FilePart = split.payload
        partition = {field.name: place for place, field in enumerate(self.listing.columns.fields)}
        fields = {field.name: field for field in self.schema.fields}
        wanted = [fields[name] for name in request.columns]
        inside = [field for field in wanted if field.name not in partition]
        left = request.limit if request.limit is not None and not request.filters else None
        read = self.read_encoded if request.encoded else self.read_part
        for batch in read(part, inside):
            arrays: dict[str, pa.Array] = dict(zip([f.name for f in inside], batch.columns, strict=True))
            for each in wanted:
                if each.name in partition:
                    value = part.file.values[partition[each.name]]
                    arrays[each.name] = constant(value, each, batch.num_rows)
            found = record_batch([arrays[field.name] for field in wanted], wanted, batch.num_rows)
            if left is not None:
                found = found.slice(0, left)
                left -= found.num_rows
            yield found
            if left == 0:
                return

    @abstractmethod
    def read_part(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """The rows of a part with exactly `fields`, in engine types; what a format implements."""

    def read_encoded(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """The same where columns may be encoded; for formats that have something to gain by it."""
        return self.read_part(part, fields)


def _select(listing: Listing, filters: Sequence[Expression]) -> Selection:
    if not filters or not listing.columns.fields:
        return listing.select()
    return listing.select(partition_filter(filters, listing.columns, listing.partitions()))


SAMPLE = 64
"""Files looked into for statistics; beyond that they are scaled up."""


def record_batch(arrays: Sequence[pa.Array], fields: Sequence[StructField], rows: int) -> pa.RecordBatch:
    """A batch of `arrays` named as `fields`; `rows` counts where there is no column at all."""
    if not fields:
        # a batch without columns keeps its number of rows only when cut from one that has a column
        return pa.record_batch([pa.nulls(rows)], names=["_"]).select([])
    return pa.RecordBatch.from_arrays(list(arrays), names=[field.name for field in fields])


def constant(value: Any, field: StructField, rows: int) -> pa.Array:
    """A partition column's array: one value for all rows."""
    return pa.repeat(pa.scalar(value, to_arrow(field.dataType)), rows)


def partition_note(chosen: Selection) -> str:
    """What pruning did to partitions, for EXPLAIN ANALYZE."""
    if not chosen.considered:
        return ""
    return f"partitions read {chosen.considered - chosen.pruned} of {chosen.considered}"


def fit(array: pa.Array, field: StructField, path: str) -> pa.Array:
    """A column as read, in the engine's Arrow type for `field`. Raises FAILED_READ_FILE where values do not fit."""
    target = to_arrow(field.dataType)
    if _holds_decimals(array.type):
        check_digits(array, field, path)
    if array.type == target:
        return array
    try:
        return _cast(array, target)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        reason = f"The column `{field.name}` holds {array.type}, which cannot be read as {field.dataType}: {error}."
        raise read_error(path, reason) from error


def check_digits(array: pa.Array, field: StructField, path: str) -> None:
    """Raises FAILED_READ_FILE where decimals, or whole numbers that are those of a decimal `field`, have more digits than their
    type says. Arithmetic, and compiled code most of all, relies on the precision that is declared."""
    if not pa.types.is_integer(array.type):
        try:
            array.validate(full=True)
        except pa.ArrowInvalid as error:
            raise _too_many_digits(field, path) from error
        return
    assert isinstance(field.dataType, DecimalType), "whole numbers of decimals"
    limit = 10**field.dataType.precision
    if 1 << array.type.bit_width - 1 <= limit:
        return
    least, most = min_max(array)
    if least is not None and most is not None and (least <= -limit or most >= limit):
        raise _too_many_digits(field, path)


def _too_many_digits(field: StructField, path: str) -> Exception:
    return read_error(path, f"The column `{field.name}` holds numbers of more digits than {field.dataType} has.")


def _holds_decimals(kind: pa.DataType) -> bool:
    """Whether a column has decimals, by itself or nested."""
    nested = (kind.field(place).type for place in range(kind.num_fields)) if pa.types.is_nested(kind) else ()
    return pa.types.is_decimal(kind) or any(map(_holds_decimals, nested))


def _cast(array: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_timestamp(target) and pa.types.is_timestamp(array.type):
        if array.type.unit == "ns":
            array = pc.floor_temporal(array, unit="microsecond") if len(array) else array
            return array.cast(target, safe=False)
        return array.cast(target)
    if pa.types.is_duration(target) and pa.types.is_duration(array.type):
        return array.cast(target, safe=False)
    return array.cast(target)


def split_schema(schema: StructType, listing: Listing) -> tuple[StructType, Listing]:
    """A given schema as the columns in the files, and the listing with partition columns typed as it says."""
    partitions = {name.lower() for name in listing.columns.names}
    data = tuple(field for field in schema.fields if field.name.lower() not in partitions)
    return StructType(data), replace(listing, columns=listing.columns.with_types(schema))


def without_partitions(schema: StructType, columns: PartitionColumns) -> StructType:
    """The columns of a file that directories do not give already: a partition's value wins."""
    partitions = {name.lower() for name in columns.names}
    return StructType(tuple(field for field in schema.fields if field.name.lower() not in partitions))


def no_schema(format: str, hint: str = "There are no files with data there.") -> AnalysisError:
    """UNABLE_TO_INFER_SCHEMA: there is no file to infer it from."""
    return AnalysisError("UNABLE_TO_INFER_SCHEMA", {"format": format}, hint=hint)


def nullable_type(data_type: DataType) -> DataType:
    """The type with every element nullable: files do not keep promises."""
    match data_type:
        case ArrayType(element):
            return ArrayType(nullable_type(element))
        case MapType(key, value):
            return MapType(nullable_type(key), nullable_type(value))
        case StructType(fields):
            return nullable(StructType(fields))
    return data_type


def nullable(schema: StructType) -> StructType:
    """The schema with every column and element nullable."""
    return StructType(tuple(StructField(f.name, nullable_type(f.dataType), True, f.comment) for f in schema.fields))
