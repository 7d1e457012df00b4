"""How keys of a join's table lead to places in its directory (`join.py` says which ways there are)."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto
from typing import Protocol

from engine.compile.ir import Value
from engine.compile.numbering import Numbering
from engine.compile.row import Row
from engine.compile.values import Sql


class Addressing(Enum):
    """How a key leads to its place in the directory."""

    DIRECT = auto()
    RANKED = auto()
    HASHED = auto()


class Addressed(Protocol):
    """The table, as code sees it that fills it."""

    null_safe: tuple[bool, ...]
    addressing: Addressing

    def key_columns(self, numbering: Numbering) -> Hashable:
        """What the code depends on that reads keys."""

    def key_values(self, row: Row, index: Value) -> list[Sql]:
        """The keys of a built row."""

    def word(self, row: Row, name: str, type: str = "i64") -> Value:
        """A word of the frame that is the table's."""


def bit_of(row: Row, table: Addressed, place: Value) -> Value:
    """Whether the number at a place, which is below the size, is a key."""
    word = table.word(row, "bits", "ptr").load("i32", place >> 5, fixed=True)
    return ((word >> (place.signed("i32") & 31)) & 1) != 0


def rank_of(row: Row, table: Addressed, place: Value) -> Value:
    """The rank of the key at a place."""
    word = table.word(row, "bits", "ptr").load("i64", place >> 6, fixed=True)
    below = word & ((row.number("i64", 1) << (place & 63)) - 1)
    before = table.word(row, "before", "ptr").load("i32", place >> 6, fixed=True)
    return before.unsigned("i64") + row.function.intrinsic("llvm.ctpop.i64", "i64", below)
