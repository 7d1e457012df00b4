"""Calls of functions written in SQL, as they stand in an expression until analysis puts their bodies in their place."""

from __future__ import annotations

from engine.expressions.base import Attribute, Expression
from engine.lazy import cached_property
from engine.records import dataclass
from engine.tree.node import node
from engine.types import DataType


@dataclass(frozen=True, eq=False)
class RoutineBody:
    """What a function gives: `result`, an expression over `parameters`, as columns and, in its queries, as OuterReferences.

    It is one object for all calls in a statement: that makes equal calls equal.
    """

    name: tuple[str, ...]
    parameters: tuple[Attribute, ...]
    result: Expression


@node
class SQLScalarFunction(Expression):
    """A call of the function `body` with an argument for each parameter, of its type; the first `written` were given."""

    arguments: tuple[Expression, ...]
    written: int
    body: RoutineBody

    @property
    def dataType(self) -> DataType:
        return self.body.result.dataType

    @property
    def nullable(self) -> bool:
        return True

    @cached_property
    def deterministic(self) -> bool:
        return self.body.result.deterministic  # what arguments give is computed before

    @property
    def foldable(self) -> bool:
        return False
