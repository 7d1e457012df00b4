"""Maps: making them, their keys, values and entries. A key is there once (DUPLICATED_MAP_KEY) and is never null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError, quoted
from engine.expressions.sql import shown_type
from engine.functions.arrays import with_nulls
from engine.functions.collection_types import as_list, exact_type, map_and_key, map_and_wider_key, maps_in, no_key
from engine.functions.elements import keys
from engine.functions.mismatch import mismatch, wrong_type
from engine.functions.registry import function
from engine.functions.signature import ANY, ARRAY, DICTIONARY, MAP, Variadic
from engine.kernels.context import CallContext
from engine.kernels.lists import flat, flat_entries, lengths, make, make_map
from engine.kernels.nested import struct_of
from engine.kernels.regex import compile_pattern
from engine.kernels.rows import valid
from engine.kernels.rowwise import all_valid, map_rows
from engine.types import BOOLEAN, STRING, VOID, ArrayType, DataType, MapType, NullType, StructField, StructType
from engine.types.arrow import to_arrow
from engine.types.coercion import common_type_of


def build(counts: Any, map_keys: pa.Array, values: pa.Array, is_valid: Any, wanted: pa.DataType) -> pa.Array:
    """Maps of keys and values, checked. Raises NULL_MAP_KEY, DUPLICATED_MAP_KEY."""
    if map_keys.null_count:
        raise ExecutionError("NULL_MAP_KEY")
    known = keys(map_keys)
    start = 0
    for count in counts.tolist():
        seen = set()
        for each in known[start : start + count]:
            if each in seen:
                raise ExecutionError("DUPLICATED_MAP_KEY", {"key": _shown(each)})
            seen.add(each)
        start += count
    return make_map(counts, map_keys, values, is_valid, wanted)


def _shown(key: Any) -> Any:
    """A key as Spark writes rows and arrays: [1,2]."""
    return f"[{','.join(str(_shown(each)) for each in key)}]" if isinstance(key, tuple) else key


def _alternating(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
    if len(types) % 2:
        parameters = {"functionName": "`map`", "expectedNum": "2n (n > 0)", "actualNum": len(types)}
        raise AnalysisError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", parameters)
    met_key, met_value = common_type_of(types[0::2], ansi), common_type_of(types[1::2], ansi)
    for condition, met, given in (("KEY", met_key, types[0::2]), ("VALUE", met_value, types[1::2])):
        if met is None:
            listed = f"[{', '.join(map(shown_type, given))}]"
            raise mismatch(f"CREATE_MAP_{condition}_DIFF_TYPES", functionName="`map`", dataType=listed)
    assert met_key is not None and met_value is not None, "both were found"
    check_key(met_key)
    return [met_key, met_value] * (len(types) // 2)


def check_key(key: DataType) -> None:
    """Raises INVALID_MAP_KEY_TYPE for what can be no key: maps cannot be told apart."""
    if maps_in(key):
        raise mismatch("INVALID_MAP_KEY_TYPE", keyType=shown_type(key))


def _map_of(*types: DataType) -> DataType:
    return MapType(types[0], types[1], True) if types else MapType(VOID, VOID, False)


@function(
    "map", (Variadic(ANY),), returns=_map_of, coerce=_alternating, nullable="never", raises=True, wants_context=True
)
def map_(*arguments: pa.Array, context: CallContext) -> pa.Array:
    """Returns the map of keys and values, one after the other.

    > SELECT map(1.0, '2', 3.0, '4');
    {1.0:"2",3.0:"4"}
    """
    count, rows = len(arguments) // 2, context.rows
    counts = np.full(rows, count, dtype=np.int64)
    order = pa.array(np.arange(count * rows).reshape(count, rows).T.ravel())
    wanted = to_arrow(context.result)
    if not arguments:
        return make_map(
            counts, pa.nulls(0, wanted.key_type), pa.nulls(0, wanted.item_type), np.ones(rows, bool), wanted
        )
    columns = [pa.concat_arrays(arguments[side::2]).take(order) for side in (0, 1)]
    return build(counts, columns[0], columns[1], np.ones(rows, dtype=bool), wanted)


def _from_arrays(*types: DataType) -> DataType:
    first, second = types
    assert isinstance(first, ArrayType) and isinstance(second, ArrayType), "coerced to arrays"
    return MapType(first.elementType, second.elementType, second.containsNull)


@function("map_from_arrays", (ARRAY, ARRAY), returns=_from_arrays, raises=True, wants_context=True)
def map_from_arrays(map_keys: pa.Array, values: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the map of an array of keys and an array of values.

    > SELECT map_from_arrays(array(1.0, 3.0), array('2', '4'));
    {1.0:"2",3.0:"4"}
    """
    is_valid = all_valid(map_keys, values)
    counts = np.where(is_valid, lengths(map_keys), 0)
    if (counts != np.where(is_valid, lengths(values), 0)).any():
        reason = "the key array and the value array should have the same number of elements."
        parameters = {"parameter": "`keys`", "functionName": "`map_from_arrays`", "reason": reason}
        raise ExecutionError("INVALID_PARAMETER_VALUE", parameters)
    kept = [make(counts, flat(_only(each, is_valid)), is_valid, each.type) for each in (map_keys, values)]
    return build(counts, flat(kept[0]), flat(kept[1]), is_valid, to_arrow(context.result))


