"""The code of `pages.py`, called with numpy arrays. Here sizes are held together: arrays are as large as the code believes."""

from __future__ import annotations

import ctypes
import importlib.util
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compile.bit_packing import BLOCK
from engine.compile.code import code_of
from engine.compile.object_cache import Quarantined
from engine.compile.pages import (
    BOUNDS,
    CURSOR,
    ELSEWHERE,
    LEVELS,
    NULLS,
    PADDING,
    PLAIN,
    RANGES,
    ROOM,
    SKIPPED,
    SPREAD,
    STORED,
    UNPACKED,
    WIDE,
    WORDS,
    module,
)
from engine.compile.text_pages import FULL
from engine.config import typed
from engine.physical.execution import Execution
from engine.records import dataclass


class Bytes(NamedTuple):
    """Memory, where it is, and how much of it, without PADDING bytes that follow."""

    array: npt.NDArray[np.uint8]
    address: int
    size: int

    @classmethod
    def of(cls, array: npt.NDArray[np.uint8]) -> Bytes:
        """An array of which the last PADDING bytes are no data."""
        return cls(array, array.ctypes.data, len(array) - PADDING)


_BROKEN = (pa.ArrowException, OSError, ValueError)
"""What a library raises for bytes that it cannot unpack to what they are said to be."""
_WORD, _PLACE = ctypes.c_int64, ctypes.c_void_p
_CALLS = {
    "snappy": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _PLACE, _WORD),
    "page_header": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _PLACE),
    "plain_texts": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _WORD, _PLACE, _PLACE),
    "chunk": ctypes.CFUNCTYPE(_WORD, *(_PLACE,) * 8, *(_WORD,) * 7),
    "numbers": ctypes.CFUNCTYPE(_WORD, *(_PLACE,) * 8, *(_WORD,) * 6),
}
_DICTIONARY_PAGE, _SECOND_VERSION, _PLAIN_ENCODINGS = 2, 3, (0, 2)


class Dictionary(NamedTuple):
    """The number of values in a dictionary, plainly encoded, where they are, and how many bytes they take."""

    entries: int
    address: int
    size: int


@dataclass
class Pages:
    """The pages of a column chunk of `rows` rows: `size` bytes of `source`. `optional`: they tell which rows have a value, and
    `nullable`, some may have none. `wanted` are the rows to decode, as pairs of first and one past the last with an end of
    greatest numbers; all if None. Others then have any value. `unpacked` are pages of the codec ELSEWHERE. `skipped`
    counts pages that were not decoded."""

    source: Bytes
    size: int
    codec: int
    rows: int
    optional: bool = False
    nullable: bool = False
    wanted: npt.NDArray[np.int64] | None = None
    unpacked: Bytes | None = None
    skipped: int = 0

    @property
    def last(self) -> int:
        """One past the last row that is wanted."""
        if self.wanted is None:
            return self.rows
        return int(self.wanted[-3]) if len(self.wanted) > 2 else 0


class Decoded(NamedTuple):
    """Numbers or codes of a chunk; which rows have one, None if all. The values are None where not all fit in the width, which
    only the bounds can then tell."""

    values: pa.Buffer | None
    present: pa.Buffer | None
    least: int = 0
    most: int = 0


class Header(NamedTuple):
    """Of a page: how long it is itself, whether the page has the dictionary, where its bytes are, how many packed and unpacked,
    its rows from one to before another, and how many bytes come first that are levels, or else are not packed."""

    size: int
    is_dictionary: bool
    place: int
    packed: int
    unpacked: int
    rows: tuple[int, int]
    levels: int


_COUNTS = {SKIPPED: 0, NULLS: 0, CURSOR: 0}
_ALL = np.array([0, *[np.iinfo(np.int64).max] * 3], np.int64)
_ALL_ADDRESS = _ALL.ctypes.data


