"""The code of `pages.py`, called with numpy arrays. Here sizes are held together: arrays are as large as the code believes."""

from __future__ import annotations

import ctypes
import importlib.util
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compile.bit_packing import BLOCK
from engine.compile.code import code_of
from engine.compile.object_cache import Quarantined
from engine.compile.pages import BOUNDS, PADDING, PLAIN, WIDE, module
from engine.compile.text_pages import FULL
from engine.config import typed
from engine.physical.execution import Execution


class Bytes(NamedTuple):
    """Memory, where it is, and how much of it, without PADDING bytes that follow."""

    array: npt.NDArray[np.uint8]
    address: int
    size: int

    @classmethod
    def of(cls, array: npt.NDArray[np.uint8]) -> Bytes:
        """An array of which the last PADDING bytes are no data."""
        return cls(array, array.ctypes.data, len(array) - PADDING)


_WORD, _PLACE = ctypes.c_int64, ctypes.c_void_p
_CALLS = {
    "snappy": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _PLACE, _WORD),
    "page_header": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _PLACE),
    "plain_texts": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _WORD, _PLACE, _PLACE),
    "chunk": ctypes.CFUNCTYPE(_WORD, *(_PLACE,) * 8, *(_WORD,) * 7),
    "numbers": ctypes.CFUNCTYPE(_WORD, *(_PLACE,) * 8, *(_WORD,) * 6),
}
_DICTIONARY_PAGE, _PLAIN_ENCODINGS = 2, (0, 2)


class Dictionary(NamedTuple):
    """The number of values in a dictionary, plainly encoded, where they are, and how many bytes they take."""

    entries: int
    address: int
    size: int


class Numbers(NamedTuple):
    """The numbers of a chunk; None where not all fit in the width, which only bounds can then tell."""

    values: pa.Buffer | None
    least: int
    most: int


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

    def array(self) -> pa.Array:
        """The texts."""
        count, length = self.state[:2].tolist()
        self.bytes.resize(length + PADDING, shrink_to_fit=2 * length < self.state[2])
        return pa.Array.from_buffers(pa.string(), count, [None, self.offsets, self.bytes.slice(0, length)], 0)


class PageCode:
    """Decodes column chunks. All methods give None for what the code does not do; arrays of
    bytes that they give are the thread's space, to be used before the next chunk."""

    def __init__(self, code: Any) -> None:
        self._code = code
        self._local = threading.local()
        self._functions: dict[str, tuple[int, Any]] = {}

    def dictionary(self, chunk: Bytes, size: int, codec: int) -> Dictionary | None:
        """The dictionary page at the beginning of a chunk of `size` bytes."""
        fields = self._fields()
        head = self._call("page_header", chunk.address, size, fields.address)
        words = _words(fields)
        kind, unpacked, packed, checksum, count, encoding = (int(words[place]) for place in (1, 2, 3, 4, 57, 58))
        if head < 0 or kind != _DICTIONARY_PAGE or checksum != -1 or encoding not in _PLAIN_ENCODINGS:
            return None
        if count < 0 or not 0 <= packed <= size - head or not 0 <= unpacked <= _EXPANSION * size:
            return None
        if codec == PLAIN:
            return Dictionary(count, chunk.address + head, unpacked) if packed == unpacked else None
        target = self.space("dictionary", unpacked)
        if self._call("snappy", chunk.address + head, packed, target.address, unpacked) != 0:
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
        return target.array()

    def plain_texts(
        self, chunk: Bytes, size: int, codec: int, optional: bool, rows: int, dictionary: pa.Array | None, room: int
    ) -> pa.Array | None:
        """The `rows` texts of a chunk, none of which is null, one after another. `room` is how many bytes they may take."""
        target = TextTarget.of(rows, min(room, _MOST_TEXTS))
        words, entries = np.zeros(2, np.int64), 0
        if dictionary is not None:
            _, offsets, data = dictionary.buffers()
            words[:], entries = (offsets.address, data.address), len(dictionary)
        functions = (self._code.addresses[name] for name in ("place_texts", "plain_texts"))
        places = *self._places(size), words.ctypes.data, *functions, target.state.ctypes.data
        status = self._call("chunk", chunk.address, *places, size, rows, optional, codec, _room(size), entries, 0)
        if status == FULL and room < _MOST_TEXTS:
            return self.plain_texts(chunk, size, codec, optional, rows, dictionary, min(4 * room, _MOST_TEXTS))
        return target.array() if status == 0 else None

    def codes(
        self, chunk: Bytes, size: int, codec: int, optional: bool, rows: int, entries: int, bits: int
    ) -> pa.Buffer | None:
        """The `rows` codes of a chunk, none of which is null, as whole numbers of `bits` bits; all less than `entries`."""
        target = pa.allocate_buffer(rows * bits // 8 + PADDING)
        places = *self._places(size), 0, self._code.addresses[f"place_i{bits}_0"], 0, target.address
        numbers = size, rows, optional, codec, _room(size), entries, bits // 8
        status = self._call("chunk", chunk.address, *places, *numbers)
        return target.slice(0, rows * bits // 8) if status == 0 else None

    def numbers(
        self, chunk: Bytes, size: int, codec: int, optional: bool, rows: int, stored: int, bits: int
    ) -> Numbers | None:
        """The `rows` values of a chunk, none of which is null and each of `stored` bytes, as whole numbers of `bits` bits."""
        target, addresses = pa.allocate_buffer(rows * bits // 8 + PADDING), self._code.addresses
        functions = addresses[f"place_i{bits}_1"], addresses[f"narrow_i{8 * stored}_i{bits}"]
        places = *self._places(size), self.space("dictionary", _room(size)).address, *functions, target.address
        status = self._call("numbers", chunk.address, *places, size, rows, optional, codec, _room(size), bits // 8)
        if status not in (0, WIDE):
            return None
        least, most = _words(self._fields())[BOUNDS : BOUNDS + 2].tolist()
        return Numbers(target.slice(0, rows * bits // 8) if status == 0 else None, least, most)

    def _places(self, size: int) -> tuple[int, int, int]:
        """Spaces for a page of a chunk of `size` bytes, for headers, and for a block of codes."""
        return (
            self.space("page", _room(size)).address,
            self._fields().address,
            self.space("block", 4 * BLOCK).address,
        )

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
        return self.space("fields", 8 * (BOUNDS + 2))


def _words(fields: Bytes) -> npt.NDArray[np.int64]:
    return fields.array[: 8 * (BOUNDS + 2)].view(np.int64)


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
