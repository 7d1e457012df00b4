"""Arrays in order, their extremes, and their elements as one text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError
from engine.functions.arrays import element
from engine.functions.collection_types import as_list, comparable_list, is_text, maps_in, no_order
from engine.functions.elements import Picks, keys, picked, spans
from engine.functions.mismatch import wrong_type
from engine.functions.registry import function
from engine.functions.signature import ARRAY, STRICT_BOOLEAN
from engine.functions.substrings import same
from engine.kernels.comparison import SortKey, sort_ranks
from engine.kernels.lists import flat
from engine.kernels.rows import valid
from engine.kernels.rowwise import map_nullable
from engine.types import BOOLEAN, STRING, ArrayType, BooleanType, DataType, NullType


def _sorted(value: pa.Array, ascending: list[bool | None], nulls_first: bool | None) -> pa.Array:
    """Each list in order. Nulls come first when ascending and last when descending, or as `nulls_first` says."""
    values = flat(value)
    ranks = sort_ranks(values.to_pylist()) if pa.types.is_nested(values.type) else None
    plain = keys(values) if ranks is None else ranks.tolist()
    present = valid(values)
    picks: Picks = []
    for span, up in zip(spans(value), ascending, strict=True):
        if span is None or up is None:
            picks.append(None)
            continue
        order = sorted((i for i in span if present[i]), key=lambda i: SortKey(_number(plain[i])), reverse=not up)
        nulls = [i for i in span if not present[i]]
        first = up if nulls_first is None else nulls_first
        picks.append([*nulls, *order] if first else [*order, *nulls])
    return picked(values, picks, value.type)


def _number(item: Any) -> Any:
    return float("nan") if item == ("NaN",) else item


def _list_and_flag(types: tuple[DataType, ...], _ansi: bool) -> Any:
    listed = as_list(types[0])
    fits = all(isinstance(each, BooleanType | NullType) for each in types[1:])
    return None if listed is None or maps_in(listed) or not fits else (listed, *[BOOLEAN] * (len(types) - 1))


@function("sort_array", (ARRAY, STRICT_BOOLEAN), returns=same, coerce=_list_and_flag, optional=1, mismatch=no_order)
def sort_array(value: pa.Array, ascending: pa.Array | None = None) -> pa.Array:
    """Returns an array in ascending order with nulls first, or in descending order with nulls last.

    > SELECT sort_array(array('b', 'd', NULL, 'c', 'a'), true);
    [null,"a","b","c","d"]
    """
    return _sorted(value, [True] * len(value) if ascending is None else ascending.to_pylist(), None)


@function("array_sort", (ARRAY,), returns=same, coerce=comparable_list, mismatch=no_order)
def array_sort(value: pa.Array) -> pa.Array:
    """Returns an array in ascending order with nulls last.

    > SELECT array_sort(array('b', 'd', NULL, 'c', 'a'));
    ["a","b","c","d",null]
    """
    return _sorted(value, [True] * len(value), False)


def _best(value: pa.Array, largest: bool) -> pa.Array:
    values = flat(value)
    plain, present = keys(values), valid(values)
    picks = []
    for span in spans(value):
        members = [i for i in span or () if present[i]]
        choose = max if largest else min
        picks.append(choose(members, key=lambda i: SortKey(_number(plain[i]))) if members else -1)
    indices = np.array(picks, dtype=np.int64)
    return values.take(pa.array(indices, mask=indices < 0))


@function("array_max", (ARRAY,), returns=element, nullable="always", coerce=comparable_list, mismatch=no_order)
def array_max(value: pa.Array) -> pa.Array:
    """Returns the largest element.

    > SELECT array_max(array(1, 20, NULL, 3));
    20
    """
    return _best(value, True)


@function("array_min", (ARRAY,), returns=element, nullable="always", coerce=comparable_list, mismatch=no_order)
def array_min(value: pa.Array) -> pa.Array:
    """Returns the smallest element.

    > SELECT array_min(array(1, 20, NULL, 3));
    1
    """
    return _best(value, False)


def _strings_then_text(types: tuple[DataType, ...], _ansi: bool) -> Any:
    return (ArrayType(STRING), *[STRING] * (len(types) - 1)) if as_list(types[0]) is not None else None


def _no_strings(_name: str, types: tuple[DataType, ...]) -> AnalysisError | None:
    listed = as_list(types[0])
    return None if listed is not None and is_text(listed.elementType) else wrong_type(0, '"ARRAY<STRING>"')


@function(
    "array_join",
    (ARRAY, STRING, STRING),
    returns=STRING,
    optional=1,
    coerce=_strings_then_text,
    mismatch=_no_strings,
)
def array_join(value: pa.Array, separator: pa.Array, null: pa.Array | None = None) -> pa.Array:
    """Joins the elements of an array by a separator, with a text for nulls or without them.

    > SELECT array_join(array('hello', NULL, 'world'), ' ', ',');
    hello , world
    """

    def joined(items: list[Any] | None, between: str | None, missing: str | None = None) -> str | None:
        if items is None or between is None:
            return None
        shown = (missing if item is None else str(item) for item in items)
        return between.join(item for item in shown if item is not None)

    return map_nullable(joined, pa.string(), *((value, separator) if null is None else (value, separator, null)))
