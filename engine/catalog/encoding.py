"""Entries of a catalog as JSON: the types in the form that Spark's `StructType.json` has."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from engine.catalog.tables import Database, Entry, Pairs, Routine, Table, View
from engine.sources.analyzed import facts_from_json, facts_to_json
from engine.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    VOID,
    ArrayType,
    CharType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    TimeType,
    VarcharType,
    YearMonthIntervalType,
)
from engine.types.types import DAY_TIME_FIELDS, YEAR_MONTH_FIELDS

VERSION = 1
"""Of the form of the files; a later one is refused."""

_PLAIN: dict[str, DataType] = {
    "void": VOID,
    "boolean": BOOLEAN,
    "byte": BYTE,
    "short": SHORT,
    "integer": INT,
    "long": LONG,
    "float": FLOAT,
    "double": DOUBLE,
    "string": STRING,
    "binary": BINARY,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "timestamp_ntz": TIMESTAMP_NTZ,
}
_NAMES = {data_type: name for name, data_type in _PLAIN.items()}


def type_to_json(data_type: DataType) -> Any:
    """A type as JSON values."""
    match data_type:
        case ArrayType(element, nullable):
            return {"type": "array", "elementType": type_to_json(element), "containsNull": nullable}
        case MapType(key, value, nullable):
            types = {"keyType": type_to_json(key), "valueType": type_to_json(value)}
            return {"type": "map", **types, "valueContainsNull": nullable}
        case StructType(fields):
            return {"type": "struct", "fields": [_field_to_json(field) for field in fields]}
    return _NAMES.get(data_type) or data_type.simpleString()


def type_from_json(value: Any) -> DataType:
    """The reverse. Raises ValueError for what is no type."""
    match value:
        case {"type": "array", "elementType": element, "containsNull": bool() as nullable}:
            return ArrayType(type_from_json(element), nullable)
        case {"type": "map", "keyType": key, "valueType": item, "valueContainsNull": bool() as nullable}:
            return MapType(type_from_json(key), type_from_json(item), nullable)
        case {"type": "struct", "fields": list() as fields}:
            return StructType(tuple(_field_from_json(field) for field in fields))
        case str() if value in _PLAIN:
            return _PLAIN[value]
        case str():
            return _parameterized(value)
    raise ValueError(f"no type: {value!r}")


def _parameterized(text: str) -> DataType:
    if match := re.fullmatch(r"decimal\((\d+),(\d+)\)", text):
        return DecimalType(int(match[1]), int(match[2]))
    if match := re.fullmatch(r"time\((\d)\)", text):
        return TimeType(int(match[1]))
    if match := re.fullmatch(r"(var)?char\((\d+)\)", text):
        return VarcharType(int(match[2])) if match[1] else CharType(int(match[2]))
    if match := re.fullmatch(r"interval (\w+)(?: to (\w+))?", text):
        start, end = match[1], match[2] or match[1]
        if start in YEAR_MONTH_FIELDS and end in YEAR_MONTH_FIELDS:
            return YearMonthIntervalType(YEAR_MONTH_FIELDS.index(start), YEAR_MONTH_FIELDS.index(end))
        if start in DAY_TIME_FIELDS and end in DAY_TIME_FIELDS:
            return DayTimeIntervalType(DAY_TIME_FIELDS.index(start), DAY_TIME_FIELDS.index(end))
    raise ValueError(f"no type: {text!r}")


def _field_to_json(field: StructField) -> dict[str, Any]:
    metadata = {"comment": field.comment} if field.comment else {}
    return {"name": field.name, "type": type_to_json(field.dataType), "nullable": field.nullable, "metadata": metadata}


def _field_from_json(value: Any) -> StructField:
    comment = value.get("metadata", {}).get("comment", "")
    return StructField(str(value["name"]), type_from_json(value["type"]), bool(value["nullable"]), str(comment))


def schema_from_json(value: Any) -> StructType:
    """A schema. Raises ValueError for what is none."""
    found = type_from_json(value)
    if not isinstance(found, StructType):
        raise ValueError("no schema")
    return found


def to_json(entry: Entry | Database | Routine) -> dict[str, Any]:
    """An entry as JSON values."""
    fields = {field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)}
    for name in ("schema", "returns"):
        if fields.get(name) is not None:
            fields[name] = type_to_json(fields[name])
    if fields.get("statistics") is not None:
        fields["statistics"] = facts_to_json(fields["statistics"])
    return {"flint": VERSION, "kind": type(entry).__name__.lower(), **fields}


def from_json(value: dict[str, Any]) -> Entry | Database | Routine:
    """The reverse. Raises ValueError, KeyError or TypeError for what is no entry."""
    fields = dict(value)
    if fields.pop("flint", None) != VERSION:
        raise ValueError("it was written by another version")
    kind = _KINDS[fields.pop("kind")]
    if "returns" in fields:
        fields["returns"] = type_from_json(fields["returns"])
    if fields.get("schema") is not None:
        fields["schema"] = schema_from_json(fields["schema"])
    for name in ("options", "properties", "columns", "settings", "defaults"):
        if name in fields:
            fields[name] = _pairs(fields[name])
    for name in ("partitioned_by", "names"):
        if name in fields:
            fields[name] = tuple(str(part) for part in fields[name])
    if fields.get("statistics") is not None:
        fields["statistics"] = facts_from_json(fields["statistics"])
    if fields.get("buckets") is not None:
        count, columns, order = fields["buckets"]
        fields["buckets"] = int(count), tuple(map(str, columns)), tuple(map(str, order))
    return kind(**fields)


_KINDS: dict[str, type[Table | View | Database | Routine]] = {
    "table": Table,
    "view": View,
    "database": Database,
    "routine": Routine,
}


def _pairs(value: Any) -> Pairs:
    return tuple((str(key), str(text)) for key, text in value)
