"""A part of the plan that is computed once and read by several: common table expressions."""

from __future__ import annotations

from collections.abc import Hashable

from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.collect import CollectSink
from engine.physical.execution import Execution
from engine.physical.operator import Breaker, Operator, Sink, texts
from engine.tree.node import node


@node
class MaterializeExec(Breaker):
    """The rows of `child` as `columns`, by position. Those with one `key` share one result."""

    key: int
    name: str
    columns: tuple[Attribute, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    @property
    def result_key(self) -> Hashable:
        """Under what the result is kept."""
        return ("materialized", self.key)

    def sink(self, run: Execution) -> Sink:
        return CollectSink(self, run)

    def details(self, name: Name | None) -> str:
        return f"{self.name} {texts(self.columns, name)}"
