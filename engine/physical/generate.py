"""LATERAL VIEW explode and its like: the rows a generator makes, beside the row it made them of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.expressions.calls import Call
from engine.expressions.sql import Name, sql
from engine.kernels.evaluate import compile_generator
from engine.lazy import cached_property
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming, texts
from engine.tree.node import node


@node
class GenerateExec(Streaming):
    """Each row of `child` beside each row that `generator` makes of it as `columns`; with `outer` a row of which it makes
    none comes out once with nulls."""

    generator: Expression
    outer: bool
    columns: tuple[Attribute, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        made = tuple(column.with_nullability(True) for column in self.columns) if self.outer else self.columns
        return self.child.output + made

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        assert isinstance(self.generator, Call)
        generate = compile_generator(self.generator, self.child.output, run.evaluation)
        for batch in batches:
            rows, columns = generate(batch)
            if self.outer:
                rows, columns = _with_missing(rows, columns, batch.num_rows)
            for start in range(0, len(rows), BATCH_ROWS):
                part = rows[start : start + BATCH_ROWS]
                own = [column.take(pa.array(part)) for column in batch.columns]
                yield batch_of([*own, *(column.slice(start, len(part)) for column in columns)], len(part))

    def details(self, name: Name | None) -> str:
        return f"{'outer ' if self.outer else ''}{sql(self.generator, name)} {texts(self.columns, name)}"


def _with_missing(
    rows: np.ndarray[tuple[int], np.dtype[np.int64]], columns: list[pa.Array], count: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[pa.Array]]:
    """Also the rows that nothing was made of, each in its place, with nulls."""
    missing = np.flatnonzero(np.bincount(rows, minlength=count) == 0)
    if not len(missing):
        return rows, columns
    every = np.concatenate([rows, missing])
    order = np.argsort(every, kind="stable")
    sources = np.concatenate([np.arange(len(rows)), np.full(len(missing), -1)])[order]
    wanted = pa.array(sources, mask=sources < 0)
    return every[order], [column.take(wanted) for column in columns]
