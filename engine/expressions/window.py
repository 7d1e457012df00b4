"""Window functions: a function, and the rows around the current one that it looks at."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

from engine.expressions.base import Expression, SortOrder
from engine.tree.node import node
from engine.types import DataType


@node
class Unbounded(Expression):
    """UNBOUNDED PRECEDING as a lower bound, UNBOUNDED FOLLOWING as an upper one."""


@node
class CurrentRow(Expression):
    """The current row (ROWS), or the current row and its peers (RANGE)."""


@node
class Offset(Expression):
    """`value` rows (ROWS) or units of the order column (RANGE) after the current row; negative values are before."""

    value: Expression

    @property
    def dataType(self) -> DataType:
        return self.value.dataType


Bound: TypeAlias = Unbounded | CurrentRow | Offset


@node
class Frame(Expression):
    """The rows a window function looks at, from `lower` to `upper`."""

    unit: OneOf["rows", "range"]
    lower: Expression
    upper: Expression


Ranking: TypeAlias = OneOf["row_number", "rank", "dense_rank"]
RANKINGS: tuple[Ranking, ...] = ("row_number", "rank", "dense_rank")

WHOLE_PARTITION = Frame("rows", Unbounded(), Unbounded())
UP_TO_CURRENT = Frame("range", Unbounded(), CurrentRow())


@node
class WindowSpec(Expression):
    """PARTITION BY, ORDER BY and the frame; no frame means the default of the function: up to the current row and its peers
    if ordered, else the whole partition."""

    partition: tuple[Expression, ...] = ()
    order: tuple[SortOrder, ...] = ()
    frame: Frame | None = None


@node
class WindowCall(Expression):
    """A function of kind "window" of the registry: row_number, rank, lag ..."""

    function: str
    arguments: tuple[Expression, ...]
    type: DataType
    is_nullable: bool = True
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
class WindowExpression(Expression):
    """`function OVER spec`; `function` is an AggregateCall or a WindowCall."""

    function: Expression
    spec: WindowSpec

    @property
    def dataType(self) -> DataType:
        return self.function.dataType

    @property
    def nullable(self) -> bool:
        return self.function.nullable

    @property
    def foldable(self) -> bool:
        return False
