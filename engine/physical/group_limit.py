"""The rows that can be among the first of their partition, below a window operator whose ranks are compared with a number.

What comes out is more than that, and the window operator and the filter above settle which rows they are: threads drop what
they know cannot be wanted, before rows are sent, kept, or sorted. Interpreted, what a thread holds is ranked and cut whenever
it has become several times as much, as long as that helps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from functools import partial

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.program import SinkCode
from engine.compile.sinks.aggregate_groups import ThreadGroups
from engine.compile.sinks.build import EncodedRows
from engine.compile.sinks.columns import ColumnsBuffers
from engine.compile.sinks.group_limit import ASIDE, MOST_KEPT, GroupLimitCode, GroupLimits
from engine.compile.tables.layout import is_key
from engine.compile.tables.texts import MOST_THREADS
from engine.expressions.base import Attribute, Expression, Literal, SortOrder
from engine.expressions.sql import Name
from engine.expressions.window import Ranking
from engine.kernels.buffers import Ints
from engine.kernels.sorting import SortKey, sort_partitions
from engine.kernels.windows import layout_of, ranks
from engine.physical.collect import Collected, CollectSink
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.keys import key_arrays, numbered, owners
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.records import dataclass
from engine.tree.node import node
from engine.types import INT

_CUT_ROWS = 1 << 16
_GROWTH = 4
_JUDGED_ROWS = 1 << 20
_ONE = Literal(0, INT)


@node
class GroupLimitExec(Breaker):
    """Of each group of rows with equal `partition` at least those whose `ranking` in `order` is at most `count`. `encoded`:
    who reads it takes batches as they are kept (`encoding.py`)."""

    ranking: Ranking
    count: int
    partition: tuple[Expression, ...]
    order: tuple[SortOrder, ...]
    child: Operator
    encoded: bool = False

    @property
    def ordered(self) -> bool:
        return False

    def sink(self, run: Execution) -> Sink:
        return GroupLimitSink(self, run)

    def given(self, found: Sequence[Morsel]) -> Sequence[Morsel]:
        return found if self.encoded else [partial(self._decoded, each) for each in found]

    def _decoded(self, morsel: Morsel) -> Iterator[pa.RecordBatch]:
        return (decoded(batch, self.output) for batch in morsel())

    def details(self, name: Name | None) -> str:
        return f"{self.ranking} <= {self.count} {texts(self.partition, name)} {texts(self.order, name)}"


@dataclass
class _Local(Collected):
    """What one thread has. `rows` are those of its batches since they were cut, `limit` is when that is done next; `groups`
    are its tables in code, `seen` and `kept` how many rows code was given and has stored; `aside`: it drops none any more."""

    rows: int = 0
    limit: int = field(default_factory=lambda: _CUT_ROWS)
    groups: dict[int, ThreadGroups] = field(default_factory=dict)
    seen: int = 0
    kept: int = 0
    aside: bool = False


class GroupLimitSink(EncodedRows):
    """Keeps rows that may be wanted, as they come."""

    def __init__(self, operator: GroupLimitExec, run: Execution) -> None:
        super().__init__(operator, run)
        self.columns: Sequence[Attribute] = operator.child.output
        self._tables = 0  # bytes of tables that are reserved
        self._crowded = False
        self._limits = self._planned(operator)
        self.keeps_all = self._limits is None

    def local(self) -> _Local:
        return _Local()

    def code(self) -> SinkCode | None:
        """Drops rows before they are stored, where keys have code."""
        return super().code() if self._limits is None else self._limits.code(self.columns)

    def bind(self, local: Collected, code: SinkCode, frame: FrameWords) -> None:
        """Makes room for a thread's rows, and gives the frame its tables."""
        if not isinstance(code, GroupLimitCode):
            super().bind(local, code, frame)
            return
        assert isinstance(local, _Local) and self._limits is not None
        frame.state = ColumnsBuffers(code.columns, frame, partial(self._store, local))
        buffers, frame.inputs.bound = frame.inputs.bound, None
        self._limits.bind(local.groups, code, frame)
        tables = frame.inputs.bound
        frame.set(ASIDE, local.aside)

        def bound() -> None:
            for each in (buffers, tables):
                if each is not None:
                    each()

        frame.inputs.bound = bound

    def called(self, local: Collected, code: SinkCode, frame: FrameWords) -> None:
        """Looks at what dropping rows is good for."""
        super().called(local, code, frame)
        if not isinstance(code, GroupLimitCode):
            return
        assert isinstance(local, _Local)
        rows = frame.inputs.batch.num_rows
        for groups in local.groups.values():
            groups.arrived += rows
        local.seen += rows
        if self._crowded or self._is_useless(local):
            self._crowded, local.aside = False, True
            for groups in local.groups.values():
                if groups.table is not None:
                    groups.table.clear()
        if local.aside:
            frame.set(ASIDE, 1)

    def _is_useless(self, local: _Local) -> bool:
        """Whether nearly all of the many rows since it was last asked were kept."""
        if local.seen < _JUDGED_ROWS:
            return False
        seen, kept = local.seen, local.kept
        local.seen = local.kept = 0
        return 8 * kept > 7 * seen

    def add(self, local: Collected, batch: pa.RecordBatch) -> None:
        assert isinstance(local, _Local)
        super().add(local, batch)
        local.rows += batch.num_rows
        if local.rows > local.limit:
            self._cut(local)

    def combine(self, local: Collected) -> None:
        super().combine(local)
        assert isinstance(local, _Local)
        for groups in local.groups.values():
            if groups.table is not None:
                groups.table.close()
        local.groups = {}

    def release(self) -> None:
        self._limits = None
        super().release()

    def _store(self, local: _Local, batch: pa.RecordBatch) -> None:
        local.kept += batch.num_rows
        CollectSink.add(self, local, batch)

    def _cut(self, local: _Local) -> None:
        """Drops what cannot be wanted of the rows that a thread holds."""
        rows = EncodedColumns(local.batches, self.columns, emptying=True)
        kept = rows.batch(self._wanted(rows))
        self.reservation.shrink(local.size)
        before, local.rows = rows.rows, 0
        local.batches, local.size = [], 0
        local.limit = _GROWTH * max(_CUT_ROWS // _GROWTH, kept.num_rows if 2 * kept.num_rows < before else 8 * before)
        super().add(local, kept)

    def _wanted(self, rows: EncodedColumns) -> Ints:
        """Which rows may be wanted, in the order in which they came."""
        operator: GroupLimitExec = self.operator
        partition = [numbered(each) for each in self._kept(operator.partition, rows)]
        order = self._kept([key.child for key in operator.order], rows)
        keys = [SortKey(numbered(a), k.ascending, k.nulls_first) for a, k in zip(order, operator.order, strict=True)]
        places, first, peers = sort_partitions(owners(partition, rows.rows), keys, rows.rows)
        return np.sort(places[ranks(operator.ranking, layout_of(first, peers)) <= operator.count])

    def _kept(self, expressions: Sequence[Expression], rows: EncodedColumns) -> list[pa.Array]:
        return key_arrays(expressions, rows, self.columns, self.run, kept=True)

    def _planned(self, operator: GroupLimitExec) -> GroupLimits | None:
        keys = operator.partition or (_ONE,)
        if not all(map(is_key, keys)) or self.run.task.threads > MOST_THREADS:
            return None
        if operator.count > MOST_KEPT:
            return None
        return GroupLimits(keys, operator.order, operator.ranking, operator.count, self.run, self._grown)

    def _grown(self, size: int) -> None:
        """Counts what tables take; where there is no room, they are given up after the call."""
        with self._lock:
            if size > 0 and not self.reservation.try_grow(size):
                self._crowded = True
                return
            size = max(size, -self._tables)
            self._tables += size
        if size < 0:
            self.reservation.shrink(-size)
