"""Functions as arguments: `x -> x + 1` in `transform(a, x -> x + 1)`."""

from __future__ import annotations

from engine.expressions.base import Attribute, Expression
from engine.tree.node import node
from engine.types import DataType


@node
class Lambda(Expression):
    """`body`, which reads the columns `parameters` (made for it) beside those of the row."""

    parameters: tuple[Attribute, ...]
    body: Expression

    @property
    def dataType(self) -> DataType:
        return self.body.dataType

    @property
    def nullable(self) -> bool:
        return self.body.nullable

    @property
    def references(self) -> frozenset[int]:
        return self.body.references - {parameter.id for parameter in self.parameters}
