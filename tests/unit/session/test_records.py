"""Dataclasses whose methods are written later are as those of the standard library."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any

import pytest

from engine import records


def _classes(dataclass: Any) -> list[Any]:
    """The same classes, made by either decorator."""

    @dataclass(frozen=True)
    class Point:
        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list, hash=False)
        note: str = field(default="", compare=False, repr=False)
        place: str = field(default="here", kw_only=True)

    @dataclass(frozen=True)
    class Named(Point):
        y: int = 5
        name: str = "n"

    @dataclass
    class Counter:
        step: int
        total: int = field(init=False)
        seen: list[int] = field(default_factory=list, init=False)

        def __post_init__(self) -> None:
            self.total = self.step * 10

    @dataclass(eq=False)
    class Same:
        x: int

    @dataclass(frozen=True, kw_only=True)
    class Event:
        id: str
        seconds: float = 0.0

        def __repr__(self) -> str:
            return "an event"

    return [Point, Named, Counter, Same, Event]


OURS, THEIRS = _classes(records.dataclass), _classes(dataclasses.dataclass)
CALLS: list[tuple[int, tuple[Any, ...], dict[str, Any]]] = [
    (0, (1,), {}),
    (0, (1, 3, ["a"], "b"), {"place": "there"}),
    (1, (1,), {"name": "m"}),
    (2, (4,), {}),
    (3, (4,), {}),
    (4, (), {"id": "e"}),
]


def said(thing: Any) -> str:
    """Its text without the name of the decorator's test."""
    text = repr(thing)
    return "object" if " object at " in text else text


@pytest.mark.parametrize(("number", "values", "named"), CALLS)
def test_as_the_standard_ones(number: int, values: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = OURS[number](*values, **named), THEIRS[number](*values, **named)
    assert said(ours) == said(theirs)
    assert vars(ours) == vars(theirs)
    assert [each.name for each in fields(ours)] == [each.name for each in fields(theirs)]
    assert OURS[number].__match_args__ == THEIRS[number].__match_args__
    same = OURS[number](*values, **named)
    assert (ours == same) == (theirs == THEIRS[number](*values, **named))
    assert ours != theirs
    assert (OURS[number].__hash__ is None) == (THEIRS[number].__hash__ is None)
    if number in (0, 1, 4):
        assert hash(ours) == hash(same) == hash(theirs)


@pytest.mark.parametrize(("values", "named"), [((), {}), ((1,), {"nothing": 2}), ((1, 2, [], "", "place"), {})])
def test_wrong_arguments_are_refused(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (OURS[0], THEIRS[0]):
        with pytest.raises(TypeError):
            kind(*values, **named)


def test_frozen_ones_stay() -> None:
    point = OURS[1](1)
    for attribute in ("x", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(point, attribute, 3)
        with pytest.raises(FrozenInstanceError):
            delattr(point, attribute)
    assert replace(point, x=7) == OURS[1](7)

    plain: Any = type("Plain", (OURS[0],), {})(1)
    plain.other = 4
    del plain.other
    with pytest.raises(FrozenInstanceError):
        plain.x = 2


@records.dataclass(frozen=True)
class Sent:
    """At the top of a module, where pickles look for it."""

    value: int


def test_they_travel() -> None:
    assert pickle.loads(pickle.dumps(Sent(3))) == Sent(3)


def test_methods_are_written_when_called() -> None:
    @records.dataclass(frozen=True)
    class Fresh:
        x: int

    first = vars(Fresh)["__init__"]
    assert Fresh(1) == Fresh(1)
    assert vars(Fresh)["__init__"] is not first
