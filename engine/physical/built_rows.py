"""What follows the last batch of a join, as a chain of its own: numbers of built rows come in, rows of the join go out.

A step that is like any other runs as code where the chain does, so that an aggregate above finds all its groups in code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.kernels.buffers import Ints
from engine.lazy import cached_property
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.execution import Execution
from engine.physical.join import JoinExec, Layout, tail_batch, tail_rows
from engine.physical.operator import Morsel, Operator, Source, Streaming
from engine.physical.pipeline import Chain
from engine.tree.node import node
from engine.types import LONG


@node
class BuiltNumbersExec(Source):
    """Numbers of built rows of a join."""

    number: Attribute

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return (self.number,)

    def morsels(self, run: Execution) -> Sequence[Morsel]:  # noqa: ARG002 - `opened` has them
        return []


@node
class BuiltRowsExec(Streaming):
    """The rows of `join` for the built rows whose numbers come in: they met nobody, or somebody, as its type wants."""

    child: BuiltNumbersExec
    join: JoinExec

    @cached_property
    def inputs(self) -> tuple[Operator, ...]:
        return (self.child,)

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.join.output

    @property
    def title(self) -> str:
        return self.join.title

    def details(self, name: Name | None) -> str:
        return f"{self.join.details(name)}, built rows"

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        layout, built = Layout(self.join), self.join.built_state(run)
        for batch in batches:
            yield tail_batch(layout, built, batch.column(0).to_numpy())


def opened(chain: Chain, run: Execution) -> tuple[Chain, Sequence[Morsel]]:
    """A chain that begins with what follows a join, and its morsels; where the join is on disk they are whole rows."""
    join = chain.source
    assert isinstance(join, Streaming)
    built = join.built_state(run) if isinstance(join, JoinExec) else None
    if not isinstance(join, JoinExec) or built is None or built.spilled is not None:
        return chain, join.tail(run)
    if not join.has_tail:
        return chain, []
    rows = tail_rows(join, built)
    starts = range(0, len(rows), BATCH_ROWS)
    return by_number(join, chain, len(rows)), [partial(_one, rows[start : start + BATCH_ROWS]) for start in starts]


def by_number(join: JoinExec, chain: Chain, rows: int) -> Chain:
    """The chain that begins with so many numbers of built rows instead of the rows."""
    source = BuiltNumbersExec(Attribute("number", LONG, False), estimated_rows=float(rows))
    return Chain(source, (BuiltRowsExec(source, join, id=join.id), *chain.steps))


def _one(rows: Ints) -> Iterator[pa.RecordBatch]:
    yield batch_of([pa.array(rows.astype(np.int64, copy=False))], len(rows))
