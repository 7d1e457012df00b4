"""Texts by number: each different text of one thread once, so that code compares and keeps them as words.

A word is `hash << 32 | thread << 26 | number`; 0 is null, and number 0 is no text. Words of one thread are equal where the
texts are; among threads, the hash is the same, and equal hashes are settled by the bytes. The bytes lie one after another as
in Arrow's large strings, so that the values of many words are one `take`. What tells a text from others is in one entry, half a
line of the cache: its hash and length, and its first and last eight bytes, which of short texts are all.

    entry    start    hash << 32 | length    first bytes    last bytes

The least or greatest text of a group is *held* in an entry of its own, which no other word is of: a better one is written over
it where there is room. Texts that come in their order would else be kept, all of them.
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
from engine.lazy import pc

DIRECTORY, MASK, ENTRIES, BYTES, COUNT, LIMIT, ROOM, TAG = range(8)
"""The words of a table of texts, as code reads them."""

ENTRY = 4
"""Words of an entry."""
_INLINE = 16
_LENGTHS = (1 << 31) - 1
_HELD = 1 << 31
"""Beside the length of an entry that is held, and shorter than its room at times."""

NUMBER_BITS = 26
_NUMBERS = 1 << NUMBER_BITS
MOST_THREADS = 1 << 32 - NUMBER_BITS
REHASH_TEXTS = "rehash_texts"
_MIX = (-0x61C8864680B583EB, -0x4B47D0C5F3A3B4D1)


class TextTable:
    """The texts of thread `thread`. `grown` is told how many bytes more it takes."""

    def __init__(self, thread: int, grown: Callable[[int], None]) -> None:
        self.number = thread
        self.words = np.zeros(8, np.int64)
        self.words[TAG] = thread << NUMBER_BITS
        self.words[COUNT] = 1
        self.rehash: Callable[[int], Any] | None = None
        self._grown = grown
        self._entries = np.zeros((0, ENTRY), np.int64)
        self._bytes = np.zeros(0, np.uint8)
        self._directory = np.zeros(0, np.int32)
        self._room(1 << 10, 1 << 14)

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return self._entries.nbytes + self._bytes.nbytes + self._directory.nbytes

    def clear(self) -> None:
        """Forgets all texts: words that were given out mean nothing any more."""
        before = self.size
        self._entries = np.zeros((0, ENTRY), np.int64)
        self._bytes, self._directory = np.zeros(0, np.uint8), np.zeros(0, np.int32)
        self.words[COUNT] = 1
        self._grown(self.size - before)
        self._room(1 << 10, 1 << 14)

    def grow(self, length: int) -> None:
        """Makes room for one text more, of so many bytes."""
        count = int(self.words[COUNT])
        used = int(self._entries[count, 0])
        if count + 2 >= _NUMBERS:
            parameters = {"operator": "HashAggregate", "size": "more different texts than a thread can number"}
            raise ExecutionError("OUT_OF_MEMORY", parameters)
        numbers = int(self.words[LIMIT]) * (4 if count + 1 >= self.words[LIMIT] else 1)
        room = len(self._bytes)
        while used + length > room:
            room *= 2
        self._room(min(numbers, _NUMBERS), room)

    def array(self) -> pa.Array:
        """All texts by number (0: an empty one)."""
        count = int(self.words[COUNT])
        offsets = np.ascontiguousarray(self._entries[: count + 1, 0])
        data = self._bytes[: offsets[-1]]
        lengths = self._entries[:count, 1] & _LENGTHS
        if int(lengths.sum()) < len(data):  # held texts leave room
            packed = np.concatenate((offsets[:1], np.cumsum(lengths)))
            data = data[np.repeat(offsets[:-1] - packed[:-1], lengths) + np.arange(packed[-1])]
            offsets = packed
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.LargeBinaryArray.from_buffers(pa.large_binary(), count, buffers)

    def _room(self, numbers: int, room: int) -> None:
        before = self.size
        if numbers != len(self._directory) >> 1:
            self._entries = _longer(self._entries, numbers + 1)
            self._directory = np.zeros(2 * numbers, np.int32)
        if room != len(self._bytes):
            self._bytes = _longer(self._bytes, room)
        self._grown(self.size - before)
        words, directory = self.words, self._directory
        words[DIRECTORY], words[MASK] = directory.ctypes.data, len(directory) - 1
        words[ENTRIES], words[BYTES] = self._entries.ctypes.data, self._bytes.ctypes.data
        words[LIMIT], words[ROOM] = numbers, len(self._bytes)
        if self.rehash is not None and not directory.any():
            self.rehash(words.ctypes.data)


def _longer(array: np.ndarray[Any, Any], length: int) -> np.ndarray[Any, Any]:
    made = np.zeros((length, *array.shape[1:]), array.dtype)
    made[: len(array)] = array
    return made


class Texts:
    """The texts of all threads, to look words up in. `coded`: strings come as codes of one dictionary of all texts."""

    def __init__(self, tables: Sequence[TextTable], coded: bool = False) -> None:
        self._tables = list(tables)
        self._coded = coded
        self._lock = threading.Lock()
        self._joined: tuple[pa.Array, np.ndarray[Any, Any]] | None = None
        self._dictionary: tuple[pa.Array, np.ndarray[Any, Any]] | None = None

    def take(self, words: np.ndarray[Any, Any], kind: pa.DataType, plain: bool = False) -> pa.Array:
        """The texts of words; `plain`: not coded in any case."""
        with self._lock:
            if self._joined is None:
                arrays = [table.array() for table in self._tables]
                starts = np.zeros(MOST_THREADS, np.int64)
                starts[: len(arrays)] = np.cumsum([0, *(len(array) for array in arrays[:-1])])
                self._joined = (arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)), starts
            array, starts = self._joined
            if self._coded and self._dictionary is None:
                self._dictionary = _dictionary_of(array)
        threads = (words >> np.uint64(NUMBER_BITS)) & np.uint64(MOST_THREADS - 1)
        places = (words & np.uint64(_NUMBERS - 1)).astype(np.int64) + starts[threads.astype(np.int64)]
        mask = words == 0
        some = mask.any()
        if self._dictionary is not None and kind == pa.string() and not plain:
            dictionary, codes = self._dictionary
            chosen = pa.array(codes[places], mask=mask if some else None)
            return pa.DictionaryArray.from_arrays(chosen, dictionary, safe=False)
        wanted = pa.array(places, mask=mask) if some else pa.array(places)
        return array.take(wanted).cast(pa.binary()).view(kind)


def _dictionary_of(texts: pa.Array) -> tuple[pa.Array, np.ndarray[Any, Any]]:
    """Each different text once, and the code of each by its place: threads have some in common."""
    found = pc.dictionary_encode(texts)
    dictionary = found.dictionary.cast(pa.binary()).view(pa.string())
    kind = next(kind for kind in ("i1", "i2", "i4") if len(dictionary) <= 1 << 8 * int(kind[1]) - 1)
    return dictionary, found.indices.to_numpy().astype(kind)


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
    found = f.helped(hash_text(), data, length) >> 32
    first, last = _ends(f, data, length)
    directory, mask = table.load("ptr", DIRECTORY), table.load("i64", MASK)
    entries, arena = table.load("ptr", ENTRIES), table.load("ptr", BYTES)
    slot = f.variable("i64", found & mask)
    known = (found << 32) | length

    def word(number: Value) -> Value:
        return (found << 32) | table.load("i64", TAG) | number

    with f.forever() as absent:
        number = directory.load("i32", slot.get()).unsigned("i64")
        f.leave_if(number == 0, absent)
        entry = entries.at(number * ENTRY, "i64")
        same = (entry.load("i64", 1) == known) & (entry.load("i64", 2) == first) & (entry.load("i64", 3) == last)
        with f.when(same):
            with f.when(length <= _INLINE, likely=True):
                f.give(word(number))
            with f.when(f.intrinsic("memcmp", "i32", arena.at(entry.load("i64")), data, length) == 0):
                f.give(word(number))
        slot.set((slot.get() + 1) & mask)
    count = table.load("i64", COUNT)
    entry = entries.at(count * ENTRY, "i64")
    start = entry.load("i64")
    with f.when((count + 1 >= table.load("i64", LIMIT)) | (start + length > table.load("i64", ROOM)), likely=False):
        f.give(0)
    f.intrinsic("memcpy", "ptr", arena.at(start), data, length)
    for place, value in enumerate((known, first, last, start + length), 1):  # the last is the start of the next entry
        entry.store(value, place)
    directory.store(count.signed("i32"), slot.get())
    table.store(count + 1, COUNT)
    f.give(word(count))
    return f


@lru_cache
def hold() -> Function:
    """hold(table, word, bytes, length): the word of a text, which is written over that of `word` (0: none) if it has the room;
    else it is given twice what it takes. 0 where the table must grow first."""
    arguments = [("table", "ptr"), ("word", "i64"), ("bytes", "ptr"), ("length", "i64")]
    f = Function("hold", arguments, internal=True)
    table, word, data, length = (f.argument(name) for name, _ in arguments)
    entries, arena, known = table.load("ptr", ENTRIES), table.load("ptr", BYTES), length | _HELD
    with f.when(word != 0, likely=True):
        held = entries.at((word & (_NUMBERS - 1)) * ENTRY, "i64")
        start = held.load("i64")
        with f.when(start + length <= held.load("i64", ENTRY), likely=True):  # where the next entry starts
            f.intrinsic("memcpy", "ptr", arena.at(start), data, length)
            held.store(known, 1)
            f.give(word)
    count, room = table.load("i64", COUNT), f.select(word == 0, length, length * 2)
    entry = entries.at(count * ENTRY, "i64")
    start = entry.load("i64")
    with f.when((count + 1 >= table.load("i64", LIMIT)) | (start + room > table.load("i64", ROOM)), likely=False):
        f.give(0)
    f.intrinsic("memcpy", "ptr", arena.at(start), data, length)
    entry.store(known, 1)
    entry.store(start + room, ENTRY)
    table.store(count + 1, COUNT)
    f.give(table.load("i64", TAG) | count)
    return f


@lru_cache
def foresee(step: int) -> Function:
    """foresee(table, bytes, length): asks for what `intern` will need of a text: first its slot, then its entry."""
    f = Function(f"foresee{step}", [("table", "ptr"), ("bytes", "ptr"), ("length", "i64")], internal=True)
    table = f.argument("table")
    found = f.helped(hash_text(), f.argument("bytes"), f.argument("length")) >> 32
    slot = table.load("ptr", DIRECTORY).at(found & table.load("i64", MASK), "i32")
    if step == 0:
        f.prefetch(slot)
    else:
        f.prefetch(table.load("ptr", ENTRIES).at(slot.load("i32").unsigned("i64") * ENTRY, "i64"))
    f.give(0)
    return f


def _ends(f: Function, data: Value, length: Value) -> tuple[Value, Value]:
    """The first and the last eight bytes of a text as words; of shorter ones, what tells texts of one length apart."""
    first, last = f.variable("i64", 0), f.variable("i64", 0)

    def long() -> None:
        first.set(data.load("i64", align=1))
        last.set(data.at(length - 8).load("i64", align=1))

    def middle() -> None:
        first.set(data.load("i32", align=1).unsigned("i64"))
        last.set(data.at(length - 4).load("i32", align=1).unsigned("i64"))

    def short() -> None:
        with f.when(length > 0):
            few = [data.load("i8", place).unsigned("i64") for place in (0, length >> 1, length - 1)]
            first.set(few[0] | (few[1] << 8) | (few[2] << 16))

    f.either(length >= 8, long, lambda: f.either(length >= 4, middle, short))
    return first.get(), last.get()


def rehash_texts() -> Function:
    """rehash_texts(table): fills an empty directory."""
    f = Function(REHASH_TEXTS, [("table", "ptr")])
    table = f.argument("table")
    directory, mask, entries = table.load("ptr", DIRECTORY), table.load("i64", MASK), table.load("ptr", ENTRIES)
    slot = f.variable("i64")
    with f.loop(1, table.load("i64", COUNT)) as number:
        known = entries.load("i64", number * ENTRY + 1)
        with f.when((known & _HELD) == 0):
            slot.set((known >> 32) & mask)
            with f.forever() as free:
                f.leave_if(directory.load("i32", slot.get()) == 0, free)
                slot.set((slot.get() + 1) & mask)
            directory.store(number.signed("i32"), slot.get())
    f.give(0)
    return f


@lru_cache
def same_text() -> Function:
    """same_text(arenas, left, right): whether words of any threads are of equal texts; `arenas` has entries and bytes of
    each thread."""
    f = Function("same_text", [("arenas", "ptr"), ("left", "i64"), ("right", "i64")], "i1", internal=True)
    arenas, left, right = (f.argument(name) for name in ("arenas", "left", "right"))
    with f.when(left == right):
        f.give(f.boolean(True))
    with f.when(((left ^ right) >> 32) != 0):
        f.give(f.boolean(False))
    with f.when((left == 0) | (right == 0)):
        f.give(f.boolean(False))

    (first, length), (second, other) = _located(arenas, left), _located(arenas, right)
    with f.when(length != other):
        f.give(f.boolean(False))
    f.give(f.intrinsic("memcmp", "i32", first, second, length) == 0)
    return f


def _located(arenas: Value, word: Value) -> tuple[Value, Value]:
    """The bytes and the length of a word of any thread."""
    thread = ((word >> NUMBER_BITS) & (MOST_THREADS - 1)) << 1
    return _entry(arenas.load("ptr", thread), arenas.load("ptr", thread + 1), word)


def _entry(entries: Value, texts: Value, word: Value) -> tuple[Value, Value]:
    entry = entries.at((word & (_NUMBERS - 1)) * ENTRY, "i64")
    return texts.at(entry.load("i64")), entry.load("i64", 1) & _LENGTHS


@lru_cache
def leading() -> Function:
    """leading(bytes, length): a number that orders as the first eight bytes of texts do, signed."""
    f = Function("leading_bytes", [("bytes", "ptr"), ("length", "i64")], internal=True)
    data, length = f.argument("bytes"), f.argument("length")
    sign = -1 << 63
    with f.when(length >= 8, likely=True):
        f.give(f.intrinsic("llvm.bswap.i64", "i64", data.load("i64", align=1)) ^ sign)
    found = f.variable("i64", 0)
    with f.loop(0, length) as place:
        found.set(found.get() | data.load("i8", place).unsigned("i64") << (f.integer("i64", 56) - (place << 3)))
    f.give(found.get() ^ sign)
    return f


@lru_cache
def order_words() -> Function:
    """order_words(arenas, left, right): below, at or above zero as the texts of words of any threads order."""
    f = Function("order_words", [("arenas", "ptr"), ("left", "i64"), ("right", "i64")], internal=True)
    arenas, left, right = (f.argument(name) for name in ("arenas", "left", "right"))
    _give_order(f, _located(arenas, left), _located(arenas, right))
    return f


@lru_cache
def order_with_word() -> Function:
    """order_with_word(table, word, bytes, length): below, at or above zero as a text orders with that of a word of the
    table."""
    arguments = [("table", "ptr"), ("word", "i64"), ("bytes", "ptr"), ("length", "i64")]
    f = Function("order_with_word", arguments, internal=True)
    table, word = f.argument("table"), f.argument("word")
    held = _entry(table.load("ptr", ENTRIES), table.load("ptr", BYTES), word)
    _give_order(f, (f.argument("bytes"), f.argument("length")), held)
    return f


def _give_order(f: Function, left: tuple[Value, Value], right: tuple[Value, Value]) -> None:
    sign = f.intrinsic("memcmp", "i32", left[0], right[0], f.minimum(left[1], right[1]))
    f.give(f.select(sign == 0, left[1] - right[1], sign.signed("i64")))