def _only(array: pa.Array, is_valid: Any) -> pa.Array:
    return array.take(pa.array(np.arange(len(array)), mask=~is_valid))


def _entry_types(types: tuple[DataType, ...], _ansi: bool) -> Any:
    listed = as_list(types[0])
    pair = listed.elementType if listed is not None else None
    return (listed,) if isinstance(pair, StructType) and len(pair) == 2 else None


def _of_entries(entries: DataType) -> DataType:
    assert isinstance(entries, ArrayType) and isinstance(entries.elementType, StructType), "checked before"
    first, second = entries.elementType.fields
    return MapType(first.dataType, second.dataType, second.nullable)


@function(
    "map_from_entries",
    (ARRAY,),
    returns=_of_entries,
    coerce=_entry_types,
    nullable=with_nulls,
    mismatch=lambda _name, _types: wrong_type(0, '"ARRAY" of pair "STRUCT"'),
    raises=True,
    wants_context=True,
)
def map_from_entries(entries: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the map of an array of pairs; null where one of them is.

    > SELECT map_from_entries(array(struct(1, 'a'), struct(2, 'b')));
    {1:"a",2:"b"}
    """
    pairs = flat(entries)
    owners = np.repeat(np.arange(len(entries)), lengths(entries))
    is_valid = valid(entries).copy()
    is_valid[owners[~valid(pairs)]] = False
    kept = _only(entries, is_valid)
    inner = flat(kept).flatten()
    return build(lengths(kept), inner[0], inner[1], is_valid, to_arrow(context.result))


def _key_list(*types: DataType) -> DataType:
    assert isinstance(types[0], MapType), "coerced to a map"
    return ArrayType(types[0].keyType, False)


def _value_list(*types: DataType) -> DataType:
    assert isinstance(types[0], MapType), "coerced to a map"
    return ArrayType(types[0].valueType, types[0].valueContainsNull)


def _entry_list(*types: DataType) -> DataType:
    assert isinstance(types[0], MapType), "coerced to a map"
    kind = types[0]
    fields = (StructField("key", kind.keyType, False), StructField("value", kind.valueType, kind.valueContainsNull))
    return ArrayType(StructType(fields), False)


@function("map_keys", (MAP,), returns=_key_list, wants_context=True)
def map_keys(value: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the keys of a map as an array.

    > SELECT map_keys(map(1, 'a', 2, 'b'));
    [1,2]
    """
    return make(lengths(value), flat_entries(value)[0], valid(value), to_arrow(context.result))


@function("map_values", (MAP,), returns=_value_list, wants_context=True)
def map_values(value: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the values of a map as an array.

    > SELECT map_values(map(1, 'a', 2, 'b'));
    ["a","b"]
    """
    return make(lengths(value), flat_entries(value)[1], valid(value), to_arrow(context.result))


@function("map_entries", (MAP,), returns=_entry_list, wants_context=True)
def map_entries(value: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the entries of a map as an array of structs.

    > SELECT map_entries(map(1, 'a', 2, 'b'));
    [{"key":1,"value":"a"},{"key":2,"value":"b"}]
    """
    wanted = to_arrow(context.result)
    return make(lengths(value), struct_of(list(flat_entries(value)), wanted.value_type), valid(value), wanted)


def _same_maps(types: tuple[DataType, ...], _ansi: bool) -> Any:
    if not types:
        return ()
    if all(isinstance(each, NullType) for each in types) or not all(
        isinstance(each, MapType | NullType) for each in types
    ):
        return None
    met: DataType | None = VOID
    for each in types:
        met = exact_type(met, each) if met is not None else None
    return None if met is None else [met] * len(types)


def _no_maps(name: str, types: tuple[DataType, ...]) -> AnalysisError | None:
    if all(isinstance(each, MapType) for each in types):
        return None
    return mismatch(
        "MAP_CONCAT_DIFF_TYPES", functionName=quoted(name), dataType=f"[{', '.join(map(shown_type, types))}]"
    )


@function(
    "map_concat",
    (Variadic(ANY),),
    returns=lambda *t: t[0] if t else MapType(STRING, STRING, False),
    coerce=_same_maps,
    mismatch=_no_maps,
    raises=True,
    wants_context=True,
)
def map_concat(*maps: pa.Array, context: CallContext) -> pa.Array:
    """Returns the entries of all maps in one.

    > SELECT map_concat(map(1, 'a', 2, 'b'), map(3, 'c'));
    {1:"a",2:"b",3:"c"}
    """
    if not maps:
        return map_(context=context)
    is_valid = all_valid(*maps)
    kept = [_only(each, is_valid) for each in maps]
    counts = np.stack([lengths(each) for each in kept], axis=1)
    entries = [flat_entries(each) for each in kept]
    bases = np.cumsum([0] + [len(each[0]) for each in entries[:-1]])
    begin = np.cumsum(counts, axis=0) - counts + bases
    order = [i for b, n in zip(begin.ravel().tolist(), counts.ravel().tolist(), strict=True) for i in range(b, b + n)]
    columns = [pa.concat_arrays([each[side] for each in entries]).take(pa.array(order, pa.int64())) for side in (0, 1)]
    return build(counts.sum(axis=1), columns[0], columns[1], is_valid, to_arrow(context.result))


def value_of(*types: DataType) -> DataType:
    """The result type: that of the values of the map."""
    assert isinstance(types[0], MapType), "coerced to a map"
    return types[0].valueType


def find(value: pa.Array, wanted: pa.Array) -> Any:
    """For each map the index in its flat values of the value for a key, -1 where there is none."""
    known = keys(flat_entries(value)[0])
    places, start = [], 0
    for count, item in zip(lengths(value).tolist(), keys(wanted), strict=True):
        place = next((i for i in range(start, start + count) if known[i] == item), -1) if item is not None else -1
        places.append(place)
        start += count
    return np.array(places, dtype=np.int64)


@function(
    "element_at",
    (DICTIONARY, ANY),
    returns=value_of,
    coerce=map_and_key,
    nullable="always",
    aliases=("try_element_at",),
    mismatch=no_key,
)
def map_element_at(value: pa.Array, wanted: pa.Array) -> pa.Array:
    """Returns the value of a map for a key, null where it has none.

    > SELECT element_at(map(1, 'a', 2, 'b'), 2);
    b
    """
    places = find(value, wanted)
    return flat_entries(value)[1].take(pa.array(places, mask=places < 0))


@function("map_subscript", (MAP, ANY), returns=value_of, coerce=map_and_key, nullable="always", hidden=True)
def map_subscript(value: pa.Array, wanted: pa.Array) -> pa.Array:
    """Returns the value of a map for a key, null where it has none: `map[key]`.

    > SELECT map(1, 'a', 2, 'b')[2];
    b
    """
    return map_element_at(value, wanted)


@function("map_contains_key", (MAP, ANY), returns=BOOLEAN, coerce=map_and_wider_key, mismatch=no_key)
def map_contains_key(value: pa.Array, wanted: pa.Array) -> pa.Array:
    """Returns whether a map has a key.

    > SELECT map_contains_key(map(1, 'a', 2, 'b'), 1);
    true
    """
    return pa.array(find(value, wanted) >= 0, mask=~all_valid(value, wanted))


@function("str_to_map", (STRING, STRING, STRING), returns=MapType(STRING, STRING), optional=2, raises=True)
def str_to_map(text: pa.Array, pairs: pa.Array | None = None, values: pa.Array | None = None) -> pa.Array:
    """Returns the map of a text cut at the regular expressions `pairs` (a comma) and `values` (a colon).

    > SELECT str_to_map('a:1,b:2,c:3', ',', ':');
    {"a":"1","b":"2","c":"3"}
    """

    def split(value: str, between: str = ",", after: str = ":") -> list[tuple[str, str | None]]:
        found: dict[str, str | None] = {}
        for part in compile_pattern(between, "str_to_map").split(value):
            pieces = compile_pattern(after, "str_to_map").split(part, maxsplit=1)
            if pieces[0] in found:
                raise ExecutionError("DUPLICATED_MAP_KEY", {"key": pieces[0]})
            found[pieces[0]] = pieces[1] if len(pieces) > 1 else None
        return list(found.items())

    given = [each for each in (text, pairs, values) if each is not None]
    return map_rows(split, to_arrow(MapType(STRING, STRING)), *given)
