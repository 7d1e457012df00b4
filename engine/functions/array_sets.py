"""Arrays as sets, arrays of several arrays, and sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError, quoted
from engine.expressions.base import Attribute, Expression
from engine.expressions.calls import Call, Field
from engine.functions.arrays import with_nulls
from engine.functions.collection_types import comparable_list, different_lists, no_order, same_lists
from engine.functions.elements import Picks, elements_of, picked, spans
from engine.functions.mismatch import mismatch
from engine.functions.registry import function
from engine.functions.signature import ANY, ARRAY, Variadic
from engine.functions.substrings import same
from engine.kernels.context import CallContext
from engine.kernels.datetimes import DAY, add_months, from_local, local_micros
from engine.kernels.lists import flat
from engine.kernels.nested import struct_of
from engine.kernels.rows import from_numpy, valid
from engine.kernels.rowwise import plain
from engine.types import (
    BOOLEAN,
    INT,
    VOID,
    ArrayType,
    DataType,
    DateType,
    DayTimeIntervalType,
    IntegralType,
    NullType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow
from engine.types.coercion import common_type


def _unique(indices: list[int], elements: list[Any], without: set[Any] | None = None) -> list[int]:
    """The first index of each different element, but none of `without`."""
    seen = set(without or ())
    kept = []
    for index in indices:
        if elements[index] not in seen:
            seen.add(elements[index])
            kept.append(index)
    return kept


@function("array_distinct", (ARRAY,), returns=same, coerce=comparable_list, mismatch=no_order)
def array_distinct(value: pa.Array) -> pa.Array:
    """Returns an array without repetitions.

    > SELECT array_distinct(array(1, 2, 3, NULL, 3));
    [1,2,3,null]
    """
    values, elements, ranges = elements_of(value)
    picks: Picks = [None if span is None else _unique(list(span), elements) for span in ranges]
    return picked(values, picks, value.type)


def _pairs(left: pa.Array, right: pa.Array) -> tuple[pa.Array, list[Any], list[tuple[range, range] | None]]:
    """All elements of both arrays, their keys, and the ranges of both where neither is null."""
    a_values, a_keys, a_spans = elements_of(left)
    b_values, b_keys, b_spans = elements_of(right)
    base = len(a_keys)
    pairs = [
        None if a is None or b is None else (a, range(b.start + base, b.stop + base))
        for a, b in zip(a_spans, b_spans, strict=True)
    ]
    return pa.concat_arrays([a_values, b_values.cast(a_values.type)]), a_keys + b_keys, pairs


@function("array_union", (ARRAY, ARRAY), returns=same, coerce=same_lists, mismatch=different_lists)
def array_union(left: pa.Array, right: pa.Array) -> pa.Array:
    """Returns the elements of both arrays without repetitions.

    > SELECT array_union(array(1, 2, 3), array(1, 3, 5));
    [1,2,3,5]
    """
    values, elements, pairs = _pairs(left, right)
    picks: Picks = [None if pair is None else _unique([*pair[0], *pair[1]], elements) for pair in pairs]
    return picked(values, picks, left.type)


@function("array_intersect", (ARRAY, ARRAY), returns=same, coerce=same_lists, mismatch=different_lists)
def array_intersect(left: pa.Array, right: pa.Array) -> pa.Array:
    """Returns the elements that are in both arrays, without repetitions.

    > SELECT array_intersect(array(1, 2, 3), array(1, 3, 5));
    [1,3]
    """
    values, elements, pairs = _pairs(left, right)
    picks: Picks = []
    for pair in pairs:
        if pair is None:
            picks.append(None)
            continue
        others = {elements[index] for index in pair[1]}
        picks.append(_unique([index for index in pair[0] if elements[index] in others], elements))
    return picked(values, picks, left.type)


@function("array_except", (ARRAY, ARRAY), returns=same, coerce=same_lists, mismatch=different_lists)
def array_except(left: pa.Array, right: pa.Array) -> pa.Array:
    """Returns the elements of the first array that are not in the second, without repetitions.

    > SELECT array_except(array(1, 2, 3), array(1, 3, 5));
    [2]
    """
    values, elements, pairs = _pairs(left, right)
    picks: Picks = [
        None if pair is None else _unique(list(pair[0]), elements, {elements[index] for index in pair[1]})
        for pair in pairs
    ]
    return picked(values, picks, left.type)


@function(
    "arrays_overlap", (ARRAY, ARRAY), returns=BOOLEAN, coerce=same_lists, nullable=with_nulls, mismatch=different_lists
)
def arrays_overlap(left: pa.Array, right: pa.Array) -> pa.Array:
    """Returns whether two arrays have an element in common; null where that depends on a null.

    > SELECT arrays_overlap(array(1, 2, 3), array(3, 4, 5));
    true
    """
    _, elements, pairs = _pairs(left, right)
    found: list[bool | None] = []
    for pair in pairs:
        if pair is None:
            found.append(None)
            continue
        a, b = ({elements[index] for index in span} for span in pair)
        unknown = bool(a) and bool(b) and (None in a or None in b)
        found.append(True if (a & b) - {None} else None if unknown else False)
    return pa.array(found, pa.bool_())


@function("arrays_zip", (Variadic(ARRAY),), kind="rewrite")
def arrays_zip(*arrays: Expression) -> Expression:
    """Returns an array of structs of the elements at the same place, null where an array is shorter.

    > SELECT arrays_zip(array(1, 2), array(2, 3));
    [{"0":1,"1":2},{"0":2,"1":3}]
    """
    fields = []
    for place, each in enumerate(arrays):
        assert isinstance(each.dataType, ArrayType), "coerced to an array"
        name = each.name if isinstance(each, Attribute | Field) else str(place)
        fields.append(StructField(name, each.dataType.elementType))
    result = ArrayType(StructType(tuple(fields)), False)
    return Call("zip_arrays", arrays, result, any(each.nullable for each in arrays))


@function("zip_arrays", (Variadic(ARRAY),), returns=lambda *_types: ArrayType(VOID), wants_context=True, hidden=True)
def zip_arrays(*arrays: pa.Array, context: CallContext) -> pa.Array:
    """Returns the structs of `arrays_zip`, with the field names of the result type.

    > SELECT arrays_zip(array(1), array('a'));
    [{"0":1,"1":"a"}]
    """
    wanted = to_arrow(context.result)
    if not arrays:
        return pa.array([[]] * context.rows, wanted)
    columns = [spans(array) for array in arrays]
    rows = list(zip(*columns, strict=True))
    sizes = [None if None in row else max(len(span) for span in row if span is not None) for row in rows]
    fields = []
    for array, column in zip(arrays, columns, strict=True):
        indices = [
            span.start + place if span is not None and place < len(span) else -1
            for span, size in zip(column, sizes, strict=True)
            for place in range(size or 0)
        ]
        picks = np.array(indices, dtype=np.int64)
        fields.append(flat(array).take(pa.array(picks, mask=picks < 0)))
    structs = struct_of(fields, wanted.value_type)
    ends = np.cumsum([size or 0 for size in sizes]).tolist()
    made: Picks = [
        None if size is None else list(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)
    ]
    return picked(structs, made, wanted)


def _sequence_types(types: tuple[DataType, ...], ansi: bool) -> Any:
    """Integers of one type, or dates and timestamps with an interval as step."""
    start = common_type(types[0], types[1], ansi)
    if isinstance(start, NullType):
        start = INT
    if not isinstance(start, IntegralType | DateType | TimestampType | TimestampNTZType):
        return None
    if len(types) == 2:
        return (start, start)
    if isinstance(start, IntegralType):
        met = common_type(start, types[2], ansi)
        return (met, met, met) if isinstance(met, IntegralType) else None
    if isinstance(start, DateType | TimestampType | TimestampNTZType):
        return (start, start, types[2]) if isinstance(types[2], DayTimeIntervalType | YearMonthIntervalType) else None
    return None


def _no_sequence(name: str, _types: tuple[DataType, ...]) -> AnalysisError:
    return mismatch(
        "SEQUENCE_WRONG_INPUT_TYPES",
        functionName=quoted(name),
        startType='("TIMESTAMP" or "TIMESTAMP_NTZ" or "DATE")',
        stepType='("INTERVAL" or "INTERVAL YEAR TO MONTH" or "INTERVAL DAY TO SECOND")',
        otherStartType='"INTEGRAL"',
    )


@function(
    "sequence",
    (ANY, ANY, ANY),
    returns=lambda *types: ArrayType(types[0], False),
    optional=1,
    coerce=_sequence_types,
    mismatch=_no_sequence,
    raises=True,
    wants_context=True,
)
def sequence(start: pa.Array, stop: pa.Array, step: pa.Array | None = None, *, context: CallContext) -> pa.Array:
    """Returns the array from `start` to `stop`, both included, by `step` (1 or -1, or a day).

    > SELECT sequence(1, 5);
    [1,2,3,4,5]
    > SELECT sequence(to_date('2018-01-01'), to_date('2018-03-01'), INTERVAL 1 MONTH);
    [2018-01-01,2018-02-01,2018-03-01]
    """
    kind = context.types[0]
    integral = isinstance(kind, IntegralType)
    columns = [each if integral else _local(each, context) for each in (start, stop)]
    months = step is not None and isinstance(context.types[2], YearMonthIntervalType)
    steps = plain(step) if step is not None else [None] * len(start)
    lists: list[list[int] | None] = []
    for first, last, by in zip(*map(plain, columns), steps, strict=True):
        if first is None or last is None or (by is None and step is not None):
            lists.append(None)
            continue
        by = by if by is not None else (1 if last >= first else -1) * (1 if integral else DAY)
        lists.append(_months(first, last, by) if months else _steps(first, last, by))
    values = np.array([value for each in lists if each is not None for value in each], dtype=np.int64)
    ends = np.cumsum([len(each or ()) for each in lists]).tolist()
    picks: Picks = [
        None if each is None else list(range(end - len(each), end)) for each, end in zip(lists, ends, strict=True)
    ]
    return picked(_typed(values, kind, context), picks, to_arrow(context.result))


def _local(array: pa.Array, context: CallContext) -> pa.Array:
    return from_numpy(local_micros(array, context.time_zone), pa.int64(), valid(array))


def _typed(values: Any, kind: DataType, context: CallContext) -> pa.Array:
    arrow = to_arrow(kind)
    if isinstance(kind, IntegralType):
        return pa.array(values, pa.int64()).cast(arrow)
    return from_local(values, np.ones(len(values), dtype=bool), arrow, context.time_zone)


def _check_step(start: int, stop: int, step: int, count: int) -> None:
    if (step > 0 and start > stop) or (step < 0 and start < stop) or (step == 0 and start != stop):
        raise ExecutionError("ILLEGAL_SEQUENCE_BOUNDARIES", {"start": start, "stop": stop, "step": step})
    if count > 2**31 - 16:
        parameters = {"numberOfElements": count, "maxRoundedArrayLength": 2**31 - 16, "parameter": "`count`"}
        raise ExecutionError("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", parameters | {"functionName": "`sequence`"})


def _steps(start: int, stop: int, step: int) -> list[int]:
    count = 1 if step == 0 else (stop - start) // step + 1
    _check_step(start, stop, step, count)
    return [start] if step == 0 else list(range(start, stop + (1 if step > 0 else -1), step))


def _months(start: int, stop: int, step: int) -> list[int]:
    _check_step(start, stop, step, 0)
    values: list[int] = []
    place = 0
    while True:
        day = int(add_months(np.array([start // DAY]), np.array([place * step]))[0])
        value = day * DAY + start % DAY
        if (value > stop) if step > 0 else (value < stop):
            return values
        values.append(value)
        place += 1
        if step == 0:
            return values
