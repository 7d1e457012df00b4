"""Immutable trees and the ways to walk and rewrite them.

A node is a frozen dataclass without slots; its children are the fields that hold nodes, or tuples of nodes however deep.
Beside its fields a node may carry an `origin`, the span of the query it was read from: no part of its identity, kept by
every rewrite that goes through `map_children` or `copy_origin`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import FrozenInstanceError, field, fields
from operator import is_not
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from engine.errors import Position
from engine.lazy import cached_property
from engine.records import collected

N = TypeVar("N", bound="TreeNode")
C = TypeVar("C")

_numbers = itertools.count(1)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[C]) -> type[C]:
    """Makes a frozen dataclass of a class of nodes.

    Equality, hash, text and the refusal to be changed are those of TreeNode, and `__init__` fills the instance's dict: to have
    `dataclass` write six methods for each of some 200 classes would take a tenth of a second of every start, and to build a
    node would take twice as long.
    """
    return collected(cls)


@node
class TreeNode:
    """A node of a plan or an expression. Nodes are equal when their classes and fields are."""

    origin: ClassVar[Position | None] = None
    own_kind: ClassVar[int] = 1
    """The bit of this very class."""
    own_kinds: ClassVar[int] = 1
    """The bits of this class and those it inherits from: a node is one of each."""

    def __init_subclass__(cls, leaf: bool = False) -> None:
        """`leaf`: its nodes never have children, which need not be looked for then."""
        cls.own_kind = 1 << next(_numbers)
        cls.own_kinds = pattern(each for each in cls.__mro__ if issubclass(each, TreeNode))
        if leaf:
            settle(cls, children=(), _branches=(), kinds=cls.own_kinds)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        mine, others = self.__dict__, other.__dict__
        return all(mine[name] == others[name] for name in _compared(type(self)))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((type(self), *self.compared))

    @property
    def compared(self) -> tuple[Any, ...]:
        """The values of the fields by which it is equal to others."""
        own = self.__dict__
        return tuple([own[name] for name in _compared(type(self))])

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={self.__dict__[name]!r}" for name in _field_names(type(self)))
        return f"{type(self).__name__}({shown})"

    @cached_property
    def children(self) -> tuple[Any, ...]:
        """The nodes directly below this one, in the order of the fields."""
        own = self.__dict__
        found: list[TreeNode] = []
        branches = []
        for name in _branching(type(self)):
            value = own[name]
            if isinstance(value, TreeNode):
                found.append(value)
                branches.append(name)
            elif value.__class__ is tuple and value:
                before = len(found)
                _collect(value, found)
                if len(found) > before:
                    branches.append(name)
        own["_branches"] = tuple(branches)
        return tuple(found)

    @cached_property
    def _branches(self) -> tuple[str, ...]:
        """The fields that hold nodes: walks look at no others."""
        self.children  # noqa: B018 - finds both
        found: tuple[str, ...] = self.__dict__["_branches"]
        return found

    @cached_property
    def kinds(self) -> int:
        """Every class of node in this tree, as the bits of `pattern`, so that a rule can skip trees it cannot touch."""
        found = self.own_kinds
        for child in self.children:
            found |= child.kinds
        return found

    def has(self, *classes: type[TreeNode]) -> bool:
        """Whether a node of one of `classes` (or a subclass) is in this tree."""
        kinds = self.kinds
        for kind in classes:  # noqa: SIM110 - asked too often for a generator
            if kinds & kind.own_kind:
                return True
        return False

    def map_children(self, fn: Callable[[Any], Any]) -> Self:
        """A copy with `fn` applied to each child, or this very node where nothing changed."""
        children = self.children
        found = list(map(fn, children))
        return self.with_children(found) if any(map(is_not, found, children)) else self

    def with_children(self, children: Iterable[TreeNode]) -> Self:
        """A copy with other children, in the order of `children`."""
        children = tuple(children)
        own, branches, rest = self.__dict__, self._branches, iter(children)
        made = object.__new__(type(self))  # fields are all that `__init__` sets
        fresh = made.__dict__
        for name in _field_names(type(self)):
            old = fresh[name] = own[name]
            if name in branches:
                fresh[name] = _refilled(old, rest) if old.__class__ is tuple else next(rest)
        fresh["_branches"], fresh["children"] = branches, children
        if "origin" in own:
            fresh["origin"] = own["origin"]
        return made

    def transform_up(self, fn: Callable[[Any], Any]) -> Any:
        """This tree with `fn` applied to every node, children first; `fn` returns a node, the same one for no change."""
        return fn(self.map_children(lambda child: child.transform_up(fn)))

    def transform_down(self, fn: Callable[[Any], Any]) -> Any:
        """This tree with `fn` applied to every node, parents first."""
        return fn(self).map_children(lambda child: child.transform_down(fn))

    def walk(self) -> Iterator[Any]:
        """Every node, parents first."""
        stack: list[TreeNode] = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def collect(self, kind: type[N]) -> list[N]:
        """Every node of class `kind` (or a subclass), parents first."""
        wanted, found, stack = kind.own_kind, [], [self] if self.has(kind) else []
        while stack:
            node = stack.pop()
            if node.own_kinds & wanted:
                found.append(node)
            stack.extend(child for child in reversed(node.children) if child.kinds & wanted)
        return found  # type: ignore[return-value]

    def at(self, origin: Position | None) -> Self:
        """This node, read from the span `origin` of the query."""
        if origin is not None:
            self.__dict__["origin"] = origin
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Ships the fields and the origin to workers, not the cached properties."""
        state = {name: getattr(self, name) for name in _field_names(type(self))}
        if self.origin is not None:
            state["origin"] = self.origin
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def settle(cls: type[TreeNode], **known: Any) -> None:
    """Makes what all nodes of a class have in common attributes of the class, where it does not say otherwise."""
    for name, value in known.items():
        if name not in cls.__dict__:
            setattr(cls, name, value)


