"""CSV in strings: a struct from a line of it, a line from a struct, and the types of a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.sql import shown_type
from engine.functions.mismatch import mismatch, not_constant
from engine.functions.registry import function
from engine.functions.signature import ANY, STRICT_TEXT
from engine.functions.text_options import check_parse_mode, is_set, options_of, read_options, struct_of
from engine.kernels.context import CallContext
from engine.kernels.datetime_text import formatted, text_of
from engine.kernels.rows import valid
from engine.lazy import pc
from engine.sources.csv_dialect import Dialect, dialect_of, records
from engine.sources.textvalues import convert, infer_type, narrowed
from engine.types import (
    INT,
    LONG,
    STRING,
    VOID,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    NullType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)
from engine.types.arrow import to_arrow
from engine.types.cells import Style, texts, zone_of
from engine.types.java_numbers import java_double, java_float

CORRUPT = "_corrupt_record"
_TRIMMED = (DoubleType, FloatType, DateType, TimestampType, TimestampNTZType)
"""What may have blanks around it."""
_FORMATS = ("sep", "delimiter", "quote", "escape", "dateformat", "timestampformat", "timestampntzformat", "timezone")
_BLANKS = ("ignoreleadingwhitespace", "ignoretrailingwhitespace")
_VALUES = ("nullvalue", "nanvalue", "positiveinf", "negativeinf")
_READ_OPTIONS = frozenset((*_FORMATS, *_VALUES, *_BLANKS, "mode", "header", "preferdate", "inferschema"))
_WRITE_OPTIONS = frozenset((*_FORMATS, *_BLANKS, "nullvalue", "emptyvalue", "quoteall", "mode"))


@function("from_csv", (STRICT_TEXT, ANY, ANY), kind="rewrite", optional=1, folded=(1,))
def from_csv(text: Expression, schema: Expression, options: Expression | None = None) -> Expression:
    """Returns the struct that a line of CSV holds; null fields for what does not fit.

    > SELECT from_csv('1, 0.8', 'a INT, b DOUBLE');
    {"a":1,"b":0.8}
    """
    wanted = struct_of(schema)
    given = options_of(options, _READ_OPTIONS, "csv")
    check_parse_mode(given, "csv")
    for field in wanted.fields:
        if field.dataType.children:
            raise AnalysisError("UNSUPPORTED_DATATYPE", {"typeName": shown_type(field.dataType)})
    return Call("read_csv", (text, given), wanted, text.nullable, True)


@function("read_csv", (STRING, STRING), returns=STRING, nullable="always", raises=True, wants_context=True, hidden=True)
def read_csv(text: pa.Array, options: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the struct of the result type that a line of CSV holds.

    > SELECT from_csv('a', 'x STRING');
    {"x":"a"}
    """
    wanted = context.result
    assert isinstance(wanted, StructType), "from_csv makes structs"
    given = read_options(options, context)
    dialect = dialect_of(given, {"spark.sql.session.timeZone": context.time_zone})
    fields = [field for field in wanted.fields if not _is_corrupt(field)]
    rows = [None if line is None else _cells(line, dialect) for line in text.to_pylist()]
    bad = np.array([row is not None and len(row) != len(fields) and bool(row) for row in rows])
    found: dict[str, pa.Array] = {}
    for place, field in enumerate(fields):
        cells = pa.array([row[place] if row is not None and place < len(row) else None for row in rows], pa.string())
        if dialect.trim_left or dialect.trim_right or isinstance(field.dataType, _TRIMMED):
            cells = pc.utf8_trim_whitespace(cells)
        found[field.name], wrong = convert(cells, field.dataType, dialect.form)
        if wrong is not None:
            bad |= wrong.to_numpy(zero_copy_only=False)
    if given.get("mode", "").upper() == "FAILFAST" and bad.any():
        parameters = {"badRecord": text[int(np.flatnonzero(bad)[0])].as_py(), "failFastMode": "FAILFAST"}
        raise ExecutionError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", parameters)
    columns = [
        found[f.name] if f.name in found else pc.if_else(pa.array(bad), text, pa.scalar(None, pa.string()))
        for f in wanted.fields
    ]
    return pa.StructArray.from_arrays(columns, fields=list(to_arrow(wanted)), mask=pa.array(~valid(text)))


def _is_corrupt(field: StructField) -> bool:
    return field.name == CORRUPT and isinstance(field.dataType, StringType)


def _cells(line: str, dialect: Dialect) -> list[str | None]:
    """The texts of a line, None for those that are null."""
    found = records(line, dialect)
    row = found[0] if found else []
    return [None if cell == dialect.null else cell for cell in row]


