"""Arrays: making them, their elements, parts, order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.elements import (
    Picks,
    as_list,
    elements_of,
    keys,
    list_and_element,
    list_then,
    picked,
    spans,
)
from engine.functions.registry import function
from engine.functions.signature import ANY, ARRAY, ARRAY_OR_MAP, T, Variadic
from engine.functions.substrings import same
from engine.kernels.context import CallContext
from engine.kernels.lists import flat, lengths, make
from engine.kernels.rows import valid
from engine.types import BOOLEAN, INT, LONG, VOID, ArrayType, DataType
from engine.types.arrow import to_arrow
from engine.types.coercion import can_implicitly_cast


def element(*types: DataType) -> DataType:
    """The result type: that of the elements of the first argument."""
    assert isinstance(types[0], ArrayType), "coerced to an array"
    return types[0].elementType


def _list_of(*types: DataType) -> DataType:
    return ArrayType(types[0] if types else VOID, True)


@function("array", (Variadic(T),), returns=_list_of, nullable="never", wants_context=True)
def array(*values: pa.Array, context: CallContext) -> pa.Array:
    """Returns an array of the arguments.

    > SELECT array(1, 2, 3);
    [1,2,3]
    """
    wanted, count = to_arrow(context.result), len(values)
    counts = np.full(context.rows, count, dtype=np.int64)
    if not values:
        return make(counts, pa.nulls(0), None, wanted)
    order = np.arange(count * context.rows).reshape(count, context.rows).T.ravel()
    return make(counts, pa.concat_arrays(values).take(pa.array(order)), None, wanted)


@function("size", (ARRAY_OR_MAP,), returns=INT, aliases=("cardinality",), wants_context=True)
def size(value: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the number of elements of an array or a map.

    > SELECT size(array('b', 'd', 'c', 'a'));
    4
    """
    counts = lengths(value).astype(np.int32)
    if context.ansi:
        return pa.array(counts, mask=~valid(value))
    return pa.array(np.where(valid(value), counts, -1).astype(np.int32))


@function("array_size", (ARRAY,), returns=INT)
def array_size(value: pa.Array) -> pa.Array:
    """Returns the number of elements; null for null.

    > SELECT array_size(array('b', 'd', 'c', 'a'));
    4
    """
    return pa.array(lengths(value).astype(np.int32), mask=~valid(value))


def _at(value: pa.Array, index: pa.Array, base: int, error: str) -> pa.Array:
    """The element at `index`, the first at `base`; negative ones count from the end where base is 1. Outside: null, or raises
    the condition `error` where that is not empty."""
    starts, picks = np.concatenate(([0], np.cumsum(lengths(value))[:-1])), []
    counts, is_valid = lengths(value).tolist(), valid(value).tolist()
    rows = zip(starts.tolist(), counts, is_valid, index.to_pylist(), strict=True)
    for start, count, ok, place in rows:
        if not ok or place is None:
            picks.append(-1)
            continue
        if base == 1 and place == 0:
            raise ExecutionError("INVALID_INDEX_OF_ZERO")
        offset = place - base if place >= 0 else count + place if base == 1 else -1
        inside = 0 <= offset < count
        if not inside and error:
            raise ExecutionError(error, {"indexValue": place, "arraySize": count})
        picks.append(start + offset if inside else -1)
    indices = np.array(picks, dtype=np.int64)
    return flat(value).take(pa.array(indices, mask=indices < 0))


_LIST_INT = list_then(INT)


