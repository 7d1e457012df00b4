"""Expressions of which only a part is evaluated for a row."""

from __future__ import annotations

from engine.expressions.base import Expression
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import DataType


@node
class If(Expression):
    """`yes` where `condition` is true, else `no`."""

    condition: Expression
    yes: Expression
    no: Expression

    @cached_property
    def dataType(self) -> DataType:
        return self.yes.dataType

    @cached_property
    def nullable(self) -> bool:
        return self.yes.nullable or self.no.nullable


@node
class CaseWhen(Expression):
    """The value of the first branch (condition, value) whose condition is true, else `otherwise`, else null."""

    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None = None

    @property
    def values(self) -> tuple[Expression, ...]:
        """Every value it may take, `otherwise` last."""
        return tuple(value for _, value in self.branches) + ((self.otherwise,) if self.otherwise is not None else ())

    @cached_property
    def dataType(self) -> DataType:
        return self.branches[0][1].dataType

    @cached_property
    def nullable(self) -> bool:
        return self.otherwise is None or any(value.nullable for value in self.values)


@node
class Coalesce(Expression):
    """The first argument that is not null; later ones are evaluated only where all before are null."""

    arguments: tuple[Expression, ...]

    @cached_property
    def dataType(self) -> DataType:
        return self.arguments[0].dataType

    @cached_property
    def nullable(self) -> bool:
        return all(argument.nullable for argument in self.arguments)
