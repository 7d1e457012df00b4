"""JSON in strings: parts of it by path, values of types from it and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.sql import shown_type
from engine.functions.mismatch import mismatch, not_constant
from engine.functions.registry import function
from engine.functions.signature import ANY, STRICT_TEXT, Variadic
from engine.functions.text_options import check_parse_mode, is_set, options_of, read_options, schema_of
from engine.kernels.calls import Generated
from engine.kernels.context import CallContext
from engine.kernels.datetime_text import formatted, text_of
from engine.kernels.datetimes import DAY
from engine.kernels.json_reader import DEFAULT, Liberties, Malformed, Number, loads
from engine.kernels.json_text import JsonForm, JsonOptions, convert, get, shown, write
from engine.kernels.pattern_fields import Unreadable
from engine.kernels.pattern_reading import read
from engine.kernels.rowwise import map_nullable, map_rows
from engine.kernels.zones import zone
from engine.sources.json_values import infer, meet, settled
from engine.types import (
    DOUBLE,
    INT,
    STRING,
    VOID,
    ArrayType,
    DataType,
    DateType,
    DecimalType,
    MapType,
    NullType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)
from engine.types.arrow import to_arrow

CORRUPT = "_corrupt_record"
"""The field that takes records that could not be read."""


@function("get_json_object", (STRICT_TEXT, STRICT_TEXT), returns=STRING, nullable="always")
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


@function("json_array_length", (STRICT_TEXT,), returns=INT, nullable="always")
def json_array_length(text: pa.Array) -> pa.Array:
    """Returns the number of elements of the outermost JSON array, null for anything else.

    > SELECT json_array_length('[1,2,3,4]');
    4
    """
    return map_rows(lambda value: _of(value, list, len), pa.int32(), text)


@function("json_object_keys", (STRICT_TEXT,), returns=ArrayType(STRING), nullable="always")
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


_LIBERTIES = {
    "allowsinglequotes": "single_quotes",
    "allowunquotedfieldnames": "unquoted_names",
    "allownumericleadingzeros": "leading_zeros",
    "allowcomments": "comments",
    "allowbackslashescapinganycharacter": "escaped_anything",
    "allownonnumericnumbers": "non_numeric",
}
_FORMATS = ("dateformat", "timestampformat", "timestampntzformat", "timezone")
_READ_OPTIONS = frozenset((*_FORMATS, *_LIBERTIES, "mode", "primitivesasstring", "prefersdecimal", "multiline"))
_WRITE_OPTIONS = frozenset((*_FORMATS, "mode", "ignorenullfields", "pretty"))
_INFER_OPTIONS = frozenset((*_FORMATS, *_LIBERTIES, "mode", "primitivesasstring", "prefersdecimal", "multiline"))


def _check_schema(schema: DataType) -> DataType:
    if not isinstance(schema, StructType | ArrayType | MapType):
        raise mismatch("INVALID_JSON_SCHEMA", schema=shown_type(schema))
    if _wrong_key(schema):
        raise mismatch("INVALID_JSON_MAP_KEY_TYPE", schema=shown_type(schema))
    return schema


def _wrong_key(kind: DataType) -> bool:
    return (isinstance(kind, MapType) and kind.keyType != STRING) or any(map(_wrong_key, kind.children))


@function(
    "from_json",
    (STRICT_TEXT, ANY, ANY),
    kind="rewrite",
    optional=1,
    folded=(1,),
)
def from_json(text: Expression, schema: Expression, options: Expression | None = None) -> Expression:
    """Returns the value of a type that a JSON text holds; null fields for what does not fit.

    > SELECT from_json('{"a":1, "b":0.8}', 'a INT, b DOUBLE');
    {"a":1,"b":0.8}
    """
    given = options_of(options, _READ_OPTIONS, "json")
    check_parse_mode(given, "json")
    return Call("read_json", (text, given), _check_schema(schema_of(schema)), True, True)


@function(
    "read_json", (STRING, STRING), returns=STRING, nullable="always", raises=True, wants_context=True, hidden=True
)
def read_json(text: pa.Array, options: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the value of the result type that a JSON text holds.

    > SELECT from_json('[1,2]', 'array<int>');
    [1,2]
    """
    wanted, given = context.result, _json_options(options, context)
    corrupt = _corrupt_field(wanted)

    def parse(value: str) -> Any:
        if not value.strip():
            return None
        try:
            parsed = loads(value, given.liberties)
            if isinstance(wanted, ArrayType) and isinstance(parsed, dict):
                parsed = [parsed]
            found = convert(parsed, wanted, replace(given, fail_fast=given.fail_fast or bool(corrupt)))
        except Malformed as error:
            if given.fail_fast:
                parameters = {"badRecord": value, "failFastMode": "FAILFAST"}
                raise ExecutionError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", parameters) from error
            return _partly(value, wanted, given, corrupt)
        return found

    return map_rows(parse, to_arrow(wanted), text)


