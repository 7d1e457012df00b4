"""Aggregate functions in a select list."""

from __future__ import annotations

from engine.expressions.base import Expression
from engine.tree.node import node
from engine.types import BYTE, LONG, DataType


@node
class AggregateCall(Expression):
    """An aggregate function of the registry over the rows of a group: those where `condition` (FILTER) is true, each
    distinct tuple of arguments once if `distinct`. `order` is WITHIN GROUP's."""

    function: str
    arguments: tuple[Expression, ...]
    type: DataType
    is_nullable: bool = True
    distinct: bool = False
    condition: Expression | None = None
    order: tuple[Expression, ...] = ()
    ignore_nulls: bool = False

    @property
    def dataType(self) -> DataType:
        return self.type

    @property
    def nullable(self) -> bool:
        return self.is_nullable

    @property
    def foldable(self) -> bool:
        return False


@node
class Grouping(Expression):
    """`grouping(column)`: 1 where the column is not part of the grouping set of the row, else 0."""

    child: Expression

    @property
    def dataType(self) -> DataType:
        return BYTE

    @property
    def nullable(self) -> bool:
        return False


@node
class GroupingId(Expression):
    """`grouping_id(columns)`: the bits of `grouping` of each column, the first highest; all grouping columns if empty."""

    arguments: tuple[Expression, ...] = ()

    @property
    def dataType(self) -> DataType:
        return LONG

    @property
    def nullable(self) -> bool:
        return False
