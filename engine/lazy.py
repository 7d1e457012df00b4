"""Attributes computed, and modules imported, when first asked for.

`functools.cached_property` of Python 3.11 holds one lock for all instances of a class while it computes. A node's
attributes ask its children's, so two threads that plan at once would take such locks in different orders and wait for
each other for ever; and a long computation in one thread would hold up every other. Without a lock two threads may both
compute: what they compute is the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class cached_property(Generic[T_co]):  # noqa: N801 - named as what it stands in for
    """A method as an attribute that is computed once for each instance, and kept in its `__dict__`."""

    def __init__(self, compute: Callable[[Any], T_co]) -> None:
        self.compute = compute
        self.name = compute.__name__
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T_co: ...

    def __get__(self, instance: object | None, owner: type | None = None) -> Self | T_co:
        if instance is None:
            return self
        value = self.compute(instance)
        instance.__dict__[self.name] = value
        return value


class LazyModule:
    """A module that is imported when one of its names is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(importlib.import_module(self._name), name)
        setattr(self, name, found)
        return found


pc: Any = LazyModule("pyarrow.compute")
"""It describes some 300 functions while it is imported, a tenth of the time of a start, and small statements call none."""
