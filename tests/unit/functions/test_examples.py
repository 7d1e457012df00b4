"""The examples in the documentation of functions, which DESCRIBE FUNCTION shows too: each is run and its answer compared.

Values are written as Spark's own documentation writes them: strings in arrays, maps and structs in quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from engine import Session
from engine.functions.registry import Function, lookup, names
from engine.types import ArrayType, DataType, MapType, NullType, StructType
from engine.types.cells import Style, texts

_EXAMPLE = re.compile(r"^\s*> (SELECT .*?);\n(.*?)(?=^\s*$|^\s*> |\Z)", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[Any]:
    """Each example once: the statement and its lines."""
    seen: set[int] = set()
    for name in names():
        for function in lookup(name):
            if id(function) in seen or function.hidden:
                continue
            seen.add(id(function))
            for number, found in enumerate(_EXAMPLE.finditer(function.doc + "\n"), 1):
                lines = [line.strip() for line in found.group(2).strip("\n").split("\n")]
                yield pytest.param(found.group(1), lines, id=f"{name}-{number}")


def declared() -> list[Function]:
    return [function for name in names() for function in lookup(name) if not function.hidden]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session("local[1]") as session:
        yield session


@pytest.mark.parametrize(("statement", "expected"), list(examples()))
def test_example(session: Session, statement: str, expected: list[str]) -> None:
    frame = session.sql(statement)
    table = frame.toArrow()
    columns = [
        [_text(column.slice(place, 1), field.dataType) for place in range(table.num_rows)]
        for column, field in zip(table.columns, frame.schema.fields, strict=True)
    ]
    assert ["\t".join(row).strip() for row in zip(*columns, strict=True)] == expected


def test_every_function_has_an_example() -> None:
    bare = sorted({f.name for f in declared() if "> SELECT" not in f.doc})
    assert bare == []


def _text(column: pa.ChunkedArray, kind: DataType) -> str:
    """The single value of `column` as text."""
    if column.null_count:
        return "NULL"
    if isinstance(kind, ArrayType | MapType | StructType):
        return _inside(column[0].as_py(), kind)
    style = Style(binary=lambda value: value.decode(errors="replace"))
    return str(texts(column.combine_chunks(), kind, style)[0])


def _inside(value: Any, kind: DataType) -> str:
    """A value within another one."""
    if value is None or isinstance(kind, NullType):
        return "null"
    match kind:
        case ArrayType(element):
            return "[" + ",".join(_inside(each, element) for each in value) + "]"
        case MapType(key, of):
            return "{" + ",".join(f"{_inside(k, key)}:{_inside(v, of)}" for k, v in value) + "}"
        case StructType(fields):
            return "{" + ",".join(f'"{f.name}":{_inside(value[f.name], f.dataType)}' for f in fields) + "}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | int | float | Decimal):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return str(value.strftime("%Y-%m-%d %H:%M:%S") if hasattr(value, "hour") else value)
