"""JSON: one object a line, or with multiLine one document (an object or an array of objects) a file.

Blocks of lines are read by pyarrow; a block that it refuses (a value of another type, a corrupt line) is read again
line by line by Spark's rules. Fields that the schema does not have are ignored.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.json as pajson

from engine.errors import ExecutionError, Unsupported
from engine.logical.relation import ScanRequest, Split, Splits, TableStatistics
from engine.records import dataclass
from engine.sources.base import Options, check_options
from engine.sources.csv_dialect import MODES, flag, invalid_option
from engine.sources.files import DataFile, check_unchanged, list_files, read_error
from engine.sources.filescan import (
    BATCH_ROWS,
    FilePart,
    FileRelation,
    no_schema,
    partition_note,
    record_batch,
    split_schema,
    without_partitions,
)
from engine.sources.json_values import Parsed, add_document, columns_of, infer, meet, parse_lines, settled
from engine.sources.lines import line_blocks, ranges
from engine.sources.textvalues import TextFormat, convert
from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    DataType,
    StructField,
    StructType,
)
from engine.types.arrow import from_arrow_schema, to_arrow

OPTIONS = {
    "multiLine",
    "mode",
    "columnNameOfCorruptRecord",
    "dateFormat",
    "timestampFormat",
    "timestampNTZFormat",
    "timeZone",
    "encoding",
    "sniff",
}
INFER_BYTES = 128 << 20
"""How much of the files the schema is inferred from; a value beyond that does not fit it is an error."""

_HUGE = re.compile(rb"[:\[,]\s*-?\d{19,}\s*[,}\]]")
"""A number that may not fit BIGINT: pyarrow takes it for a DOUBLE, Spark for a DECIMAL."""

CORRUPT = "_corrupt_record"
ISO = TextFormat()


@dataclass(frozen=True, eq=False, repr=False)
class JsonRelation(FileRelation):
    """Rows of JSON files; fields are found by name, as written. `partial`: the schema was inferred from a part."""

    form: TextFormat = ISO
    mode: str = "PERMISSIVE"
    multi_line: bool = False
    corrupt: str = CORRUPT
    partial: bool = False

    format: ClassVar[str] = "json"

    def __getstate__(self) -> dict[str, object]:
        own = {name: getattr(self, name) for name in ("form", "mode", "multi_line", "corrupt", "partial")}
        return {**super().__getstate__(), **own}

    def measured(self) -> TableStatistics:
        """Rows guessed from the size: some 20 bytes a field."""
        known = super().measured()
        return TableStatistics((known.bytes or 0) // (20 * max(1, len(self.data))), known.bytes)

    def splits(self, request: ScanRequest) -> Splits:
        """Ranges of lines; whole files with multiLine."""
        chosen = self.select(request.filters)
        splits = []
        for file in chosen.files:
            pieces = [None] if self.multi_line else ranges(file)
            splits += [Split(FilePart(file, piece), None, file.size // len(pieces)) for piece in pieces]
        return Splits(tuple(splits), len(splits), 0, partition_note(chosen))

    def read_part(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """The rows of a range of lines, or of a file."""
        check_unchanged(part.file)
        blocks = [b"".join(line_blocks(part.file))] if self.multi_line else line_blocks(part.file, part.piece)
        for block in blocks:
            batch = None if self.multi_line else self._quick(block, fields)
            if batch is None:
                batch = self._careful(block, fields, part.file)
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield batch.slice(start, BATCH_ROWS)
        check_unchanged(part.file)

    def _quick(self, block: bytes, fields: Sequence[StructField]) -> pa.RecordBatch | None:
        """The block as pyarrow reads it; None where it refuses or a text is no date."""
        if not fields or any(not _is_quick(each.dataType) or each.name == self.corrupt for each in fields):
            return None
        schema = pa.schema([pa.field(each.name, _quick_type(each.dataType)) for each in fields])
        table = _read(block, pajson.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"))
        if table is None:
            return None
        arrays = []
        for each, column in zip(fields, table.columns, strict=True):
            values = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
            if each.dataType in (DATE, TIMESTAMP, TIMESTAMP_NTZ):
                values, bad = convert(values, each.dataType, self.form)
                if bad is not None:
                    return None
            arrays.append(values)
        return record_batch(arrays, fields, table.num_rows)

    def _careful(self, block: bytes, fields: Sequence[StructField], file: DataFile) -> pa.RecordBatch:
        """The block line by line; what does not fit is null, dropped or an error as the mode says."""
        parsed = _parse(block, self.multi_line, file)
        plain = [each for each in fields if each.name != self.corrupt]
        columns = dict(zip([each.name for each in plain], columns_of(parsed, plain, self.form), strict=True))
        if parsed.bad and (self.mode == "FAILFAST" or self.partial):
            place = min(parsed.bad)
            raise self._malformed(file, parsed.texts[place], parsed.bad[place])
        texts = [parsed.texts[place] if place in parsed.bad else None for place in range(len(parsed.rows))]
        columns[self.corrupt] = pa.array(texts, pa.string())
        batch = record_batch([columns[each.name] for each in fields], fields, len(parsed.rows))
        if parsed.bad and self.mode == "DROPMALFORMED":
            return batch.filter(pa.array([place not in parsed.bad for place in range(len(parsed.rows))]))
        return batch

    def _malformed(self, file: DataFile, text: str, reason: str) -> ExecutionError:
        shown = text if len(text) <= 200 else text[:197] + "..."
        if self.mode != "FAILFAST":
            hint = (
                "The schema was inferred from the file's first part: state it, as in CREATE TABLE t (...) USING json."
            )
            return read_error(file.path, f"A record does not fit: {reason}. The record is: {shown}", hint=hint)
        where = f"{shown} (in {file.path}: {reason})"
        return ExecutionError("MALFORMED_RECORD_IN_PARSING", {"badRecord": where, "failFastMode": "FAILFAST"})


def _parse(block: bytes, multi_line: bool, file: DataFile) -> Parsed:
    try:
        text = block.decode("utf-8")
    except UnicodeError as error:
        raise read_error(file.path, f"It is not UTF-8 text: {error}.") from error
    if not multi_line:
        return parse_lines(text.split("\n"))
    parsed = Parsed()
    add_document(parsed, text)
    return parsed


def _is_quick(data_type: DataType) -> bool:
    if isinstance(data_type, ArrayType | StructType):
        return all(child not in (DATE, TIMESTAMP, TIMESTAMP_NTZ) and _is_quick(child) for child in data_type.children)
    return data_type in (BOOLEAN, INT, LONG, FLOAT, DOUBLE, STRING, DATE, TIMESTAMP, TIMESTAMP_NTZ)


def _quick_type(data_type: DataType) -> pa.DataType:
    return pa.string() if data_type in (DATE, TIMESTAMP, TIMESTAMP_NTZ) else to_arrow(data_type)


def open(  # noqa: A001 - the name by which base.open_relation finds it
    paths: Sequence[str], options: Options, schema: StructType | None, conf: Mapping[str, str]
) -> JsonRelation:
    """The JSON files under `paths`; with the option `sniff` columns keep the order of the file."""
    check_options("json", options, OPTIONS)
    if options.get("encoding", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Unsupported(f"the encoding {options['encoding']} of json")
    mode = options.get("mode", "PERMISSIVE").upper()
    if mode not in MODES:
        raise invalid_option("mode", mode, f"It should be one of {', '.join(MODES)}.")
    form = TextFormat(
        options.get("dateformat", ""),
        options.get("timestampformat", ""),
        options.get("timestampntzformat", ""),
        options.get("timezone", conf.get("spark.sql.session.timeZone", "UTC")),
    )
    listing = list_files(paths, options, conf, must_exist=schema is None)
    kept = tuple(sorted(options.items()))
    corrupt = options.get("columnnameofcorruptrecord", CORRUPT)
    multi_line = flag(options, "multiline")
    if schema is not None:
        data, listing = split_schema(schema, listing)
        return JsonRelation(listing, data, kept, form, mode, multi_line, corrupt)
    sniffed = flag(options, "sniff")
    files = [file for file in listing.select().files if file.size]
    multi_line = multi_line or (sniffed and bool(files) and _begins_array(files[0]))
    found, partial = infer_schema(files, multi_line, corrupt if mode == "PERMISSIVE" else "", not sniffed)
    data = without_partitions(found, listing.columns)
    return JsonRelation(listing, data, kept, form, mode, multi_line, corrupt, partial)


def _begins_array(file: DataFile) -> bool:
    return next(line_blocks(file), b"").lstrip()[:1] == b"["


def infer_schema(files: Sequence[DataFile], multi_line: bool, corrupt: str, ordered: bool) -> tuple[StructType, bool]:
    """The fields of all objects, and whether only a part of the files was looked at. A record that is no object adds
    the column `corrupt`. Raises UNABLE_TO_INFER_SCHEMA for no files."""
    found = StructType()
    spoilt = partial = False
    read = 0
    for file in files:
        whole = [b"".join(line_blocks(file))] if multi_line else line_blocks(file)
        for block in whole:
            types, bad = _block_types(block, multi_line, file)
            spoilt = spoilt or bad
            met = meet(found, types)
            found = met if isinstance(met, StructType) else found
            read += len(block)
            if read >= INFER_BYTES:
                partial = True
                break
        if partial:
            break
    if not files or (not found.fields and not spoilt):
        raise no_schema("JSON")
    settled_type = settled(found, ordered)
    fields = settled_type.fields if isinstance(settled_type, StructType) else ()
    if spoilt and corrupt:
        fields = (StructField(corrupt, STRING), *fields) if ordered else (*fields, StructField(corrupt, STRING))
    return StructType(fields), partial


def _block_types(block: bytes, multi_line: bool, file: DataFile) -> tuple[StructType, bool]:
    """The fields of a block's objects, and whether a record is no object."""
    table = None if multi_line or _HUGE.search(block) else _read(block, None)
    if table is not None and not _has_timestamp(table.schema):
        return from_arrow_schema(table.schema), False
    parsed = _parse(block, multi_line, file)
    found = StructType()
    for row in parsed.rows:
        if row is not None:
            met = meet(found, infer(row))
            found = met if isinstance(met, StructType) else found
    return found, bool(parsed.bad)


def _read(block: bytes, options: pajson.ParseOptions | None) -> pa.Table | None:
    """The block as pyarrow reads it; None where it refuses, or where a line is not just one object.

    That is checked here: a line that is `null` ends the process, and of two objects in a line pyarrow makes two rows.
    """
    lines = [line for line in map(bytes.strip, block.split(b"\n")) if line]
    if not all(line.startswith(b"{") and line.endswith(b"}") for line in lines):
        return None
    try:
        if not block.isascii():
            block.decode("utf-8")  # pyarrow does not look
        read = pajson.ReadOptions(use_threads=False, block_size=len(block) + 1)
        table = pajson.read_json(io.BytesIO(block), read_options=read, parse_options=options)
    except (pa.ArrowException, UnicodeError):
        return None  # looked at line by line
    return table if table.num_rows == len(lines) else None


def _has_timestamp(schema: pa.Schema) -> bool:
    """Whether pyarrow took texts for times, which Spark does not."""
    return "timestamp" in str(schema) or "date" in str(schema)