@dataclass(frozen=True)
class TextTarget:
    """Where code writes texts to, and PADDING bytes more; `state` is as `text_pages.py` has it."""

    state: npt.NDArray[np.int64]
    offsets: pa.Buffer
    bytes: pa.Buffer

    @classmethod
    def of(cls, count: int, room: int) -> TextTarget:
        """Room for `count` texts of `room` bytes in all."""
        offsets, data = pa.allocate_buffer(4 * (count + 1)), pa.allocate_buffer(room + PADDING, resizable=True)
        np.frombuffer(offsets, np.int32, 1)[0] = 0
        return cls(np.array([0, 0, room, offsets.address, data.address], np.int64), offsets, data)

    def array(self, present: pa.Buffer | None) -> pa.Array:
        """The texts."""
        count, length = self.state[:2].tolist()
        self.bytes.resize(length + PADDING, shrink_to_fit=2 * length < self.state[2])
        return pa.Array.from_buffers(pa.string(), count, [present, self.offsets, self.bytes.slice(0, length)])

    def skip(self, rows: int, wanted: npt.NDArray[np.int64]) -> None:
        """Makes rows that are not among those wanted empty, as far as their pages were left out."""
        offsets = np.frombuffer(self.offsets, np.int32)
        count, length = self.state[:2].tolist()
        offsets[count + 1 :] = length
        self.state[0] = rows
        for end, start in _between(wanted, rows):
            offsets[end + 1 : start] = offsets[end]


