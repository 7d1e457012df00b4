"""Sorting by bits: the keys of a row, one after another, and its number are packed into one word, and words are sorted.

    | keys, as many of their bits as there is room for | number of the row |

Numpy sorts words many times faster than it sorts places by what is there, and the row's number makes the order stable. Where
bits are left, only rows that are still equal go into another round, led by the number of their group. A key is a list of
`Field`s, unsigned numbers in the order of its values; a text is a field for each eight bytes, read when a round gets there.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from engine.kernels.buffers import Ints, Mask, Words
from engine.records import dataclass

_WORD_BITS = 64
_PARALLEL_ROWS = 1 << 18
_SAMPLES = 1 << 10
_LEADING = np.array([((1 << (8 * count)) - 1) << (64 - 8 * count) for count in range(9)], np.uint64)  # bytes of a word


class Field(Protocol):
    """A part of a sort key."""

    def words(self, rows: Ints | None) -> tuple[Words, int]:
        """The part for some rows (None: all), and in how many bits it fits."""


class Numbers:
    """Whole numbers, ascending or descending; those of null rows (not `present`) are all alike."""

    def __init__(self, codes: Ints, ascending: bool, present: Mask | None) -> None:
        self._codes = codes
        self._ascending = ascending
        self._present = present

    def words(self, rows: Ints | None) -> tuple[Words, int]:
        codes = self._codes if rows is None else self._codes[rows]
        present = self._present if rows is None or self._present is None else self._present[rows]
        counted = codes if present is None else codes[present]
        if len(counted) == 0:
            return np.zeros(len(codes), np.uint64), 0
        low, high = counted.min(), counted.max()
        bits = (int(high) - int(low)).bit_length()
        found = (
            codes.view(np.uint64) - low.view(np.uint64)
            if self._ascending
            else high.view(np.uint64) - codes.view(np.uint64)
        )
        if present is not None:
            found = np.where(present, found, np.uint64(0))
        return found, bits


class TextPart:
    """The eight bytes of texts from `start` on as one number, zeros after their ends."""

    def __init__(self, starts: Ints, lengths: Ints, data: Words, start: int, ascending: bool) -> None:
        self._starts = starts
        self._lengths = lengths
        self._data = data  # the word that begins at each byte
        self._start = start
        self._ascending = ascending

    def words(self, rows: Ints | None) -> tuple[Words, int]:
        lengths = self._lengths if rows is None else self._lengths[rows]
        starts = self._starts if rows is None else self._starts[rows]
        left = np.clip(lengths - self._start, 0, 8)
        found = self._data[np.where(left > 0, starts + self._start, 0)].byteswap()
        found &= _LEADING[left]
        low, high = found.min(), found.max()
        return (found - low if self._ascending else high - found), int(high - low).bit_length()


def is_text(kind: pa.DataType) -> bool:
    """Whether `text_parts` can be asked for arrays of this type."""
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    return bool(wide or pa.types.is_string(kind) or pa.types.is_binary(kind))


def text_parts(array: pa.Array, ascending: bool, present: Mask | None) -> list[Field]:
    """The fields of texts, by their bytes; those of null rows are empty."""
    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    kind: Any = np.int64 if wide else np.int32
    _, places, content = array.buffers()
    offsets = np.frombuffer(places, kind, len(array) + 1, array.offset * np.dtype(kind).itemsize).astype(np.int64)
    lengths = np.diff(offsets)
    if present is not None:
        lengths = np.where(present, lengths, 0)
    data = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    if len(data) < offsets[-1] + 8:  # words are read where a text's last byte is
        data = np.append(data, np.zeros(8, np.uint8))
    words = np.ndarray((len(data) - 7,), np.uint64, data, strides=(1,))
    longest = int(lengths.max()) if len(lengths) else 0
    starts = offsets[:-1]
    parts: list[Field] = [TextPart(starts, lengths, words, place, ascending) for place in range(0, longest, 8)]
    return [*parts, Numbers(lengths, ascending, None)]


class _Cursor:
    """Gives the bits of some rows' fields, the highest first."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = list(reversed(fields))
        self._rows: Ints | None = None
        self._words = np.zeros(0, np.uint64)
        self._left = 0  # bits of the field at hand that were not given yet, the low ones of its words
        self.counts: list[int] = []
        """How many bits each field had, of those that were looked at."""

    @property
    def more(self) -> bool:
        """Whether there are bits left."""
        return self._left > 0 or bool(self._fields)

    def narrow(self, rows: Ints, picked: Ints) -> None:
        """From now on `rows` only, which were at the places `picked` of those so far."""
        self._rows = rows
        self._words = self._words[picked] if self._left else self._words

    def append(self, key: Words | None, room: int) -> Words | None:
        """`key`, which may be overwritten, with as many more bits as there are, at most `room`."""
        while room and self.more:
            if not self._left:
                self._words, self._left = self._fields.pop().words(self._rows)
                self.counts.append(self._left)
                continue
            taken = min(room, self._left)
            room -= taken
            self._left -= taken
            if key is None and self._left == 0:
                key = self._words
                continue
            part = self._words >> np.uint64(self._left)
            key = part if key is None else _shifted(key, taken, part)
            self._words &= np.uint64((1 << self._left) - 1)
        return key


