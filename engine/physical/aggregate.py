"""GROUP BY: each batch becomes a small table of groups and states; those are merged by thread, and at the end among threads.

partial    rows -> groups and states         (before an exchange)
final      groups and states -> results      (after it)
complete   rows -> results                   (one executor)
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.program import SinkCode
from engine.compile.sinks.aggregate_groups import Batches, CompiledGroups, ThreadGroups, planned
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name
from engine.kernels.aggregates import aggregate_kernel, inputs_of
from engine.kernels.buffers import Ints
from engine.kernels.grouping import group_rows, hash_rows
from engine.lazy import cached_property
from engine.physical.aggregate_inputs import AggregateInputs
from engine.physical.batches import Columns, batch_of, sliced
from engine.physical.execution import Execution
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.tree.node import node
from engine.types.arrow import to_arrow

_MERGE_ROWS = 1 << 18
_SHARED_ROWS = 1 << 16


@node
class AggregateExec(Breaker):
    """Groups of `keys`, with the `calls` computed over each.

    Batches that come out hold `key_columns`, then `result_columns` (one for each call) or, when partial, the columns
    `states` of all calls. Without keys there is one group, also over no rows (not when partial).
    """

    mode: Literal["partial", "final", "complete"]
    keys: tuple[Expression, ...]
    calls: tuple[AggregateCall, ...]
    key_columns: tuple[Attribute, ...]
    result_columns: tuple[Attribute, ...]
    states: tuple[Attribute, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.key_columns + (self.states if self.mode == "partial" else self.result_columns)

    @property
    def ordered(self) -> bool:
        return False

    @property
    def title(self) -> str:
        return "HashAggregate" if self.mode == "complete" else f"HashAggregate({self.mode})"

    def sink(self, run: Execution) -> Sink:
        return AggregateSink(self, run)

    def details(self, name: Name | None) -> str:
        return f"{texts(self.keys, name)} {texts(self.calls, name)}"


@dataclass
class _Local:
    """What one thread has: its kernels, tables of groups and states, their rows, and from how many on they are merged."""

    rows_of: AggregateInputs | None = None
    tables: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    limit: int = _MERGE_ROWS
    groups: ThreadGroups | None = None


class AggregateSink:
    """Takes rows, or states where the operator is final; gives groups."""

    def __init__(self, operator: AggregateExec, run: Execution) -> None:
        self.operator = operator
        self.run = run
        self.kernels = [aggregate_kernel(call, run.evaluation) for call in operator.calls]
        self.reservation = run.task.memory.reservation(operator.title)
        self.tables: list[pa.RecordBatch] = []
        self.owners: list[Ints | None] = []
        self._lock = threading.Lock()
        self._types: list[pa.DataType] = []
        self._groups = self._planned() if operator.mode != "final" else None

    def local(self) -> _Local:
        operator = self.operator
        if operator.mode == "final":
            return _Local()
        return _Local(AggregateInputs(operator.keys, operator.calls, operator.child.output, self.run))

    def code(self) -> SinkCode | None:
        """What adds rows to groups in code."""
        return None if self._groups is None else self._groups.code()

    def bind(self, local: _Local, code: SinkCode, frame: FrameWords) -> None:
        """Gives a frame the thread's groups."""
        assert self._groups is not None
        if local.groups is None:
            local.groups = self._groups.local()
        self._groups.bind(local.groups, code, frame)

    def called(self, local: _Local, code: SinkCode, frame: FrameWords) -> None:  # noqa: ARG002 - all code is alike
        """Counts the rows of the source."""
        assert local.groups is not None
        local.groups.arrived += frame.inputs.batch.num_rows

    def add(self, local: _Local, batch: pa.RecordBatch) -> None:
        table = batch if self.operator.mode == "final" else self._grouped(local, batch)
        self.reservation.grow(table.nbytes)
        local.tables.append(table)
        local.rows += table.num_rows
        if local.rows > local.limit:
            before = sum(each.nbytes for each in local.tables)
            merged = self._merged(Columns(local.tables, self._types_of(table)))
            self.reservation.grow(merged.nbytes)
            self.reservation.shrink(before)
            # where merging joins few groups, it is not worth doing often
            growth = 3 if 2 * merged.num_rows < local.rows else 8
            local.tables = [merged]
            local.rows = merged.num_rows
            local.limit = _MERGE_ROWS + growth * local.rows

    def combine(self, local: _Local) -> None:
        if local.groups is not None and self._groups is not None:
            self._groups.combine(local.groups)
        owners = self._owners(local.tables)
        with self._lock:
            self.tables.extend(local.tables)
            self.owners.extend(owners)

    def finish(self) -> Sequence[Morsel]:
        compiled = [] if self._groups is None else self._groups.parts()
        if compiled and self.operator.keys and not self.tables:
            return [partial(self._finished, part) for part in compiled]
        for part in compiled:  # interpreted ones join them
            self.tables.extend(part())
            self.owners.extend([None] * (len(self.tables) - len(self.owners)))
        rows = sum(table.num_rows for table in self.tables)
        if not self.operator.keys:
            silent = not rows and (self.operator.mode == "partial" or self.run.partition > 0)
            return [] if silent else [partial(self._results, None)]
        if rows == 0:
            return []
        self._types = self._types_of(self.tables[0])
        shares = self.run.task.threads if rows > _SHARED_ROWS else 1
        if shares == 1 or len(self.tables) == 1:
            return [partial(self._results, None)]
        return [partial(self._results, share) for share in range(shares)]

    def _owners(self, tables: Sequence[pa.RecordBatch]) -> list[Ints | None]:
        """Which thread finishes each row of the tables, by the upper half of a hash, as exchanges have split by the rest."""
        width, threads = len(self.operator.keys), self.run.task.threads
        if not width or threads == 1 or sum(table.num_rows for table in tables) * threads < _SHARED_ROWS:
            return [None] * len(tables)
        return [self._owners_of(table.columns[:width], table.num_rows) for table in tables]

    def _owners_of(self, keys: Sequence[pa.Array], rows: int) -> Ints:
        return ((hash_rows(keys, rows) >> np.uint64(32)) % np.uint64(self.run.task.threads)).astype(np.int64)

    def _grouped(self, local: _Local, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The groups of one batch, with their states."""
        assert local.rows_of is not None
        keys, inputs, masks = local.rows_of.evaluate(batch)
        groups = group_rows(keys, batch.num_rows)
        columns = _picked(keys, groups.first)
        known: dict[Hashable, list[pa.Array]] = {}
        for kernel, call, own, mask in zip(self.kernels, self.operator.calls, inputs, masks, strict=True):
            # sum and avg of the same values keep the same states
            key = (getattr(kernel, "state_name", id(kernel)), inputs_of(call), call.condition)
            if key not in known:
                if mask is None:
                    known[key] = kernel.update(groups.ids, groups.count, own)
                else:
                    rows = pa.array(np.flatnonzero(mask))
                    known[key] = kernel.update(groups.ids[mask], groups.count, [each.take(rows) for each in own])
            columns += known[key]
        return batch_of(columns, groups.count)

    def _merged(self, table: Columns) -> pa.RecordBatch:
        """A table of groups and states with each group once."""
        width = len(self.operator.keys)
        keys = table.arrays[:width]
        groups = group_rows(keys, table.rows)
        columns = _picked(keys, groups.first)
        place = width
        for kernel, count in zip(self.kernels, self._widths(), strict=True):
            columns += kernel.merge(groups.ids, groups.count, table.arrays[place : place + count])
            place += count
        return batch_of(columns, groups.count)

    def _results(self, share: int | None) -> Iterator[pa.RecordBatch]:
        """The groups of one share of the keys, or all of them."""
        tables = self.tables
        if share is not None:
            width = len(self.operator.keys)
            tables = []
            for table, owner in zip(self.tables, self.owners, strict=True):
                known = self._owners_of(table.columns[:width], table.num_rows) if owner is None else owner
                tables.append(table.take(pa.array(np.flatnonzero(known == share))))
        tables = [table for table in tables if table.num_rows]
        if not tables and self.operator.keys:
            return
        self.run.check()
        yield from sliced(self._result(self._whole(tables)))

    def _finished(self, part: Batches) -> Iterator[pa.RecordBatch]:
        """Groups that code has made."""
        for batch in part():
            yield self._result(batch)

    def _result(self, merged: pa.RecordBatch) -> pa.RecordBatch:
        """What the operator gives for groups and their states."""
        if self.operator.mode == "partial":
            return merged
        states = merged.columns  # once: each call makes the list
        columns = list(states[: len(self.operator.keys)])
        place = len(columns)
        for kernel, count, result in zip(self.kernels, self._widths(), self.operator.result_columns, strict=True):
            columns.append(kernel.finish(states[place : place + count], result.dataType))
            place += count
        return batch_of(columns, merged.num_rows)

    def _planned(self) -> CompiledGroups | None:
        operator = self.operator
        return planned(operator.keys, operator.calls, self.kernels, self.run, self._grown)

    def _grown(self, size: int) -> None:
        if size > 0:
            self.reservation.grow(size)
        else:
            self.reservation.shrink(-size)

    def _whole(self, tables: list[pa.RecordBatch]) -> pa.RecordBatch:
        if not tables:
            none = np.zeros(0, np.int64)
            columns = []
            for kernel, types in zip(self.kernels, self._input_types(), strict=True):
                columns += kernel.update(none, 1, [pa.array([], kind) for kind in types])
            return batch_of(columns, 1)
        if len(tables) == 1 and self.operator.mode != "final":
            return tables[0]
        return self._merged(Columns(tables, self._types_of(tables[0])))

    def _types_of(self, table: pa.RecordBatch) -> list[pa.DataType]:
        return [column.type for column in table.columns]

    def _input_types(self) -> list[list[pa.DataType]]:
        return [input_types(call) for call in self.operator.calls]

    def _widths(self) -> list[int]:
        return [len(kernel.state_types(types)) for kernel, types in zip(self.kernels, self._input_types(), strict=True)]


def _picked(arrays: Sequence[pa.Array], rows: Ints) -> list[pa.Array]:
    wanted = pa.array(rows)
    return [array.take(wanted) for array in arrays]


def input_types(call: AggregateCall) -> list[pa.DataType]:
    """The Arrow types of what a call reads."""
    return [to_arrow(each.dataType) for each in inputs_of(call)]
