"""The code of `pages.py`, called with numpy arrays. Here sizes are held together: arrays are as large as the code believes."""

from __future__ import annotations

import ctypes
import importlib.util
import threading
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compile.bit_packing import BLOCK
from engine.compile.code import code_of
from engine.compile.object_cache import Quarantined
from engine.compile.pages import BOUNDS, PADDING, PLAIN, WIDE, module
from engine.config import typed
from engine.physical.execution import Execution

Bytes = npt.NDArray[np.uint8]

_WORD, _PLACE = ctypes.c_int64, ctypes.c_void_p
_CALLS = {
    "snappy": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _PLACE, _WORD),
    "page_header": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _PLACE),
    "texts": ctypes.CFUNCTYPE(_WORD, _PLACE, _WORD, _WORD, _PLACE, _PLACE),
    "chunk": ctypes.CFUNCTYPE(_WORD, *(_PLACE,) * 8, *(_WORD,) * 8),
    "numbers": ctypes.CFUNCTYPE(_WORD, *(_PLACE,) * 8, *(_WORD,) * 7),
}
_DICTIONARY_PAGE, _PLAIN_ENCODINGS = 2, (0, 2)


class Numbers(NamedTuple):
    """The numbers of a chunk; None where not all fit in the width, which only bounds can then tell."""

    values: pa.Buffer | None
    least: int
    most: int


class PageCode:
    """Decodes column chunks. All methods give None for what the code does not do; arrays of
    bytes that they give are the thread's space, to be used before the next chunk."""

    def __init__(self, code: Any) -> None:
        self._code = code
        self._local = threading.local()

    def dictionary(self, chunk: Bytes, size: int, codec: int) -> tuple[int, Bytes, int] | None:
        """The dictionary page at the beginning of a chunk of `size` bytes (and PADDING more): the number of values, their
        bytes, plainly encoded (and PADDING more), and how many bytes those are."""
        fields = self._fields()
        head = self._call("page_header", chunk.ctypes.data, size, fields.ctypes.data)
        kind, unpacked, packed, checksum, count, encoding = (int(fields[place]) for place in (1, 2, 3, 4, 57, 58))
        if head < 0 or kind != _DICTIONARY_PAGE or checksum != -1 or encoding not in _PLAIN_ENCODINGS:
            return None
        if count < 0 or not 0 <= packed <= size - head or not 0 <= unpacked <= _EXPANSION * size:
            return None
        if codec == PLAIN:
            return (count, chunk[head:], unpacked) if packed == unpacked else None
        target = self.space("dictionary", unpacked)
        if self._call("snappy", chunk.ctypes.data + head, packed, target.ctypes.data, unpacked) != 0:
            return None
        return count, target, unpacked

    def texts(self, source: Bytes, size: int, count: int) -> pa.Array | None:
        """`count` texts, plainly encoded in `size` bytes. Whether they are UTF-8 is not looked at."""
        if 4 * count > size:
            return None
        offsets, target = np.empty(count + 1, np.int32), np.empty(size - 4 * count + PADDING, np.uint8)
        length = self._call("texts", source.ctypes.data, size, count, offsets.ctypes.data, target.ctypes.data)
        if length < 0:
            return None
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(target[:length].copy())]
        return pa.Array.from_buffers(pa.string(), count, buffers, 0)

    def codes(
        self, chunk: Bytes, size: int, codec: int, optional: bool, rows: int, entries: int, bits: int
    ) -> pa.Buffer | None:
        """The `rows` codes of a chunk, none of which is null, as whole numbers of `bits` bits; all less than `entries`."""
        arguments = self._arguments(chunk, rows, bits, None, f"place_i{bits}_0", None)
        *_, target = arguments
        room = self._room(size)
        status = self._call(
            "chunk", *arguments[:-1], target.address, size, rows, optional, codec, room, entries, 0, bits // 8
        )
        return target.slice(0, rows * bits // 8) if status == 0 else None

    def numbers(
        self, chunk: Bytes, size: int, codec: int, optional: bool, rows: int, stored: int, bits: int
    ) -> Numbers | None:
        """The `rows` values of a chunk, none of which is null and each of `stored` bytes, as whole numbers of `bits` bits."""
        room = self._room(size)
        dictionary = self.space("dictionary", room)
        arguments = self._arguments(chunk, rows, bits, dictionary, f"place_i{bits}_1", f"narrow_i{8 * stored}_i{bits}")
        *_, target = arguments
        status = self._call(
            "numbers", *arguments[:-1], target.address, size, rows, optional, codec, room, stored, bits // 8
        )
        if status not in (0, WIDE):
            return None
        least, most = self._fields()[BOUNDS : BOUNDS + 2].tolist()
        return Numbers(target.slice(0, rows * bits // 8) if status == 0 else None, least, most)

    def _arguments(
        self, chunk: Bytes, rows: int, bits: int, dictionary: Bytes | None, place: str, narrow: str | None
    ) -> tuple[Any, ...]:
        """The places that code decodes a chunk with, the buffer it writes to last."""
        return (
            chunk.ctypes.data,
            self.space("page", self._room(len(chunk))).ctypes.data,
            self._fields().ctypes.data,
            self.space("block", 4 * BLOCK).ctypes.data,
            None if dictionary is None else dictionary.ctypes.data,
            self._code.addresses[place],
            None if narrow is None else self._code.addresses[narrow],
            pa.allocate_buffer(rows * bits // 8 + PADDING),
        )

    @staticmethod
    def _room(size: int) -> int:
        """How many bytes a page of a chunk of `size` bytes may have: virtual memory, used as far as it is needed."""
        return min(_EXPANSION * size, _MOST_ROOM)

    def _call(self, name: str, *arguments: Any) -> int:
        with self._code.calling():
            return int(_CALLS[name](self._code.addresses[name])(*arguments))

    def space(self, name: str, size: int) -> Bytes:
        """At least `size` bytes (and PADDING more) of this thread under a name, which the next use of the name overwrites. New
        memory for each chunk would cost as much as reading it."""
        known: dict[str, Bytes] = self._local.__dict__
        if name not in known or len(known[name]) < size + PADDING:
            known[name] = np.empty(size + size // 4 + PADDING, np.uint8)
        return known[name]

    def _fields(self) -> npt.NDArray[np.int64]:
        size = 8 * (BOUNDS + 2)
        return self.space("fields", size)[:size].view(np.int64)


_EXPANSION = 32
"""Snappy makes no more bytes of one."""
_MOST_ROOM = 16 << 20


def page_code(run: Execution) -> PageCode | None:
    """The code, as the settings of a job want it; None where there is none."""
    if not typed(run.task.conf, "flint.compile.enabled") or importlib.util.find_spec("llvmlite") is None:
        return None
    try:
        return _made(code_of(*_module(), run))
    except Quarantined:
        return None


@lru_cache(1)
def _module() -> tuple[str, list[str]]:
    return module()


@lru_cache(2)
def _made(code: Any) -> PageCode:
    return PageCode(code)
