"""CHAR(n) and VARCHAR(n): types of columns of tables, and strings everywhere else."""

from __future__ import annotations

from dataclasses import replace

from engine.types.types import STRING, ArrayType, CharType, DataType, MapType, StructType, VarcharType


def has_lengths(data_type: DataType) -> bool:
    """Whether there is a CHAR or VARCHAR in a type."""
    if isinstance(data_type, CharType | VarcharType):
        return True
    return any(has_lengths(child) for child in data_type.children)


def without_lengths(data_type: DataType) -> DataType:
    """The type as queries see it: strings of any length."""
    if not has_lengths(data_type):
        return data_type
    match data_type:
        case ArrayType(element, nullable):
            return ArrayType(without_lengths(element), nullable)
        case MapType(key, value, nullable):
            return MapType(without_lengths(key), without_lengths(value), nullable)
        case StructType():
            return schema_without_lengths(data_type)
    return STRING


def schema_without_lengths(schema: StructType) -> StructType:
    """The same for a schema."""
    if not has_lengths(schema):
        return schema
    return StructType(tuple(replace(field, dataType=without_lengths(field.dataType)) for field in schema.fields))
