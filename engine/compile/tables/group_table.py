"""The memory of tables of groups: one table for each thread, and at the end the groups of all threads, share by share.

A table grows while it seems that all groups will fit into the processor's caches. Else its rows are put aside sorted by hash (a
run) and it begins anew: so no table outgrows the caches, however many groups there are.
At the end the rows of all runs whose hashes are in a range become one table, range by range, by any thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from engine.compile.tables.grouping import (
    COUNT,
    DIRECTORY,
    FIRST_SLACK,
    LIMIT,
    MASK,
    PARTITIONS,
    PLAIN,
    ROWS,
    SLACK,
    WORDS,
)
from engine.compile.tables.layout import Rows
from engine.compile.tables.texts import TextTable
from engine.records import dataclass

_FIRST_GROUPS = 1 << 10
_CACHED_BYTES = 1 << 20
_MOST_BYTES = 24 << 20
_SHARE_ROWS = 1 << 16

Call = Callable[..., None]
"""Calls one of the functions of the tables' module, by name and with whole numbers."""


@dataclass
class Run:
    """Rows sorted by partition; `ends` has the place after each one's last row."""

    rows: Rows
    ends: npt.NDArray[np.int64]

    def between(self, first: int, last: int) -> Rows:
        """The rows of partitions from `first` to before `last`."""
        start = int(self.ends[first - 1]) if first else 0
        return self.rows[start : int(self.ends[last - 1])]


class GroupTable:
    """The table of one thread, with rows of `stride` words. `grown` is told how many bytes more it takes."""

    def __init__(self, stride: int, call: Call, texts: TextTable, grown: Callable[[int], None]) -> None:
        self.stride = stride
        self.texts = texts
        self.words = np.zeros(WORDS, np.int64)
        self.words[PLAIN] = 1
        self.runs: list[Run] = []
        self.caches: list[npt.NDArray[np.int32]] = []
        """Numbers of rows that others keep: zeroed when rows lose theirs."""
        self._call = call
        self._grown = grown
        self._cached = max(_FIRST_GROUPS, 1 << (_CACHED_BYTES // (8 * stride)).bit_length() - 1)
        self._rows: Rows = np.zeros((0, stride), np.uint64)
        self._directory = np.zeros(0, np.int32)
        self._half: int | None = None  # source rows that the first half of the table took
        self._base = 0
        self.seen = 0
        self._resize(_FIRST_GROUPS)

    @property
    def rows(self) -> Rows:
        """The groups that are in it, without those put aside."""
        return self._rows[: int(self.words[COUNT])]

    @property
    def total(self) -> int:
        """How many rows there are in all."""
        return int(self.words[COUNT]) + sum(len(run.rows) for run in self.runs)

    def full(self, arrived: int) -> None:
        """Makes room for groups, after `arrived` source rows in all; where there is, keys are bad slots."""
        capacity = int(self.words[LIMIT])
        if self.words[COUNT] < capacity:
            self._directory[:] = 0
            self._hash()
        elif capacity < self._cached or self._worth_growing(arrived, capacity):
            self._resize(capacity * 2)
            self._half = arrived - self._base
        else:
            self.put_aside()
            self._base, self._half = arrived, None

    def put_aside(self) -> None:
        """Makes a run of its rows."""
        rows = self.rows
        if not len(rows):
            return
        made: Rows = np.empty(rows.shape, np.uint64)
        ends = np.zeros(PARTITIONS, np.int64)
        self._grown(made.nbytes)
        self._call("scatter", rows.ctypes.data, len(rows), made.ctypes.data, ends.ctypes.data)
        self.runs.append(Run(made, ends))
        self.words[COUNT], self.words[SLACK] = 0, FIRST_SLACK
        self._directory[:] = 0
        for cache in self.caches:
            cache[:] = 0

    def clear(self) -> None:
        """Begins anew, without groups."""
        self._grown(-sum(run.rows.nbytes for run in self.runs) - self._rows.nbytes - self._directory.nbytes)
        self.runs = []
        self._rows, self._directory = self._rows[:0], self._directory[:0]
        self.words[COUNT] = 0
        for cache in self.caches:
            cache[:] = 0
        self._half = None
        self._resize(_FIRST_GROUPS)

    def close(self) -> None:
        """Gives its memory back, but for the runs'."""
        self._grown(-self._rows.nbytes - self._directory.nbytes)
        self._rows, self._directory = self._rows[:0], self._directory[:0]
        self.words[:] = 0

    def _worth_growing(self, arrived: int, groups: int) -> bool:
        """Whether all groups may fit into the caches. Of rows whose groups come at random out of g, the second half of the
        table takes 1 + groups / 2g times as many as the first; where groups do not come again, as many."""
        most = _MOST_BYTES // (8 * self.stride + 8)
        if self._half is None or 2 * groups > most:
            return False
        return arrived - self._base - self._half > (1 + groups / (2 * most)) * self._half

    def _resize(self, capacity: int) -> None:
        count = int(self.words[COUNT])
        rows: Rows = np.empty((capacity, self.stride), np.uint64)
        rows[:count] = self._rows[:count]
        directory = np.zeros(2 * capacity, np.int32)
        self._grown(rows.nbytes + directory.nbytes - self._rows.nbytes - self._directory.nbytes)
        self._rows, self._directory = rows, directory
        set_words(self.words, rows, directory, count, capacity)
        if count:
            self._call("rehash", self.words.ctypes.data)
            if self.words[PLAIN] and self.words[SLACK] < 0:
                directory[:] = 0
                self._hash()

    def _hash(self) -> None:
        """Fills the empty directory by hashes of keys, from now on."""
        self.words[PLAIN] = 0
        self._call("rehash", self.words.ctypes.data)


def set_words(
    words: npt.NDArray[np.int64], rows: Rows, directory: npt.NDArray[np.int32], count: int, limit: int
) -> None:
    """Writes where a table is."""
    words[ROWS], words[DIRECTORY], words[MASK] = rows.ctypes.data, directory.ctypes.data, len(directory) - 1
    words[COUNT], words[LIMIT], words[SLACK] = count, limit, FIRST_SLACK


def shares(tables: Sequence[GroupTable], threads: int) -> list[tuple[int, int]]:
    """Ranges of partitions, each with rows enough to be worth a morsel."""
    total = sum(table.total for table in tables)
    count = min(PARTITIONS, max(1, total // _SHARE_ROWS))
    if count > 1:
        count = min(PARTITIONS, -(-count // threads) * threads)
    edges = [round(place * PARTITIONS / count) for place in range(count + 1)]
    return list(itertools.pairwise(edges))


def merged(parts: Sequence[Rows], call: Call, arenas: npt.NDArray[np.int64]) -> Rows:
    """One row for each group of several tables' rows."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    total = sum(map(len, parts))
    rows: Rows = np.empty((total, parts[0].shape[1]), np.uint64)
    directory = np.zeros(1 << (2 * total).bit_length(), np.int32)
    words = np.zeros(WORDS, np.int64)
    set_words(words, rows, directory, 0, total)
    for part in parts:
        call("absorb", words.ctypes.data, part.ctypes.data, len(part), arenas.ctypes.data)
    return rows[: int(words[COUNT])]