@dataclass(frozen=True)
class Order:
    """The places of rows in order; equal rows stay in order. Where one round was enough, `words` are the sorted words, without
    the rows' numbers, and `counts` how many of their bits each field has."""

    places: Ints
    words: Words | None = None
    counts: Sequence[int] = ()

    def runs(self, fields: int) -> Mask | None:
        """Which rows differ from the one before in the first `fields` fields; the first does. None: words do not tell."""
        if self.words is None:
            return None
        keys = self.words >> np.uint64(sum(self.counts[fields:]))
        first: Mask = np.ones(len(keys), np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=first[1:])
        return first


def sorted_by(fields: Sequence[Field], rows: int, threads: int = 1) -> Ints:
    """The places of the rows in the order of the fields; equal rows stay in order."""
    return ordered_by(fields, rows, threads).places


def ordered_by(fields: Sequence[Field], rows: int, threads: int = 1) -> Order:
    """The order of the rows by the fields."""
    places = np.arange(rows, dtype=np.int64)
    tied: Ints | None = None  # where in `places` rows are whose order is not known yet; None: all
    count, cursor = rows, _Cursor(fields)
    groups: Words | None = None
    group_bits = 0
    while count > 1 and cursor.more:
        number_bits = (count - 1).bit_length()
        key = cursor.append(groups, _WORD_BITS - number_bits - group_bits)
        if key is None:  # all rows are alike
            break
        words = _sorted(_shifted(key, number_bits, np.arange(count, dtype=np.uint64)), threads)
        order = (words & np.uint64((1 << number_bits) - 1)).view(np.int64)
        if tied is None:
            places = order
        else:
            places[tied] = places[tied[order]]
        if not cursor.more:
            if tied is None:
                words >>= np.uint64(number_bits)
                return Order(places, words, cursor.counts)
            break
        words >>= np.uint64(number_bits)
        same = words[1:] == words[:-1]
        kept = np.flatnonzero(np.append(same, False) | np.append(False, same))
        count = len(kept)
        groups = np.cumsum(np.append(True, ~same)[kept]).astype(np.uint64)
        group_bits = int(groups[-1]).bit_length() if count else 0
        tied = kept if tied is None else tied[kept]
        cursor.narrow(places[tied], order[kept])
    return Order(places)


def _shifted(words: Words, bits: int, low: Words) -> Words:
    """The words, overwritten, with `low` in that many new bits."""
    words <<= np.uint64(bits)
    words |= low
    return words


def _sorted(words: Words, threads: int) -> Words:
    """The words in order; of many, each thread sorts those between two bounds that a sample gives."""
    if threads == 1 or len(words) < _PARALLEL_ROWS:
        words.sort()
        return words
    sample = np.sort(words[:: len(words) // _SAMPLES])
    bounds = sample[np.arange(1, threads) * len(sample) // threads]
    parts = np.searchsorted(bounds, words, side="right").astype(np.uint8) if threads > 2 else words >= bounds[0]

    def part(number: int) -> Words:
        chosen: Words = words[parts == number]
        chosen.sort()
        return chosen

    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(part, range(threads))))
