"""Arrays: making them, their elements, parts, order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.functions.collection_types import (
    list_and_element,
    list_and_wider_element,
    list_then,
    no_element,
    no_key,
)
from engine.functions.elements import elements_of, keys
from engine.functions.registry import function
from engine.functions.signature import ANY, ARRAY, ARRAY_OR_MAP, LIST, LIST_OR_MAP, SMALL_INT, T, Variadic
from engine.kernels.context import CallContext
from engine.kernels.lists import flat, lengths, make
from engine.kernels.rows import valid
from engine.types import BOOLEAN, INT, LONG, VOID, ArrayType, DataType, MapType
from engine.types.arrow import to_arrow


def element(*types: DataType) -> DataType:
    """The result type: that of the elements of the first argument."""
    assert isinstance(types[0], ArrayType), "coerced to an array"
    return types[0].elementType


def list_of(*types: DataType) -> DataType:
    """The result type: an array of the first argument's."""
    return ArrayType(types[0] if types else VOID, True)


@function("array", (Variadic(T),), returns=list_of, nullable="never", wants_context=True)
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
    counts, picks = lengths(value), []
    starts = np.cumsum(counts) - counts
    rows = zip(starts.tolist(), counts.tolist(), valid(value).tolist(), index.to_pylist(), strict=True)
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


def _known_list(types: tuple[DataType, ...], ansi: bool) -> Any:
    return _LIST_INT(types, ansi) if isinstance(types[0], ArrayType) else None


def _list_index(types: tuple[DataType, ...], _ansi: bool) -> Any:
    return (types[0], INT) if isinstance(types[0], ArrayType) and types[1] in SMALL_INT else None


def _no_entry(name: str, types: tuple[DataType, ...]) -> AnalysisError | None:
    return no_key(name, types) if isinstance(types[0], MapType) else None


def _is_inside(value: Expression, index: Expression) -> bool:
    """Whether an index is known to be one of an array that is made in place."""
    made = isinstance(value, Call) and value.function == "array"
    place = index.value if isinstance(index, Literal) else None
    if isinstance(index, Cast) and isinstance(index.child, Literal):
        place = index.child.value
    return made and isinstance(place, int) and 0 <= place < len(value.children)


def _get_nullable(value: Expression, index: Expression) -> bool:
    if _is_inside(value, index):
        place = index.child.value if isinstance(index, Cast) else index.value  # type: ignore[attr-defined]
        return bool(value.children[place].nullable)
    return True


@function(
    "element_at",
    (LIST_OR_MAP, SMALL_INT),
    returns=element,
    coerce=_list_index,
    nullable="always",
    raises=True,
    mismatch=_no_entry,
    wants_context=True,
)
def element_at(value: pa.Array, index: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the element of an array at an index (1 is the first, -1 the last), or the value of a map for a key.

    > SELECT element_at(array(1, 2, 3), 2);
    2
    > SELECT element_at(map(1, 'a', 2, 'b'), 2);
    b
    """
    return _at(value, index, 1, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT" if context.ansi else "")


@function(
    "try_element_at",
    (LIST_OR_MAP, SMALL_INT),
    returns=element,
    coerce=_list_index,
    nullable="always",
    raises=True,
    mismatch=_no_entry,
)
def try_element_at(value: pa.Array, index: pa.Array) -> pa.Array:
    """Like `element_at`, giving null where there is no such element.

    > SELECT try_element_at(array(1, 2, 3), 4);
    NULL
    """
    return _at(value, index, 1, "")


@function("get", (LIST, INT), returns=element, coerce=_known_list, nullable=_get_nullable)
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


def with_nulls(*arguments: Expression) -> bool:
    """Null where an argument is, or an element."""
    return any(each.nullable or _holds_null(each) for each in arguments)


def _holds_null(value: Expression) -> bool:
    """Whether an array may hold a null, as far as is known; of one that is made in place its elements say."""
    while isinstance(value, Cast):
        value = value.child
    if isinstance(value, Call) and value.function == "array":
        return any(each.nullable or _holds_null(each) for each in value.arguments)
    return isinstance(value.dataType, ArrayType) and value.dataType.containsNull


@function(
    "array_contains",
    (LIST, ANY),
    returns=BOOLEAN,
    coerce=list_and_wider_element,
    nullable=with_nulls,
    mismatch=no_element,
)
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


@function("array_position", (LIST, ANY), returns=LONG, coerce=list_and_element, mismatch=no_element)
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