class PageCode:
    """Decodes column chunks. All methods give None for what the code does not do; arrays of
    bytes that they give are the thread's space, to be used before the next chunk."""

    def __init__(self, code: Any) -> None:
        self._code = code
        self._local = threading.local()
        self._functions: dict[str, tuple[int, Any]] = {}

    def dictionary(self, pages: Pages) -> Dictionary | None:
        """The dictionary page at the beginning of a chunk."""
        fields, size, start = self._fields(), pages.size, pages.source.address
        head = self._call("page_header", start, size, fields.address)
        words = _words(fields)
        kind, unpacked, packed, checksum, count, encoding = (int(words[place]) for place in (1, 2, 3, 4, 57, 58))
        if head < 0 or kind != _DICTIONARY_PAGE or checksum != -1 or encoding not in _PLAIN_ENCODINGS:
            return None
        if count < 0 or not 0 <= packed <= size - head or not 0 <= unpacked <= _EXPANSION * size:
            return None
        if pages.unpacked is not None:
            return Dictionary(count, pages.unpacked.address, unpacked) if unpacked <= pages.unpacked.size else None
        if pages.codec == PLAIN:
            return Dictionary(count, start + head, unpacked) if packed == unpacked else None
        target = self.space("dictionary", unpacked)
        if self._call("snappy", start + head, packed, target.address, unpacked) != 0:
            return None
        return Dictionary(count, target.address, unpacked)

    def texts(self, found: Dictionary) -> pa.Array | None:
        """The texts of a dictionary, PADDING bytes after them. Whether they are UTF-8 is not looked at."""
        count, source, size = found
        if 4 * count > size or size > _MOST_TEXTS:
            return None
        target = TextTarget.of(count, size - 4 * count)
        if self._call("plain_texts", source, size, count, target.state.ctypes.data, None) != 0:
            return None
        return target.array(None)

    def plain_texts(self, pages: Pages, dictionary: pa.Array | None, room: int) -> pa.Array | None:
        """The texts of a chunk, one after another. `room` is how many bytes they may take."""
        target = TextTarget.of(pages.rows, min(room, _MOST_TEXTS))
        words, entries = np.zeros(2, np.int64), 0
        if dictionary is not None:
            _, offsets, data = dictionary.buffers()
            words[:], entries = (offsets.address, data.address), len(dictionary)
        functions = (self._code.addresses[name] for name in ("place_texts", "plain_texts"))
        places = words.ctypes.data, *functions, target.state.ctypes.data
        status = self._pages("chunk", pages, "spread_texts", places, (entries, 0))
        if status == FULL and room < _MOST_TEXTS:
            return self.plain_texts(pages, dictionary, min(4 * room, _MOST_TEXTS))
        if status == 0 and pages.wanted is not None:
            target.skip(pages.rows, pages.wanted)
        return target.array(self._present(pages)) if status == 0 else None

    def codes(self, pages: Pages, entries: int, bits: int, exchanged: Sequence[int] | None = None) -> Decoded | None:
        """The codes of a chunk as whole numbers of `bits` bits, all less than `entries`, or for each one of `exchanged`."""
        target = pa.allocate_buffer(pages.rows * bits // 8 + PADDING)
        others = np.array(exchanged, f"i{bits // 8}") if exchanged is not None else None
        address = 0 if others is None else others.ctypes.data
        places = address, self._code.addresses[f"place_i{bits}_{others is not None:d}"], 0, target.address
        if self._pages("chunk", pages, f"spread_i{bits}", places, (entries, bits // 8)) != 0:
            return None
        return Decoded(_of_rows(target, pages, bits), self._present(pages))

    def numbers(self, pages: Pages, stored: str, bits: int, size: int = 0) -> Decoded | None:
        """The values of a chunk as whole numbers of `bits` bits. They are `stored` as i32, i64, or as `be`: `size` bytes, of
        which the highest is the first."""
        target, addresses = pa.allocate_buffer(pages.rows * bits // 8 + PADDING), self._code.addresses
        functions = addresses[f"place_i{bits}_1"], addresses[f"narrow_{stored}_i{bits}"]
        places = self.space("dictionary", _room(pages.size)).address, *functions, target.address
        status = self._pages("numbers", pages, f"spread_i{bits}", places, (bits // 8,), size)
        if status not in (0, WIDE):
            return None
        least, most = _words(self._fields())[BOUNDS : BOUNDS + 2].tolist()
        values = _of_rows(target, pages, bits) if status == 0 else None
        return Decoded(values, self._present(pages), least, most)

    def _pages(
        self, name: str, pages: Pages, spread: str, places: tuple[int, ...], numbers: tuple[int, ...], stored: int = 0
    ) -> int:
        """Calls `chunk` or `numbers`; gives the status."""
        size, fields, wanted, unpacked = pages.size, self._fields(), pages.wanted, pages.unpacked
        levels = self._levels(pages.rows) if pages.nullable else None
        if levels is not None:
            levels.array[: pages.rows] = 1
        given = {
            RANGES: _ALL_ADDRESS if wanted is None else wanted.ctypes.data,
            LEVELS: 0 if levels is None else levels.address,
            SPREAD: self._code.addresses[spread],
            STORED: stored,
            UNPACKED: 0 if unpacked is None else unpacked.address,
            ROOM: 0 if unpacked is None else unpacked.size,
            **_COUNTS,
        }
        words = _words(fields)
        words[RANGES:WORDS] = [given[word] for word in range(RANGES, WORDS)]
        page, block = self.space("page", _room(size)), self.space("block", 4 * BLOCK)
        spaces = page.address, fields.address, block.address
        sizes = size, pages.rows, pages.optional, pages.codec, _room(size)
        status = self._call(name, pages.source.address, *spaces, *places, *sizes, *numbers)
        pages.skipped = int(words[SKIPPED])
        return status

    def _levels(self, rows: int) -> Bytes:
        return self.space("levels", rows)

    def _present(self, pages: Pages) -> pa.Buffer | None:
        """Which rows have a value, as bits, after `_pages`; None if all have."""
        if not pages.nullable or not _words(self._fields())[NULLS]:
            return None
        return pa.py_buffer(np.packbits(self._levels(pages.rows).array[: pages.rows], bitorder="little"))

    def unpacked(self, pages: Pages, codec: pa.Codec, room: int) -> Pages | None:
        """The pages, unpacked by a library: in `room` bytes, of which no more is used than there is."""
        target, filled = self.space("unpacked", room), 0
        for each in self.headers(pages, lambda _: None):
            if filled + each.unpacked > room or each.levels > min(each.packed, each.unpacked):
                return None
            if each.is_dictionary or is_wanted(pages.wanted, each.rows):
                data, levels = pages.source.array[each.place : each.place + each.packed], each.levels
                target.array[filled : filled + levels] = data[:levels]
                rest = each.unpacked - levels
                try:
                    whole = codec.decompress(pa.py_buffer(data[levels:]), rest) if rest else b""
                    target.array[filled + levels : filled + each.unpacked] = np.frombuffer(whole, np.uint8)
                except _BROKEN:  # pyarrow says what is wrong with it
                    return None
            filled += each.unpacked
        return replace(pages, codec=ELSEWHERE, unpacked=Bytes(target.array, target.address, filled))

    def headers(self, pages: Pages, read: Callable[[int], object]) -> Iterator[Header]:
        """The header of each page, as far as rows are wanted; before the one at a place is looked at, `read` is called with the
        place. Ends where a header is not as it should be."""
        place, row, fields = 0, 0, self._fields()
        while place < pages.size and row < pages.last:
            read(place)
            head = self._call("page_header", pages.source.address + place, pages.size - place, fields.address)
            words = _words(fields)
            kind, unpacked, packed = words[1:4].tolist()
            place += head
            if head < 0 or packed < 0 or unpacked < 0 or packed > pages.size - place:
                return
            second = kind == _SECOND_VERSION
            count = 0 if kind == _DICTIONARY_PAGE else max(0, int(words[65 if second else 41]))
            levels = max(0, int(words[69])) if second else 0
            if second and words[71] == 0:
                levels = packed
            yield Header(head, kind == _DICTIONARY_PAGE, place, packed, unpacked, (row, row + count), levels)
            place, row = place + packed, row + count

    def _call(self, name: str, *arguments: Any) -> int:
        address = self._code.addresses[name]
        known, function = self._functions.get(name, (0, None))
        if known != address:
            function = _CALLS[name](address)
            self._functions[name] = address, function
        with self._code.calling():
            return int(function(*arguments))

    def space(self, name: str, size: int) -> Bytes:
        """At least `size` bytes (and PADDING more) of this thread under a name, which the next use of the name overwrites. New
        memory for each chunk would cost as much as reading it."""
        spaces: dict[str, Bytes] = self._local.__dict__
        known = spaces.get(name)
        if known is None or known.size < size:
            known = spaces[name] = Bytes.of(np.empty(size + size // 4 + PADDING, np.uint8))
        return known

    def _fields(self) -> Bytes:
        return self.space("fields", 8 * WORDS)


def _words(fields: Bytes) -> npt.NDArray[np.int64]:
    return fields.array[: 8 * WORDS].view(np.int64)


def _of_rows(target: pa.Buffer, pages: Pages, bits: int) -> pa.Buffer:
    """The values that were decoded; 0 between the wanted rows, where memory was not written to."""
    if pages.wanted is not None:
        numbers = np.frombuffer(target, f"i{bits // 8}")
        for end, start in _between(pages.wanted, pages.rows):
            numbers[end:start] = 0
    return target.slice(0, pages.rows * bits // 8)


def _between(wanted: npt.NDArray[np.int64], rows: int) -> Iterator[tuple[int, int]]:
    """The ranges of rows that are not wanted."""
    edges = [0, *wanted[:-2].tolist(), rows]
    return zip(edges[::2], edges[1::2], strict=True)


def is_wanted(wanted: npt.NDArray[np.int64] | None, rows: tuple[int, int]) -> bool:
    """Whether any of the rows from the first to before the second is."""
    if wanted is None:
        return True
    place = int(np.searchsorted(wanted[1::2], rows[0], "right"))
    return bool(wanted[2 * place] < rows[1])


def _room(size: int) -> int:
    """How many bytes a page of a chunk of `size` bytes may have: virtual memory, used as far as it is needed."""
    return min(_EXPANSION * size, _MOST_ROOM)


_EXPANSION = 32
"""Snappy makes no more bytes of one."""
_MOST_ROOM = 16 << 20
_MOST_TEXTS = 256 << 20


def page_code(run: Execution) -> PageCode | None:
    """The code, as the settings of a job want it; None where there is none."""
    if not typed(run.task.conf, "flint.compile.enabled") or importlib.util.find_spec("llvmlite") is None:
        return None
    try:
        return _made(code_of(*_module(), run))
    except Quarantined:
        return None


def is_made() -> bool:
    """Whether this process has made the code, for whatever job."""
    return _made.cache_info().currsize > 0


@lru_cache(1)
def _module() -> tuple[str, list[str]]:
    return module()


@lru_cache(2)
def _made(code: Any) -> PageCode:
    return PageCode(code)
