"""How many different whole numbers a column has, told from the sizes of its dictionaries: a chunk of a row group that is coded
by a dictionary takes the bytes of each value once and some bits for each row, and the footer has the sum of both."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.records import dataclass
from engine.sources.thrift import Chunk

_WIDTHS = {1: 4, 2: 8}
"""Bytes of a value by Parquet's physical type: INT32, INT64."""

_ALL = 0.97
"""From this part of the rows on all are taken to be different."""

_UNSURE = 2.5
"""How many times what the bits of all rows leave room for may be what there is room for without them."""

_APART = 1.05
"""Ranges of row groups whose lengths sum up to less than this part of the whole range have next to no values in common."""


@dataclass(frozen=True)
class Values:
    """Different values of a chunk of so many rows, whose range has `span` values. Not `sure`: there are at most so many."""

    different: float
    rows: int
    span: int
    sure: bool


def values_in_chunk(chunk: Chunk, rows: int, span: int) -> Values | None:
    """The values of a chunk, None where it does not tell. Runs of equal values take fewer bits: where there may be some, it is
    only known for how many there is room."""
    width = _WIDTHS.get(chunk.type)
    if width is None or not chunk.has_dictionary or chunk.size <= 0 or rows <= 0:
        return None
    most = chunk.size / width
    for bits in range(1, 32):
        found = (chunk.size - rows * bits / 8) / width
        if found <= 1 << bits:
            sure = found > 1 << bits - 1 and most <= _UNSURE * found
            different = found if sure and found <= _ALL * rows else most
            return Values(min(float(rows), float(span), different), rows, span, sure)
    return None


def values_in_all(chunks: Sequence[Values], whole: int) -> float:
    """Different values of a column whose range has `whole` values; infinite if that is not known. Chunks of a column that the
    file is ordered by have values of their own; others are taken to draw theirs from the same ones."""
    if sum(each.span for each in chunks) <= _APART * whole:
        return sum(each.different for each in chunks)
    if not all(each.sure for each in chunks):
        return math.inf
    rows = sum(each.rows for each in chunks) / len(chunks)
    part = sum(each.different for each in chunks) / len(chunks) / max(1.0, rows)
    return max(rows * _drawn(part), *(each.different for each in chunks))


def _drawn(part: float) -> float:
    """x where drawing n times from x * n values gives `part` * n different ones."""
    if part >= 0.999:
        return math.inf
    low, high = 0.0, 1000.0
    for _ in range(40):
        middle = (low + high) / 2
        if middle * -math.expm1(-1 / middle) < part:
            low = middle
        else:
            high = middle
    return high
