"""ORDER BY with LIMIT: threads keep no more than the rows that can still be among the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.program import SinkCode
from engine.compile.sinks.columns import ROOM, ColumnsBuffers
from engine.compile.sinks.top_n import Bound, TopNCode
from engine.expressions.base import SortOrder
from engine.expressions.sql import Name
from engine.kernels.buffers import Ints, valid
from engine.kernels.sorting import SortKey, sort_rows, value_codes
from engine.physical.batches import Columns, arrow_types, batch_of
from engine.physical.collect import Collected, CollectSink
from engine.physical.execution import Execution, Kernel
from engine.physical.operator import Breaker, Operator, Sink, texts
from engine.physical.sort import SortSink
from engine.records import dataclass
from engine.tree.node import node
from engine.types.arrow import to_arrow

_KEPT_ROWS = 1 << 16
_ROOM = 1 << 12


@node
class TopNExec(Breaker):
    """The first `count` rows of `child` in `order` after `offset`; of each task for itself unless `everywhere`."""

    count: int
    offset: int
    order: tuple[SortOrder, ...]
    everywhere: bool
    child: Operator

    @property
    def title(self) -> str:
        return "TopN" if self.everywhere else "LocalTopN"

    @property
    def ordered(self) -> bool:
        return True

    def sink(self, run: Execution) -> Sink:
        return TopNSink(self, self.order, run, self.offset, self.count)

    def details(self, name: Name | None) -> str:
        return f"{self.count}{f' offset {self.offset}' if self.offset else ''} {texts(self.order, name)}"


@dataclass
class _Local(Collected):
    """`rows` is how many the batches have; `bound` is the code of the first key that a row must reach to matter, `compiled`
    the whole bound for code. `buffers` are those of each of its programs."""

    kernels: list[Kernel] = field(default_factory=list)
    compiled: Bound = field(default_factory=lambda: Bound(0))
    rows: int = 0
    bound: int | None = None
    buffers: dict[int, ColumnsBuffers] = field(default_factory=dict)


class TopNSink(SortSink):
    """Cuts what a thread holds back to the first rows whenever it has become several times as many."""

    row_bytes = 0
    stop: int

    def __init__(
        self, operator: Operator, order: Sequence[SortOrder], run: Execution, offset: int = 0, count: int | None = None
    ) -> None:
        super().__init__(operator, order, run, offset, count)
        self._best: Sequence[pa.Array] = ()

    def local(self) -> _Local:
        kernels = self.run.compile_all([key.child for key in self.order], self.columns)
        return _Local(kernels=kernels, compiled=Bound(len(self.order)))

    def add(self, local: Collected, batch: pa.RecordBatch) -> None:
        assert isinstance(local, _Local)
        self._keep(local, self._promising(local, batch), _KEPT_ROWS)

    def code(self) -> SinkCode:
        """Drops rows that are not wanted before they are stored; first hands over few, so that there is a bound soon."""
        return TopNCode(self.order, self.columns, max(_ROOM, min(ROOM, self.stop)))

    def bind(self, local: _Local, code: SinkCode, frame: FrameWords) -> None:
        """Prepares a thread's frame for calls."""
        assert isinstance(code, TopNCode)
        frame.set("top bound", local.compiled.address)

        def keep(batch: pa.RecordBatch) -> None:
            self._keep(local, batch, code.room)

        local.buffers[id(code)] = ColumnsBuffers(code.columns, frame, keep)

    def called(self, local: _Local, code: SinkCode, frame: FrameWords) -> None:  # noqa: ARG002 - its buffers know it
        """Takes what the call has left, and the bound of the thread that has the best."""
        local.buffers[id(code)].finish()
        if self._best:
            local.compiled.set(self._best)

    def _keep(self, local: _Local, batch: pa.RecordBatch, room: int) -> None:
        if batch.num_rows == 0:
            return
        local.rows += batch.num_rows
        if local.rows >= 4 * self.stop + room:
            local.batches.append(batch)
            self._cut(local)
        else:
            CollectSink.add(self, local, batch)

    def combine(self, local: Collected) -> None:
        assert isinstance(local, _Local)
        if local.rows > self.stop:
            self._cut(local)
        super().combine(local)

    def spill(self, local: Collected) -> None:
        super().spill(local)
        if isinstance(local, _Local):
            local.rows = 0

    def _cut(self, local: _Local) -> None:
        places = sorted_places(local.batches, self.order, local.kernels)[: self.stop]
        last = places[-1:].copy()
        places.sort()  # rows stay as they came, so that equal ones are told apart by that alone
        kept = Columns(local.batches, arrow_types(self.columns)).batch(places)
        local.batches = [kept] if kept.num_rows else []
        local.rows = kept.num_rows
        local.bound = self._bound(local, kept)
        if 0 < kept.num_rows == self.stop:
            self._share(local, kept.slice(int(np.searchsorted(places, last)[0]), 1))
        self.reservation.shrink(local.size - kept.nbytes)
        local.size = min(local.size, kept.nbytes)

    def _share(self, local: _Local, last: pa.RecordBatch) -> None:
        """Makes the last of the rows that a thread wants the bound of all, if it is the best so far."""
        keys = [kernel(last) for kernel in local.kernels]
        with self._lock:
            if not self._best or self._comes_before(keys, self._best):
                self._best = keys
            local.compiled.set(self._best)

    def _comes_before(self, left: Sequence[pa.Array], right: Sequence[pa.Array]) -> bool:
        both = [pa.concat_arrays([other, own]) for own, other in zip(left, right, strict=True)]
        keys = [SortKey(a, k.ascending, k.nulls_first) for a, k in zip(both, self.order, strict=True)]
        return int(sort_rows(keys, 2)[0]) == 1

    def _promising(self, local: _Local, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that may be among the first, by their first key."""
        if local.bound is None:
            return batch
        values = local.kernels[0](batch)
        codes = value_codes(values)
        if codes is None:
            return batch
        chosen = codes <= local.bound if self.order[0].ascending else codes >= local.bound
        if (present := valid(values)) is not None:
            chosen |= ~present
        return batch.take(pa.array(np.flatnonzero(chosen)))

    def _bound(self, local: _Local, kept: pa.RecordBatch) -> int | None:
        """The code of the first key of the last of `kept`; None where that is null, or not a number, or rows are missing."""
        if kept.num_rows == 0 or kept.num_rows < self.stop:
            return None
        values = local.kernels[0](kept)
        codes, present = value_codes(values), valid(values)
        if codes is None or (present is not None and not (self.order[0].nulls_first and present.any())):
            return None
        counted = codes if present is None else codes[present]
        return int(counted.max() if self.order[0].ascending else counted.min())


def sorted_places(batches: Sequence[pa.RecordBatch], order: Sequence[SortOrder], kernels: Sequence[Kernel]) -> Ints:
    """The numbers of the rows of all batches in sorted order; equal rows stay as they came."""
    rows = sum(batch.num_rows for batch in batches)
    keys = []
    for key, kernel in zip(order, kernels, strict=True):
        values = Columns([batch_of([kernel(batch)], batch.num_rows) for batch in batches], [to_arrow(key.dataType)])
        keys.append(SortKey(values.arrays[0], key.ascending, key.nulls_first))
    return sort_rows(keys, rows)
