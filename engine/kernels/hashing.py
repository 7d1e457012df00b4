"""Spark's hashes of values: Murmur3 (32 bits) and XXH64, both from the seed 42, argument after argument.

Null leaves the hash as it is; arrays, maps and structs hash their elements one after the other. -0.0 hashes as 0.0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from engine.kernels import decimals
from engine.kernels.rowwise import plain
from engine.records import dataclass
from engine.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    MapType,
    NullType,
    ShortType,
    StringType,
    StructType,
    TimeType,
    YearMonthIntervalType,
)

_M32, _M64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Hash:
    """A hash: of an int (4 bytes), a long (8 bytes) and bytes, each with a seed; and its width in bits."""

    of_int: Callable[[int, int], int]
    of_long: Callable[[int, int], int]
    of_bytes: Callable[[bytes, int], int]
    bits: int


def hash_rows(columns: Sequence[pa.Array], types: Sequence[DataType], kind: Hash) -> list[int]:
    """The hash of each row of some columns, as signed integers."""
    length = len(columns[0]) if columns else 0
    hashes = [42] * length
    for column, data_type in zip(columns, types, strict=True):
        values = decimals.unscaled(column) if isinstance(data_type, DecimalType) else plain(column)
        hashes = [hash_value(v, data_type, h, kind) for v, h in zip(values, hashes, strict=True)]
    half = 1 << (kind.bits - 1)
    return [(value ^ half) - half for value in hashes]


def hash_value(value: Any, data_type: DataType, seed: int, kind: Hash) -> int:
    """The hash (unsigned) of one value going on from `seed`. Decimals are given unscaled."""
    if value is None or isinstance(data_type, NullType):
        return seed
    match data_type:
        case BooleanType() | ByteType() | ShortType() | IntegerType() | DateType() | YearMonthIntervalType():
            return kind.of_int(int(value), seed)
        case TimeType():
            return kind.of_long(int(value) * 1000, seed)  # Spark keeps nanoseconds
        case FloatType():
            return kind.of_int(struct.unpack("<i", struct.pack("<f", value + 0.0))[0], seed)
        case DoubleType():
            return kind.of_long(struct.unpack("<q", struct.pack("<d", value + 0.0))[0], seed)
        case DecimalType(precision, scale):
            unscaled = value if isinstance(value, int) else int(value.scaleb(scale))
            if precision <= 18:
                return kind.of_long(unscaled, seed)
            return kind.of_bytes(unscaled.to_bytes(_java_length(unscaled), "big", signed=True), seed)
        case StringType():
            return kind.of_bytes(value.encode(), seed)
        case BinaryType():
            return kind.of_bytes(value, seed)
        case ArrayType(element, _):
            for item in value:
                seed = hash_value(item, element, seed, kind)
            return seed
        case MapType(key_type, item_type, _):
            for key, item in value:
                seed = hash_value(item, item_type, hash_value(key, key_type, seed, kind), kind)
            return seed
        case StructType(fields):
            for field, item in zip(fields, value.values(), strict=True):
                seed = hash_value(item, field.dataType, seed, kind)
            return seed
    return kind.of_long(_micros(value), seed)


def _java_length(value: int) -> int:
    """How many bytes BigInteger.toByteArray gives."""
    return (value if value >= 0 else ~value).bit_length() // 8 + 1


def _micros(value: Any) -> int:
    """A bigint, or the integer behind a timestamp or an interval met inside an array."""
    return int(value) if isinstance(value, int) else int(pa.scalar(value).value)


def _rotate32(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _M32


def _mix_k1(k1: int) -> int:
    return (_rotate32((k1 * 0xCC9E2D51) & _M32, 15) * 0x1B873593) & _M32


def _mix_h1(h1: int, k1: int) -> int:
    return (_rotate32(h1 ^ k1, 13) * 5 + 0xE6546B64) & _M32


def _finish32(h1: int, length: int) -> int:
    h1 ^= length
    h1 = ((h1 ^ (h1 >> 16)) * 0x85EBCA6B) & _M32
    h1 = ((h1 ^ (h1 >> 13)) * 0xC2B2AE35) & _M32
    return h1 ^ (h1 >> 16)


def murmur3_int(value: int, seed: int) -> int:
    """Murmur3 of four bytes."""
    return _finish32(_mix_h1(seed, _mix_k1(value & _M32)), 4)


def murmur3_long(value: int, seed: int) -> int:
    """Murmur3 of eight bytes."""
    h1 = _mix_h1(seed, _mix_k1(value & _M32))
    return _finish32(_mix_h1(h1, _mix_k1((value >> 32) & _M32)), 8)


def murmur3_bytes(data: bytes, seed: int) -> int:
    """Murmur3 as Spark has it: the last bytes that fill no word are mixed in one by one, as signed numbers."""
    aligned = len(data) - len(data) % 4
    h1 = seed
    for (word,) in struct.iter_unpack("<I", data[:aligned]):
        h1 = _mix_h1(h1, _mix_k1(word))
    for byte in data[aligned:]:
        h1 = _mix_h1(h1, _mix_k1((byte - 256 if byte > 127 else byte) & _M32))
    return _finish32(h1, len(data))


def murmur3_plain(data: bytes, seed: int) -> int:
    """Murmur3 as its author wrote it (and Scala has it): the last bytes are mixed in together, as a word."""
    aligned = len(data) - len(data) % 4
    h1 = seed
    for (word,) in struct.iter_unpack("<I", data[:aligned]):
        h1 = _mix_h1(h1, _mix_k1(word))
    if len(data) > aligned:
        h1 ^= _mix_k1(int.from_bytes(data[aligned:], "little"))
    return _finish32(h1, len(data))


_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _rotate64(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _M64


def _round(accumulator: int, value: int) -> int:
    return (_rotate64((accumulator + value * _P2) & _M64, 31) * _P1) & _M64


def _finish64(value: int) -> int:
    value = ((value ^ (value >> 33)) * _P2) & _M64
    value = ((value ^ (value >> 29)) * _P3) & _M64
    return value ^ (value >> 32)


def xxhash64_int(value: int, seed: int) -> int:
    """XXH64 of four bytes."""
    found = (seed + _P5 + 4) & _M64
    found ^= ((value & _M32) * _P1) & _M64
    return _finish64((_rotate64(found, 23) * _P2 + _P3) & _M64)


def xxhash64_long(value: int, seed: int) -> int:
    """XXH64 of eight bytes."""
    found = (seed + _P5 + 8) & _M64
    found ^= _round(0, value & _M64)
    return _finish64((_rotate64(found, 27) * _P1 + _P4) & _M64)


def xxhash64_bytes(data: bytes, seed: int) -> int:
    """XXH64 of bytes."""
    length, place = len(data), 0
    if length >= 32:
        lanes = [(seed + _P1 + _P2) & _M64, (seed + _P2) & _M64, seed & _M64, (seed - _P1) & _M64]
        while place <= length - 32:
            for lane, word in enumerate(struct.unpack_from("<4Q", data, place)):
                lanes[lane] = _round(lanes[lane], word)
            place += 32
        found = sum(_rotate64(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & _M64
        for lane in lanes:
            found = ((found ^ _round(0, lane)) * _P1 + _P4) & _M64
    else:
        found = (seed + _P5) & _M64
    found = (found + length) & _M64
    while place <= length - 8:
        found = (_rotate64(found ^ _round(0, struct.unpack_from("<Q", data, place)[0]), 27) * _P1 + _P4) & _M64
        place += 8
    if place <= length - 4:
        word = struct.unpack_from("<I", data, place)[0]
        found = (_rotate64(found ^ (word * _P1 & _M64), 23) * _P2 + _P3) & _M64
        place += 4
    for byte in data[place:]:
        found = (_rotate64(found ^ (byte * _P5 & _M64), 11) * _P1) & _M64
    return _finish64(found)


MURMUR3 = Hash(murmur3_int, murmur3_long, murmur3_bytes, 32)
XXHASH64 = Hash(xxhash64_int, xxhash64_long, xxhash64_bytes, 64)
