"""Column chunks decoded by compiled code straight into the form that batches have.

Only the dictionary is narrowed, and rows are written once, in their final width. Chunks of another make are pyarrow's: None
says so, and so it does where something is wrong with a file, since pyarrow knows what.
"""

from __future__ import annotations

from collections.abc import Callable
from io import FileIO

import pyarrow as pa

from engine.compile.page_code import Bytes, Decoded, PageCode, Pages, is_wanted
from engine.compile.pages import PADDING, PLAIN, SNAPPY
from engine.logical.row_ranges import RowRanges
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
_BYTE_ARRAY, _FIXED_BYTES = 6, 7
_OTHER_CODECS = {2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
"""Those of which a library unpacks page by page what code then decodes, by Parquet's numbers."""
_MOST_BYTES = 256 << 20
_LARGE, _HEADER = 1 << 18, 1 << 12
"""Bytes of a chunk that is read page by page if not all are wanted, and how many are read to see a page's header."""
_EXPANSION = 32
"""How much larger than its file's bytes a chunk is taken to be, whatever the footer says."""


Exchanged = Callable[[pa.Array], tuple[pa.Array, list[int]] | None]
"""Gives for a dictionary another, of codes no wider, and the codes in it of all texts; None where there is none."""


class CodedChunk:
    """The chunk of a column, of the type `data_type`, if it is of the common make; `of` gives None for others."""

    def __init__(self, known: Footer, name: str, chunk: Chunk, rows: int, data_type: DataType) -> None:
        self._known = known
        self._name = name
        self._chunk = chunk
        self._rows = rows
        self._data_type = data_type
        self.pages_skipped = 0

    @staticmethod
    def of(file: DataFile, known: Footer, group: int, name: str, data_type: DataType) -> CodedChunk | None:
        """The chunk of a column that is read as the type it has."""
        chunk, rows = known.chunk(group, name), known.rows(group)
        if chunk is None or chunk.codec not in (PLAIN, SNAPPY, *_OTHER_CODECS):
            return None
        inside = chunk.start >= 4 and 0 < chunk.length <= min(file.size - chunk.start, _MOST_BYTES)
        if not inside or chunk.values != rows or not rows or known.levels(name) not in ((0, 0), (1, 0)):
            return None
        kind = known.arrow_type(name)
        as_stored = name in known.plain[1] or kind in (pa.int32(), pa.int64()) or _is_micros(kind)
        number = chunk.type in _WIDTHS and is_number(data_type) and as_stored
        text = chunk.type == _BYTE_ARRAY and data_type == STRING and kind == pa.string()
        real = _REALS.get(chunk.type) == (kind, data_type)
        fixed = chunk.type == _FIXED_BYTES and isinstance(data_type, DecimalType) and 0 < known.fixed_size(name) <= 8
        return CodedChunk(known, name, chunk, rows, data_type) if number or text or real or fixed else None

    def read(
        self, stream: FileIO, code: PageCode, wanted: RowRanges | None, exchanged: Exchanged | None = None
    ) -> pa.Array | None:
        """All rows, from the file opened without a buffer; those that are not `wanted` have any value. Raises OSError."""
        chunk, source = self._chunk, code.space("chunk", self._chunk.length)
        optional, words = self._known.levels(self._name)[0] == 1, None if wanted is None else wanted.words
        nullable = optional and chunk.nulls != 0
        packed = Pages(source, chunk.length, chunk.codec, self._rows, optional, nullable, words)
        self._fill(stream, code, packed)
        found: Pages | None = packed
        if chunk.codec in _OTHER_CODECS:
            found = code.unpacked(packed, pa.Codec(_OTHER_CODECS[chunk.codec]), min(chunk.size, _MOST_BYTES))
        if found is None:
            return None
        array = self._texts(code, found, exchanged) if chunk.type == _BYTE_ARRAY else self._values(code, found)
        self.pages_skipped = found.skipped
        return array

    def _values(self, code: PageCode, pages: Pages) -> pa.Array | None:
        real = _REALS.get(self._chunk.type)
        if real is not None:  # bits that are passed on as they are
            bits = real[0].bit_width
            found = code.numbers(pages, f"i{bits}", bits)
            return None if found is None else self._array(real[0], found)
        return self._numbers(code, pages)

    def _numbers(self, code: PageCode, pages: Pages) -> pa.Array | None:
        """In the width that the statistics of the file tell, or if those are wrong, or there are none, that all need."""
        known, size = self._known.bits(self._name), 0
        if self._chunk.type == _FIXED_BYTES:
            size = self._known.fixed_size(self._name)
            stored, most = "be", min(bits for bits in WIDTHS if bits >= 8 * size)
        else:
            most = 8 * _WIDTHS[self._chunk.type]
            stored = f"i{most}"
        known = min(known, most)
        for bits in dict.fromkeys((known or most, most)):
            found = code.numbers(pages, stored, bits, size)
            if found is None:
                return None
            kind = self._data_type
            if isinstance(kind, DecimalType) and max(-found.least, found.most) >= 10**kind.precision:
                return None
            if found.values is not None:
                array = self._array(_whole(bits), found)
                return array if bits == known else narrowed(array, max(known, WIDTHS[0]))
        return None

    def _array(self, kind: pa.DataType, found: Decoded) -> pa.Array | None:
        if found.values is None:
            return None
        return pa.Array.from_buffers(kind, self._rows, [found.present, found.values])

    def _texts(self, code: PageCode, pages: Pages, exchanged: Exchanged | None) -> pa.Array | None:
        """Codes where a dictionary is enough and worth it, else the texts themselves."""
        found = code.dictionary(pages)
        dictionary = code.texts(found) if found is not None else None
        if self._chunk.dictionary_coded and dictionary is not None and 0 < 2 * len(dictionary) <= self._rows:
            return self._codes(code, pages, dictionary, exchanged)
        chunk = self._chunk
        texts = code.plain_texts(pages, dictionary, min(chunk.size, _EXPANSION * chunk.length))
        return texts if texts is not None and is_text(texts) else None

    def _codes(
        self, code: PageCode, pages: Pages, dictionary: pa.Array, exchanged: Exchanged | None
    ) -> pa.Array | None:
        if not is_text(dictionary):
            return None
        bits, count, places = bits_of(0, len(dictionary) - 1), len(dictionary), None
        other = exchanged(dictionary) if exchanged is not None else None
        if other is not None:
            dictionary, places = other
        elif len(dictionary.unique()) != len(dictionary):
            return None
        found = code.codes(pages, count, bits, places)
        codes = self._array(_whole(bits), found) if found is not None else None
        return None if codes is None else pa.DictionaryArray.from_arrays(codes, dictionary, safe=False)

    def _fill(self, stream: FileIO, code: PageCode, pages: Pages) -> None:
        """Reads the chunk, and PADDING bytes more; of pages that are not wanted perhaps only the headers."""
        source, size = pages.source, self._chunk.length
        source.array[size : size + PADDING] = 0
        row = 0
        if pages.wanted is not None and size >= _LARGE:
            for each in code.headers(pages, lambda place: self._part(stream, source, place, place + _HEADER)):
                if each.size > _HEADER:
                    break
                if each.is_dictionary or is_wanted(pages.wanted, each.rows):
                    self._part(stream, source, each.place, each.place + each.packed)
                row = each.rows[1]
        if row < pages.last:
            self._part(stream, source, 0, size)

    def _part(self, stream: FileIO, source: Bytes, start: int, stop: int) -> None:
        stop = min(stop, self._chunk.length)
        stream.seek(self._chunk.start + start)
        if stream.readinto(source.array.data[start:stop]) != stop - start:
            raise OSError("it ends within a column chunk")


def _whole(bits: int) -> pa.DataType:
    return {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[bits]


def _is_micros(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind)) and kind.unit == "us"