@function(
    "element_at", (ARRAY, INT), returns=element, coerce=_LIST_INT, nullable="always", raises=True, wants_context=True
)
def element_at(value: pa.Array, index: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the element of an array at an index (1 is the first, -1 the last), or the value of a map for a key.

    > SELECT element_at(array(1, 2, 3), 2);
    2
    > SELECT element_at(map(1, 'a', 2, 'b'), 2);
    b
    """
    return _at(value, index, 1, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT" if context.ansi else "")


@function("try_element_at", (ARRAY, INT), returns=element, coerce=_LIST_INT, nullable="always", raises=True)
def try_element_at(value: pa.Array, index: pa.Array) -> pa.Array:
    """Like `element_at`, giving null where there is no such element.

    > SELECT try_element_at(array(1, 2, 3), 4);
    NULL
    """
    return _at(value, index, 1, "")


@function("get", (ARRAY, INT), returns=element, coerce=_LIST_INT, nullable="always")
def get(value: pa.Array, index: pa.Array) -> pa.Array:
    """Returns the element at an index (0 is the first), null where there is none.

    > SELECT get(array(1, 2, 3), 0);
    1
    """
    return _at(value, index, 0, "")


@function(
    "array_subscript",
    (ARRAY, INT),
    returns=element,
    coerce=_LIST_INT,
    nullable="always",
    raises=True,
    wants_context=True,
    hidden=True,
)
def array_subscript(value: pa.Array, index: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the element at an index (0 is the first): `array[index]`.

    > SELECT array(1, 2, 3)[0];
    1
    """
    return _at(value, index, 0, "INVALID_ARRAY_INDEX" if context.ansi else "")


@function("array_contains", (ARRAY, ANY), returns=BOOLEAN, coerce=list_and_element, nullable="always")
def array_contains(value: pa.Array, wanted: pa.Array) -> pa.Array:
    """Returns whether an array has an element; null where it is not found among nulls.

    > SELECT array_contains(array(1, 2, 3), 2);
    true
    """
    _, elements, ranges = elements_of(value)
    found: list[bool | None] = []
    for span, item in zip(ranges, keys(wanted), strict=True):
        if span is None or item is None:
            found.append(None)
            continue
        members = [elements[index] for index in span]
        found.append(True if item in members else None if None in members else False)
    return pa.array(found, pa.bool_())


@function("array_position", (ARRAY, ANY), returns=LONG, coerce=list_and_element)
def array_position(value: pa.Array, wanted: pa.Array) -> pa.Array:
    """Returns the place (from 1) of the first element equal to a value, 0 where there is none.

    > SELECT array_position(array(312, 773, 708, 708), 708);
    3
    """
    _, elements, ranges = elements_of(value)
    found = [
        None if span is None or item is None else next((i - span.start + 1 for i in span if elements[i] == item), 0)
        for span, item in zip(ranges, keys(wanted), strict=True)
    ]
    return pa.array(found, pa.int64())


@function("array_remove", (ARRAY, ANY), returns=same, coerce=list_and_element)
def array_remove(value: pa.Array, unwanted: pa.Array) -> pa.Array:
    """Returns an array without the elements equal to a value.

    > SELECT array_remove(array(1, 2, 3, NULL, 3), 3);
    [1,2,null]
    """
    values, elements, ranges = elements_of(value)
    picks: Picks = [
        None if span is None or item is None else [i for i in span if elements[i] is None or elements[i] != item]
        for span, item in zip(ranges, keys(unwanted), strict=True)
    ]
    return picked(values, picks, value.type)


def _with_null(*types: DataType) -> DataType:
    return ArrayType(element(*types), True)


def _array_nullable(*arguments: Any) -> bool:
    return bool(arguments[0].nullable)


def _list_place_element(types: tuple[DataType, ...], ansi: bool) -> Any:
    met = list_and_element((types[0], types[2]), ansi)
    return None if met is None or not can_implicitly_cast(types[1], INT, ansi) else (met[0], INT, met[1])


def _put(value: pa.Array, item: pa.Array, at_front: bool, wanted: pa.DataType) -> pa.Array:
    values = flat(value)
    base = len(values)
    picks: Picks = [
        None if span is None else [base + row, *span] if at_front else [*span, base + row]
        for row, span in enumerate(spans(value))
    ]
    return picked(pa.concat_arrays([values, item.cast(values.type)]), picks, wanted)


@function(
    "array_append",
    (ARRAY, ANY),
    returns=_with_null,
    coerce=list_and_element,
    nullable=_array_nullable,
    wants_context=True,
)
def array_append(value: pa.Array, item: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns an array with one more element at the end.

    > SELECT array_append(array('b', 'd', 'c', 'a'), 'd');
    ["b","d","c","a","d"]
    """
    return _put(value, item, False, to_arrow(context.result))


@function(
    "array_prepend",
    (ARRAY, ANY),
    returns=_with_null,
    coerce=list_and_element,
    nullable=_array_nullable,
    wants_context=True,
)
def array_prepend(value: pa.Array, item: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns an array with one more element at the beginning.

    > SELECT array_prepend(array('b', 'd', 'c', 'a'), 'd');
    ["d","b","d","c","a"]
    """
    return _put(value, item, True, to_arrow(context.result))


@function(
    "array_insert", (ARRAY, INT, ANY), returns=_with_null, coerce=_list_place_element, nullable="always", raises=True
)
def array_insert(value: pa.Array, position: pa.Array, item: pa.Array) -> pa.Array:
    """Returns an array with one more element at a place (1 is the first, -1 the last), with nulls in between where needed.

    > SELECT array_insert(array(1, 2, 3, 4), 5, 5);
    [1,2,3,4,5]
    > SELECT array_insert(array(5, 4, 3, 2), -1, 1);
    [5,4,3,2,1]
    """
    values = flat(value)
    picks: Picks = []
    for row, (span, place) in enumerate(zip(spans(value), position.to_pylist(), strict=True)):
        if span is None or place is None:
            picks.append(None)
            continue
        if place == 0:
            raise ExecutionError("INVALID_INDEX_OF_ZERO")
        new, kept = len(values) + row, list(span)
        index = place - 1 if place > 0 else len(kept) + 1 + place
        if index < 0:
            picks.append([new, *[-1] * -index, *kept])
        else:
            kept += [-1] * (index - len(kept))
            picks.append([*kept[:index], new, *kept[index:]])
    return picked(pa.concat_arrays([values, item.cast(values.type)]), picks, pa.list_(values.type))


@function("array_compact", (ARRAY,), returns=lambda a: ArrayType(a.elementType, False), wants_context=True)
def array_compact(value: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns an array without its nulls.

    > SELECT array_compact(array(1, 2, 3, NULL));
    [1,2,3]
    """
    values = flat(value)
    present = valid(values)
    picks: Picks = [None if span is None else [i for i in span if present[i]] for span in spans(value)]
    return picked(values, picks, to_arrow(context.result))


@function(
    "array_repeat", (ANY, INT), returns=_list_of, nullable=lambda _item, count: count.nullable, wants_context=True
)
def array_repeat(item: pa.Array, count: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns an array of one value several times.

    > SELECT array_repeat('123', 2);
    ["123","123"]
    """
    picks: Picks = [None if n is None else [row] * max(n, 0) for row, n in enumerate(count.to_pylist())]
    return picked(item, picks, to_arrow(context.result))


@function("slice", (ARRAY, INT, INT), returns=same, coerce=list_then(INT, INT), raises=True)
def slice_(value: pa.Array, start: pa.Array, length: pa.Array) -> pa.Array:
    """Returns the part of an array from `start` (1 is the first, negative from the end) of `length` elements.

    > SELECT slice(array(1, 2, 3, 4), 2, 2);
    [2,3]
    """
    picks: Picks = []
    for span, begin, count in zip(spans(value), start.to_pylist(), length.to_pylist(), strict=True):
        if span is None or begin is None or count is None:
            picks.append(None)
            continue
        name = {"functionName": "`slice`"}
        if begin == 0:
            raise ExecutionError("INVALID_PARAMETER_VALUE.START", {"parameter": "`start`"} | name)
        if count < 0:
            raise ExecutionError("INVALID_PARAMETER_VALUE.LENGTH", {"parameter": "`length`", "length": count} | name)
        first = begin - 1 if begin > 0 else len(span) + begin
        picks.append(list(span[first : first + count]) if first >= 0 else [])
    return picked(flat(value), picks, value.type)


def _nested_lists(types: tuple[DataType, ...], _ansi: bool) -> Any:
    listed = as_list(types[0])
    return None if listed is None or as_list(listed.elementType) is None else (listed,)


@function("flatten", (ARRAY,), returns=element, coerce=_nested_lists, nullable="always")
def flatten(value: pa.Array) -> pa.Array:
    """Returns the elements of the arrays in an array as one array; null where one of them is null.

    > SELECT flatten(array(array(1, 2), array(3, 4)));
    [1,2,3,4]
    """
    inner = flat(value)
    inside = spans(inner)
    picks: Picks = []
    for span in spans(value):
        parts = None if span is None else [inside[index] for index in span]
        whole = None if parts is None or None in parts else [i for part in parts if part is not None for i in part]
        picks.append(whole)
    return picked(flat(inner), picks, value.type.value_type)
