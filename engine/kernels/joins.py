"""A table of the rows of one side of a join, looked up by many batches of keys of the other side.

Keys become one int64 each: exactly, where all are whole numbers whose ranges multiply to less than 2**62, else by hashing (then
pairs are compared). Those codes address an array directly where they are dense, else an open-addressing table that
is filled and probed by whole columns: each round settles the rows that have found their slot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.kernels.buffers import Ints, Mask, plain_floats, valid
from engine.kernels.grouping import hash_rows, integer_column
from engine.lazy import pc
from engine.records import dataclass

Places: TypeAlias = npt.NDArray[Any]

_LARGEST = 1 << 62
_DENSE = 1 << 23
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Found:
    """For each probed row: the place of its first match in `JoinTable.order` (-1: none), and how many there are (None: one)."""

    start: Places
    count: Places | None

    @property
    def hit(self) -> Mask:
        """Which rows have a candidate."""
        return self.start >= 0

    @property
    def total(self) -> int:
        """How many candidate pairs there are."""
        return int(np.count_nonzero(self.hit) if self.count is None else self.count.sum())


class JoinTable:
    """The rows of the built side by `keys`. `null_safe` keys match null with null; a null in another key matches nothing.

    With `in_order` the codes are kept sorted and searched by halving, as a sort-merge join has it.
    """

    def __init__(self, keys: Sequence[pa.Array], rows: int, null_safe: Sequence[bool], in_order: bool = False) -> None:
        self._keys = list(keys)
        self._safe = list(null_safe)
        self._ranges = self._exact_ranges()
        codes, present = self._codes(self._keys, rows)
        kept = None if present is None else np.flatnonzero(present)
        codes = codes if kept is None else codes[kept]
        self._index: _Direct | _Hashed | _Sorted = _Sorted(codes) if in_order else _index(codes)
        order, self._starts, self._counts = _arranged(self._index.slots, self._index.size)
        self.order = order if kept is None else kept[order]
        self.rows_kept = len(self.order)

    @property
    def exact(self) -> bool:
        """Whether equal codes mean equal keys, so that pairs need no comparison."""
        return self._ranges is not None

    def lookup(self, keys: Sequence[pa.Array], rows: int) -> Found:
        """Where the candidates for each row of `keys` are."""
        codes, present = self._codes(keys, rows)
        slots = self._index.find(codes, present)
        return Found(self._starts[slots], None if self._counts is None else self._counts[slots])

    def pairs(self, found: Found, keys: Sequence[pa.Array], size: int) -> Iterator[tuple[Ints, Ints]]:
        """Matching rows as (probed, built), at most `size` candidates at a time, in order of the probed."""
        for probed, built in self._candidates(found, size):
            if not self.exact and len(probed):
                same = self._same(keys, probed, built)
                probed, built = probed[same], built[same]
            yield probed, built

    def _candidates(self, found: Found, size: int) -> Iterator[tuple[Ints, Ints]]:
        rows = np.flatnonzero(found.hit)
        if found.count is None:
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                yield part, self.order[found.start[part]]
            return
        counts, starts = found.count[rows].astype(np.int64), found.start[rows].astype(np.int64)
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        for low in range(0, total, size):
            numbers = np.arange(low, min(low + size, total), dtype=np.int64)
            which = np.searchsorted(ends, numbers, side="right")
            within = numbers - (ends[which] - counts[which])
            yield rows[which], self.order[starts[which] + within]

    def _same(self, keys: Sequence[pa.Array], probed: Ints, built: Ints) -> Mask:
        same = np.ones(len(probed), np.bool_)
        probed_rows, built_rows = pa.array(probed), pa.array(built)
        for key, other, safe in zip(keys, self._keys, self._safe, strict=True):
            left, right = pc.take(key, probed_rows), pc.take(other, built_rows)
            same &= _equal(left, right, safe)
        return same

    def _exact_ranges(self) -> list[tuple[int, int]] | None:
        """Least value and number of values of each key (the last one stands for null), or None if inexact."""
        ranges, product = [], 1
        for key in self._keys:
            values = integer_column(key)
            if values is None:
                return None
            present = valid(key)
            values = values if present is None else values[present]
            low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
            ranges.append((low, high - low + 2))
            product *= high - low + 2
        return ranges if product < _LARGEST else None

    def _codes(self, keys: Sequence[pa.Array], rows: int) -> tuple[Ints, Mask | None]:
        """The code of each row, and which rows can match at all (None: all)."""
        present: Mask | None = None
        for key, safe in zip(keys, self._safe, strict=True):
            if not safe and (mask := valid(key)) is not None:
                present = mask if present is None else present & mask
        if self._ranges is None:
            return hash_rows(keys, rows).view(np.int64), present
        if len(keys) == 1 and not self._safe[0]:
            values = integer_column(keys[0])
            assert values is not None
            return values, present
        codes = np.zeros(rows, np.int64)
        for key, safe, (low, size) in zip(keys, self._safe, self._ranges, strict=True):
            values = integer_column(key)
            assert values is not None
            inside = (values >= low) & (values <= low + (size - 2))
            with np.errstate(over="ignore"):
                places = values - low
            if safe and (mask := valid(key)) is not None:
                places = np.where(mask, places, size - 1)
                inside |= ~mask
            if not inside.all():
                places = np.where(inside, places, 0)
                present = inside if present is None else present & inside
            codes = codes * size + places
        return codes, present


def _equal(left: pa.Array, right: pa.Array, safe: bool) -> Mask:
    if pa.types.is_null(left.type) or pa.types.is_null(right.type):
        same = np.zeros(len(left), np.bool_)
    elif pa.types.is_floating(left.type):
        a, b = plain_floats(left), plain_floats(right)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
    elif pa.types.is_nested(left.type):
        same = np.array([a == b for a, b in zip(left.to_pylist(), right.to_pylist(), strict=True)], np.bool_)
    else:
        same = pc.fill_null(pc.equal(left, right), False).to_numpy(zero_copy_only=False)
    if safe:
        missing, other = left.is_null(), right.is_null()
        both = pc.and_(missing, other).to_numpy(zero_copy_only=False)
        either = pc.or_(missing, other).to_numpy(zero_copy_only=False)
        same = both | (same & ~either)
    return np.asarray(same, np.bool_)


def _arranged(slots: Ints, size: int) -> tuple[Ints, Places, Places | None]:
    """Rows in order of their slots, where each slot begins in it (-1: nowhere), and how many rows it has (None: at most one).

    Both have one entry more than there are slots, so that slot -1 is that of keys which are not there.
    """
    numbers = np.arange(len(slots))
    starts = np.full(size + 1, -1, np.int32 if len(slots) < 1 << 31 else np.int64)
    starts[slots] = numbers
    if (starts[slots] == numbers).all():
        return numbers, starts, None
    order = np.argsort(slots, kind="stable")
    arranged = slots[order]
    begins = np.flatnonzero(np.append(True, arranged[1:] != arranged[:-1]))
    counts = np.zeros(size + 1, starts.dtype)
    starts[arranged[begins]] = begins
    counts[arranged[begins]] = np.diff(np.append(begins, len(slots)))
    return order, starts, counts


def _index(codes: Ints) -> _Direct | _Hashed:
    if len(codes) == 0:
        return _Direct(codes, 0, 1)
    low, high = int(codes.min()), int(codes.max())
    if high - low < max(8 * len(codes), _DENSE):
        return _Direct(codes, low, high - low + 1)
    return _Hashed(codes)


class _Direct:
    """A slot for every code from `low` on."""

    def __init__(self, codes: Ints, low: int, size: int) -> None:
        self.low = low
        self.size = size
        self.slots = codes - low

    def find(self, codes: Ints, present: Mask | None) -> Ints:
        """The slot of each code, -1 for those that are outside or not `present`."""
        inside = (codes >= self.low) & (codes <= self.low + (self.size - 1))
        if present is not None:
            inside &= present
        if inside.all():
            return codes - self.low
        return np.where(inside, codes - np.int64(self.low), -1)


class _Hashed:
    """Open addressing with linear steps, at most half full."""

    def __init__(self, codes: Ints) -> None:
        bits = max(4, int(2 * len(codes) - 1).bit_length())
        self.size = 1 << bits
        self._shift = np.uint64(64 - bits)
        self._keys = np.zeros(self.size, np.int64)
        self._used = np.zeros(self.size, np.bool_)
        self.slots = self._insert(codes)

    def _first(self, codes: Ints) -> Ints:
        with np.errstate(over="ignore"):
            return ((codes.view(np.uint64) * _GOLDEN) >> self._shift).view(np.int64)

    def _insert(self, codes: Ints) -> Ints:
        slots = self._first(codes)
        pending = np.arange(len(codes))
        while len(pending):
            tried, wanted = slots[pending], codes[pending]
            free = ~self._used[tried]
            self._keys[tried[free]] = wanted[free]
            self._used[tried[free]] = True
            lost = self._keys[tried] != wanted
            pending = pending[lost]
            slots[pending] = (tried[lost] + 1) & (self.size - 1)
        return slots

    def find(self, codes: Ints, present: Mask | None) -> Ints:
        """The slot of each code, -1 for those that are not there or not `present`."""
        codes = np.ascontiguousarray(codes)
        slots = self._first(codes)
        result = np.full(len(codes), -1, np.int64)
        pending = np.arange(len(codes)) if present is None else np.flatnonzero(present)
        while len(pending):
            tried = slots[pending]
            same = (self._keys[tried] == codes[pending]) & self._used[tried]
            result[pending[same]] = tried[same]
            on = ~same & self._used[tried]
            pending = pending[on]
            slots[pending] = (tried[on] + 1) & (self.size - 1)
        return result


class _Sorted:
    """The different codes in order."""

    def __init__(self, codes: Ints) -> None:
        self._codes, self.slots = np.unique(codes, return_inverse=True)
        self.size = max(1, len(self._codes))

    def find(self, codes: Ints, present: Mask | None) -> Ints:
        """The slot of each code, -1 for those that are not there or not `present`."""
        if not len(self._codes):
            return np.full(len(codes), -1, np.int64)
        places = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        found = self._codes[places] == codes
        if present is not None:
            found &= present
        return np.where(found, places, -1)
