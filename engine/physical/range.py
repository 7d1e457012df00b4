"""The numbers of `range()`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Source, texts
from engine.tree.node import node

_MORSEL_ROWS = 16 * BATCH_ROWS


@node
class RangeExec(Source):
    """`start` to before `end` by `step`, shared evenly by `partitions` tasks."""

    start: int
    end: int
    step: int
    column: Attribute
    partitions: int = 1

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return (self.column,)

    def morsels(self, run: Execution) -> Sequence[Morsel]:
        if run.partition >= self.partitions:
            return []
        count = len(range(self.start, self.end, self.step))
        first = count * run.partition // self.partitions
        last = count * (run.partition + 1) // self.partitions
        return [
            partial(self._numbers, place, min(place + _MORSEL_ROWS, last)) for place in range(first, last, _MORSEL_ROWS)
        ]

    def _numbers(self, first: int, last: int) -> Iterator[pa.RecordBatch]:
        for place in range(first, last, BATCH_ROWS):
            count = min(BATCH_ROWS, last - place)
            numbers = np.arange(count, dtype=np.int64) * self.step + (self.start + place * self.step)
            yield batch_of([pa.array(numbers)], count)

    def details(self, name: Name | None) -> str:
        return f"({self.start}, {self.end}, {self.step}) {texts([self.column], name)}"
