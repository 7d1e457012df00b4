"""Bitmaps of numbers in buckets of 32768: where a number stands, and how many are in."""

from __future__ import annotations

import pyarrow as pa

from engine.functions.registry import function
from engine.kernels.rowwise import map_rows
from engine.types import BINARY, LONG

_BITS = 4096 * 8


@function("bitmap_bucket_number", (LONG,), returns=LONG)
def bitmap_bucket_number(value: pa.Array) -> pa.Array:
    """Returns the number of the bucket that a number belongs to.

    > SELECT bitmap_bucket_number(123);
    1
    """
    return map_rows(lambda n: (n - 1) // _BITS + 1 if n > 0 else -(-n // _BITS), pa.int64(), value)


@function("bitmap_bit_position", (LONG,), returns=LONG)
def bitmap_bit_position(value: pa.Array) -> pa.Array:
    """Returns the bit that stands for a number in its bucket.

    > SELECT bitmap_bit_position(123);
    122
    """
    return map_rows(lambda n: (n - 1) % _BITS if n > 0 else -n % _BITS, pa.int64(), value)


@function("bitmap_count", (BINARY,), returns=LONG)
def bitmap_count(value: pa.Array) -> pa.Array:
    """Returns how many bits of a bitmap are set.

    > SELECT bitmap_count(X'1010');
    2
    """
    return map_rows(lambda data: int.from_bytes(data, "big").bit_count(), pa.int64(), value)
