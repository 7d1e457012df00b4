"""ORDER BY: all rows are collected and their places sorted; rows are gathered as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from engine.expressions.base import SortOrder
from engine.expressions.sql import Name
from engine.kernels.sorting import SortKey, sort_rows
from engine.physical.batches import BATCH_ROWS, Columns, arrow_types
from engine.physical.collect import CollectSink
from engine.physical.execution import Execution, Kernel
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.tree.node import node
from engine.types.arrow import to_arrow

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
        return SortSink(self, self.order, run)

    def details(self, name: Name | None) -> str:
        return texts(self.order, name) + ("" if self.everywhere else " in partitions")


class SortSink(CollectSink):
    """Collects rows; gives them sorted. `count` cuts them off, after `offset` rows."""

    def __init__(
        self, operator: Operator, order: Sequence[SortOrder], run: Execution, offset: int = 0, count: int | None = None
    ) -> None:
        super().__init__(operator, run)
        self.columns = operator.inputs[0].output
        self.order = order
        self.run = run
        self.offset = offset
        self.count = count

    def finish(self) -> Sequence[Morsel]:
        places = sorted_places(self.batches, self.order, self.kernels(), self.run.task.threads)
        self.run.check()
        stop = None if self.count is None else self.offset + self.count
        rows = Columns(self.batches, arrow_types(self.columns))
        self.batches = []
        places = places[self.offset : stop]
        return [
            partial(rows.batches, places[start : start + _MORSEL_ROWS]) for start in range(0, len(places), _MORSEL_ROWS)
        ]

    def kernels(self) -> list[Kernel]:
        """The sort keys, compiled anew: each thread needs its own."""
        return self.run.compile_all([key.child for key in self.order], self.columns)


def sorted_places(
    batches: Sequence[pa.RecordBatch], order: Sequence[SortOrder], kernels: Sequence[Kernel], threads: int = 1
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The numbers of the rows of all batches in sorted order; equal rows stay as they came."""
    rows = sum(batch.num_rows for batch in batches)
    keys = []
    for key, kernel in zip(order, kernels, strict=True):
        values = Columns([_one(kernel(batch)) for batch in batches], [to_arrow(key.dataType)]).arrays[0]
        keys.append(SortKey(values, key.ascending, key.nulls_first))
    return sort_rows(keys, rows, threads)


def _one(array: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([array], names=["0"])
