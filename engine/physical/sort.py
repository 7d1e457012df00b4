"""ORDER BY: all rows are collected and their places sorted; rows are gathered as they are read.

What does not fit goes to disk in sorted runs, which are merged range by range (`external_sort.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from engine.compile.sinks.build import EncodedRows
from engine.expressions.base import Attribute, SortOrder
from engine.expressions.sql import Name
from engine.kernels.sorting import SortKey, sort_rows
from engine.physical.batches import BATCH_ROWS
from engine.physical.collect import CollectSink, SpillWriter
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.execution import Execution
from engine.physical.external_sort import ROW_BYTES, Runs, RunWriter
from engine.physical.keys import key_arrays, numbered
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.tree.node import node

_MORSEL_ROWS = 4 * BATCH_ROWS


@node
class SortExec(Breaker):
    """The rows of `child` in `order`; of each task for itself unless `everywhere`."""

    order: tuple[SortOrder, ...]
    everywhere: bool
    child: Operator

    @property
    def ordered(self) -> bool:
        return True

    def sink(self, run: Execution) -> Sink:
        return EncodedSortSink(self, self.order, run)

    def details(self, name: Name | None) -> str:
        return texts(self.order, name) + ("" if self.everywhere else " in partitions")


class SortSink(CollectSink):
    """Collects rows; gives them sorted. `count` cuts them off, after `offset` rows."""

    row_bytes = ROW_BYTES

    def __init__(
        self, operator: Operator, order: Sequence[SortOrder], run: Execution, offset: int = 0, count: int | None = None
    ) -> None:
        super().__init__(operator, run)
        self.columns: Sequence[Attribute] = operator.inputs[0].output
        self.order = order
        self.offset = offset
        self.stop = None if count is None else offset + count
        self._runs: Runs | None = None

    def writer(self) -> SpillWriter:
        with self._lock:
            if self._runs is None:
                self._runs = Runs(self.operator, self.columns, self.order, self.stop, self.run)
            return RunWriter(self._runs)

    def finish(self) -> Sequence[Morsel]:
        self.spill_rest()
        if self._runs is not None:
            return self._runs.morsels(self.offset)
        rows = EncodedColumns(self.batches, self.columns, emptying=True)
        keys = key_arrays([key.child for key in self.order], rows, self.columns, self.run, kept=True)
        orders = [SortKey(numbered(a), k.ascending, k.nulls_first) for a, k in zip(keys, self.order, strict=True)]
        places = sort_rows(orders, rows.rows, self.run.task.threads)
        self.run.check()
        places = places[self.offset : self.stop]
        return [
            partial(rows.batches, places[start : start + _MORSEL_ROWS]) for start in range(0, len(places), _MORSEL_ROWS)
        ]

    def release(self) -> None:
        if self._runs is not None:
            self._runs.close()
        super().release()


class EncodedSortSink(SortSink, EncodedRows):
    """Collects rows as they come, encoded or from code."""
