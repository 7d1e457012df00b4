"""Transformer of the type rules of grammar/expressions.lark: type syntax -> `engine.types`.

As in all transformers, each public function is what the grammar's rule of its name means.
"""

from __future__ import annotations

from engine.errors import ParseError, Unsupported
from engine.parse.intervals import unit_name
from engine.parse.lexer import Token
from engine.parse.literals import string_value
from engine.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    CALENDAR_INTERVAL,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIME,
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
from engine.types.session import timestamp_type

_SIMPLE: dict[str, DataType] = {
    "boolean": BOOLEAN,
    "tinyint": BYTE,
    "byte": BYTE,
    "smallint": SHORT,
    "short": SHORT,
    "int": INT,
    "integer": INT,
    "bigint": LONG,
    "long": LONG,
    "float": FLOAT,
    "real": FLOAT,
    "double": DOUBLE,
    "string": STRING,
    "binary": BINARY,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "timestamp_ltz": TIMESTAMP,
    "timestamp_ntz": TIMESTAMP_NTZ,
    "time": TIME,
    "interval": CALENDAR_INTERVAL,
    "void": VOID,
    **dict.fromkeys(("decimal", "dec", "numeric"), DecimalType(10, 0)),
}
# Spark has them, this engine does not have them yet.
_LATER = frozenset(["variant", "geometry", "geography"])
_FIELDS = {"year": 0, "month": 1, "day": 0, "hour": 1, "minute": 2, "second": 3}


def simple_type(name: str) -> DataType:
    found = _SIMPLE.get(name.lower())
    if found == TIMESTAMP and name.lower() == "timestamp":
        return timestamp_type()
    if found is not None:
        return found
    word = name.lower()
    if word in ("array", "map", "struct"):
        example = {"array": "ARRAY<INT>", "map": "MAP<STRING, INT>", "struct": "STRUCT<a: INT>"}[word]
        raise ParseError("INCOMPLETE_TYPE_DEFINITION", {"type": name.upper(), "example": example})
    if word in ("char", "character", "varchar"):
        raise ParseError("DATATYPE_MISSING_SIZE", {"type": f'"{name.upper()}"'})
    if word in _LATER:
        raise Unsupported(f"the type {name.upper()}")
    raise _unknown_type(name)


def _unknown_type(name: str) -> ParseError:
    return ParseError("UNSUPPORTED_DATATYPE", {"typeName": f'"{name.upper()}"'})


def sized_type(name: str, *sizes: int) -> DataType:
    """DECIMAL(p[, s]); CHAR(n) and VARCHAR(n)."""
    word = name.lower()
    if word in ("decimal", "dec", "numeric") and len(sizes) <= 2:
        try:
            return DecimalType(*sizes)
        except ValueError:
            size = ", ".join(map(str, sizes))
            if len(sizes) == 2 and sizes[0] <= 38:
                raise ParseError("DECIMAL_SCALE_EXCEEDS_PRECISION", {"size": size}) from None
            limits = {"precision": sizes[0], "maxPrecision": 38}
            raise ParseError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", limits) from None
    if word in ("char", "character", "varchar") and len(sizes) == 1:
        return VarcharType(sizes[0]) if word == "varchar" else CharType(sizes[0])
    if word == "time" and len(sizes) == 1:
        return _time_type(sizes[0])
    raise _unknown_type(f"{name}({', '.join(map(str, sizes))})")


def _time_type(precision: int) -> DataType:
    try:
        return TimeType(precision)
    except ValueError:
        raise ParseError("UNSUPPORTED_TIME_PRECISION", {"precision": precision}) from None


def type_parameter(token: Token) -> int:
    if not token.text.isdigit():
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{token.text}'", "hint": ": a whole number is expected"})
    return int(token.text)


def nested_type(name: str, _open: Token, *rest: DataType | Token) -> DataType:
    parts = [part for part in rest if isinstance(part, DataType)]
    match name.lower(), parts:
        case "array", [element]:
            return ArrayType(element)
        case "map", [key, value]:
            return MapType(key, value)
    raise _unknown_type(f"{name}<{', '.join(part.sql for part in parts)}>")


def struct_type(name: str, _open: Token, *rest: StructField | Token) -> DataType:
    if name.lower() != "struct":
        raise _unknown_type(f"{name}<...>")
    return StructType(tuple(part for part in rest if isinstance(part, StructField)))


def type_field(name: str, data_type: DataType, not_null: Token | None, comment: Token | None) -> StructField:
    return StructField(name, data_type, not_null is None, string_value(comment) if comment else "")


def empty_struct_type(name: str, _empty: Token) -> DataType:
    if name.lower() != "struct":
        raise _unknown_type(f"{name}<>")
    return StructType()


def interval_type(_interval: Token, first: Token, last: Token | None) -> DataType:
    start = unit_name(first.text)
    end = unit_name(last.text) if last else start
    months = start in ("year", "month") and end in ("year", "month")
    micros = not {start, end} & {"year", "month"} and {start, end} <= set(_FIELDS)
    if not (months or micros) or _FIELDS[start] > _FIELDS[end]:
        raise _unknown_type(f"INTERVAL {start} TO {end}")
    return (YearMonthIntervalType if months else DayTimeIntervalType)(_FIELDS[start], _FIELDS[end])


def zoned_type(name: str, word: Token) -> DataType:
    """TIMESTAMP WITH LOCAL TIME ZONE, TIMESTAMP WITHOUT TIME ZONE, TIME WITHOUT TIME ZONE."""
    if name.lower() == "time" and word.kind == "WITHOUT":
        return TIME
    if name.lower() != "timestamp":
        raise _unknown_type(f"{name} {word.text} TIME ZONE")
    return TIMESTAMP_NTZ if word.kind == "WITHOUT" else TIMESTAMP
