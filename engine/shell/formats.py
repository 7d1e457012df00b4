"""Results as csv, tsv, json, jsonl, markdown-free line formats and records: written batch by batch, in bounded memory.

A writer is a generator function from batches to pieces of text; `WRITERS` names them. Numbers are written as people and
other programs read them (no Java exponents), nulls as the format's own null.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from json.encoder import encode_basestring as _string
from typing import Any

import pyarrow as pa

from engine.shell import text as screen
from engine.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructType,
    TimestampType,
)
from engine.types.cells import Style, as_list, item_span, plain_values, texts

Batches = Iterable[pa.RecordBatch]
Writer = Callable[[StructType, Batches, Style], Iterator[str]]


def _machine(style: Style) -> Style:
    """Cells for programs: plain numbers, bytes as hexadecimal digits."""
    return replace(style, plain=True, binary=bytes.hex)


def _rows(schema: StructType, batch: pa.RecordBatch, style: Style) -> Iterator[tuple[str | None, ...]]:
    columns = zip(batch.columns, schema.fields, strict=True)
    return zip(*(texts(column, field.dataType, style) for column, field in columns), strict=True)


_NEEDS_QUOTES = re.compile(r'[,"\n\r]|^$|^\s|\s$')


def _quoted(cell: str | None) -> str:
    """A cell of a csv line (RFC 4180). Null is nothing between commas, the empty text is two quotes."""
    if cell is None:
        return ""
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell


def _csv_cells(column: pa.Array, dataType: DataType, style: Style) -> list[str]:
    cells = texts(column, dataType, style)
    if isinstance(dataType, NumericType | DateType | TimestampType):  # never need quotes: the usual bulk of a result
        return ["" if cell is None else cell for cell in cells]
    return list(map(_quoted, cells))


def csv(schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """Comma-separated values with a header."""
    if schema.fields:
        yield ",".join(map(_quoted, schema.names)) + "\n"
    for batch in batches:
        parts = zip(batch.columns, schema.fields, strict=True)
        cells = [_csv_cells(column, field.dataType, _machine(style)) for column, field in parts]
        yield "".join([",".join(row) + "\n" for row in zip(*cells, strict=True)])


_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def tsv(schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """Tab-separated values with a header: backslash escapes, \\N for null (what PostgreSQL and MySQL read)."""

    def line(cells: Iterable[str | None]) -> str:
        return "\t".join("\\N" if cell is None else cell.translate(_TSV) for cell in cells) + "\n"

    if schema.fields:
        yield line(schema.names)
    for batch in batches:
        yield "".join(map(line, _rows(schema, batch, _machine(style))))


# ----------------------------------------------------------------------------------------------------------------- json


def _json_number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'


def json_texts(column: pa.Array, dataType: DataType, style: Style) -> list[str]:
    """One JSON value per row: decimals as numbers with all their digits, bytes in base64, NaN as Spark's "NaN"."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    match dataType:
        case NullType():
            return ["null"] * len(column)
        case ArrayType() | MapType():
            return _json_nested(column, dataType, style)
        case StructType():
            return _json_structs(column, dataType, style)
        case DoubleType():
            return _written(column, dataType, _json_number)
        case BinaryType():
            return _written(column, dataType, lambda value: f'"{base64.b64encode(value).decode()}"')
        case StringType():
            return _written(column, dataType, _string)
    values = texts(column, dataType, style)
    if isinstance(dataType, BooleanType | NumericType):
        return ["null" if value is None else value if value not in _UNUSUAL else f'"{value}"' for value in values]
    return ["null" if value is None else f'"{value}"' for value in values]


_UNUSUAL = frozenset({"NaN", "Infinity", "-Infinity"})


def _written(column: pa.Array, dataType: DataType, write: Callable[[Any], str]) -> list[str]:
    return ["null" if value is None else write(value) for value in plain_values(column, dataType)]


def _json_nested(column: pa.Array, dataType: ArrayType | MapType, style: Style) -> list[str]:
    column = as_list(column)
    start, length = item_span(column)
    if isinstance(dataType, ArrayType):
        ends = "[]"
        items = json_texts(column.values.slice(start, length), dataType.elementType, style)
    else:
        ends = "{}"
        keys = texts(column.keys.slice(start, length), dataType.keyType, style)
        values = json_texts(column.items.slice(start, length), dataType.valueType, style)
        items = [f"{_string(key or '')}: {value}" for key, value in zip(keys, values, strict=True)]
    offsets = column.offsets.to_pylist()
    return [
        f"{ends[0]}{', '.join(items[offsets[row] - start : offsets[row + 1] - start])}{ends[1]}" if valid else "null"
        for row, valid in enumerate(column.is_valid().to_pylist())
    ]


def _json_structs(column: pa.Array, dataType: StructType, style: Style) -> list[str]:
    objects = _objects(dataType, column.flatten(), len(column), style)
    valid = column.is_valid().to_pylist()
    return [value if known else "null" for value, known in zip(objects, valid, strict=True)]


def _objects(schema: StructType, columns: Iterable[pa.Array], rows: int, style: Style) -> Iterator[str]:
    keys = [_string(name) for name in schema.names]
    values = [json_texts(column, field.dataType, style) for column, field in zip(columns, schema.fields, strict=True)]
    for row in zip(*values, strict=True) if values else [()] * rows:
        yield "{" + ", ".join(f"{key}: {value}" for key, value in zip(keys, row, strict=True)) + "}"


def jsonl(schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """One JSON object a line."""
    for batch in batches:
        objects = _objects(schema, batch.columns, batch.num_rows, _machine(style))
        yield "".join(value + "\n" for value in objects)


def json_array(schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """One JSON array of objects, an object a line."""
    lead = "["
    for batch in batches:
        for value in _objects(schema, batch.columns, batch.num_rows, _machine(style)):
            yield lead + value
            lead = ",\n "
    yield "[]\n" if lead == "[" else "]\n"


# -------------------------------------------------------------------------------------------------------------- records


def vertical(schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """One line a value, for rows too wide to read side by side."""
    names = [screen.one_line(name) for name in schema.names]
    widest = max(map(screen.width, names), default=0)
    number = 0
    for batch in batches:
        for row in _rows(schema, batch, replace(style, plain=True)):
            number += 1
            yield f"─── row {number:,} ".ljust(widest + 24, "─") + "\n"
            for name, cell in zip(names, row, strict=True):
                shown = "NULL" if cell is None else screen.one_line(cell)
                yield f"{screen.pad(name, widest, '>')} │ {shown}\n"


def lists(schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """Values with | between them, no header: for shell loops."""
    for batch in batches:
        for row in _rows(schema, batch, _machine(style)):
            yield "|".join("" if cell is None else screen.one_line(cell) for cell in row) + "\n"


def _utf8(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def hive(schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """What the `spark-sql` command prints: values with tabs between them, no header, NULL for null."""
    style = replace(style, hive=True, null="null", binary=_utf8)
    for batch in batches:
        for row in _rows(schema, batch, style):
            yield "\t".join("NULL" if cell is None else cell for cell in row) + "\n"


WRITERS: dict[str, Writer] = {
    "csv": csv,
    "tsv": tsv,
    "json": json_array,
    "jsonl": jsonl,
    "vertical": vertical,
    "list": lists,
    "spark": hive,
}
