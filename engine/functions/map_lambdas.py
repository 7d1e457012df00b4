"""Functions of functions of maps: transform_keys, transform_values, map_filter, map_zip_with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, quoted
from engine.expressions.sql import shown_type
from engine.functions.collection_types import exact_type
from engine.functions.elements import keys
from engine.functions.higher_order import Typed
from engine.functions.maps import build, check_key
from engine.functions.mismatch import mismatch
from engine.functions.registry import function
from engine.functions.signature import DICTIONARY, LAMBDA, MAP, TEST
from engine.functions.substrings import same
from engine.kernels.calls import LambdaFunction
from engine.kernels.context import CallContext
from engine.kernels.lists import flat_entries, lengths, make_map
from engine.kernels.rows import valid
from engine.kernels.rowwise import all_valid
from engine.types import VOID, DataType, MapType, NullType
from engine.types.arrow import to_arrow


def _of_entry(_place: int, _count: int, types: tuple[DataType, ...]) -> Sequence[Typed]:
    kind = types[0] if isinstance(types[0], MapType) else MapType(VOID, VOID)
    return ((kind.keyType, False), (kind.valueType, kind.valueContainsNull))


def _entries(value: pa.Array, fn: LambdaFunction) -> tuple[pa.Array, pa.Array, pa.Array]:
    keys, values = flat_entries(value)
    owners = np.repeat(np.arange(len(value), dtype=np.int64), lengths(value))
    return keys, values, fn([keys, values], owners)


def _value_type(*types: DataType) -> MapType:
    return types[0] if isinstance(types[0], MapType) else MapType(VOID, VOID)


@function(
    "transform_values",
    (MAP, LAMBDA),
    returns=lambda m, b: MapType(_value_type(m).keyType, b),
    lambda_types=_of_entry,
    wants_context=True,
)
def transform_values(value: pa.Array, fn: LambdaFunction, *, context: CallContext) -> pa.Array:
    """Returns the map with each value replaced by what a function makes of key and value.

    > SELECT transform_values(map(1, 1, 2, 2), (k, v) -> v + 1);
    {1:2,2:3}
    """
    keys, _, made = _entries(value, fn)
    return make_map(lengths(value), keys, made, valid(value), to_arrow(context.result))


def _new_key(types: tuple[DataType, ...], _ansi: bool) -> Sequence[DataType] | None:
    if not isinstance(types[0], MapType | NullType):
        return None
    check_key(types[1])
    return (_value_type(types[0]), types[1])


@function(
    "transform_keys",
    (MAP, LAMBDA),
    returns=lambda m, b: MapType(b, _value_type(m).valueType),
    lambda_types=_of_entry,
    coerce=_new_key,
    raises=True,
    wants_context=True,
)
def transform_keys(value: pa.Array, fn: LambdaFunction, *, context: CallContext) -> pa.Array:
    """Returns the map with each key replaced by what a function makes of key and value.

    > SELECT transform_keys(map(1, 1, 2, 2), (k, v) -> k + 1);
    {2:1,3:2}
    """
    _, values, made = _entries(value, fn)
    return build(lengths(value), made, values, valid(value), to_arrow(context.result))


@function("map_filter", (MAP, TEST), returns=same, lambda_types=_of_entry)
def map_filter(value: pa.Array, fn: LambdaFunction) -> pa.Array:
    """Returns the entries for which a function of key and value is true.

    > SELECT map_filter(map(1, 0, 2, 2, 3, -1), (k, v) -> k > v);
    {1:0,3:-1}
    """
    keys, values, keep = _entries(value, fn)
    mask = keep.fill_null(False).to_numpy(zero_copy_only=False)
    owners = np.repeat(np.arange(len(value)), lengths(value))
    counts = np.bincount(owners[mask], minlength=len(value)).astype(np.int64)
    chosen = pa.array(np.flatnonzero(mask))
    return make_map(counts, keys.take(chosen), values.take(chosen), valid(value), value.type)


def _zip_types(_place: int, _count: int, types: tuple[DataType, ...]) -> Sequence[Typed]:
    one, other = map(_value_type, types[:2])
    met = exact_type(one.keyType, other.keyType)
    if met is None:
        raise _key_mismatch("map_zip_with", one, other)
    return ((met, False), (one.valueType, True), (other.valueType, True))


def _zipped(types: tuple[DataType, ...], _ansi: bool) -> Sequence[DataType] | None:
    one, other, body = types
    if not isinstance(one, MapType) or not isinstance(other, MapType):
        return None
    met = exact_type(one.keyType, other.keyType)
    if met is None:
        return None
    found = (MapType(met, each.valueType, each.valueContainsNull) for each in (one, other))
    return (*found, body)


def _different_keys(name: str, types: tuple[DataType, ...]) -> AnalysisError | None:
    one, other = types[:2]
    if not isinstance(one, MapType) or not isinstance(other, MapType):
        return None
    return _key_mismatch(name, one, other)


def _key_mismatch(name: str, one: MapType, other: MapType) -> AnalysisError:
    left, right = shown_type(one.keyType), shown_type(other.keyType)
    return mismatch("MAP_ZIP_WITH_DIFF_TYPES", functionName=quoted(name), leftType=left, rightType=right)


def _all_keys(left: pa.Array, right: pa.Array) -> tuple[Any, Any, Any]:
    """The different keys of both maps, row by row: for each its row, and its place in the entries of either (-1: not there)."""
    found: list[tuple[int, int, int]] = []
    ends = [np.cumsum(lengths(each)).tolist() for each in (left, right)]
    known = [keys(flat_entries(each)[0]) for each in (left, right)]
    begin = [0, 0]
    for row, (a, b) in enumerate(zip(*ends, strict=True)):
        places = {known[0][i]: i for i in range(begin[0], a)}
        others = {known[1][i]: i for i in range(begin[1], b)}
        found += [(row, place, others.get(key, -1)) for key, place in places.items()]
        found += [(row, -1, place) for key, place in others.items() if key not in places]
        begin = [a, b]
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


@function(
    "map_zip_with",
    (DICTIONARY, DICTIONARY, LAMBDA),
    returns=lambda one, _other, body: MapType(_value_type(one).keyType, body),
    lambda_types=_zip_types,
    coerce=_zipped,
    mismatch=_different_keys,
    wants_context=True,
)
def map_zip_with(left: pa.Array, right: pa.Array, fn: LambdaFunction, *, context: CallContext) -> pa.Array:
    """Returns the map of all keys of two maps with what a function makes of each and its two values, null for missing ones.

    > SELECT map_zip_with(map(1, 'a', 2, 'b'), map(1, 'x', 2, 'y'), (k, v1, v2) -> concat(v1, v2));
    {1:"ax",2:"by"}
    """
    is_valid = all_valid(left, right)
    order = pa.array(np.arange(len(left)), mask=~is_valid)
    left, right = left.take(order), right.take(order)
    owners, ours, theirs = _all_keys(left, right)
    (left_keys, left_values), (right_keys, right_values) = flat_entries(left), flat_entries(right)
    joined = pa.concat_arrays([left_keys, right_keys.cast(left_keys.type)])
    found = joined.take(pa.array(np.where(ours >= 0, ours, theirs + len(left_keys))))
    values = [
        each.take(pa.array(places, mask=places < 0)) for each, places in ((left_values, ours), (right_values, theirs))
    ]
    made = fn([found, *values], owners)
    counts = np.bincount(owners, minlength=len(left)).astype(np.int64)
    return make_map(counts, found, made, is_valid, to_arrow(context.result))
