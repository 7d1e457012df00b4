"""Text: one column `value`, a row for each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import pyarrow as pa

from engine.errors import AnalysisError
from engine.records import dataclass
from engine.sources.base import Options, check_options
from engine.sources.files import check_unchanged, list_files, read_error
from engine.sources.filescan import BATCH_ROWS, FilePart, FileRelation, record_batch, split_schema
from engine.sources.lines import line_blocks
from engine.types import STRING, StructField, StructType


@dataclass(frozen=True, eq=False, repr=False)
class TextRelation(FileRelation):
    """Lines of text files, UTF-8."""

    format: ClassVar[str] = "text"

    def read_part(self, part: FilePart, fields: Sequence[StructField]) -> Iterator[pa.RecordBatch]:
        """The lines of a file, without their ends."""
        check_unchanged(part.file)
        for block in line_blocks(part.file):
            try:
                lines = block.decode("utf-8").removesuffix("\n").split("\n")
            except UnicodeError as error:
                raise read_error(part.file.path, f"It is not UTF-8 text: {error}.") from error
            lines = [line.removesuffix("\r") for line in lines]
            for start in range(0, len(lines), BATCH_ROWS):
                values = pa.array(lines[start : start + BATCH_ROWS], pa.string())
                yield record_batch([values] * len(fields), fields, len(values))
        check_unchanged(part.file)


def open(  # noqa: A001 - the name by which base.open_relation finds it
    paths: Sequence[str], options: Options, schema: StructType | None, conf: Mapping[str, str]
) -> TextRelation:
    """The text files under `paths`. Raises UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE for a schema other than one STRING."""
    check_options("text", options, set())
    listing = list_files(paths, options, conf, must_exist=schema is None)
    kept = tuple(sorted(options.items()))
    if schema is None:
        return TextRelation(listing, StructType((StructField("value", STRING),)), kept)
    data, listing = split_schema(schema, listing)
    for field in data.fields:
        if field.dataType != STRING or len(data) > 1:
            parameters = {"format": "Text", "columnName": f"`{field.name}`", "columnType": f'"{field.dataType.sql}"'}
            raise AnalysisError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", parameters)
    return TextRelation(listing, data, kept)
