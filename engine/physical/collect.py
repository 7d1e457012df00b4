"""The sink that keeps batches, with an account of their memory: the base of sorts, windows, builds of joins."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pyarrow as pa

from engine.physical.batches import morsel
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Operator


class CollectSink:
    """Keeps all batches; gives them back, one morsel each. Raises OUT_OF_MEMORY where the budget does not suffice."""

    def __init__(self, operator: Operator, run: Execution) -> None:
        self.batches: list[pa.RecordBatch] = []
        self.reservation = run.task.memory.reservation(operator.title)
        self._lock = threading.Lock()

    def local(self) -> list[pa.RecordBatch]:
        return []

    def add(self, local: list[pa.RecordBatch], batch: pa.RecordBatch) -> None:
        self.reservation.grow(batch.nbytes)
        local.append(batch)

    def combine(self, local: list[pa.RecordBatch]) -> None:
        with self._lock:
            self.batches.extend(local)

    def finish(self) -> Sequence[Morsel]:
        return [morsel([batch]) for batch in self.batches]
