"""Calls of functions from the registry."""

from __future__ import annotations

from engine.expressions.base import Expression
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import DataType


@node
class Call(Expression):
    """A scalar function of the registry (`engine.functions.registry`), resolved: its kernel is found by `function`.

    `type`, `is_nullable`, `is_raising` and `is_deterministic` were decided at resolution from the argument types, so the
    expression explains itself without the registry. `arguments` have the types the kernel takes.
    """

    function: str
    arguments: tuple[Expression, ...]
    type: DataType
    is_nullable: bool = True
    is_raising: bool = False
    is_deterministic: bool = True

    @property
    def dataType(self) -> DataType:
        return self.type

    @cached_property
    def nullable(self) -> bool:
        return self.is_nullable

    @property
    def raises(self) -> bool:
        return self.is_raising

    @property
    def deterministic(self) -> bool:
        return self.is_deterministic and all(argument.deterministic for argument in self.arguments)

    @cached_property
    def foldable(self) -> bool:
        return self.is_deterministic and all(argument.foldable for argument in self.arguments)


@node
class Field(Expression):
    """The field number `ordinal` (called `name`) of a struct."""

    child: Expression
    name: str
    ordinal: int
    type: DataType
    is_nullable: bool = True

    @property
    def dataType(self) -> DataType:
        return self.type

    @cached_property
    def nullable(self) -> bool:
        return self.is_nullable or self.child.nullable
