"""Aggregates that need all values of a group: lists, sets, percentiles, modes, joined text, and DISTINCT of any other.

The state is a list a group for each input; lists of parts are joined in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import SortOrder
from engine.expressions.sql import sql
from engine.kernels.aggregates import AggregateKernel, Aggregation, take_rows
from engine.kernels.buffers import Ints, Mask, fixed_array, fixed_values, holds_int64, int64_values, valid
from engine.kernels.evaluate import evaluate_constant
from engine.kernels.grouping import group_rows, hash_rows
from engine.kernels.sorting import SortKey, sort_rows
from engine.lazy import pc
from engine.types import ArrayType, DataType
from engine.types.arrow import to_arrow


def gather(gids: Ints, groups: int, arrays: Sequence[pa.Array]) -> list[pa.Array]:
    """The values of each group as a list, for each of some columns, in order of the rows."""
    order = np.argsort(gids, kind="stable")
    offsets = np.zeros(groups + 1, np.int64)
    np.cumsum(np.bincount(gids, minlength=groups), out=offsets[1:])
    rows = pa.array(order)
    return [_lists(array.take(rows), offsets) for array in arrays]


def join_lists(gids: Ints, groups: int, lists: Sequence[pa.Array]) -> list[pa.Array]:
    """The lists of each group one after the other."""
    order = np.argsort(gids, kind="stable")
    rows = pa.array(order)
    joined = []
    for column in lists:
        taken = column.take(rows)
        lengths = np.zeros(groups, np.int64)
        np.add.at(lengths, gids[order], pc.list_value_length(taken).to_numpy(zero_copy_only=False).astype(np.int64))
        offsets = np.zeros(groups + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        joined.append(_lists(taken.flatten(), offsets))
    return joined


def spread(column: pa.Array) -> tuple[Ints, pa.Array]:
    """The elements of all lists, and the number of the list each is in."""
    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.repeat(np.arange(len(column)), lengths), column.flatten()


def _lists(values: pa.Array, offsets: Ints) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


class Listed(Aggregation):
    """The base: keeps the inputs of rows whose first input is not null."""

    keeps_nulls = False

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return tuple(pa.list_(kind) for kind in self.kept(list(argument_types)))

    def kept(self, inputs: list[Any]) -> list[Any]:
        """The inputs that vary by row: the first argument and the keys of WITHIN GROUP."""
        return [inputs[0], *inputs[len(self.call.arguments) :]]

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        columns = self.kept(list(arguments))
        mask = None if self.keeps_nulls else valid(columns[0])
        if mask is not None:
            rows = pa.array(np.flatnonzero(mask))
            columns, gids = [column.take(rows) for column in columns], gids[mask]
        return gather(gids, groups, columns)

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return join_lists(gids, groups, states)

    def ordered(self, states: Sequence[pa.Array]) -> tuple[Ints, list[pa.Array]]:
        """The elements with their groups, in the order of WITHIN GROUP within each group."""
        gids, values = spread(states[0])
        columns = [values, *(spread(state)[1] for state in states[1:])]
        if not self.call.order:
            return gids, columns
        keys = [SortKey(pa.array(gids))]
        for column, key in zip(columns[1:], self.call.order, strict=True):
            asc, first = (key.ascending, key.nulls_first) if isinstance(key, SortOrder) else (True, True)
            keys.append(SortKey(column, asc, first))
        order = sort_rows(keys, len(gids))
        return gids[order], [take_rows(column, order) for column in columns]

    def constant(self, place: int) -> Any:
        """The value of a constant argument."""
        return evaluate_constant(self.call.arguments[place], self.context).value


class CollectList(Listed):
    """The values that are not null as an array."""

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        return retyped_lists(states[0], result)


class CollectSet(Listed):
    """The different values that are not null as an array."""

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return distinct_lists(join_lists(gids, groups, states))

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        return retyped_lists(distinct_lists(states)[0], result)


def distinct_lists(states: Sequence[pa.Array]) -> list[pa.Array]:
    """Lists, side by side in some columns, with each different tuple of elements once."""
    gids, first = spread(states[0])
    columns = [first, *(spread(state)[1] for state in states[1:])]
    groups = group_rows([pa.array(gids), *columns], len(gids))
    rows = np.sort(groups.first) if len(gids) else np.zeros(0, np.int64)
    return gather(gids[rows], len(states[0]), [take_rows(column, rows) for column in columns])


def retyped_lists(column: pa.Array, result: DataType) -> pa.Array:
    """Lists as exactly the Arrow type of an ARRAY."""
    wanted = to_arrow(result)
    values = column.flatten()
    if values.type != wanted.value_type:
        values = values.cast(wanted.value_type)
    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(column) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=wanted)


class CountDistinctHashes(Aggregation):
    """How many different values there are, told apart by 64-bit hashes."""

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:  # noqa: ARG002
        return (pa.list_(pa.int64()),)

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        hashed = hash_rows(arguments[:1], len(gids)).view(np.int64)
        mask = valid(arguments[0])
        if mask is not None:
            hashed, gids = hashed[mask], gids[mask]
        return distinct_lists(gather(gids, groups, [pa.array(hashed)]))

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return distinct_lists(join_lists(gids, groups, states))

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        return pc.list_value_length(states[0]).cast(pa.int64())


class Percentile(Listed):
    """The value at a share of the sorted values: between two values it interpolates. With a third argument, that says how
    often each value counts."""

    @property
    def descending(self) -> bool:
        """Whether values count from the greatest."""
        key = self.call.order[0] if self.call.order else None
        return isinstance(key, SortOrder) and not key.ascending

    def kept(self, inputs: list[Any]) -> list[Any]:
        return [inputs[0], inputs[2]] if len(self.call.arguments) > 2 else [inputs[0]]

    def shares(self) -> list[float]:
        """The wanted shares, from 0 to 1."""
        found = self.constant(1)
        return [float(each) for each in (found if isinstance(found, list | tuple) else [found])]

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        gids, values = self._counted(states)
        order = sort_rows([SortKey(pa.array(gids)), SortKey(values, not self.descending)], len(gids))
        values = take_rows(values, order)
        groups = len(states[0])
        counts = np.bincount(gids, minlength=groups)
        starts = np.cumsum(counts) - counts
        element = result.elementType if isinstance(result, ArrayType) else result
        columns = [self.at(share, values, starts, counts, to_arrow(element)) for share in self.shares()]
        if not isinstance(result, ArrayType):
            return columns[0]
        places = np.arange(groups * len(columns)).reshape(len(columns), groups).T.ravel()
        flat = pa.concat_arrays(columns).take(pa.array(places))
        present = counts > 0
        offsets = pa.array(np.arange(groups + 1, dtype=np.int32) * len(columns))
        mask = None if present.all() else pa.array(~present)
        return pa.ListArray.from_arrays(offsets, flat, type=to_arrow(result), mask=mask)

    def _counted(self, states: Sequence[pa.Array]) -> tuple[Ints, pa.Array]:
        """The values with their groups, each as often as it counts."""
        gids, values = spread(states[0])
        if len(states) == 1:
            return gids, values
        often = spread(states[1])[1].cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        if (often < 0).any():
            expression = f'"{sql(self.call.arguments[2])}"'
            told = {"frequencyExpression": expression, "negativeValue": int(often[often < 0][0])}
            raise ExecutionError("NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION", told, self.call.origin)
        rows = np.repeat(np.arange(len(gids), dtype=np.int64), often)
        return gids[rows], take_rows(values, rows)

    def at(self, share: float, values: pa.Array, starts: Ints, counts: Ints, wanted: pa.DataType) -> pa.Array:
        """The value at `share` of each group of sorted values; null for empty groups."""
        present = counts > 0
        place = share * np.maximum(counts - 1, 0)
        low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
        doubles = numbers(values)
        if not len(doubles):
            return pa.nulls(len(counts), wanted)
        begin = np.where(present, starts, 0)
        below, above = doubles[begin + low], doubles[np.where(present, begin + high, 0)]
        found = np.where((low == high) | (below == above), below, (high - place) * below + (place - low) * above)
        return fixed_array(found, wanted, present)


class Median(Percentile):
    def shares(self) -> list[float]:
        return [0.5]


class PercentileDiscrete(Percentile):
    """The first value whose share of values up to it reaches the wanted one."""

    def at(self, share: float, values: pa.Array, starts: Ints, counts: Ints, wanted: pa.DataType) -> pa.Array:
        place = np.maximum(np.ceil(share * counts).astype(np.int64) - 1, 0)
        rows = np.where(counts > 0, starts + place, -1)
        found = take_rows(values, rows)
        return found if found.type == wanted else found.cast(wanted)


class PercentileNearest(PercentileDiscrete):
    """As above, of all values; the third argument is how near it has to be."""

    def kept(self, inputs: list[Any]) -> list[Any]:
        return [inputs[0]]


def numbers(values: pa.Array) -> Any:
    """The values as doubles: what is no number by what it is stored as."""
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    if pa.types.is_floating(values.type):
        return fixed_values(values).astype(np.float64)
    return int64_values(values).astype(np.float64) if holds_int64(values.type) else np.zeros(0)


class Mode(Listed):
    """The most frequent value; of several the first in the order of WITHIN GROUP, else the least."""

    def kept(self, inputs: list[Any]) -> list[Any]:
        return [inputs[0]]

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        gids, values = spread(states[0])
        if not len(gids):
            return pa.nulls(len(states[0]), values.type)
        groups = group_rows([pa.array(gids), values], len(gids))
        counts = np.bincount(groups.ids, minlength=groups.count)
        firsts = take_rows(values, groups.first)
        owners = gids[groups.first]
        keys = [SortKey(pa.array(owners)), SortKey(pa.array(-counts))]
        if not pa.types.is_map(values.type):
            key = self.call.order[0] if self.call.order else None
            keys.append(SortKey(firsts, key.ascending if isinstance(key, SortOrder) else True))
        order = sort_rows(keys, groups.count)
        chosen = np.full(len(states[0]), -1, np.int64)
        chosen[owners[order[::-1]]] = order[::-1]
        return take_rows(firsts, chosen)


class JoinedText(Listed):
    """The values as one text, with the second argument between them."""

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        gids, columns = self.ordered(states)
        separator = self.constant(1) if len(self.call.arguments) > 1 else None
        counts = np.bincount(gids, minlength=len(states[0]))
        present: Mask = counts > 0
        offsets = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        empty = b"" if pa.types.is_binary(columns[0].type) else ""
        between = pa.scalar(empty if separator is None else separator, columns[0].type)
        text = pc.binary_join(_lists(columns[0], offsets), between)
        wanted = to_arrow(result)
        text = text if text.type == wanted else text.cast(wanted)
        return text if present.all() else pc.if_else(pa.array(present), text, pa.scalar(None, wanted))


class Distinct(Aggregation):
    """Another aggregate over each different tuple of arguments once: keeps the tuples, and counts them at the end."""

    def __init__(self, kernel: AggregateKernel, call: AggregateCall) -> None:
        self.kernel = kernel
        self.call = call

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return tuple(pa.list_(kind) for kind in argument_types)

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        found = group_rows([pa.array(gids), *arguments], len(gids))
        rows = found.first if len(gids) else np.zeros(0, np.int64)
        return gather(gids[rows], groups, [take_rows(argument, rows) for argument in arguments])

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return distinct_lists(join_lists(gids, groups, states))

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        unique = distinct_lists(states)
        gids, first = spread(unique[0])
        columns = [first, *(spread(state)[1] for state in unique[1:])]
        return self.kernel.finish(self.kernel.update(gids, len(unique[0]), columns), result)
