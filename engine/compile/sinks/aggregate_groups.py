"""Groups of compiled aggregates while they run: a state or a table for each thread, and how they become batches of states.

The states are those that the kernels of the calls would give, so interpreted and compiled groups can be merged.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.code import code_of
from engine.compile.ir import module_text
from engine.compile.program import SinkCode
from engine.compile.sinks.aggregate import (
    CACHE,
    CACHED,
    FULL,
    STATE,
    TABLE,
    GroupedCode,
)
from engine.compile.sinks.aggregate_accumulators import Accumulators, Shape, merge
from engine.compile.sinks.aggregate_cells import words_of
from engine.compile.sinks.text_words import TEXTS, TEXTS_FULL
from engine.compile.tables.group_table import GroupTable, merged, shares
from engine.compile.tables.grouping import NAMES, functions
from engine.compile.tables.layout import KeyLayout, Rows, unpacked
from engine.compile.tables.texts import (
    BYTES,
    COUNT,
    ENTRIES,
    MOST_THREADS,
    REHASH_TEXTS,
    Texts,
    TextTable,
    rehash_texts,
)
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.kernels.aggregates import AggregateKernel
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.execution import Execution
from engine.records import dataclass
from engine.types.arrow import to_arrow

Batches = Callable[[], Iterator[pa.RecordBatch]]


@dataclass
class ThreadGroups:
    """What one thread has: the state without keys, else a table, or the states of a built side's rows and which have any; and
    the texts of keys and states."""

    state: Rows
    table: GroupTable | None = None
    texts: TextTable | None = None
    seen: np.ndarray[Any, np.dtype[np.uint8]] | None = None
    arrived: int = 0
    frames: list[FrameWords] = field(default_factory=list)


@dataclass
class CompiledGroups:
    """The groups of an aggregate whose rows have one layout; without keys, its states."""

    keys: KeyLayout | None
    accumulators: Accumulators
    calls: Sequence[AggregateCall]
    kernels: Sequence[AggregateKernel]
    run: Execution
    grown: Callable[[int], None]
    threads: list[ThreadGroups] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._made = 0
        self._code: Any = None

    def local(self) -> ThreadGroups:
        """A thread's part: one that a thread before has left, if there is any."""
        with self._lock:
            if self.threads:
                return self.threads.pop()
        return self._fresh()

    def bind(self, groups: ThreadGroups, code: SinkCode, frame: FrameWords) -> None:
        """Prepares a frame of the thread."""
        self._bind_texts(groups, frame)
        table = groups.table
        if table is None:
            frame.set(STATE, groups.state.ctypes.data, groups.state)
            return
        frame.set(TABLE, table.words.ctypes.data, table.words)
        frame.callback(FULL, lambda row: table.full(groups.arrived + row))
        if isinstance(code, GroupedCode) and code.sizes:
            frame.inputs.bound = _Cache(frame, code.sizes, table).bound

    def _bind_texts(self, groups: ThreadGroups, frame: FrameWords) -> None:
        texts = groups.texts
        if texts is not None:
            groups.frames.append(frame)
            frame.set(TEXTS, texts.words.ctypes.data, texts.words)
            frame.callback(TEXTS_FULL, texts.grow)

    def combine(self, groups: ThreadGroups) -> None:
        """Takes a thread's part over."""
        table = groups.table
        if table is not None and len(table.rows) > BATCH_ROWS and self.run.task.threads > 1:
            table.put_aside()  # here threads do it side by side
        with self._lock:
            self.threads.append(groups)

    def taken(self, groups: ThreadGroups) -> Iterator[pa.RecordBatch]:
        """Keys and states of a thread's groups, which begin anew then; a group comes several times where it was put aside."""
        table = groups.table
        if table is None:
            return
        texts = Texts([table.texts])
        for rows in [*(run.rows for run in table.runs), table.rows]:
            for start in range(0, len(rows), BATCH_ROWS):
                yield from self._batch_of_states(rows[start : start + BATCH_ROWS], texts)
        table.clear()
        self._forget_texts(groups)

    def _forget_texts(self, groups: ThreadGroups) -> None:
        if groups.texts is not None:
            groups.texts.clear()
            for frame in groups.frames:
                frame.inputs.forget_words()

    def parts(self) -> list[Batches]:
        """Batches of keys and states, each group once: by shares of the groups. Texts may come encoded."""
        if self.keys is None:
            seen = self.accumulators.offsets[0]
            arrived = [each for each in self.threads if each.state[0, seen]]
            return [partial(self._batch_of_states, each.state, texts_of(each)) for each in arrived]
        tables = [groups.table for groups in self.threads if groups.table is not None and groups.table.total]
        if not tables:
            return []
        texts, arenas = self._texts()
        if len(tables) == 1 and not tables[0].runs:
            rows = tables[0].rows
            edges = range(0, len(rows), BATCH_ROWS)
            return [partial(self._batch_of_states, rows[start : start + BATCH_ROWS], texts) for start in edges]
        ranges = shares(tables, self.run.task.threads)
        for table in tables:
            if len(ranges) > 1:
                table.put_aside()
        return [partial(self._share, tables, first, last, texts, arenas) for first, last in ranges]

    def _share(
        self, tables: Sequence[GroupTable], first: int, last: int, texts: Texts, arenas: np.ndarray[Any, Any]
    ) -> Iterator[pa.RecordBatch]:
        """The groups whose hashes are in a range of partitions."""
        parts = [run.between(first, last) for table in tables for run in table.runs]
        parts += [table.rows for table in tables]
        self.run.check()
        rows = merged(parts, self._call, arenas)
        for start in range(0, len(rows), BATCH_ROWS):
            yield from self._batch_of_states(rows[start : start + BATCH_ROWS], texts)

    def _batch_of_states(self, rows: Rows, texts: Texts | None = None) -> Iterator[pa.RecordBatch]:
        columns: list[pa.Array] = []
        for key in self.keys.fields if self.keys is not None else ():
            kind = partial(_taken, texts, key.expression)
            columns.append(unpacked(rows, key, kind))
        columns += self.accumulators.states(rows, texts, self.calls, self.kernels)
        yield batch_of(columns, len(rows))

    def _texts(self) -> tuple[Texts, np.ndarray[Any, Any]]:
        """The texts of all threads, and where code finds them."""
        arenas = np.zeros(2 * MOST_THREADS, np.int64)
        texts = sorted((each.texts for each in self.threads if each.texts), key=lambda table: table.number)
        for table in texts:
            place = 2 * table.number
            arenas[place], arenas[place + 1] = table.words[ENTRIES], table.words[BYTES]
        rows = sum(each.table.total for each in self.threads if each.table is not None)
        numbers = sum(int(table.words[COUNT]) for table in texts)
        return Texts(texts, coded=numbers <= min(rows // _ROWS_OF_TEXT, _MOST_CODES)), arenas

    def _fresh(self) -> ThreadGroups:
        """The groups of one more thread."""
        if self.keys is None:
            return ThreadGroups(self._neutral(), texts=self._fresh_texts() if self.accumulators.has_texts else None)
        texts = self._fresh_texts()
        return ThreadGroups(np.zeros((0, 0), np.uint64), self._table(texts), texts)

    def _table(self, texts: TextTable) -> GroupTable:
        return GroupTable(self.accumulators.words, self._call, texts, self.grown)

    def _fresh_texts(self) -> TextTable:
        with self._lock:
            number, self._made = self._made, self._made + 1
        texts = TextTable(number, self.grown)
        if self.accumulators.has_texts or (self.keys is not None and self.keys.texts):
            texts.rehash = partial(self._call, REHASH_TEXTS)
        return texts

    def _neutral(self) -> Rows:
        words: list[int] = []
        for each in self.accumulators.accumulators:
            for storage, start in zip(each.storages, each.starts, strict=True):
                words += [start >> 64 * place & (1 << 64) - 1 for place in range(words_of(storage))]
        return np.array([words], np.uint64)

    def _call(self, name: str, *arguments: int) -> None:
        """Calls one of the functions of the tables' module, without the interpreter's lock."""
        with self._lock:
            if self._code is None:
                self._code = code_of(*self._module(), self.run)
        kinds = [ctypes.c_int64] * len(arguments)
        with self._code.calling():
            ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(self._code.addresses[name])(*arguments)

    def _module(self) -> tuple[str, Sequence[str]]:
        """The tables' module, and the names of the functions that are called."""
        if self.keys is None:
            return module_text([rehash_texts()]), (REHASH_TEXTS,)
        return _module(self.keys.shape, self.accumulators.words, self.accumulators.shape), NAMES


@lru_cache(256)
def _module(layout: KeyLayout, stride: int, shape: Shape) -> str:
    return module_text(functions(layout, stride, partial(merge, shape)))


_MOST_CODES = 1 << 16
_ROWS_OF_TEXT = 4
"""How many groups there are for each text, from where on keys come out as codes of a dictionary, if those are few."""


class _Cache:
    """Numbers of groups by the codes of their keys, for the dictionaries that a thread's batches have."""

    def __init__(self, frame: FrameWords, sizes: Sequence[int | None], table: GroupTable) -> None:
        self._frame = frame
        self._sizes = sizes
        self._numbers = np.zeros(_MOST_CODES, np.int32)
        self._dictionaries: list[int] | None = None
        table.caches.append(self._numbers)

    def bound(self) -> None:
        """Called with each batch: starts anew where a dictionary is another one."""
        frame = self._frame
        found = [0 if place is None else frame.inputs.dictionary_address(place) for place in self._sizes]
        if found == self._dictionaries:
            return
        self._dictionaries = found
        total = 1
        for number, place in enumerate(self._sizes):
            frame.set(("stride", number), total)
            total *= 257 if place is None else frame.read(("entries", place)) + 1
        self._numbers[: min(total, _MOST_CODES)] = 0
        frame.set(CACHE, self._numbers.ctypes.data, self._numbers)
        frame.set(CACHED, total if total <= _MOST_CODES else 0)


def texts_of(groups: ThreadGroups) -> Texts | None:
    """The texts of one thread, if it has any."""
    return None if groups.texts is None else Texts([groups.texts])


def _taken(texts: Texts | None, key: Expression, words: Rows) -> pa.Array:
    assert texts is not None
    return texts.take(words, to_arrow(key.dataType))
