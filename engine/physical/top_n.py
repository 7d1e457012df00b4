"""ORDER BY with LIMIT: threads keep no more than the rows that can still be among the first."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from engine.expressions.base import SortOrder
from engine.expressions.sql import Name
from engine.physical.batches import Columns, arrow_types
from engine.physical.execution import Execution, Kernel
from engine.physical.operator import Breaker, Operator, Sink, texts
from engine.physical.sort import SortSink, sorted_places

_KEPT_ROWS = 1 << 16


@dataclass(frozen=True)
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
class _Local:
    """Batches of one thread and their rows."""

    kernels: list[Kernel]
    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0


class TopNSink(SortSink):
    """Cuts what a thread holds back to the first rows whenever it has become several times as many."""

    def local(self) -> _Local:  # type: ignore[override]
        return _Local(self.kernels())

    def add(self, local: _Local, batch: pa.RecordBatch) -> None:  # type: ignore[override]
        self.reservation.grow(batch.nbytes)
        local.batches.append(batch)
        local.rows += batch.num_rows
        if local.rows > 4 * self._wanted() + _KEPT_ROWS:
            self._cut(local)

    def combine(self, local: _Local) -> None:  # type: ignore[override]
        if local.rows > self._wanted():
            self._cut(local)
        super().combine(local.batches)

    def _wanted(self) -> int:
        return self.offset + (self.count or 0)

    def _cut(self, local: _Local) -> None:
        before = sum(batch.nbytes for batch in local.batches)
        places = sorted_places(local.batches, self.order, local.kernels)[: self._wanted()]
        places.sort()  # rows stay as they came, so that equal ones are told apart by that alone
        kept = Columns(local.batches, arrow_types(self.columns)).batch(places)
        local.batches = [kept] if kept.num_rows else []
        local.rows = kept.num_rows
        self.reservation.grow(kept.nbytes)
        self.reservation.shrink(before)