@function("schema_of_csv", (STRICT_TEXT, ANY), kind="rewrite", optional=1, folded=(0,))
def schema_of_csv(text: Expression, options: Expression | None = None) -> Expression:
    """Returns the type of a line of CSV.

    > SELECT schema_of_csv('1,abc');
    STRUCT<_c0: INT, _c1: STRING>
    """
    if not isinstance(text, Literal):
        raise not_constant("csv", "STRING", text)
    if text.value is None:
        raise mismatch("UNEXPECTED_NULL", exprName="csv")
    dialect = dialect_of(json.loads(str(options_of(options, _READ_OPTIONS, "csv").value)), {})
    fields = []
    for place, cell in enumerate(_cells(str(text.value), dialect)):
        fields.append(StructField(f"_c{place}", _cell_type(pa.array([cell], pa.string()), dialect)))
    return Literal(StructType(tuple(fields)).sql, STRING)


def _cell_type(cell: pa.Array, dialect: Dialect) -> DataType:
    found = infer_type(cell, dialect.form)
    if found == LONG and narrowed(cell):
        return INT
    return STRING if found == VOID else found


@function("to_csv", (ANY, ANY), kind="rewrite", optional=1)
def to_csv(value: Expression, options: Expression | None = None) -> Expression:
    """Returns a struct as a line of CSV.

    > SELECT to_csv(named_struct('a', 1, 'b', 2));
    1,2
    """
    given = options_of(options, _WRITE_OPTIONS, "csv")
    kind = value.dataType
    if isinstance(kind, NullType):
        return Literal(None, STRING)
    if not isinstance(kind, StructType):
        raise mismatch("UNSUPPORTED_INPUT_TYPE", functionName="`to_csv`", dataType=shown_type(kind))
    return Call("write_csv", (value, given), STRING)


@function("write_csv", (ANY, STRING), returns=STRING, wants_context=True, hidden=True)
def write_csv(value: pa.Array, options: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns a struct as a line of CSV.

    > SELECT to_csv(struct('a', 'b'));
    a,b
    """
    kind, given = context.types[0], read_options(options, context)
    assert isinstance(kind, StructType), "to_csv takes structs"
    zone = given.get("timezone", context.time_zone)
    columns = [
        [_quoted(cell, given) for cell in _texts(column, field.dataType, given, zone)]
        for column, field in zip(value.flatten(), kind.fields, strict=True)
    ]
    delimiter = given.get("sep", given.get("delimiter", ","))
    lines = [delimiter.join(cells) for cells in zip(*columns, strict=True)]
    return pa.array(lines, pa.string(), mask=~valid(value))


def _texts(column: pa.Array, kind: DataType, options: Mapping[str, str], zone: str) -> list[str | None]:
    """The values of a column as texts, None for null."""
    pattern = {
        DateType: options.get("dateformat"),
        TimestampType: options.get("timestampformat"),
        TimestampNTZType: options.get("timestampntzformat"),
    }.get(type(kind))

    def shown(item: Any) -> str:
        match kind:
            case StringType():
                return str(item)
            case BooleanType():
                return "true" if item else "false"
            case DoubleType():
                return java_double(item)
            case FloatType():
                return java_float(item)
            case DecimalType():
                return f"{item:f}"
            case BinaryType():
                return bytes(item).decode("utf-8", "replace")
        if pattern:
            return formatted(item, kind, pattern, zone)
        return str(item) if isinstance(kind, NumericType) else text_of(item, kind, zone)

    if isinstance(kind, NullType):
        return [None] * len(column)
    if kind.children:
        return texts(column, kind, Style(zone=zone_of(zone), null="null"))
    return [None if item is None else shown(item) for item in column.to_pylist()]


def _quoted(cell: str | None, options: Mapping[str, str]) -> str:
    """A cell, in quotes where it would be read as something else."""
    quote, escape = options.get("quote", '"'), options.get("escape", "\\")
    if cell is None:
        null = options.get("nullvalue", "")
        return f"{quote}{null}{quote}" if null and is_set(options, "quoteall") else null
    if is_set(options, "ignoreleadingwhitespace", True):
        cell = cell.lstrip()
    if is_set(options, "ignoretrailingwhitespace", True):
        cell = cell.rstrip()
    if not cell:
        return options.get("emptyvalue", '""')
    special = (options.get("sep", options.get("delimiter", ",")), quote, "\n", "\r")
    if not is_set(options, "quoteall") and not any(each in cell for each in special if each):
        return cell
    return f"{quote}{cell.replace(quote, escape + quote)}{quote}"
