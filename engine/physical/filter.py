"""Drops rows."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name, sql
from engine.lazy import cached_property
from engine.physical.batches import batch_of
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming
from engine.tree.node import node


@node
class FilterExec(Streaming):
    """Drops rows whose condition is not true, and all columns but `columns`."""

    condition: Expression
    columns: tuple[Attribute, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        keep = run.predicate(self.condition, self.child.output)
        place = {column.id: number for number, column in reversed(list(enumerate(self.child.output)))}
        places = [place[column.id] for column in self.columns]
        for batch in batches:
            mask = keep(batch)
            kept = mask.true_count
            if kept == 0:
                continue
            columns = [batch.column(number) for number in places]
            if kept < batch.num_rows:
                columns = [column.filter(mask) for column in columns]
            yield batch_of(columns, kept)

    def details(self, name: Name | None) -> str:
        return sql(self.condition, name)
