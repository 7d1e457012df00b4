"""GROUP BY: each batch becomes a small table of groups and states; those are merged by thread, and at the end among threads.

partial    rows -> groups and states         (before an exchange)
final      groups and states -> results      (after it)
complete   rows -> results                   (one executor)
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import field
from functools import partial
from typing import Literal

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.program import SinkCode
from engine.compile.sinks.aggregate_groups import Batches, ThreadGroups
from engine.compile.sinks.aggregate_program import CompiledAggregate, planned
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name
from engine.kernels.aggregates import inputs_of
from engine.kernels.buffers import Ints
from engine.kernels.grouping import group_rows
from engine.lazy import cached_property
from engine.physical.aggregate_inputs import AggregateInputs
from engine.physical.batches import batch_of
from engine.physical.encoding import decoded_column
from engine.physical.execution import Execution
from engine.physical.group_states import GroupStates, GroupWriter, SpilledGroups, merge_bytes, picked, reserved
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.records import dataclass
from engine.tree.node import node

_MERGE_ROWS = 1 << 18
_SHARED_ROWS = 1 << 16


@node
class AggregateExec(Breaker):
    """Groups of `keys`, with the `calls` computed over each.

    Batches that come out hold `key_columns`, then `result_columns` (one for each call) or, when partial, the columns
    `states` of all calls. Without keys there is one group, also over no rows (not when partial).
    `encoded`: who reads it takes keys as code has them (`encoding.py`).
    """

    mode: Literal["partial", "final", "complete"]
    keys: tuple[Expression, ...]
    calls: tuple[AggregateCall, ...]
    key_columns: tuple[Attribute, ...]
    result_columns: tuple[Attribute, ...]
    states: tuple[Attribute, ...]
    child: Operator
    encoded: bool = False

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

    def given(self, found: Sequence[Morsel]) -> Sequence[Morsel]:
        return found if self.encoded else [partial(self._decoded, each) for each in found]

    def _decoded(self, morsel: Morsel) -> Iterator[pa.RecordBatch]:
        return map(self.plain, morsel())

    def plain(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of groups with its keys in the engine's Arrow types."""
        columns = batch.columns
        keys = [decoded_column(key, each.dataType) for key, each in zip(columns, self.key_columns, strict=False)]
        same = all(after is before for after, before in zip(keys, columns, strict=False))
        return batch if same else batch_of(keys + columns[len(keys) :], batch.num_rows)

    def details(self, name: Name | None) -> str:
        return f"{texts(self.keys, name)} {texts(self.calls, name)}"


@dataclass
class _Local:
    """What one thread has: its kernels, tables of groups and states, their rows, from how many on they are merged, and its way
    to disk once it has needed one."""

    rows_of: AggregateInputs | None = None
    tables: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    limit: int = _MERGE_ROWS
    groups: dict[int, ThreadGroups] = field(default_factory=dict)
    writer: GroupWriter | None = None


