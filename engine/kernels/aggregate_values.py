"""Aggregates that pick one of the values of a group: least, greatest, first, last, and the bitwise and boolean ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from engine.kernels.aggregates import (
    Aggregation,
    counts_of,
    first_rows,
    last_rows,
    present_rows,
    take_rows,
)
from engine.kernels.buffers import Ints, fixed_array, int64_values
from engine.kernels.sorting import order_codes
from engine.types import DataType

_LEAST, _GREATEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def best_codes(codes: Ints, gids: Ints, groups: int, greatest: bool) -> Ints:
    """The greatest, or least, code of each group; the opposite end of int64 for none."""
    if groups == 1:
        if len(codes) == 0:
            return np.array([_LEAST if greatest else _GREATEST], np.int64)
        return np.array([codes.max() if greatest else codes.min()], np.int64)
    best = np.full(groups, _LEAST if greatest else _GREATEST, np.int64)
    (np.maximum if greatest else np.minimum).at(best, gids, codes)
    return best


class Extreme(Aggregation):
    """The greatest or least value."""

    greatest = False

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return (argument_types[0],)

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        array = arguments[0]
        if pa.types.is_null(array.type):
            return [pa.nulls(groups)]
        mask, ids = present_rows(array, gids)
        ordered = order_codes(array)
        best = best_codes(ordered.codes if mask is None else ordered.codes[mask], ids, groups, self.greatest)
        present = counts_of(ids, groups) > 0
        return [ordered.decode(best if present.all() else np.where(present, best, 0), present)]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return self.update(gids, groups, states)

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        return states[0]


class Greatest(Extreme):
    greatest = True


class ExtremeBy(Aggregation):
    """The first argument where the second is greatest or least; rows whose second argument is null do not count."""

    greatest = False

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return (argument_types[0], argument_types[1])

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        value, by = arguments
        if pa.types.is_null(by.type):
            return [pa.nulls(groups, value.type), pa.nulls(groups)]
        mask, ids = present_rows(by, gids)
        rows = np.arange(len(by)) if mask is None else np.flatnonzero(mask)
        codes = order_codes(by).codes[rows]
        best = best_codes(codes, ids, groups, self.greatest)
        hits = codes == best[ids]
        chosen = first_rows(ids[hits], groups, rows[hits])
        return [take_rows(value, chosen), take_rows(by, chosen)]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return self.update(gids, groups, states)

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        return states[0]


class GreatestBy(ExtremeBy):
    greatest = True


class First(Aggregation):
    """The first value, or with IGNORE NULLS the first that is not null. The state says whether there was a row."""

    choose: Callable[[Ints, int, Ints | None], Ints] = staticmethod(first_rows)

    @property
    def ignores_nulls(self) -> bool:
        """Whether nulls are passed over: asked for by the clause or by a second argument."""
        flags = self.call.arguments[1:]
        return self.call.ignore_nulls or any(getattr(flag, "value", False) is True for flag in flags)

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return (argument_types[0], pa.bool_())

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        array = arguments[0]
        if self.ignores_nulls:
            mask, ids = present_rows(array, gids)
            rows = None if mask is None else np.flatnonzero(mask)
            chosen = self.choose(ids, groups, rows)
        else:
            chosen = self.choose(gids, groups, None)
        return [take_rows(array, chosen), pa.array(chosen >= 0)]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        seen = np.flatnonzero(states[1].to_numpy(zero_copy_only=False))
        chosen = self.choose(gids[seen], groups, seen)
        return [take_rows(states[0], chosen), pa.array(chosen >= 0)]

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        return states[0]


class Last(First):
    choose = staticmethod(last_rows)


class Bitwise(Aggregation):
    """All values combined bit by bit."""

    combine: np.ufunc = np.bitwise_and
    neutral = -1

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        return (argument_types[0],)

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        array = arguments[0]
        if pa.types.is_null(array.type):
            return [pa.nulls(groups)]
        mask, ids = present_rows(array, gids)
        values = int64_values(array)
        bits = np.full(groups, self.neutral, np.int64)
        self.combine.at(bits, ids, values if mask is None else values[mask])
        return [fixed_array(bits, array.type, counts_of(ids, groups) > 0)]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        return self.update(gids, groups, states)

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        return states[0]


class BitOr(Bitwise):
    combine = np.bitwise_or
    neutral = 0


class BitXor(Bitwise):
    combine = np.bitwise_xor
    neutral = 0
