"""JSON in strings: parts of it by path, values of types from it and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError, Unsupported
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.sql import sql
from engine.functions.ddl import parse_schema
from engine.functions.registry import function
from engine.functions.signature import ANY, Variadic
from engine.kernels.calls import Generated
from engine.kernels.casts.intervals import interval_text
from engine.kernels.context import CallContext
from engine.kernels.datetimes import DAY
from engine.kernels.json_text import JsonOptions, Malformed, Number, convert, get, loads, shown, write
from engine.kernels.pattern_fields import Unreadable
from engine.kernels.pattern_reading import read
from engine.kernels.rowwise import map_nullable, map_rows
from engine.kernels.zones import zone
from engine.types import (
    INT,
    STRING,
    ArrayType,
    DataType,
    DateType,
    DayTimeIntervalType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow


@function("get_json_object", (STRING, STRING), returns=STRING, nullable="always")
def get_json_object(text: pa.Array, path: pa.Array) -> pa.Array:
    """Returns what is at a path of a JSON text, null where nothing is.

    > SELECT get_json_object('{"a":"b"}', '$.a');
    b
    """
    return map_rows(get, pa.string(), text, path)


def _tuple_columns(*types: DataType) -> StructType:
    return StructType(tuple(StructField(f"c{place}", STRING) for place in range(len(types) - 1)))


@function("json_tuple", (STRING, Variadic(STRING, 1)), returns=_tuple_columns, kind="generator")
def json_tuple(text: pa.Array, *names: pa.Array) -> Generated:
    """Makes a row of the fields of a JSON object.

    > SELECT json_tuple('{"a":1, "b":2}', 'a', 'b');
    1	2
    """
    columns: list[list[str | None]] = [[] for _ in names]
    for given, *fields in zip(text.to_pylist(), *(each.to_pylist() for each in names), strict=True):
        try:
            value = loads(given) if given is not None else None
        except Malformed:
            value = None
        for column, field in zip(columns, fields, strict=True):
            item = value.get(field) if isinstance(value, dict) else None
            column.append(None if item is None else shown(item))
    return np.arange(len(text), dtype=np.int64), [pa.array(column, pa.string()) for column in columns]


@function("json_array_length", (STRING,), returns=INT, nullable="always")
def json_array_length(text: pa.Array) -> pa.Array:
    """Returns the number of elements of the outermost JSON array, null for anything else.

    > SELECT json_array_length('[1,2,3,4]');
    4
    """
    return map_rows(lambda value: _of(value, list, len), pa.int32(), text)


@function("json_object_keys", (STRING,), returns=ArrayType(STRING), nullable="always")
def json_object_keys(text: pa.Array) -> pa.Array:
    """Returns the keys of the outermost JSON object, null for anything else.

    > SELECT json_object_keys('{"key": "value"}');
    ["key"]
    """
    return map_rows(lambda value: _of(value, dict, list), pa.list_(pa.string()), text)


def _of(text: str, kind: type, what: Any) -> Any:
    try:
        value = loads(text)
    except Malformed:
        return None
    return what(value) if isinstance(value, kind) else None


_READ_OPTIONS = ("mode", "dateformat", "timestampformat", "timezone")


def _options(given: Expression | None, allowed: tuple[str, ...]) -> Literal:
    """The options as one literal "name=value" text a line. Raises Unsupported for those that mean nothing here."""
    if given is None:
        return Literal("", STRING)
    pairs = given.arguments if isinstance(given, Call) and given.function == "map" else ()
    if not pairs or not all(isinstance(each, Literal) for each in pairs):
        raise AnalysisError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
            "sqlExpr": "from_json", "inputName": "`options`", "inputType": '"MAP<STRING, STRING>"', "inputExpr": sql(given),
        }, given.origin)  # fmt: skip
    texts = [str(each.value) for each in pairs if isinstance(each, Literal)]
    lines = []
    for name, value in zip(texts[0::2], texts[1::2], strict=True):
        if name.lower() not in allowed:
            raise Unsupported(f"the JSON option {name}", given.origin)
        lines.append(f"{name.lower()}={value}")
    return Literal("\n".join(lines), STRING)


def _schema(given: Expression) -> DataType:
    if isinstance(given, Literal) and isinstance(given.value, str):
        return parse_schema(given.value)
    if isinstance(given, Call) and given.function == "schema_of_json" and isinstance(given.arguments[0], Literal):
        return infer(loads(str(given.arguments[0].value)))
    parameters = {"sqlExpr": "from_json", "inputName": "`schema`", "inputType": '"STRING"', "inputExpr": sql(given)}
    raise AnalysisError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", parameters, given.origin)


def _as_nullable(kind: DataType) -> DataType:
    match kind:
        case StructType(fields):
            return StructType(tuple(StructField(f.name, _as_nullable(f.dataType), True, f.comment) for f in fields))
        case ArrayType(element, _):
            return ArrayType(_as_nullable(element), True)
        case MapType(key, value, _):
            return MapType(key, _as_nullable(value), True)
    return kind


@function("from_json", (STRING, ANY, ANY), kind="rewrite", optional=1)
def from_json(text: Expression, schema: Expression, options: Expression | None = None) -> Expression:
    """Returns the value of a type that a JSON text holds; null fields for what does not fit.

    > SELECT from_json('{"a":1, "b":0.8}', 'a INT, b DOUBLE');
    {"a":1,"b":0.8}
    """
    return Call("read_json", (text, _options(options, _READ_OPTIONS)), _as_nullable(_schema(schema)), True, True)


@function(
    "read_json", (STRING, STRING), returns=STRING, nullable="always", raises=True, wants_context=True, hidden=True
)
def read_json(text: pa.Array, options: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the value of the result type that a JSON text holds.

    > SELECT from_json('[1,2]', 'array<int>');
    [1,2]
    """
    wanted, given = context.result, _json_options(options, context)

    def parse(value: str) -> Any:
        if not value.strip():
            return None
        try:
            parsed = loads(value)
            if isinstance(wanted, ArrayType) and isinstance(parsed, dict):
                parsed = [parsed]
            return convert(parsed, wanted, given)
        except Malformed as error:
            if given.fail_fast:
                parameters = {"badRecord": value, "failFastMode": "FAILFAST"}
                raise ExecutionError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", parameters) from error
            return {f.name: None for f in wanted.fields} if isinstance(wanted, StructType) else None

    return map_rows(parse, to_arrow(wanted), text)


