"""Arrays made of arrays: with elements added, removed, repeated, cut out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.functions.arrays import element, list_of, with_nulls
from engine.functions.collection_types import (
    as_list,
    different,
    list_and_element,
    list_then,
    no_element,
)
from engine.functions.elements import Picks, elements_of, keys, picked, spans
from engine.functions.mismatch import wrong_type
from engine.functions.registry import function
from engine.functions.signature import ANY, ARRAY, LIST, SMALL_INT, STRICT_INT
from engine.functions.substrings import same
from engine.kernels.context import CallContext
from engine.kernels.lists import flat
from engine.kernels.rows import valid
from engine.types import INT, ArrayType, DataType
from engine.types.arrow import to_arrow


@function("array_remove", (LIST, ANY), returns=same, coerce=list_and_element, mismatch=no_element)
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
    return None if met is None or types[1] not in SMALL_INT else (met[0], INT, met[1])


def _no_place(name: str, types: tuple[DataType, ...]) -> AnalysisError | None:
    if list_and_element((types[0], types[2]), True) is not None:
        return None
    return different("ARRAY_FUNCTION_DIFF_TYPES", name, "ARRAY", types[0], types[2])


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
    (LIST, ANY),
    returns=_with_null,
    coerce=list_and_element,
    mismatch=no_element,
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
    (LIST, ANY),
    returns=_with_null,
    coerce=list_and_element,
    mismatch=no_element,
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
    "array_insert",
    (LIST, SMALL_INT, ANY),
    returns=_with_null,
    coerce=_list_place_element,
    mismatch=_no_place,
    nullable=lambda value, place, _item: value.nullable or place.nullable,
    raises=True,
    wants_context=True,
)
def array_insert(value: pa.Array, position: pa.Array, item: pa.Array, *, context: CallContext) -> pa.Array:
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
    return picked(pa.concat_arrays([values, item.cast(values.type)]), picks, to_arrow(context.result))


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
    "array_repeat",
    (ANY, STRICT_INT),
    returns=list_of,
    nullable=lambda _item, count: count.nullable,
    wants_context=True,
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
    listed = types[0]
    inner = as_list(listed.elementType) if isinstance(listed, ArrayType) else None
    return None if not isinstance(listed, ArrayType) or inner is None else (ArrayType(inner, listed.containsNull),)


def _no_lists(_name: str, _types: tuple[DataType, ...]) -> AnalysisError:
    return wrong_type(0, '"ARRAY" of "ARRAY"')


@function("flatten", (ARRAY,), returns=element, coerce=_nested_lists, nullable=with_nulls, mismatch=_no_lists)
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
