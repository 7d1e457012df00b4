"""A Parquet footer in which decimals and dates are plain whole numbers.

Given it as metadata, pyarrow decodes DECIMAL and DATE columns as the INT32 and INT64 they are stored as, and a decimal takes
not 16 bytes but what it has in the file. Only the schema's list of elements is written anew; what comes out is held against
the footer as pyarrow read it, and whatever is not as expected leaves all columns as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.sources.thrift import LIST, list_head, signed, skip

MAGIC = b"PAR1"
_STORED = {"INT32": pa.int32(), "INT64": pa.int64()}


def metadata_of(footer: bytes) -> Any:
    """pyarrow's reading of a footer (without length and magic)."""
    return pq.read_metadata(pa.BufferReader(MAGIC + footer + len(footer).to_bytes(4, "little") + MAGIC))


def plain_metadata(metadata: Any, leaves: Mapping[str, int], footer: bytes) -> tuple[Any, frozenset[str]]:
    """The metadata of `footer` with DATE, and DECIMAL of INT32 and INT64, as plain numbers, and the names of those columns;
    `metadata` itself and no name where that cannot be. `leaves` numbers the columns that are not nested."""
    schema, before = metadata.schema, metadata.schema.to_arrow_schema()
    stored: dict[str, pa.DataType] = {}
    for name, leaf in leaves.items():
        kind, physical = before.field(name).type, schema.column(leaf).physical_type
        if physical in _STORED and (pa.types.is_date32(kind) or pa.types.is_decimal(kind)):
            stored[name] = _STORED[physical]
    try:
        found = metadata_of(without_logical_types(footer, {leaves[name] for name in stored}))
        after = found.schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError):
        return metadata, frozenset()
    expected = [(field.name, stored.get(field.name, field.type)) for field in before]
    if [(field.name, field.type) for field in after] != expected or _sizes(found) != _sizes(metadata):
        return metadata, frozenset()
    return found, frozenset(stored)


def _sizes(metadata: Any) -> list[int]:
    return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]


def without_logical_types(footer: bytes, leaves: Collection[int]) -> bytes:
    """`footer` with some leaves of its schema, by number, as plain numbers: without what says that they are decimals or
    dates. Raises ValueError if it is not well formed."""
    try:
        place = _schema_place(footer)
        count, _, first = list_head(footer, place)
        elements, place, leaf = [footer[:first]], first, 0
        for _ in range(count):
            fields, place = _fields(footer, place)
            numbers = {number for number, _, _ in fields}
            if _TYPE in numbers:
                fields = [each for each in fields if leaf not in leaves or each[0] not in _LOGICAL]
                leaf += 1
            elements.append(_element(fields))
        return b"".join([*elements, footer[place:]])
    except (IndexError, TypeError) as error:
        raise ValueError(f"malformed footer: {error}") from error


_TYPE, _LOGICAL = 1, (6, 7, 8, 10)
"""Fields of a SchemaElement: a leaf's type; converted_type, scale, precision and logicalType."""
_SCHEMA = 2
"""The field of FileMetaData."""


def _schema_place(footer: bytes) -> int:
    """Where the list of the schema's elements begins."""
    place = number = 0
    while True:
        number, kind, place = _field_head(footer, place, number)
        if number == _SCHEMA and kind == LIST:
            return place
        place = skip(footer, place, kind, 0)


def _fields(data: bytes, place: int) -> tuple[list[tuple[int, int, bytes]], int]:
    """The fields of a struct as number, kind and bytes."""
    found: list[tuple[int, int, bytes]] = []
    number = 0
    while data[place]:
        number, kind, start = _field_head(data, place, number)
        place = skip(data, start, kind, 1)
        found.append((number, kind, data[start:place]))
    return found, place + 1


def _field_head(data: bytes, place: int, before: int) -> tuple[int, int, int]:
    """Number and kind of the field at `place`, and where its value begins. Raises ValueError at the end of the struct."""
    head = data[place]
    if head == 0:
        raise ValueError("malformed footer: no such field")
    if head > 15:
        return before + (head >> 4), head & 15, place + 1
    number, place = signed(data, place + 1)
    return number, head & 15, place


def _element(fields: Sequence[tuple[int, int, bytes]]) -> bytes:
    """A struct of `fields`."""
    parts, before = [], 0
    for number, kind, value in fields:
        step = number - before
        if not 0 < step < 16:
            raise ValueError("malformed footer: fields out of order")
        parts.append(bytes([step << 4 | kind]) + value)
        before = number
    return b"".join([*parts, b"\0"])