class AggregateSink:
    """Takes rows, or states where the operator is final; gives groups."""

    def __init__(self, operator: AggregateExec, run: Execution) -> None:
        self.operator = operator
        self.run = run
        self.states = GroupStates(operator, run)
        self.reservation = run.task.memory.reservation(operator.title)
        self.spilled = SpilledGroups(self.states)
        self.tables: list[pa.RecordBatch] = []
        self.owners: list[Ints | None] = []
        self._lock = threading.Lock()
        self._crowded = False
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
        self._groups.bind(local.groups, code, frame)

    def called(self, local: _Local, code: SinkCode, frame: FrameWords) -> None:  # noqa: ARG002 - all code is alike
        """Counts the rows of the source."""
        for groups in local.groups.values():
            groups.arrived += frame.inputs.batch.num_rows
        if self._crowded and self.operator.keys:
            self._crowded = False
            self._spill_groups(local)

    def add(self, local: _Local, batch: pa.RecordBatch) -> None:
        table = batch if self.operator.mode == "final" else self._grouped(local, batch)
        if not reserved(self.reservation, table.nbytes, not self.operator.keys):
            local.tables.append(table)
            self._spill(local, self._size(local) - table.nbytes)
            return
        local.tables.append(table)
        local.rows += table.num_rows
        if local.rows > local.limit:
            self._compact(local)

    def combine(self, local: _Local) -> None:
        if self._groups is not None:
            self._groups.combine(local.groups)
            local.groups = {}
        if local.writer is not None:
            self._spill(local, self._size(local))
            local.writer.flush()
            return
        owners = self._owners(local.tables)
        with self._lock:
            self.tables.extend(local.tables)
            self.owners.extend(owners)

    def finish(self) -> Sequence[Morsel]:
        if self.spilled.active:
            return self._from_disk()
        compiled, is_merged = ([], True) if self._groups is None else self._groups.parts()
        if compiled and is_merged and not self.tables:
            return [partial(self._finished, part) for part in compiled]
        for part in compiled:  # interpreted ones join them
            self.tables.extend(map(self.operator.plain, part()))
            self.owners.extend([None] * (len(self.tables) - len(self.owners)))
        rows = sum(table.num_rows for table in self.tables)
        if not self.operator.keys:
            silent = not rows and (self.operator.mode == "partial" or self.run.partition > 0)
            return [] if silent else [partial(self._results, None)]
        if rows == 0:
            return []
        if not self._has_room():
            return self._from_disk()
        shares = self.run.task.threads if rows > _SHARED_ROWS else 1
        if shares == 1 or len(self.tables) == 1:
            return [partial(self._results, None)]
        return [partial(self._results, share) for share in range(shares)]

    def _from_disk(self) -> Sequence[Morsel]:
        """All groups, after those that threads still hold have followed the others to disk."""
        rest = _Local(tables=self.tables)
        self.tables, self.owners = [], []
        self._spill(rest, self._size(rest))
        for groups in self._groups.combined() if self._groups is not None else ():
            rest.groups = groups
            self._spill_groups(rest)
        if rest.writer is not None:
            rest.writer.flush()
        return self.spilled.morsels()

    def release(self) -> None:
        """Forgets the groups."""
        self.tables, self.owners, self._groups = [], [], None
        self.spilled.close()
        self.reservation.release()

    def _size(self, local: _Local) -> int:
        return sum(table.nbytes for table in local.tables)

    def _compact(self, local: _Local) -> None:
        """Leaves each group of a thread once, or puts them on disk where there is no room for that."""
        before, room = self._size(local), merge_bytes(local.tables)
        if not reserved(self.reservation, room, not self.operator.keys):
            self._spill(local, before)
            return
        merged = self.states.merged(local.tables)
        self.reservation.shrink(before + room - merged.nbytes)
        # where merging joins few groups, it is not worth doing often
        growth = 3 if 2 * merged.num_rows < local.rows else 8
        local.tables = [merged]
        local.rows = merged.num_rows
        local.limit = _MERGE_ROWS + growth * local.rows

    def _spill(self, local: _Local, held: int) -> None:
        """Puts what a thread has on disk, and gives back the bytes it held for that."""
        if local.tables and local.writer is None:
            local.writer = self.spilled.writer()
        while local.tables and local.writer is not None:
            local.writer.add(local.tables.pop(0))
        local.rows = 0
        self.reservation.shrink(held)

    def _has_room(self) -> bool:
        """Whether what merging all tables takes could be reserved."""
        final = self.operator.mode == "final"
        return (len(self.tables) <= 1 and not final) or self.reservation.try_grow(merge_bytes(self.tables))

    def _owners(self, tables: Sequence[pa.RecordBatch]) -> list[Ints | None]:
        """Which thread finishes each row of the tables, by the upper half of a hash, as exchanges have split by the rest."""
        threads = self.run.task.threads
        if not self.operator.keys or threads == 1 or sum(table.num_rows for table in tables) * threads < _SHARED_ROWS:
            return [None] * len(tables)
        return [self._owners_of(table) for table in tables]

    def _owners_of(self, table: pa.RecordBatch) -> Ints:
        return ((self.states.hashes(table) >> np.uint64(32)) % np.uint64(self.run.task.threads)).astype(np.int64)

    def _grouped(self, local: _Local, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The groups of one batch, with their states."""
        assert local.rows_of is not None
        keys, inputs, masks = local.rows_of.evaluate(batch)
        groups = group_rows(keys, batch.num_rows)
        columns = picked(keys, groups.first)
        known: dict[Hashable, list[pa.Array]] = {}
        for kernel, call, own, mask in zip(self.states.kernels, self.operator.calls, inputs, masks, strict=True):
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

    def _results(self, share: int | None) -> Iterator[pa.RecordBatch]:
        """The groups of one share of the keys, or all of them."""
        tables = self.tables
        if share is not None:
            tables = []
            for table, owner in zip(self.tables, self.owners, strict=True):
                known = self._owners_of(table) if owner is None else owner
                tables.append(table.take(pa.array(np.flatnonzero(known == share))))
        tables = [table for table in tables if table.num_rows]
        if not tables and self.operator.keys:
            return
        self.run.check()
        yield from self.states.results(self._whole(tables))

    def _finished(self, part: Batches) -> Iterator[pa.RecordBatch]:
        """Groups that code has made."""
        for batch in part():
            yield from self.states.results(batch)

    def _planned(self) -> CompiledAggregate | None:
        operator = self.operator
        room = self.reservation.try_grow
        return planned(operator.keys, operator.calls, self.states.kernels, self.run, self._grown, room)

    def _grown(self, size: int) -> None:
        """Counts what groups in code take; they go to disk after the call that has taken too much."""
        if size <= 0:
            self.reservation.shrink(-size)
        elif not self.reservation.try_grow(size):
            self._crowded = True
            self.reservation.grow(size)

    def _spill_groups(self, local: _Local) -> None:
        """Puts a thread's groups in code on disk."""
        if self._groups is None or not local.groups:
            return
        if local.writer is None:
            local.writer = self.spilled.writer()
        for batch in self._groups.taken(local.groups):
            local.writer.add(batch)

    def _whole(self, tables: list[pa.RecordBatch]) -> pa.RecordBatch:
        if not tables:
            return self.states.no_rows()
        if len(tables) == 1 and self.operator.mode != "final":
            return tables[0]
        return self.states.merged(tables)
