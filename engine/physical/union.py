"""UNION ALL: the rows of all inputs pass, by position."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming, texts
from engine.tree.node import node


@node
class UnionExec(Streaming):
    """All rows of all `members`; each input is a chain of its own in the pipeline."""

    members: tuple[Operator, ...]
    columns: tuple[Attribute, ...]

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    @property
    def ordered(self) -> bool:
        return False

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        return batches

    def details(self, name: Name | None) -> str:
        return texts(self.columns, name)
