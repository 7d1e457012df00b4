"""Dataclasses whose methods are written when they are first called.

`dataclasses` writes and compiles up to six methods for each class when its module is imported: for the classes of this engine a
fifth of the time that `flint -e "select 1"` takes, and most of the methods are never called. `dataclass` here takes the same
arguments and makes the same methods, from fields that `dataclasses` collects, so that `field`, `fields` and `replace` work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

C = TypeVar("C")
T = TypeVar("T", bound=type[Any])


@overload
def dataclass(cls: type[C], /) -> type[C]: ...


@overload
def dataclass(
    *, frozen: bool = False, eq: bool = True, repr: bool = True, kw_only: bool = False
) -> Callable[[type[C]], type[C]]: ...


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    cls: type[C] | None = None, /, *, frozen: bool = False, eq: bool = True, repr: bool = True, kw_only: bool = False
) -> type[C] | Callable[[type[C]], type[C]]:
    """What `dataclasses.dataclass` is."""

    def made(cls: type[C]) -> type[C]:
        own = set(vars(cls))
        collected(cls, kw_only)
        if repr and "__repr__" not in own:
            cls.__repr__ = _shown  # type: ignore[method-assign]
        if eq and "__eq__" not in own:
            _later(cls, "__eq__", _equality)
        if eq and "__hash__" not in own:
            if frozen:
                _later(cls, "__hash__", _hash)
            else:
                cls.__hash__ = None  # type: ignore[assignment]
        if frozen:
            _freeze(cls)
        return cls

    return made if cls is None else made(cls)


def collected(cls: T, kw_only: bool = False) -> T:
    """`cls` with its fields, and an `__init__` over them; nothing else of what dataclasses have."""
    cls.__doc__ = cls.__doc__ or cls.__name__  # else dataclasses writes one, with inspect
    dataclasses.dataclass(init=False, eq=False, repr=False, kw_only=kw_only)(cls)
    if "__init__" not in vars(cls):
        _later(cls, "__init__", _initializer)
    return cls


def _later(cls: type[Any], name: str, write: Callable[[type[Any]], Any]) -> None:
    """Gives `cls` a method that `write` makes when it is first called."""

    def first(self: Any, *values: Any, **named: Any) -> Any:
        method = write(cls)
        setattr(cls, name, method)
        return method(self, *values, **named)

    setattr(cls, name, first)


def _initializer(cls: type[Any]) -> Any:
    """Fields as parameters, with their defaults; fills the instance's dict, which also goes where it is frozen."""
    scope: dict[str, Any] = {"MADE": object()}
    ordered: list[str] = []
    keywords: list[str] = []
    lines = ["own = self.__dict__"]
    for each in fields(cls):
        if not each.init and each.default_factory is MISSING:
            continue  # it is for __post_init__
        value = _parameter(each, scope, keywords if each.kw_only else ordered)
        lines.append(f"own[{each.name!r}] = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ["self", *ordered, *(("*", *keywords) if keywords else ())]
    return _written(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines), scope, cls)


def _parameter(each: Field[Any], scope: dict[str, Any], parameters: list[str]) -> str:
    """Adds a field to the parameters; what its value is."""
    name = each.name
    if not each.init:
        scope[f"make_{name}"] = each.default_factory
        return f"make_{name}()"
    if each.default is not MISSING:
        scope[f"default_{name}"] = each.default
        parameters.append(f"{name}=default_{name}")
    elif each.default_factory is not MISSING:
        scope[f"make_{name}"] = each.default_factory
        parameters.append(f"{name}=MADE")
        return f"make_{name}() if {name} is MADE else {name}"
    else:
        parameters.append(name)
    return name


def _equality(cls: type[Any]) -> Any:
    mine, others = (_tuple(side, (each for each in fields(cls) if each.compare)) for side in ("self", "other"))
    text = f"def __eq__(self, other):\n if other.__class__ is self.__class__:\n  return {mine} == {others}\n"
    return _written(text + " return NotImplemented", {}, cls)


def _hash(cls: type[Any]) -> Any:
    hashed = (each for each in fields(cls) if (each.compare if each.hash is None else each.hash))
    return _written(f"def __hash__(self):\n return hash({_tuple('self', hashed)})", {}, cls)


def _tuple(side: str, found: Any) -> str:
    return "(" + "".join(f"{side}.{each.name}, " for each in found) + ")"


def _written(text: str, scope: dict[str, Any], cls: type[Any]) -> Any:
    exec(text, scope)  # as dataclasses does
    found = scope[text[len("def ") : text.index("(")]]
    found.__qualname__ = f"{cls.__qualname__}.{found.__name__}"
    found.__module__ = cls.__module__
    return found


def _shown(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _freeze(cls: type[Any]) -> None:
    """Refuses to set or delete attributes; of subclasses that are no dataclasses, only fields."""

    def set_attribute(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in cls.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete_attribute(self: Any, name: str) -> None:
        if type(self) is cls or name in cls.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    cls.__setattr__ = set_attribute  # type: ignore[assignment]
    cls.__delattr__ = delete_attribute  # type: ignore[assignment]
