"""Texts made of pieces, some of which may be replaced by something simpler: what a finding is shrunk by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """`parts` in a row are its text; each of `simpler` may stand in its place, where a query still makes sense with it."""

    parts: tuple[Part, ...]
    simpler: tuple[Part, ...] = ()

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


Part = str | Piece


def piece(*parts: Part, simpler: tuple[Part, ...] = ()) -> Piece:
    """A piece of `parts`."""
    return Piece(parts, simpler)


def joined(separator: str, parts: list[Part]) -> Piece:
    """`parts` with `separator` between; each one but the first may go."""
    if not parts:
        return Piece(())
    rest = tuple(Piece((separator, each), ("",)) for each in parts[1:])
    return Piece((parts[0], *rest))


def smaller(root: Piece) -> Iterator[Piece]:
    """`root` with one piece in it replaced, larger pieces first."""
    level: list[tuple[Piece, Callable[[Part], Piece]]] = [
        (root, lambda part: part if isinstance(part, Piece) else Piece((part,)))
    ]
    while level:
        below: list[tuple[Piece, Callable[[Part], Piece]]] = []
        for node, rebuild in level:
            yield from (rebuild(each) for each in node.simpler)
            for place, part in enumerate(node.parts):
                if isinstance(part, Piece):
                    below.append((part, _within(node, place, rebuild)))
        level = below


def _within(node: Piece, place: int, rebuild: Callable[[Part], Piece]) -> Callable[[Part], Piece]:
    def put(part: Part) -> Piece:
        return rebuild(Piece((*node.parts[:place], part, *node.parts[place + 1 :]), node.simpler))

    return put


def shrunk(root: Piece, fails: Callable[[Piece], bool], attempts: int = 400) -> Piece:
    """The smallest variant of `root` found in so many attempts for which `fails` holds."""
    while True:
        for candidate in smaller(root):
            if attempts == 0:
                return root
            attempts -= 1
            if len(str(candidate)) < len(str(root)) and fails(candidate):
                root = candidate
                break
        else:
            return root
