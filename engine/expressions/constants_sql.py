"""Constants as SQL that makes them again, with their types: what Spark shows of the values of session variables."""

from __future__ import annotations

from typing import Any

from engine.expressions.base import Literal
from engine.expressions.sql import sql
from engine.types import (
    ArrayType,
    ByteType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    LongType,
    MapType,
    NullType,
    ShortType,
    StringType,
    StructType,
)

_SUFFIXES: dict[type[DataType], str] = {
    LongType: "L",
    ShortType: "S",
    ByteType: "Y",
    DoubleType: "D",
    DecimalType: "BD",
}


def constant_sql(value: Any, kind: DataType) -> str:
    """`value`, one of the type `kind`, as an expression."""
    if value is None:
        return "NULL" if isinstance(kind, NullType) else f"CAST(NULL AS {kind.sql})"
    match kind:
        case StringType():
            escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
            return f"'{escaped}'"
        case FloatType():
            return f"CAST({sql(Literal(value, kind))} AS FLOAT)"
        case ArrayType(element):
            return f"ARRAY({', '.join(constant_sql(each, element) for each in value)})"
        case MapType(key, item):
            pairs = value.items() if isinstance(value, dict) else value
            return f"MAP({', '.join(f'{constant_sql(k, key)}, {constant_sql(v, item)}' for k, v in pairs)})"
        case StructType():
            values = value.values() if isinstance(value, dict) else value
            parts = [f"'{f.name}', {constant_sql(v, f.dataType)}" for f, v in zip(kind.fields, values, strict=True)]
            return f"NAMED_STRUCT({', '.join(parts)})"
    return sql(Literal(value, kind)) + _SUFFIXES.get(type(kind), "")
