"""Computes columns."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from engine.expressions.base import Attribute, NamedExpression
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.batches import batch_of
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming, texts
from engine.tree.node import node


@node
class ProjectExec(Streaming):
    """Each row as the values of `projections`."""

    projections: tuple[NamedExpression, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return tuple(each.to_attribute() for each in self.projections)

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        kernels = run.compile_all(self.projections, self.child.output)
        for batch in batches:
            yield batch_of([kernel(batch) for kernel in kernels], batch.num_rows)

    def details(self, name: Name | None) -> str:
        return texts(self.projections, name)
