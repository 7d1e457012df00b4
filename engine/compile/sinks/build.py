"""Sinks that keep rows as encoded columns: the built sides of joins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.program import SinkCode
from engine.compile.sinks.columns import ColumnsBuffers, ColumnsCode
from engine.expressions.base import Attribute


class _Batches(Protocol):
    def add(self, local: Any, batch: pa.RecordBatch) -> None:
        """Takes a batch into a thread's state."""

    @property
    def columns(self) -> Sequence[Attribute]:
        """What batches consist of."""


class EncodedRows:
    """Makes a sink of batches, which may be encoded, one that takes rows from code."""

    def code(self: _Batches) -> SinkCode | None:
        """Columns that pass through stay as they are encoded."""
        return ColumnsCode(self.columns, encoded=True)

    def bind(self: _Batches, local: Any, code: SinkCode, frame: FrameWords) -> None:
        """Makes room for a thread's rows."""
        assert isinstance(code, ColumnsCode)
        frame.state = ColumnsBuffers(code, frame, partial(self.add, local))

    def called(self, local: Any, code: SinkCode, frame: FrameWords) -> None:  # noqa: ARG002
        """What the code has left in the room becomes a batch."""
        frame.state.finish()
