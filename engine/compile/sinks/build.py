"""Sinks that keep rows as encoded columns: built sides of joins, common parts of a plan, rows to be sorted, of windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.program import SinkCode
from engine.compile.sinks.columns import ColumnsBuffers, ColumnsCode
from engine.expressions.base import Attribute
from engine.physical.collect import Collected, CollectSink
from engine.physical.encoding import decoded


class EncodedRows(CollectSink):
    """A sink of batches of `columns`, which may be encoded, that takes rows from code."""

    columns: Sequence[Attribute]

    keeps_all = True
    """Whether no row is dropped, so that batches of a source may come as they are."""

    def on_disk(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return decoded(batch, self.columns)

    def code(self) -> SinkCode | None:
        """Columns that pass through stay as they are encoded."""
        return ColumnsCode(self.columns, encoded=True)

    def bind(self, local: Collected, code: SinkCode, frame: FrameWords) -> None:
        """Makes room for a thread's rows."""
        assert isinstance(code, ColumnsCode)
        frame.state = ColumnsBuffers(code, frame, partial(super().add, local))

    def called(self, local: Collected, code: SinkCode, frame: FrameWords) -> None:  # noqa: ARG002
        """What the code has left in the room may stay there, until rows come from elsewhere."""
        if local.rest != frame.state.finish:
            local.settle()
            local.rest = frame.state.finish
        frame.state.called()

    def add(self, local: Collected, batch: pa.RecordBatch) -> None:
        local.settle()
        super().add(local, batch)
