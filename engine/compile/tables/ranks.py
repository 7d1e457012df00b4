"""The keys of a table as a set of bits, and how many keys are below each: the rank of a key is its place in a directory that is
as short as there are keys.

A bit for each number there may be costs little even where few are there, and rows that come in the order of their keys, as
those of large tables do, look at one part of the bits after the other, where a hash would scatter them over the
whole table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.compile.numbering import Numbering, Renaming
from engine.compile.row import Row
from engine.compile.tables.addressing import Addressed
from engine.compile.values import Sql

WORD = 64


class Ranks:
    """Which of `size` numbers are keys. `bits` may be set by several threads, each in words of its own (`begin`)."""

    def __init__(self, size: int) -> None:
        self.words = -(-size // WORD)
        self.bits: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        self.before: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        """The keys below the first of each word."""
        self.count = 0
        self._parts: list[npt.NDArray[np.uint64]] = []
        self._lock = threading.Lock()

    def begin(self) -> npt.NDArray[np.uint64]:
        """A thread's words."""
        part = np.zeros(self.words, np.uint64)
        with self._lock:
            self._parts.append(part)
        return part

    def finish(self) -> None:
        """Puts the words of all threads together."""
        self.bits, *others = self._parts or [np.zeros(self.words, np.uint64)]
        for part in others:
            np.bitwise_or(self.bits, part, out=self.bits)
        self._parts.clear()
        upto = np.cumsum(np.bitwise_count(self.bits), dtype=np.int32)
        self.count = int(upto[-1])
        self.before = np.concatenate((np.zeros(1, np.int32), upto[:-1]))


class Marking:
    """The sink of a program over the numbers of built rows: sets the bits of their keys."""

    def __init__(self, table: Addressed) -> None:
        self.table = table

    def shape(self, numbering: Numbering) -> Hashable:
        return Marking, self.table.key_columns(numbering)

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> None:
        """Nothing is decided."""

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:  # noqa: ARG002
        """There is nothing to follow."""
        return True

    def begin(self, row: Row) -> None:
        """Nothing is prepared."""

    def write(self, row: Row) -> None:
        key = self.table.key_values(row, row.index)[0]

        def mark() -> None:
            place = key.value.signed("i64") - self.table.word(row, "low")
            bits = self.table.word(row, "bits", "ptr")
            bits.store(bits.load("i64", place >> 6) | (row.number("i64", 1) << (place & 63)), place >> 6)

        if_present(row, key, mark)

    def end(self, row: Row) -> None:
        """Nothing is left."""


def if_present(row: Row, key: Sql, work: Callable[[], None]) -> None:
    """Writes `work` for rows whose key is not null."""
    with row.function.when(row.function.boolean(True) if key.null is None else ~key.null), row.branch():
        work()
