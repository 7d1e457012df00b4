"""JSON objects to columns, as Spark reads them: by field name, a value that does not fit its type is null."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from engine.records import dataclass
from engine.sources.textvalues import TextFormat, decimal_value, parser
from engine.types import (
    BINARY,
    BOOLEAN,
    DOUBLE,
    FLOAT,
    LONG,
    STRING,
    TIMESTAMP,
    VOID,
    ArrayType,
    DataType,
    DecimalType,
    IntegralType,
    MapType,
    StructField,
    StructType,
)
from engine.types.arrow import to_arrow
from engine.types.coercion import tightest_common_type


@dataclass
class Parsed:
    """Rows of values; `bad` are the numbers of rows that did not fit, with the reason."""

    rows: list[dict[str, Any] | None] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    bad: dict[int, str] = field(default_factory=dict)


def parse_lines(lines: Iterable[str]) -> Parsed:
    """Every line that is not blank as an object; an array counts as the rows in it."""
    found = Parsed()
    for line in lines:
        if line.strip():
            add_document(found, line)
    return found


def add_document(found: Parsed, text: str) -> None:
    """Adds the rows of one JSON text: an object, or an array of objects."""
    try:
        value = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        found.bad[len(found.rows)] = f"it is not JSON: {error}"
        found.rows.append(None)
        found.texts.append(text.rstrip("\r\n"))
        return
    for row in value if isinstance(value, list) else [value]:
        if not isinstance(row, dict):
            found.bad[len(found.rows)] = "it is not a JSON object"
        found.rows.append(row if isinstance(row, dict) else None)
        found.texts.append(text.rstrip("\r\n"))


def columns_of(parsed: Parsed, fields: Sequence[StructField], form: TextFormat) -> list[pa.Array]:
    """A column for each of `fields`; rows with a value that does not fit are added to `parsed.bad`."""
    arrays = []
    for each in fields:
        convert = converter(each.dataType, form)
        values: list[Any] = []
        for place, row in enumerate(parsed.rows):
            value = row.get(each.name) if row is not None else None
            try:
                values.append(None if value is None else convert(value))
            except (ValueError, ArithmeticError, TypeError):
                values.append(None)
                parsed.bad.setdefault(place, f"{shown(value)} in the field `{each.name}` is no {each.dataType}")
        arrays.append(pa.array(values, to_arrow(each.dataType)))
    return arrays


def shown(value: Any) -> str:
    """A value as JSON text."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":"))


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def converter(data_type: DataType, form: TextFormat) -> Callable[[Any], Any]:
    """What turns a JSON value into one of `data_type`; raises ValueError or TypeError where it is none."""
    match data_type:
        case ArrayType(element):
            inner = converter(element, form)
            return lambda value: [None if item is None else inner(item) for item in _expect(value, list)]
        case MapType(_, item_type):
            inner = converter(item_type, form)
            return lambda value: [(k, None if v is None else inner(v)) for k, v in _expect(value, dict).items()]
        case StructType(fields):
            parts = [(each.name, converter(each.dataType, form)) for each in fields]
            return lambda value: _struct(_expect(value, dict), parts)
    return _atomic(data_type, form)


def _struct(value: dict[str, Any], parts: list[tuple[str, Callable[[Any], Any]]]) -> dict[str, Any]:
    return {name: None if value.get(name) is None else convert(value[name]) for name, convert in parts}


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"not a {kind.__name__}")
    return value


def _atomic(data_type: DataType, form: TextFormat) -> Callable[[Any], Any]:
    if data_type == STRING:
        return lambda value: value if isinstance(value, str) else shown(value)
    if data_type == BINARY:
        return lambda value: base64.b64decode(_expect(value, str), validate=True)  # as Jackson writes and reads bytes
    if data_type == BOOLEAN:
        return lambda value: _expect(value, bool)
    if data_type in (DOUBLE, FLOAT):
        return _double
    if isinstance(data_type, DecimalType):
        return lambda value: decimal_value(str(_number_only(value)), data_type)
    parse = parser(data_type, form)
    if isinstance(data_type, IntegralType):
        return lambda value: parse(str(_whole(value)))
    if data_type == TIMESTAMP:
        return lambda value: value * 1_000_000 if _is_int(value) else parse(_expect(value, str))
    return lambda value: parse(_expect(value, str))


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(value: Any) -> int:
    if not _is_int(value):
        raise TypeError("not a whole number")
    return int(value)


def _number_only(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise TypeError("not a number")
    return value


_SPECIAL = {
    "NaN": math.nan,
    "Infinity": math.inf,
    "+Infinity": math.inf,
    "INF": math.inf,
    "+INF": math.inf,
    "-Infinity": -math.inf,
    "-INF": -math.inf,
}


def _double(value: Any) -> float:
    if isinstance(value, str):
        if value not in _SPECIAL:
            raise ValueError(value)
        return _SPECIAL[value]
    return float(_number_only(value))


def infer(value: Any) -> DataType:
    """The type of a JSON value as Spark infers it."""
    if value is None:
        return VOID
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return LONG
        return DecimalType(len(str(abs(value))), 0) if abs(value) < 10**38 else DOUBLE
    if isinstance(value, Decimal | float):
        return DOUBLE
    if isinstance(value, list):
        found: DataType = VOID
        for item in value:
            found = meet(found, infer(item))
        return ArrayType(found)
    if isinstance(value, dict):
        return StructType(tuple(StructField(name, infer(item)) for name, item in value.items()))
    return STRING


def meet(left: DataType, right: DataType) -> DataType:
    """The type that holds values of both: fields are united, what does not go together is STRING."""
    match left, right:
        case StructType(fields), StructType(others):
            known = {each.name: each.dataType for each in fields}
            for each in others:
                known[each.name] = meet(known[each.name], each.dataType) if each.name in known else each.dataType
            return StructType(tuple(StructField(name, kind) for name, kind in known.items()))
        case ArrayType(element), ArrayType(other):
            return ArrayType(meet(element, other))
    return tightest_common_type(left, right) or STRING


def settled(data_type: DataType, ordered: bool) -> DataType:
    """The type with STRING where only nulls were seen; fields by name if `ordered`, as Spark has them."""
    match data_type:
        case ArrayType(element):
            return ArrayType(settled(element, ordered))
        case StructType(fields):
            kept = sorted(fields, key=lambda each: each.name) if ordered else fields
            return StructType(tuple(StructField(each.name, settled(each.dataType, ordered)) for each in kept))
    return STRING if data_type == VOID else data_type
