"""Casts, written by the user or added by coercion."""

from __future__ import annotations

from engine.expressions.base import Expression, Mode
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import DataType
from engine.types.casts import cast_can_raise, cast_is_nullable, is_up_cast, raises_in_every_mode


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
        if self.child.nullable:
            return True
        match self.mode:
            case Mode.TRY:  # null for what ANSI raises for, where the legacy cast wraps
                return not is_up_cast(self.child.dataType, self.to)
            case Mode.LEGACY:
                return cast_is_nullable(self.child.dataType, self.to)
        return False

    @property
    def raises(self) -> bool:
        source = self.child.dataType
        if self.mode is Mode.LEGACY:
            return raises_in_every_mode(source, self.to)
        return self.mode is Mode.ANSI and cast_can_raise(source, self.to)