def _corrupt_field(wanted: DataType) -> str:
    """The field that takes what could not be read, "" for none."""
    fields = wanted.fields if isinstance(wanted, StructType) else ()
    return next((each.name for each in fields if each.name == CORRUPT and each.dataType == STRING), "")


def _partly(text: str, wanted: DataType, options: JsonOptions, corrupt: str) -> Any:
    """What of a record can be read, with the text of it where it is asked for."""
    if not isinstance(wanted, StructType):
        return None
    found = dict.fromkeys(wanted.names)
    with suppress(Malformed):
        found = convert(loads(text, options.liberties), wanted, options)
    return {**found, corrupt: text} if corrupt else found


def _json_options(options: pa.Array, context: CallContext) -> JsonOptions:
    given = read_options(options, context)
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
        _liberties(given),
        is_set(given, "primitivesasstring"),
    )


def _liberties(options: Mapping[str, str]) -> Liberties:
    given = {field: is_set(options, name) for name, field in _LIBERTIES.items() if name in options}
    return replace(DEFAULT, **given)


@function("to_json", (ANY, ANY), kind="rewrite", optional=1)
def to_json(value: Expression, options: Expression | None = None) -> Expression:
    """Returns a struct, map or array as JSON; null fields are left out.

    > SELECT to_json(named_struct('a', 1, 'b', 2));
    {"a":1,"b":2}
    """
    given = options_of(options, _WRITE_OPTIONS, "json")
    kind = value.dataType
    if isinstance(kind, NullType):
        return Literal(None, STRING)
    if not isinstance(kind, StructType | ArrayType | MapType):
        raise mismatch("INVALID_JSON_SCHEMA", schema=shown_type(kind))
    return Call("write_json", (value, given), STRING)


@function("write_json", (ANY, STRING), returns=STRING, wants_context=True, hidden=True)
def write_json(value: pa.Array, options: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns a struct, map or array as JSON.

    > SELECT to_json(map('a', 1));
    {"a":1}
    """
    kind, given = context.types[0], read_options(options, context)
    time_zone = given.get("timezone", context.time_zone)
    patterns = {DateType: given.get("dateformat"), TimestampType: given.get("timestampformat")}
    patterns[TimestampNTZType] = given.get("timestampntzformat")

    def texts(item: Any, data_type: DataType) -> str:
        pattern = patterns.get(type(data_type))
        return formatted(item, data_type, pattern, time_zone) if pattern else text_of(item, data_type, time_zone)

    form = JsonForm(texts, is_set(given, "ignorenullfields", True), is_set(given, "pretty"))
    return map_nullable(lambda item: None if item is None else write(item, kind, form), pa.string(), value)


@function("schema_of_json", (STRICT_TEXT, ANY), kind="rewrite", optional=1, folded=(0,))
def schema_of_json(text: Expression, options: Expression | None = None) -> Expression:
    """Returns the type of a JSON text.

    > SELECT schema_of_json('[{"col":0}]');
    ARRAY<STRUCT<col: BIGINT>>
    """
    if not isinstance(text, Literal):
        raise not_constant("json", "STRING", text)
    if text.value is None:
        raise mismatch("UNEXPECTED_NULL", exprName="json")
    given = json.loads(str(options_of(options, _INFER_OPTIONS, "json").value))
    try:
        parsed = loads(str(text.value), _liberties(given))
    except Malformed as error:
        parameters = {"badRecord": str(text.value), "failFastMode": "FAILFAST"}
        if given.get("mode", "").upper() == "FAILFAST":
            raise AnalysisError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", parameters) from error
        return Literal(f"STRUCT<{CORRUPT}: STRING>", STRING)
    found = _infer(parsed, is_set(given, "primitivesasstring"), is_set(given, "prefersdecimal"))
    return Literal(settled(found, True).sql, STRING)


def _infer(value: Any, as_text: bool, decimals: bool) -> DataType:
    """The type that holds a parsed JSON value."""
    if isinstance(value, dict):
        return StructType(tuple(StructField(name, _infer(item, as_text, decimals)) for name, item in value.items()))
    if isinstance(value, list):
        found: DataType = VOID
        for item in value:
            found = meet(found, _infer(item, as_text, decimals))
        return ArrayType(found)
    if isinstance(value, Number | bool) and as_text:
        return STRING
    if isinstance(value, Number):
        return _number_type(value, decimals)
    return infer(value)


def _number_type(value: Number, decimals: bool) -> DataType:
    if value.lstrip("-").isdigit():
        return infer(int(value))
    exact = Decimal(value) if value.lower().lstrip("+-") not in ("nan", "infinity", "inf") else None
    if decimals and exact is not None:
        _, digits, exponent = exact.as_tuple()
        scale = max(-int(exponent), 0)
        precision = max(len(digits) + max(int(exponent), 0), scale)
        if precision <= 38:
            return DecimalType(precision, scale)
    return DOUBLE
