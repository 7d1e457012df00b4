"""INTERSECT ALL and EXCEPT ALL: rows as often as their counts on both sides say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.kernels.buffers import int64_values
from engine.lazy import cached_property
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming
from engine.tree.node import node


@node
class ReplicateExec(Streaming):
    """The rows of `child` as `columns`, without its last two columns, the counts of the left and the right side: each as
    often as the smaller count (intersect), or as the left one is larger (except)."""

    kind: Literal["intersect", "except"]
    columns: tuple[Attribute, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        for batch in batches:
            left, right = int64_values(batch.columns[-2]), int64_values(batch.columns[-1])
            times = np.minimum(left, right) if self.kind == "intersect" else np.maximum(left - right, 0)
            ends = np.cumsum(times)
            total = int(ends[-1]) if len(ends) else 0
            for start in range(0, total, BATCH_ROWS):
                numbers = np.arange(start, min(start + BATCH_ROWS, total))
                rows = pa.array(np.searchsorted(ends, numbers, side="right"))
                yield batch_of([column.take(rows) for column in batch.columns[:-2]], len(rows))

    def details(self, name: Name | None) -> str:  # noqa: ARG002 - it computes nothing of columns
        return f"{self.kind} all"
