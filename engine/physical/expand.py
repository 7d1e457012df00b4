"""Grouping sets: each row several times."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.batches import batch_of
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming, texts
from engine.tree.node import node


@node
class ExpandExec(Streaming):
    """Each row once for each of `projections`, as `columns`."""

    projections: tuple[tuple[Expression, ...], ...]
    columns: tuple[Attribute, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        compiled = [run.compile_all(projection, self.child.output) for projection in self.projections]
        for batch in batches:
            for kernels in compiled:
                yield batch_of([kernel(batch) for kernel in kernels], batch.num_rows)

    def details(self, name: Name | None) -> str:
        return f"{len(self.projections)} times {texts(self.columns, name)}"
