"""What a column of type CHAR(n) is in a query."""

from __future__ import annotations

from engine.expressions.base import Expression
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import STRING, DataType


@node
class PaddedChar(Expression):
    """The text of `child` with blanks behind it, `length` characters at least."""

    child: Expression
    length: int

    @property
    def dataType(self) -> DataType:
        return STRING

    @cached_property
    def nullable(self) -> bool:
        return self.child.nullable