def _json_options(options: pa.Array, context: CallContext) -> JsonOptions:
    text = options[0].as_py() if len(options) else ""
    given = dict(line.split("=", 1) for line in text.splitlines())
    time_zone = given.get("timezone", context.time_zone)
    date, timestamp = given.get("dateformat"), given.get("timestampformat")
    plain = JsonOptions(time_zone)

    def by_date(value: str) -> int | None:
        try:
            return read(value, date or "").days
        except Unreadable:
            return None

    def by_timestamp(value: str) -> int | None:
        try:
            found = read(value, timestamp or "")
        except Unreadable:
            return None
        return int(zone(found.zone or time_zone).to_instant(np.array([found.days * DAY + found.micros]))[0])

    return JsonOptions(
        time_zone,
        by_date if date else plain.read_date,
        by_timestamp if timestamp else None,
        given.get("mode", "").upper() == "FAILFAST",
    )


@function("to_json", (ANY,), returns=STRING, wants_context=True)
def to_json(value: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns a struct, map or array as JSON; null fields are left out.

    > SELECT to_json(named_struct('a', 1, 'b', 2));
    {"a":1,"b":2}
    """
    kind, time_zone = context.types[0], context.time_zone

    def texts(item: Any, data_type: DataType) -> str:
        return _text(item, data_type, time_zone)

    return map_nullable(lambda item: None if item is None else write(item, kind, texts), pa.string(), value)


def _text(item: Any, data_type: DataType, time_zone: str) -> str:
    match data_type:
        case StringType() | DateType():
            return str(item)
        case YearMonthIntervalType():
            return interval_text(item, data_type)
        case DayTimeIntervalType():
            return interval_text(pa.scalar(item, pa.duration("us")).value, data_type)
        case TimestampType():
            micros = pa.scalar(item, pa.timestamp("us", "UTC")).value
            offset = int(zone(time_zone).offset_at(np.array([micros]))[0]) // 60_000_000
            local = pa.scalar(micros + offset * 60_000_000, pa.timestamp("us")).as_py()
            suffix = (
                "Z" if not offset else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
            )
            return f"{local.isoformat(timespec='milliseconds')}{suffix}"
    return str(item.isoformat(timespec="milliseconds"))


@function("schema_of_json", (STRING,), returns=STRING)
def schema_of_json(text: pa.Array) -> pa.Array:
    """Returns the type of a JSON text.

    > SELECT schema_of_json('[{"col":0}]');
    ARRAY<STRUCT<col: BIGINT>>
    """
    return map_rows(lambda value: infer(loads(value)).sql, pa.string(), text)


def infer(value: Any) -> DataType:
    """The type that holds a parsed JSON value."""
    if isinstance(value, dict):
        return StructType(tuple(StructField(name, infer(item)) for name, item in sorted(value.items())))
    if isinstance(value, list):
        kinds = {infer(item) for item in value if item is not None}
        return ArrayType(kinds.pop() if len(kinds) == 1 else STRING)
    if isinstance(value, bool):
        return parse_schema("boolean")
    if isinstance(value, Number):
        return parse_schema("bigint" if value.lstrip("-").isdigit() else "double")
    return STRING
