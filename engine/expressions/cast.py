"""Casts, written by the user or added by coercion."""

from __future__ import annotations

from engine.expressions.base import Expression, Mode
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import BinaryType, DataType
from engine.types.casts import cast_can_raise, cast_is_nullable, is_up_cast


@node
class Cast(Expression):
    """`child` as a value of type `to`. `implicit` marks those that coercion added: column names do not show them."""

    child: Expression
    to: DataType
    mode: Mode = Mode.ANSI
    implicit: bool = False

    @property
    def dataType(self) -> DataType:
        return self.to

    @cached_property
    def nullable(self) -> bool:
        source = self.child.dataType
        if self.mode is Mode.TRY:
            return self.child.nullable or not (is_up_cast(source, self.to) or isinstance(self.to, BinaryType))
        return self.child.nullable or cast_is_nullable(source, self.to)

    @property
    def raises(self) -> bool:
        return self.mode is not Mode.TRY and cast_can_raise(self.child.dataType, self.to, self.mode is Mode.ANSI)
