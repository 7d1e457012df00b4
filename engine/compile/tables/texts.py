"""Texts by number: each different text of one thread once, so that code compares and keeps them as words.

A word is `hash << 32 | thread << 26 | number`; 0 is null, and number 0 is no text. Words of one thread are equal where the
texts are; among threads, the hash is the same, and equal hashes are settled by the bytes. The bytes lie one after another as
in Arrow's large strings, so that the values of many words are one `take`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.ir import Function, Value
from engine.errors import ExecutionError

DIRECTORY, MASK, HASHES, OFFSETS, BYTES, COUNT, LIMIT, ROOM, TAG = range(9)
"""The words of a table of texts, as code reads them."""

NUMBER_BITS = 26
_NUMBERS = 1 << NUMBER_BITS
MOST_THREADS = 1 << 32 - NUMBER_BITS
_MIX = (-0x61C8864680B583EB, -0x4B47D0C5F3A3B4D1)


class TextTable:
    """The texts of thread `thread`. `grown` is told how many bytes more it takes."""

    def __init__(self, thread: int, grown: Callable[[int], None]) -> None:
        self.number = thread
        self.words = np.zeros(9, np.int64)
        self.words[TAG] = thread << NUMBER_BITS
        self.words[COUNT] = 1
        self.rehash: Callable[[int], Any] | None = None
        self._grown = grown
        self._hashes = np.zeros(0, np.uint64)
        self._offsets = np.zeros(2, np.int64)
        self._bytes = np.zeros(0, np.uint8)
        self._directory = np.zeros(0, np.int32)
        self._room(1 << 10, 1 << 14)

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return sum(each.nbytes for each in (self._hashes, self._offsets, self._bytes, self._directory))

    def clear(self) -> None:
        """Forgets all texts: words that were given out mean nothing any more."""
        before = self.size
        self._hashes, self._offsets = np.zeros(0, np.uint64), np.zeros(2, np.int64)
        self._bytes, self._directory = np.zeros(0, np.uint8), np.zeros(0, np.int32)
        self.words[COUNT] = 1
        self._grown(self.size - before)
        self._room(1 << 10, 1 << 14)

    def grow(self, length: int) -> None:
        """Makes room for one text more, of so many bytes."""
        count, used = int(self.words[COUNT]), int(self._offsets[self.words[COUNT]])
        if count + 2 >= _NUMBERS:
            parameters = {"operator": "HashAggregate", "size": "more different texts than a thread can number"}
            raise ExecutionError("OUT_OF_MEMORY", parameters)
        numbers = 4 * len(self._hashes) if count + 1 >= self.words[LIMIT] else len(self._hashes)
        room = len(self._bytes)
        while used + length > room:
            room *= 2
        self._room(min(numbers, _NUMBERS), room)

    def array(self) -> pa.Array:
        """All texts by number (0: an empty one)."""
        count = int(self.words[COUNT])
        data = pa.py_buffer(self._bytes[: self._offsets[count]])
        return pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), count, [None, pa.py_buffer(self._offsets[: count + 1]), data]
        )

    def _room(self, numbers: int, room: int) -> None:
        before = self.size
        if numbers != len(self._hashes):
            self._hashes = _longer(self._hashes, numbers)
            self._offsets = _longer(self._offsets, numbers + 1)
            self._directory = np.zeros(2 * numbers, np.int32)
        if room != len(self._bytes):
            self._bytes = _longer(self._bytes, room)
        self._grown(self.size - before)
        directory, hashes, offsets, data = self._directory, self._hashes, self._offsets, self._bytes
        words = self.words
        words[DIRECTORY], words[MASK] = directory.ctypes.data, len(directory) - 1
        words[HASHES], words[OFFSETS], words[BYTES] = hashes.ctypes.data, offsets.ctypes.data, data.ctypes.data
        words[LIMIT], words[ROOM] = len(hashes), len(data)
        if self.rehash is not None and not directory.any():
            self.rehash(words.ctypes.data)


def _longer(array: np.ndarray[Any, Any], length: int) -> np.ndarray[Any, Any]:
    made = np.empty(length, array.dtype)
    made[: len(array)] = array
    return made


class Texts:
    """The texts of all threads, to look words up in."""

    def __init__(self, tables: Sequence[TextTable]) -> None:
        self._tables = list(tables)
        self._lock = threading.Lock()
        self._joined: tuple[pa.Array, np.ndarray[Any, Any]] | None = None

    def take(self, words: np.ndarray[Any, Any], kind: pa.DataType) -> pa.Array:
        """The texts of words."""
        with self._lock:
            if self._joined is None:
                arrays = [table.array() for table in self._tables]
                starts = np.zeros(MOST_THREADS, np.int64)
                starts[: len(arrays)] = np.cumsum([0, *(len(array) for array in arrays[:-1])])
                self._joined = (arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)), starts
            array, starts = self._joined
        threads = (words >> np.uint64(NUMBER_BITS)) & np.uint64(MOST_THREADS - 1)
        places = (words & np.uint64(_NUMBERS - 1)).astype(np.int64) + starts[threads.astype(np.int64)]
        mask = words == 0
        wanted = pa.array(places, mask=mask) if mask.any() else pa.array(places)
        return array.take(wanted).cast(pa.binary()).view(kind)


# code


@lru_cache
def hash_text() -> Function:
    """hash_text(bytes, length): reads no byte beyond the text."""
    f = Function("hash_text", [("bytes", "ptr"), ("length", "i64")], internal=True)
    data, length = f.argument("bytes"), f.argument("length")
    found = f.variable("i64", length * _MIX[1])

    def mix(word: Value) -> None:
        mixed = (found.get() ^ word) * _MIX[0]
        found.set(mixed ^ (mixed >> 29))

    def long() -> None:
        last = length - 8
        index = f.variable("i64", 0)
        with f.forever() as done:
            f.leave_if(index.get() >= last, done)
            mix(data.at(index.get()).load("i64", align=1))
            index.add(8)
        mix(data.at(last).load("i64", align=1))

    def middle() -> None:
        first, last = data.load("i32", align=1), data.at(length - 4).load("i32", align=1)
        mix(first.unsigned("i64") | (last.unsigned("i64") << 32))

    def short() -> None:
        with f.when(length > 0):
            few = [data.load("i8", place).unsigned("i64") for place in (0, length >> 1, length - 1)]
            mix(few[0] | (few[1] << 8) | (few[2] << 16))

    f.either(length >= 8, long, lambda: f.either(length >= 4, middle, short))
    mixed = found.get()
    mixed = (mixed ^ (mixed >> 32)) * _MIX[1]
    f.give(mixed ^ (mixed >> 32))
    return f


@lru_cache
def intern() -> Function:
    """intern(table, bytes, length): the word of a text, 0 where the table must grow first."""
    f = Function("intern", [("table", "ptr"), ("bytes", "ptr"), ("length", "i64")], internal=True)
    table, data, length = f.argument("table"), f.argument("bytes"), f.argument("length")
    found = f.helped(hash_text(), data, length)
    directory, mask = table.load("ptr", DIRECTORY), table.load("i64", MASK)
    hashes, offsets, arena = (table.load("ptr", place) for place in (HASHES, OFFSETS, BYTES))
    slot = f.variable("i64", found & mask)
    tag = table.load("i64", TAG)

    def word(number: Value) -> Value:
        return ((found >> 32) << 32) | tag | number

    with f.forever() as absent:
        number = directory.load("i32", slot.get()).unsigned("i64")
        f.leave_if(number == 0, absent)
        with f.when(hashes.load("i64", number) == found):
            start = offsets.load("i64", number)
            with f.when(offsets.load("i64", number + 1) - start == length):
                same = f.intrinsic("memcmp", "i32", arena.at(start), data, length) == 0
                with f.when(same):
                    f.give(word(number))
        slot.set((slot.get() + 1) & mask)
    count = table.load("i64", COUNT)
    start = offsets.load("i64", count)
    with f.when((count + 1 >= table.load("i64", LIMIT)) | (start + length > table.load("i64", ROOM)), likely=False):
        f.give(0)
    f.intrinsic("memcpy", "ptr", arena.at(start), data, length)
    hashes.store(found, count)
    offsets.store(start + length, count + 1)
    directory.store(count.signed("i32"), slot.get())
    table.store(count + 1, COUNT)
    f.give(word(count))
    return f


def rehash_texts() -> Function:
    """rehash_texts(table): fills an empty directory."""
    f = Function("rehash_texts", [("table", "ptr")])
    table = f.argument("table")
    directory, mask, hashes = table.load("ptr", DIRECTORY), table.load("i64", MASK), table.load("ptr", HASHES)
    slot = f.variable("i64")
    with f.loop(1, table.load("i64", COUNT)) as number:
        slot.set(hashes.load("i64", number) & mask)
        with f.forever() as free:
            f.leave_if(directory.load("i32", slot.get()) == 0, free)
            slot.set((slot.get() + 1) & mask)
        directory.store(number.signed("i32"), slot.get())
    f.give(0)
    return f


@lru_cache
def same_text() -> Function:
    """same_text(arenas, left, right): whether words of any threads are of equal texts; `arenas` has offsets and bytes of
    each thread."""
    f = Function("same_text", [("arenas", "ptr"), ("left", "i64"), ("right", "i64")], "i1", internal=True)
    arenas, left, right = (f.argument(name) for name in ("arenas", "left", "right"))
    with f.when(left == right):
        f.give(f.boolean(True))
    with f.when(((left ^ right) >> 32) != 0):
        f.give(f.boolean(False))
    with f.when((left == 0) | (right == 0)):
        f.give(f.boolean(False))

    def located(word: Value) -> tuple[Value, Value]:
        thread = ((word >> NUMBER_BITS) & (MOST_THREADS - 1)) << 1
        number = word & (_NUMBERS - 1)
        offsets, data = arenas.load("ptr", thread), arenas.load("ptr", thread + 1)
        start = offsets.load("i64", number)
        return data.at(start), offsets.load("i64", number + 1) - start

    (first, length), (second, other) = located(left), located(right)
    with f.when(length != other):
        f.give(f.boolean(False))
    f.give(f.intrinsic("memcmp", "i32", first, second, length) == 0)
    return f
