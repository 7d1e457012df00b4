"""What code depends on, as a key: chains whose shapes are equal have the same code.

    o_orderdate < DATE '1995-03-15'    =>    (LessThan, (column 0, date, not null), (constant 0, date, 16 bits))

Columns and constants are numbered in the order in which they are met, equal ones alike. Code reads most constants from the
frame: of those only what is written for them is part of the shape, so queries that differ in such constants alike share their
code. Which those are is told by the expressions that hold them: emitters of `_READ` look at no value.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Protocol, runtime_checkable

from engine.compile.expressions.literals import width_of
from engine.compile.values import is_whole
from engine.expressions import operators as op
from engine.expressions import predicates as pred
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.records import dataclass
from engine.tree.node import TreeNode
from engine.types import BooleanType, DataType

_READ = frozenset(
    (
        *(pred.EqualTo, pred.EqualNullSafe, pred.LessThan, pred.LessThanOrEqual),
        *(pred.GreaterThan, pred.GreaterThanOrEqual, pred.Between, pred.In),
        *(op.Add, op.Subtract, op.Multiply),
    )
)
"""Expressions that ask nothing of a constant but its value in the frame."""


class NotKept(Exception):
    """Code depends on something that is no part of shapes."""


@runtime_checkable
class Shaped(Protocol):
    """Writes code that depends on nothing but its shape."""

    def shape(self, numbering: Numbering) -> Hashable:
        """What the code depends on, beyond what other parts of the chain say. Raises NotKept."""


class Numbering:
    """The numbers of the columns and constants of one chain."""

    def __init__(self) -> None:
        self.columns: dict[Attribute, int] = {}
        self.constants: dict[Literal, int] = {}
        self._ids: dict[int, int] = {}

    def of(self, part: Any, read: bool = False) -> Hashable:
        """The shape of an expression, or of a tuple of parts. `read`: constants are read from the frame. Raises NotKept."""
        if isinstance(part, Attribute):
            known = self.columns.setdefault(part, len(self.columns))
            return known, self._id(part.id), _kind(part.type), part.is_nullable
        if isinstance(part, Literal):
            return self._constant(part, read)
        if isinstance(part, Alias):
            return Alias, self._id(part.id), self.of(part.child)
        if isinstance(part, TreeNode):
            return self._node(part)
        if isinstance(part, tuple | list):
            return tuple([self.of(each, read) for each in part])
        if isinstance(part, DataType):
            return _kind(part)
        try:
            hash(part)
        except TypeError:
            raise NotKept(f"a value of {type(part).__name__}") from None
        return type(part), part

    @property
    def numbered(self) -> Numbered:
        """What has a number now."""
        return Numbered(tuple(self.columns), tuple(self.constants))

    def _node(self, part: TreeNode) -> Hashable:
        if not isinstance(part, Expression) or "id" in part.__dict__:
            raise NotKept(type(part).__name__)
        read = type(part) in _READ
        return type(part), *[self.of(each, read) for each in part.compared]

    def _id(self, id: int) -> int:
        return self._ids.setdefault(id, len(self._ids))

    def _constant(self, constant: Literal, read: bool) -> Hashable:
        number = self.constants.setdefault(constant, len(self.constants))
        kind = _kind(constant.type)
        if not read or constant.value is None or isinstance(constant.type, BooleanType):
            return Literal, number, kind, repr(constant.value)
        return Literal, number, kind, width_of(constant) if is_whole(constant.type) else 0


@dataclass(frozen=True)
class Numbered:
    """The columns and constants of a chain, in order."""

    columns: tuple[Attribute, ...]
    constants: tuple[Literal, ...]


class Renaming:
    """From the columns and constants of one chain to those of another one of its shape."""

    def __init__(self, before: Numbered, after: Numbered) -> None:
        pairs = [*zip(before.columns, after.columns, strict=True), *zip(before.constants, after.constants, strict=True)]
        self._others: Mapping[Any, Any] = {one: other for one, other in pairs if one != other}

    def __call__(self, part: Any) -> Any:
        """What stands in the other chain for an expression, or for a constant."""
        if not self._others:
            return part
        return part.transform_down(
            lambda node: self._others.get(node, node) if isinstance(node, Attribute | Literal) else node
        )


def _kind(data_type: DataType) -> Hashable:
    """A type as a key that is quickly compared."""
    return data_type if data_type.children else data_type.simpleString()
