"""A part of the plan that is computed once and read by several: common table expressions."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import partial

import pyarrow as pa

from engine.compile.sinks.build import EncodedRows
from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.tree.node import node


@node
class MaterializeExec(Breaker):
    """The rows of `child` as `columns`, by position. Those with one `key` share one result. `encoded`: who reads it takes
    batches as they are kept (`encoding.py`)."""

    key: int
    name: str
    columns: tuple[Attribute, ...]
    child: Operator
    encoded: bool = False

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    @property
    def result_key(self) -> Hashable:
        """Under what the result is kept."""
        return ("materialized", self.key)

    def sink(self, run: Execution) -> Sink:
        return _MaterializeSink(self, run)

    def given(self, found: Sequence[Morsel]) -> Sequence[Morsel]:
        return found if self.encoded else [partial(self._decoded, each) for each in found]

    def _decoded(self, morsel: Morsel) -> Iterator[pa.RecordBatch]:
        return (decoded(batch, self.columns) for batch in morsel())

    def details(self, name: Name | None) -> str:
        return f"{self.name} {texts(self.columns, name)}"


class _MaterializeSink(EncodedRows):
    """Keeps rows as they come: code reads them encoded."""

    def __init__(self, operator: MaterializeExec, run: Execution) -> None:
        super().__init__(operator, run)
        self.columns = operator.child.output
