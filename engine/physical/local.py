"""Rows known while planning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Source, texts
from engine.tree.node import node


@node
class LocalExec(Source):
    """The rows of `batch`, in partition 0. Without columns it is the one row of a SELECT without FROM."""

    columns: tuple[Attribute, ...]
    batch: pa.RecordBatch

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    def __hash__(self) -> int:
        return hash((self.columns, self.batch.num_rows))  # batches do not hash

    def __getstate__(self) -> dict[str, Any]:
        # a batch without columns forgets its rows on the way to a worker
        return super().__getstate__() | {"batch": self.batch if self.columns else self.batch.num_rows}

    def __setstate__(self, state: dict[str, Any]) -> None:
        batch = state["batch"]
        super().__setstate__(state | {"batch": batch_of([], batch) if isinstance(batch, int) else batch})

    def morsels(self, run: Execution) -> Sequence[Morsel]:
        if run.partition > 0:
            return []
        starts = range(0, self.batch.num_rows, BATCH_ROWS)
        return [partial(_one, self.batch.slice(start, BATCH_ROWS)) for start in starts]

    def details(self, name: Name | None) -> str:
        return f"{texts(self.columns, name)} ({self.batch.num_rows} rows)"


def _one(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    yield batch


def one_row() -> pa.RecordBatch:
    """A batch of one row and no columns."""
    return batch_of([], 1)
