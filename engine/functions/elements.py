"""How functions of collections see arguments: element types that meet, and keys by which values are equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.kernels.lists import flat, lengths, make
from engine.types import VOID, ArrayType, DataType, MapType, NullType
from engine.types.coercion import can_implicitly_cast, common_type

Picks = list[list[int] | None]
"""For each row the indices of the elements to keep, or None for null."""


def as_list(data_type: DataType) -> ArrayType | None:
    """An array type as it is, an untyped NULL as an array of it, None for other types."""
    if isinstance(data_type, NullType):
        return ArrayType(VOID)
    return data_type if isinstance(data_type, ArrayType) else None


def list_and_element(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
    """(array, element): both meet in one element type; further arguments stay."""
    listed = as_list(types[0])
    met = common_type(listed.elementType, types[1], ansi) if listed is not None else None
    if listed is None or met is None:
        return None
    return (ArrayType(met, listed.containsNull), met, *types[2:])


def same_lists(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
    """Arrays whose elements meet in one type."""
    element: DataType | None = VOID
    contains_null = False
    for each in types:
        listed = as_list(each)
        element = common_type(element, listed.elementType, ansi) if listed is not None and element is not None else None
        contains_null = contains_null or (listed is not None and listed.containsNull)
    return None if element is None else [ArrayType(element, contains_null)] * len(types)


def list_then(*rest: DataType) -> Any:
    """(array, then arguments of fixed types, of which the last may be left out)."""

    def coerce(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
        listed = as_list(types[0])
        fits = all(can_implicitly_cast(given, wanted, ansi) for given, wanted in zip(types[1:], rest, strict=False))
        return (listed, *rest[: len(types) - 1]) if listed is not None and fits else None

    return coerce


def map_and_key(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
    """(map, key): both meet in one key type."""
    given = types[0]
    if isinstance(given, NullType):
        given = MapType(types[1], VOID)
    if not isinstance(given, MapType):
        return None
    met = common_type(given.keyType, types[1], ansi)
    return None if met is None else (MapType(met, given.valueType, given.valueContainsNull), met)


def key(value: Any) -> Any:
    """Something hashable that is equal for values that Spark holds equal: NaN to NaN, 0.0 to -0.0."""
    if isinstance(value, float):
        return ("NaN",) if value != value else value + 0.0
    if isinstance(value, list):
        return tuple(map(key, value))
    if isinstance(value, dict):
        return tuple(map(key, value.values()))
    return value


def keys(array: pa.Array) -> list[Any]:
    """The `key` of each row; None for null."""
    kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        array = array.view(pa.int64())
    values = array.to_pylist()
    if pa.types.is_floating(kind) or pa.types.is_nested(kind):
        return [None if value is None else key(value) for value in values]
    return values  # type: ignore[no-any-return]


def spans(array: pa.Array) -> list[range | None]:
    """For each list the indices of its elements in `flat(array)`; None for null."""
    ends = np.cumsum(lengths(array)).tolist()
    counts = lengths(array).tolist()
    is_valid = array.is_valid().to_pylist()
    return [range(end - count, end) if ok else None for end, count, ok in zip(ends, counts, is_valid, strict=True)]


def picked(values: pa.Array, picks: Picks, wanted: pa.DataType) -> pa.Array:
    """The lists of the elements of `values` that `picks` names (-1 is null)."""
    counts = np.array([0 if pick is None else len(pick) for pick in picks], dtype=np.int64)
    indices = [index for pick in picks if pick is not None for index in pick]
    mask = np.array([index < 0 for index in indices], dtype=bool)
    taken = values.take(pa.array(indices, pa.int64(), mask=mask)) if indices else values.slice(0, 0)
    return make(counts, taken, np.array([pick is not None for pick in picks], dtype=bool), wanted)


def elements_of(array: pa.Array) -> tuple[pa.Array, list[Any], list[range | None]]:
    """All elements of the lists, their keys, and which belong to which list."""
    values = flat(array)
    return values, keys(values), spans(array)
