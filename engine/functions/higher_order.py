"""Functions of functions of arrays: transform, filter, exists, forall, aggregate, zip_with, array_sort."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.sql import shown_type
from engine.functions.collection_types import as_list
from engine.functions.elements import Picks, elements_of, picked, spans
from engine.functions.mismatch import mismatch, wrong_type
from engine.functions.registry import function
from engine.functions.signature import ANY, ARRAY, COMPARATOR, LAMBDA, TEST
from engine.functions.substrings import same
from engine.kernels.calls import LambdaFunction
from engine.kernels.context import CallContext
from engine.kernels.lists import flat, lengths, make, parents
from engine.kernels.nested import renamed
from engine.kernels.rows import valid
from engine.kernels.rowwise import all_valid
from engine.types import BOOLEAN, INT, VOID, ArrayType, DataType, NullType
from engine.types.arrow import to_arrow

Typed = tuple[DataType, bool]


def _of_element(_place: int, count: int, types: tuple[DataType, ...]) -> Sequence[Typed]:
    """x, or x and its index."""
    listed = as_list(types[0])
    kind, nullable = (listed.elementType, listed.containsNull) if listed is not None else (VOID, True)
    return ((kind, nullable), (INT, False))[: min(count, 2)]


def _one_element(place: int, _count: int, types: tuple[DataType, ...]) -> Sequence[Typed]:
    return _of_element(place, 1, types)


def _two_elements(_place: int, _count: int, types: tuple[DataType, ...]) -> Sequence[Typed]:
    return [*_of_element(0, 1, types[:1])] * 2


def _indices(array: pa.Array) -> pa.Array:
    """The place of each element in its list, from 0."""
    counts = lengths(array)
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    return pa.array((np.arange(len(begin)) - begin).astype(np.int32))


def _apply(array: pa.Array, fn: LambdaFunction) -> pa.Array:
    """The lambda of every element (and its index)."""
    parameters = [flat(array), _indices(array)][: fn.arity]
    return fn(parameters, parents(array))


def _list_of_body(*types: DataType) -> DataType:
    return ArrayType(types[-1], True)


@function(
    "transform",
    (ARRAY, LAMBDA),
    returns=_list_of_body,
    lambda_types=_of_element,
    wants_context=True,
)
def transform(array: pa.Array, fn: LambdaFunction, *, context: CallContext) -> pa.Array:
    """Returns the array of what a function makes of each element (and its index).

    > SELECT transform(array(1, 2, 3), x -> x + 1);
    [2,3,4]
    > SELECT transform(array(1, 2, 3), (x, i) -> x + i);
    [1,3,5]
    """
    return make(lengths(array), _apply(array, fn), valid(array), to_arrow(context.result))


@function("filter", (ARRAY, TEST), returns=same, lambda_types=_of_element)
def filter_(array: pa.Array, fn: LambdaFunction) -> pa.Array:
    """Returns the elements for which a function is true.

    > SELECT filter(array(1, 2, 3), x -> x % 2 == 1);
    [1,3]
    """
    keep = _apply(array, fn).fill_null(False).to_numpy(zero_copy_only=False)
    picks: Picks = [None if span is None else [i for i in span if keep[i]] for span in spans(array)]
    return picked(flat(array), picks, array.type)


def _quantified(array: pa.Array, fn: LambdaFunction, decisive: bool) -> pa.Array:
    """Three-valued any (decisive True) or all (False) over each list."""
    values = _apply(array, fn).to_pylist()
    found: list[bool | None] = []
    for span in spans(array):
        if span is None:
            found.append(None)
            continue
        members = values[span.start : span.stop]
        found.append(decisive if decisive in members else None if None in members else not decisive)
    return pa.array(found, pa.bool_())


@function("exists", (ARRAY, TEST), returns=BOOLEAN, lambda_types=_one_element, nullable="always")
def exists(array: pa.Array, fn: LambdaFunction) -> pa.Array:
    """Returns whether a function is true for any element.

    > SELECT exists(array(1, 2, 3), x -> x % 2 == 0);
    true
    """
    return _quantified(array, fn, True)


@function("forall", (ARRAY, TEST), returns=BOOLEAN, lambda_types=_one_element, nullable="always")
def forall(array: pa.Array, fn: LambdaFunction) -> pa.Array:
    """Returns whether a function is true for every element.

    > SELECT forall(array(1, 2, 3), x -> x % 2 == 0);
    false
    """
    return _quantified(array, fn, False)


def _fold_types(place: int, _count: int, types: tuple[DataType, ...]) -> Sequence[Typed]:
    start = (types[1], True)
    return (start, *_of_element(0, 1, types[:1])) if place == 2 else (start,)


def _fold(types: tuple[DataType, ...], _ansi: bool) -> Sequence[DataType] | None:
    listed = as_list(types[0])
    fits = len(types) < 3 or _same_shape(types[1], types[2])
    return None if listed is None or not fits else (listed, *types[1:])


def _same_shape(start: DataType, merged: DataType) -> bool:
    """Whether what a fold makes of its start is of its type, whatever the fields are called (`equalsStructurally`)."""
    if not start.children and not merged.children:
        return start == merged or isinstance(merged, NullType)
    if type(start) is not type(merged) or len(start.children) != len(merged.children):
        return False
    return all(_same_shape(a, b) for a, b in zip(start.children, merged.children, strict=True))


def _other_shape(_name: str, types: tuple[DataType, ...]) -> AnalysisError | None:
    return None if as_list(types[0]) is None else wrong_type(2, shown_type(types[1]))


@function(
    "aggregate",
    (ARRAY, ANY, LAMBDA, LAMBDA),
    returns=lambda *types: types[3] if len(types) == 4 else types[1],
    optional=1,
    aliases=("reduce",),
    coerce=_fold,
    mismatch=_other_shape,
    lambda_types=_fold_types,
    nullable="always",
)
def aggregate(
    array: pa.Array,
    start: pa.Array,
    merge: LambdaFunction,
    finish: LambdaFunction | None = None,
) -> pa.Array:
    """Folds an array into one value: a function of what there is so far and the next element, then one of the result.

    > SELECT aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x);
    6
    > SELECT aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10);
    60
    """
    counts, values = lengths(array), flat(array)
    begin = np.cumsum(counts) - counts
    state = start
    for step in range(int(counts.max(initial=0))):
        # one step of all rows that still have elements
        rows = np.flatnonzero(counts > step)
        picked_rows = pa.array(rows, pa.int64())
        merged = merge([state.take(picked_rows), values.take(pa.array(begin[rows] + step))], rows)
        order = np.arange(len(array))
        order[rows] = len(array) + np.arange(len(rows))
        state = pa.concat_arrays([state, renamed(merged, state.type)]).take(pa.array(order))
    state = state.take(pa.array(np.arange(len(array)), mask=~valid(array)))
    if finish is None:
        return state
    result = finish([state], np.arange(len(array)))
    return result.take(pa.array(np.arange(len(array)), mask=~valid(array)))


def _zip_types(_place: int, _count: int, types: tuple[DataType, ...]) -> Sequence[Typed]:
    listed = [as_list(each) for each in types[:2]]
    return [(each.elementType if each is not None else VOID, True) for each in listed]


@function(
    "zip_with",
    (ARRAY, ARRAY, LAMBDA),
    returns=lambda *t: ArrayType(t[2], True),
    lambda_types=_zip_types,
    wants_context=True,
)
def zip_with(left: pa.Array, right: pa.Array, fn: LambdaFunction, *, context: CallContext) -> pa.Array:
    """Returns the array of what a function makes of the elements of two arrays at the same place; null for missing ones.

    > SELECT zip_with(array(1, 2), array(3, 4), (x, y) -> x + y);
    [4,6]
    """
    is_valid = all_valid(left, right)
    counts = np.where(is_valid, np.maximum(lengths(left), lengths(right)), 0)
    owners = np.repeat(np.arange(len(left)), counts)
    offsets = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    columns = []
    for array in (left, right):
        own = lengths(array)
        places = (np.cumsum(own) - own)[owners] + offsets
        columns.append(flat(array).take(pa.array(places, mask=offsets >= own[owners])))
    return make(counts, fn(columns, owners), is_valid, to_arrow(context.result))


def _no_number(_name: str, types: tuple[DataType, ...]) -> AnalysisError | None:
    if as_list(types[0]) is None:
        return None
    actual = shown_type(types[1])
    return mismatch("UNEXPECTED_RETURN_TYPE", functionName="`lambdafunction`", expectedType='"INT"', actualType=actual)


@function(
    "array_sort",
    (ARRAY, COMPARATOR),
    returns=same,
    lambda_types=_two_elements,
    raises=True,
    mismatch=_no_number,
)
def array_sort_by(array: pa.Array, fn: LambdaFunction) -> pa.Array:
    """Returns an array in the order of a function that gives a negative, zero or positive number for two elements.

    > SELECT array_sort(array(5, 6, 1), (left, right) -> CASE WHEN left < right THEN -1 WHEN left > right THEN 1 ELSE 0 END);
    [1,5,6]
    """
    values, _, ranges = elements_of(array)
    picks: Picks = []
    for row, span in enumerate(ranges):
        if span is None:
            picks.append(None)
            continue
        owner = np.array([row])

        def compare(a: int, b: int, owner: Any = owner) -> int:
            sign = fn([values.slice(a, 1), values.slice(b, 1)], owner)[0].as_py()
            if sign is None:
                raise ExecutionError("COMPARATOR_RETURNS_NULL", {"firstValue": values[a], "secondValue": values[b]})
            return int(sign)

        picks.append(sorted(span, key=cmp_to_key(compare)))
    return picked(values, picks, array.type)
