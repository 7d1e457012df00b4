"""LIMIT and OFFSET: a counter shared by the threads of a task, which stops the source early."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa

from engine.expressions.sql import Name
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming
from engine.tree.node import node


class _Counter:
    """Rows that may still be skipped, and rows that may still pass (None: all)."""

    def __init__(self, skip: int, left: int | None) -> None:
        self.skip = skip
        self.left = left
        self.lock = threading.Lock()

    def share(self, rows: int) -> tuple[int, int]:
        """Of the next `rows` rows: how many to skip, and how many to keep after that."""
        with self.lock:
            skipped = min(self.skip, rows)
            self.skip -= skipped
            kept = rows - skipped
            if self.left is not None:
                kept = min(kept, self.left)
                self.left -= kept
            return skipped, kept

    @property
    def done(self) -> bool:
        """Whether no further row can pass."""
        return self.left == 0


@node
class LimitExec(Streaming):
    """The first `count` rows after `offset`. `everywhere` false: of each task, to spare the exchange above (then no offset)."""

    count: int | None
    offset: int
    everywhere: bool
    child: Operator

    @property
    def title(self) -> str:
        return "Limit" if self.everywhere else "LocalLimit"

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        counter = run.state((self.id, "limit"), lambda: _Counter(self.offset, self.count))
        if counter.done:
            return
        for batch in batches:
            skipped, kept = counter.share(batch.num_rows)
            if kept:
                yield batch if kept == batch.num_rows else batch.slice(skipped, kept)
            if counter.done:
                return

    def details(self, name: Name | None) -> str:  # noqa: ARG002 - it holds no columns
        text = "all" if self.count is None else str(self.count)
        return text + (f" offset {self.offset}" if self.offset else "")