def copy_origin(source: TreeNode, target: N) -> N:
    """`target`, taking over the place in the query from `source` unless it has its own."""
    if target.origin is None and source.origin is not None:
        target.__dict__["origin"] = source.origin
    return target


def _field_names(kind: type[TreeNode]) -> tuple[str, ...]:
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(each.name for each in fields(kind))
    return names


def _compared(kind: type[TreeNode]) -> tuple[str, ...]:
    names = _COMPARED.get(kind)
    if names is None:
        names = _COMPARED[kind] = tuple(each.name for each in fields(kind) if each.compare)
    return names


_FIELDS: dict[type[TreeNode], tuple[str, ...]] = {}
_COMPARED: dict[type[TreeNode], tuple[str, ...]] = {}


def _branching(kind: type[TreeNode]) -> tuple[str, ...]:
    """The fields that may hold nodes, by their annotations."""
    names = _BRANCHING.get(kind)
    if names is None:
        names = tuple(each.name for each in fields(kind) if not set(re.findall(r"\w+", str(each.type))) <= _PLAIN)
        _BRANCHING[kind] = names
    return names


_BRANCHING: dict[type[TreeNode], tuple[str, ...]] = {}
_PLAIN = {"int", "bool", "float", "bytes", "None", "DataType", "Mode", "JoinType"}
"""Words of annotations without nodes. A text may be one: a name that IDENTIFIER() is to compute."""


def pattern(classes: Iterable[type[TreeNode]]) -> int:
    """The bits of `classes`: one of these, or of their subclasses, is in a tree if its `kinds` share a bit with them."""
    found = 0
    for kind in classes:
        found |= kind.own_kind
    return found


def _collect(value: tuple[Any, ...], found: list[TreeNode]) -> None:
    for item in value:
        if isinstance(item, TreeNode):
            found.append(item)
        elif item.__class__ is tuple:
            _collect(item, found)


def _refilled(value: tuple[Any, ...], rest: Iterator[TreeNode]) -> tuple[Any, ...]:
    """`value` with the next nodes of `rest` in the places of its nodes."""
    items = [
        next(rest) if isinstance(item, TreeNode) else _refilled(item, rest) if item.__class__ is tuple else item
        for item in value
    ]
    return tuple(items) if any(map(is_not, items, value)) else value
