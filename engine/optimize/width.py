"""How wide columns are, in bytes: to pick the narrowest, and to estimate the size of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from engine.expressions.base import Attribute
from engine.types import BooleanType, ByteType, DataType, DateType, DecimalType, FloatType, IntegerType, ShortType

C = TypeVar("C", bound=Any)

_WIDTHS: dict[type[DataType], int] = {
    BooleanType: 1,
    ByteType: 1,
    ShortType: 2,
    IntegerType: 4,
    FloatType: 4,
    DateType: 4,
    DecimalType: 16,
}
_TEXT = 20
_NESTED = 64


def width(data_type: DataType) -> int:
    """Bytes of one value: exact for fixed widths, a guess for text (20) and nested values (64)."""
    found = _WIDTHS.get(type(data_type))
    if found is not None:
        return found
    if data_type.children:
        return _NESTED
    return _TEXT if data_type.name in ("string", "binary") else 8


def row_width(columns: Iterable[Attribute]) -> int:
    """Bytes of one row of `columns`, at least 1."""
    return max(1, sum(width(column.dataType) for column in columns))


def narrowest(columns: tuple[C, ...]) -> tuple[C, ...]:
    """The one column of the least width; nothing of nothing."""
    return (min(columns, key=lambda column: width(column.dataType)),) if columns else ()
