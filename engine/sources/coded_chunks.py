"""Column chunks decoded by compiled code straight into the form that batches have.

Only the dictionary is narrowed, and rows are written once, in their final width. Chunks of another make are pyarrow's: None
says so, and so it does where something is wrong with a file, since pyarrow knows what.
"""

from __future__ import annotations

from io import FileIO

import pyarrow as pa

from engine.compile.page_code import Bytes, PageCode
from engine.compile.pages import PADDING, PLAIN, SNAPPY
from engine.physical.encoding import WIDTHS, bits_of, is_number, narrowed
from engine.sources.files import DataFile
from engine.sources.footers import Footer
from engine.sources.texts import is_text
from engine.sources.thrift import Chunk
from engine.types import DOUBLE, FLOAT, STRING, DataType, DecimalType

_WIDTHS = {1: 4, 2: 8}
"""Bytes of INT32 and INT64."""
_REALS = {4: (pa.float32(), FLOAT), 5: (pa.float64(), DOUBLE)}
"""FLOAT and DOUBLE: how pyarrow reads them, and what they are in SQL."""
_BYTE_ARRAY = 6
_MOST_BYTES = 256 << 20
_EXPANSION = 32
"""How much larger than its file's bytes a chunk is taken to be, whatever the footer says."""


class CodedChunk:
    """The chunk of a column, of the type `data_type`, if it is of the common make; `of` gives None for others."""

    def __init__(self, known: Footer, name: str, chunk: Chunk, rows: int) -> None:
        self._known = known
        self._name = name
        self._chunk = chunk
        self._rows = rows
        self._optional = known.levels(name)[0] == 1

    @staticmethod
    def of(file: DataFile, known: Footer, group: int, name: str, data_type: DataType) -> CodedChunk | None:
        """The chunk of a column that is read as the type it has."""
        chunk, rows = known.chunk(group, name), known.rows(group)
        if chunk is None or chunk.codec not in (PLAIN, SNAPPY) or chunk.nulls:
            return None
        inside = chunk.start >= 4 and 0 < chunk.length <= min(file.size - chunk.start, _MOST_BYTES)
        if not inside or chunk.values != rows or not rows or known.levels(name) not in ((0, 0), (1, 0)):
            return None
        kind = known.arrow_type(name)
        as_stored = name in known.plain[1] or kind in (pa.int32(), pa.int64()) or _is_micros(kind)
        number = chunk.type in _WIDTHS and is_number(data_type) and as_stored
        text = chunk.type == _BYTE_ARRAY and data_type == STRING and kind == pa.string()
        real = _REALS.get(chunk.type) == (kind, data_type)
        return CodedChunk(known, name, chunk, rows) if number or text or real else None

    def read(self, stream: FileIO, code: PageCode, data_type: DataType) -> pa.Array | None:
        """All rows, from the file opened without a buffer. Raises OSError."""
        source = self._bytes(stream, code)
        if self._chunk.type in _WIDTHS:
            return self._numbers(code, source, data_type)
        if self._chunk.type in _REALS:
            return self._reals(code, source)
        return self._texts(code, source)

    def _numbers(self, code: PageCode, source: Bytes, data_type: DataType) -> pa.Array | None:
        """In the width that the statistics of the file tell, or if those are wrong, or there are none, that all need."""
        stored, known, chunk = _WIDTHS[self._chunk.type], self._known.bits(self._name), self._chunk
        for bits in dict.fromkeys((known or 8 * stored, 8 * stored)):
            found = code.numbers(source, chunk.length, chunk.codec, self._optional, self._rows, stored, bits)
            if found is None:
                return None
            if isinstance(data_type, DecimalType) and max(-found.least, found.most) >= 10**data_type.precision:
                return None
            if found.values is not None:
                array = pa.Array.from_buffers(_whole(bits), self._rows, [None, found.values], 0)
                return array if bits == known else narrowed(array, max(known, WIDTHS[0]))
        return None

    def _reals(self, code: PageCode, source: Bytes) -> pa.Array | None:
        """Bits that are passed on as they are."""
        (kind, _), chunk = _REALS[self._chunk.type], self._chunk
        stored = kind.bit_width // 8
        found = code.numbers(source, chunk.length, chunk.codec, self._optional, self._rows, stored, 8 * stored)
        if found is None or found.values is None:
            return None
        return pa.Array.from_buffers(kind, self._rows, [None, found.values], 0)

    def _texts(self, code: PageCode, source: Bytes) -> pa.Array | None:
        """Codes where a dictionary is enough and worth it, else the texts themselves."""
        found = code.dictionary(source, self._chunk.length, self._chunk.codec)
        dictionary = code.texts(found) if found is not None else None
        if self._chunk.dictionary_coded and dictionary is not None and 2 * len(dictionary) <= self._rows:
            return self._codes(code, source, dictionary)
        chunk, room = self._chunk, min(self._chunk.size, _EXPANSION * self._chunk.length)
        texts = code.plain_texts(source, chunk.length, chunk.codec, self._optional, self._rows, dictionary, room)
        return texts if texts is not None and is_text(texts) else None

    def _codes(self, code: PageCode, source: Bytes, dictionary: pa.Array) -> pa.Array | None:
        if not is_text(dictionary) or len(dictionary.unique()) != len(dictionary):
            return None
        bits, count, chunk = bits_of(0, len(dictionary) - 1), len(dictionary), self._chunk
        values = code.codes(source, chunk.length, chunk.codec, self._optional, self._rows, count, bits)
        if values is None:
            return None
        codes = pa.Array.from_buffers(_whole(bits), self._rows, [None, values], 0)
        return pa.DictionaryArray.from_arrays(codes, dictionary, safe=False)

    def _bytes(self, stream: FileIO, code: PageCode) -> Bytes:
        """The chunk, and PADDING bytes more."""
        length = self._chunk.length
        found = code.space("chunk", length)
        found.array[length : length + PADDING] = 0
        stream.seek(self._chunk.start)
        if stream.readinto(found.array.data[:length]) != length:
            raise OSError("it ends within a column chunk")
        return found


def _whole(bits: int) -> pa.DataType:
    return {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[bits]


def _is_micros(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind)) and kind.unit == "us"
