"""Hashes: digests of bytes, and Spark's Murmur3 and XXH64 of values of any type."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable

import pyarrow as pa

from engine.functions.mismatch import mismatch
from engine.functions.registry import function
from engine.functions.signature import ANY, Kind, Variadic
from engine.kernels.context import CallContext
from engine.kernels.hashing import MURMUR3, XXHASH64, hash_rows
from engine.kernels.rowwise import map_rows
from engine.types import INT, LONG, STRING, BinaryType, DataType, MapType, StringType

_BYTES = Kind("BINARY", (BinaryType, StringType), fallback=STRING)


def _digest(value: pa.Array, make: Callable[[bytes], str]) -> pa.Array:
    return map_rows(make, pa.string(), value.cast(pa.binary()))


@function("md5", (_BYTES,), returns=STRING)
def md5(value: pa.Array) -> pa.Array:
    """Returns the MD5 digest in hexadecimal digits.

    > SELECT md5('Spark');
    8cde774d6f7333752ed72cacddb05126
    """
    return _digest(value, lambda given: hashlib.md5(given, usedforsecurity=False).hexdigest())


@function("sha", (_BYTES,), returns=STRING, aliases=("sha1",))
def sha1(value: pa.Array) -> pa.Array:
    """Returns the SHA-1 digest in hexadecimal digits.

    > SELECT sha1('Spark');
    85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c
    """
    return _digest(value, lambda given: hashlib.sha1(given, usedforsecurity=False).hexdigest())


@function("sha2", (_BYTES, INT), returns=STRING, nullable="always")
def sha2(value: pa.Array, bits: pa.Array) -> pa.Array:
    """Returns the SHA-2 digest of 224, 256 (also called 0), 384 or 512 bits; null for other lengths.

    > SELECT sha2('Spark', 256);
    529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b
    """

    def digest(given: bytes, length: int) -> str | None:
        name = {0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}.get(length)
        return hashlib.new(name, given).hexdigest() if name is not None else None

    return map_rows(digest, pa.string(), value.cast(pa.binary()), bits)


@function("crc32", (_BYTES,), returns=LONG)
def crc32(value: pa.Array) -> pa.Array:
    """Returns the cyclic redundancy check.

    > SELECT crc32('Spark');
    1557323817
    """
    return map_rows(zlib.crc32, pa.int64(), value.cast(pa.binary()))


def _no_maps(types: tuple[DataType, ...], _ansi: bool) -> tuple[DataType, ...]:
    """The types as they are. Equal maps may hold their entries in different orders, so none is taken."""
    if any(_holds_map(each) for each in types):
        raise mismatch("HASH_MAP_TYPE", functionName="`hash`")
    return types


def _holds_map(data_type: DataType) -> bool:
    return isinstance(data_type, MapType) or any(map(_holds_map, data_type.children))


@function("hash", (Variadic(ANY, 1),), returns=INT, nullable="never", coerce=_no_maps, wants_context=True)
def murmur3(*values: pa.Array, context: CallContext) -> pa.Array:
    """Returns the Murmur3 hash of the arguments.

    > SELECT hash('Spark', array(123), 2);
    -1321691492
    """
    return pa.array(hash_rows(values, context.types, MURMUR3), pa.int32())


@function("xxhash64", (Variadic(ANY, 1),), returns=LONG, nullable="never", coerce=_no_maps, wants_context=True)
def xxhash64(*values: pa.Array, context: CallContext) -> pa.Array:
    """Returns the 64-bit XXH64 hash of the arguments.

    > SELECT xxhash64('Spark', array(123), 2);
    5602566077635097486
    """
    return pa.array(hash_rows(values, context.types, XXHASH64), pa.int64())
