"""What an aggregate function computes: states of groups out of rows, states out of states, results out of states.

    rows ──update──▶ states of a batch ──merge──▶ states of a task ──merge──▶ ... ──finish──▶ one value a group

Rows come as numbers of groups and columns of arguments. A state is one or more Arrow columns with one row per group, so that it
can be kept, concatenated and sent like any other rows. Kernels hold no state of their own and are shared by threads.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError, InternalError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression, SortOrder
from engine.functions.registry import lookup
from engine.kernels.buffers import Ints, Mask, valid
from engine.kernels.context import EvalContext
from engine.types import DataType
from engine.types.arrow import to_arrow


class AggregateKernel(Protocol):
    """One aggregate call. `groups` is the number of groups; ids are from 0 to before it."""

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:
        """The columns of a state, for arguments of these Arrow types."""

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        """The states of groups of rows."""

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        """The states of groups of states."""

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        """The results, of the Arrow type of `result`. Raises ARITHMETIC_OVERFLOW where that has no such value (ANSI)."""


class Aggregation:
    """The base of kernels: what they were called with."""

    def __init__(self, call: AggregateCall, context: EvalContext) -> None:
        self.call = call
        self.context = context
        self.result = call.dataType
        self.types = [to_arrow(argument.dataType) for argument in inputs_of(call)]

    @abstractmethod
    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]: ...

    @abstractmethod
    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]: ...

    @abstractmethod
    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]: ...

    @abstractmethod
    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array: ...

    def overflow(self, message: str, instead: str = "") -> ExecutionError:
        """The error for a result out of range; `instead` names a function that gives null."""
        text = f"{message}. Use `{instead}` to tolerate overflow and return NULL instead" if instead else message
        return ExecutionError("ARITHMETIC_OVERFLOW", {"message": text}, self.call.origin)


def inputs_of(call: AggregateCall) -> tuple[Expression, ...]:
    """What is evaluated for each row: the arguments, then the keys of WITHIN GROUP."""
    return call.arguments + tuple(key.child if isinstance(key, SortOrder) else key for key in call.order)


def aggregate_kernel(call: AggregateCall, context: EvalContext) -> AggregateKernel:
    """The kernel of an aggregate call; with DISTINCT it sees each different tuple of arguments of a group once."""
    for function in lookup(call.function):
        if function.kind == "aggregate":
            kernel: AggregateKernel = function.kernel(call, context)
            if not call.distinct:
                return kernel
            # loaded here because lists build on this module
            from engine.kernels.aggregate_lists import Distinct

            return Distinct(kernel, call)
    raise InternalError(f"No aggregate function {call.function}.")


def present_rows(array: pa.Array, gids: Ints) -> tuple[Mask | None, Ints]:
    """Which rows are not null (None: all), and the groups of those."""
    mask = valid(array)
    return mask, gids if mask is None else gids[mask]


def counts_of(gids: Ints, groups: int) -> Ints:
    """How many rows each group has."""
    if groups == 1:
        return np.array([len(gids)], np.int64)
    return np.bincount(gids, minlength=groups).astype(np.int64, copy=False)


def take_rows(array: pa.Array, rows: Ints) -> pa.Array:
    """The values at `rows`, null where a row is -1."""
    missing = rows < 0
    if missing.any():
        return array.take(pa.array(rows, mask=missing))
    return array.take(pa.array(rows))


def first_rows(gids: Ints, groups: int, rows: Ints | None = None) -> Ints:
    """The first row of each group, -1 for none; `rows` are the rows' own numbers where `gids` is a selection."""
    numbers = np.arange(len(gids), dtype=np.int64) if rows is None else rows
    found = np.full(groups, -1, np.int64)
    found[gids[::-1]] = numbers[::-1]
    return found


def last_rows(gids: Ints, groups: int, rows: Ints | None = None) -> Ints:
    """The last row of each group, -1 for none."""
    numbers = np.arange(len(gids), dtype=np.int64) if rows is None else rows
    found = np.full(groups, -1, np.int64)
    found[gids] = numbers
    return found
