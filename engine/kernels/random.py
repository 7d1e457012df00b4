"""Spark's random numbers: XORShift with a hashed seed, so that rand(seed) gives what Spark gives; and Java's own."""

from __future__ import annotations

import math
import struct

from engine.kernels.hashing import murmur3_plain

_M64 = (1 << 64) - 1
_M48 = (1 << 48) - 1
_FACTOR = 0x5DEECE66D


class XorShift:
    """Spark's XORShiftRandom."""

    def __init__(self, seed: int) -> None:
        data = struct.pack(">q", _signed(seed))
        low = murmur3_plain(data, 0x3C074A61)
        self._state = (murmur3_plain(data, low) << 32) | low
        self._spare: float | None = None

    def _next(self, bits: int) -> int:
        state = self._state
        state ^= (state << 21) & _M64
        state ^= state >> 35
        state ^= (state << 4) & _M64
        self._state = state
        return state & ((1 << bits) - 1)

    def next_double(self) -> float:
        """A number from 0 to before 1."""
        return ((self._next(26) << 27) + self._next(27)) * 2.0**-53

    def next_int(self) -> int:
        """A number of 32 bits, with sign."""
        bits = self._next(32)
        return bits - (1 << 32) if bits >= 1 << 31 else bits

    def next_gaussian(self) -> float:
        """A normally distributed number, by java.util.Random's polar method."""
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        while True:
            x, y = 2 * self.next_double() - 1, 2 * self.next_double() - 1
            square = x * x + y * y
            if 0 < square < 1:
                factor = math.sqrt(-2 * math.log(square) / square)
                self._spare = y * factor
                return x * factor


class JavaRandom:
    """java.util.Random: a linear congruential generator of 48 bits."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _FACTOR) & _M48

    def next_double(self) -> float:
        """A number from 0 to before 1."""
        return ((self._next(26) << 27) + self._next(27)) * 2.0**-53

    def _next(self, bits: int) -> int:
        self._state = (self._state * _FACTOR + 0xB) & _M48
        return self._state >> (48 - bits)


def _signed(seed: int) -> int:
    return ((seed + (1 << 63)) & _M64) - (1 << 63)
