"""Queries inside expressions.

The plan of a subquery is a child of the expression, so rules reach it. It names columns of the enclosing query by
`OuterReference`; those are what the subquery reads from the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Expression
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import BOOLEAN, DataType


@node
class OuterAggregate(Expression):
    """An aggregate function over the rows of the enclosing query, asked from a subquery in its HAVING: a column of the
    enclosing aggregation once that is built. `call` reads the enclosing query's columns as its own."""

    call: AggregateCall

    @property
    def dataType(self) -> DataType:
        return self.call.dataType

    @property
    def nullable(self) -> bool:
        return self.call.nullable

    @cached_property
    def references(self) -> frozenset[int]:
        return frozenset()

    @property
    def foldable(self) -> bool:
        return False


@node
class OuterReference(Expression):
    """A column of an enclosing query."""

    attribute: Attribute

    @property
    def dataType(self) -> DataType:
        return self.attribute.dataType

    @property
    def nullable(self) -> bool:
        return self.attribute.nullable

    @cached_property
    def references(self) -> frozenset[int]:
        return frozenset()

    @property
    def foldable(self) -> bool:
        return False


@node
class SubqueryExpression(Expression):
    """A query in an expression. `plan` is a LogicalPlan (or, before decorrelation in the executor, a physical one)."""

    plan: Any

    @cached_property
    def outer(self) -> tuple[Attribute, ...]:
        """The columns of enclosing queries that the plan reads, each once."""
        produced = {attribute.id for node in self.plan.walk() if hasattr(node, "output") for attribute in node.output}
        found = {ref.attribute: None for ref in self.plan.collect(OuterReference) if ref.attribute.id not in produced}
        return tuple(found)

    @cached_property
    def outer_reads(self) -> tuple[Attribute, ...]:
        """Each place where the plan reads a column of the enclosing query, from the top of the plan to its leaves."""
        produced = {attribute.id for node in self.plan.walk() if hasattr(node, "output") for attribute in node.output}
        return tuple(each for each in _reads(self.plan) if each.id not in produced)

    @cached_property
    def references(self) -> frozenset[int]:
        own = frozenset(attribute.id for attribute in self.outer)
        return own.union(*(child.references for child in self.children if child is not self.plan))

    @cached_property
    def deterministic(self) -> bool:
        return True

    @cached_property
    def can_raise(self) -> bool:
        return True

    @property
    def foldable(self) -> bool:
        return False


def _reads(tree: Any) -> Iterator[Attribute]:
    if isinstance(tree, OuterReference):
        yield tree.attribute
    elif tree.has(OuterReference):
        plans = [child for child in tree.children if hasattr(child, "output")]
        for child in [child for child in tree.children if not hasattr(child, "output")] + plans:
            yield from _reads(child)


@node
class ScalarSubquery(SubqueryExpression):
    """The single value of a query of one column: null for no row, an error for two."""

    @property
    def dataType(self) -> DataType:
        return self.plan.output[0].dataType  # type: ignore[no-any-return]

    @property
    def nullable(self) -> bool:
        return True


@node
class Exists(SubqueryExpression):
    """Whether the query has any row."""

    @property
    def dataType(self) -> DataType:
        return BOOLEAN

    @property
    def nullable(self) -> bool:
        return False


@node
class InSubquery(SubqueryExpression):
    """Whether the row of `values` equals a row of the query, with SQL's nulls: as `In` over the query's rows."""

    values: tuple[Expression, ...]

    @property
    def dataType(self) -> DataType:
        return BOOLEAN

    @property
    def nullable(self) -> bool:
        return True


def own_subqueries(expression: Any) -> Iterator[SubqueryExpression]:
    """The subqueries of an expression, not those in their plans."""
    if not expression.has(SubqueryExpression):
        return
    if isinstance(expression, SubqueryExpression):
        yield expression
    plan = expression.plan if isinstance(expression, SubqueryExpression) else None
    for child in expression.children:
        if child is not plan:
            yield from own_subqueries(child)
