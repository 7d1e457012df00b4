"""Rows of a result: tuples whose items also have names, holding plain Python values."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any, Self
from zoneinfo import ZoneInfo

import pyarrow as pa

from engine.types import ArrayType, DataType, MapType, StructType, TimestampType
from engine.types.cells import zone_of


class Row(tuple[Any, ...]):
    """A row. Items are read by position (`row[0]`), by name (`row["a"]`) or as attributes (`row.a`)."""

    names: tuple[str, ...]

    def __new__(cls, values: tuple[Any, ...], names: tuple[str, ...]) -> Self:
        row = super().__new__(cls, values)
        row.names = names
        return row

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return super().__getitem__(self._position(key))
        return super().__getitem__(key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return super().__getitem__(self._position(name))
        except KeyError:
            raise AttributeError(name) from None

    def asDict(self) -> dict[str, Any]:
        """The values by name; of columns with one name, the last."""
        return dict(zip(self.names, self, strict=True))

    def _position(self, name: str) -> int:
        if name not in self.names:
            raise KeyError(name)
        return self.names.index(name)

    def __repr__(self) -> str:
        return "Row(" + ", ".join(f"{n}={v!r}" for n, v in zip(self.names, self, strict=True)) + ")"

    def __reduce__(self) -> tuple[Any, ...]:
        return Row, (tuple(self), self.names)


def rows(batch: pa.RecordBatch, schema: StructType, time_zone: str) -> Iterator[Row]:
    """The rows of a batch of the engine's own Arrow types.

    TIMESTAMPs become naive datetimes in the session's zone, as in PySpark; maps dicts, structs Rows.
    """
    names = tuple(schema.names)
    zone = zone_of(time_zone)
    columns = [
        _converted(
            batch.column(i).to_pylist(maps_as_pydicts="strict")
            if _has_map(f.dataType)
            else batch.column(i).to_pylist(),
            f.dataType,
            zone,
        )
        for i, f in enumerate(schema.fields)
    ]
    if not columns:
        yield from (Row((), ()) for _ in range(batch.num_rows))
    for values in zip(*columns, strict=True):
        yield Row(values, names)


def _has_map(data_type: DataType) -> bool:
    return isinstance(data_type, MapType) or any(map(_has_map, data_type.children))


def _converted(values: list[Any], data_type: DataType, zone: ZoneInfo | datetime.tzinfo) -> list[Any]:
    convert = _converter(data_type, zone)
    if convert is None:
        return values
    return [None if value is None else convert(value) for value in values]


def _converter(data_type: DataType, zone: datetime.tzinfo) -> Callable[[Any], Any] | None:
    """What turns pyarrow's Python value into ours, None where they are the same."""
    match data_type:
        case TimestampType():
            return lambda value: value.astimezone(zone).replace(tzinfo=None)
        case ArrayType(element):
            inner = _converter(element, zone)
            return None if inner is None else lambda items: _converted(items, element, zone)
        case MapType(key, value_type):
            return lambda pairs: dict(
                zip(_converted(list(pairs), key, zone), _converted(list(pairs.values()), value_type, zone), strict=True)
            )
        case StructType(fields):
            names = tuple(field.name for field in fields)
            parts = [_converter(field.dataType, zone) for field in fields]
            return lambda value: Row(
                tuple(
                    item if item is None or part is None else part(item)
                    for part, item in zip(parts, value.values(), strict=True)
                ),
                names,
            )
    return None
