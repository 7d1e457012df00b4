"""What every expression is, and the leaves: columns and literals.

A column has a unique id; two columns are the same when their ids are, whatever their names. Ids come from one counter of
the process, so a plan is never built with clashing ids; printers renumber them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import field
from enum import Enum
from typing import Any, TypeGuard

from engine.lazy import cached_property
from engine.tree.node import TreeNode, node, settle
from engine.types import BOOLEAN, VOID, DataType

_ids = itertools.count(1)


def next_id() -> int:
    """A column id no other column has."""
    return next(_ids)


class Mode(Enum):
    """What an operation does where its result does not exist: raise (ANSI), wrap or null (LEGACY), null (TRY)."""

    ANSI = "ansi"
    LEGACY = "legacy"
    TRY = "try"


@node
class Expression(TreeNode):
    """Something that has a value for each row."""

    def __init_subclass__(cls, leaf: bool = False) -> None:
        super().__init_subclass__(leaf)
        if leaf:
            settle(cls, resolved=True, deterministic=True, can_raise=False, references=frozenset())

    @property
    def dataType(self) -> DataType:
        """The type of the value; only of resolved expressions."""
        raise TypeError(f"{type(self).__name__} has no type yet")

    @cached_property
    def nullable(self) -> bool:
        """Whether the value may be null."""
        return any(child.nullable for child in self.children)

    @cached_property
    def resolved(self) -> bool:
        """Whether every name and type below is definite."""
        return all(child.resolved for child in self.children)

    @cached_property
    def deterministic(self) -> bool:
        """Whether equal inputs give equal values."""
        return all(child.deterministic for child in self.children)

    @cached_property
    def can_raise(self) -> bool:
        """Whether evaluating it for some row may raise: such an expression is evaluated only for rows that reach it."""
        return self.raises or any(child.can_raise for child in self.children)

    @property
    def raises(self) -> bool:
        """Whether this very operation may raise, given its children's values."""
        return False

    @cached_property
    def references(self) -> frozenset[int]:
        """The ids of the columns of the child plan that are read."""
        return frozenset().union(*[child.references for child in self.children])

    @cached_property
    def foldable(self) -> bool:
        """Whether it has one value, known before the query runs."""
        return bool(self.children) and all(child.foldable for child in self.children) and self.deterministic


@node
class NamedExpression(Expression):
    """An expression that becomes a column: it has a name and an id."""

    def to_attribute(self) -> Attribute:
        """The column as operators above see it."""
        raise TypeError(f"{type(self).__name__} is not resolved")


@node
class Attribute(NamedExpression, leaf=True):
    """A column of the plan below, known by `id`. `qualifier` is the path before the name ("t", or "spark_catalog.db.t")."""

    name: str
    type: DataType
    is_nullable: bool = True
    id: int = field(default_factory=next_id)
    qualifier: tuple[str, ...] = ()

    @property
    def dataType(self) -> DataType:
        return self.type

    @property
    def nullable(self) -> bool:
        return self.is_nullable

    @property
    def foldable(self) -> bool:
        return False

    @cached_property
    def references(self) -> frozenset[int]:
        return frozenset((self.id,))

    def to_attribute(self) -> Attribute:
        return self

    def with_nullability(self, nullable: bool) -> Attribute:
        """The same column, null or not."""
        return (
            self if nullable == self.is_nullable else Attribute(self.name, self.type, nullable, self.id, self.qualifier)
        )

    def with_qualifier(self, qualifier: tuple[str, ...]) -> Attribute:
        """The same column under another table name."""
        return Attribute(self.name, self.type, self.is_nullable, self.id, qualifier)

    def with_name(self, name: str) -> Attribute:
        """The same column under another name."""
        return Attribute(name, self.type, self.is_nullable, self.id, self.qualifier)

    def renewed(self) -> Attribute:
        """A column like this one with an id of its own."""
        return Attribute(self.name, self.type, self.is_nullable, next_id(), self.qualifier)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Attribute) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)


@node
class Literal(Expression, leaf=True):
    """A constant. `value` is a Python value that `pyarrow.scalar(value, to_arrow(type))` takes, None for null.

    DECIMAL holds decimal.Decimal, DATE datetime.date or int days, TIMESTAMP int microseconds since 1970 UTC, TIMESTAMP_NTZ
    int microseconds, TIME int microseconds since midnight, year-month intervals int months, day-time intervals int
    microseconds, ARRAY list, MAP list of pairs, STRUCT dict: the last three as tuples where they must hash.
    """

    value: Any
    type: DataType = VOID

    @property
    def dataType(self) -> DataType:
        return self.type

    @property
    def nullable(self) -> bool:
        return self.value is None

    @property
    def foldable(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        # 1 == 1.0 == True in Python, and NaN differs from itself: compare the type and the printed value instead
        return isinstance(other, Literal) and self.type == other.type and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash((repr(self.value), self.type))


TRUE, FALSE = Literal(True, BOOLEAN), Literal(False, BOOLEAN)
NULL = Literal(None, VOID)


@node
class Alias(NamedExpression):
    """`child` under a name, with an id of its own."""

    child: Expression
    name: str
    id: int = field(default_factory=next_id)
    qualifier: tuple[str, ...] = ()

    @property
    def dataType(self) -> DataType:
        return self.child.dataType

    def to_attribute(self) -> Attribute:
        return Attribute(self.name, self.child.dataType, self.child.nullable, self.id, self.qualifier)


@node
class SortOrder(Expression):
    """How to sort by `child`. Spark: nulls come first when ascending, last when descending, unless said otherwise."""

    child: Expression
    ascending: bool = True
    nulls_first: bool = True

    @property
    def dataType(self) -> DataType:
        return self.child.dataType


def is_true(expression: Expression) -> TypeGuard[Literal]:
    """Whether it is the literal TRUE."""
    return isinstance(expression, Literal) and expression.value is True


def is_null(expression: Expression) -> TypeGuard[Literal]:
    """Whether it is a literal NULL of any type."""
    return isinstance(expression, Literal) and expression.value is None


def references(expressions: Iterable[Expression]) -> frozenset[int]:
    """The ids of all columns that some expressions read."""
    return frozenset().union(*[each.references for each in expressions])
