"""Encryption with AES: a text, a key of 16, 24 or 32 bytes, a mode (GCM by default) and a padding.

What is encrypted in the modes CBC and GCM begins with the random bytes it was begun with.
"""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.calls import Call
from engine.functions.registry import function
from engine.functions.signature import Kind
from engine.kernels import aes
from engine.kernels.rowwise import attempt, map_rows
from engine.types import BINARY, STRING, BinaryType, DataType, StringType

_BYTES = Kind("BINARY", (BinaryType, StringType), fallback=STRING)
_NAME = "`aes_encrypt`/`aes_decrypt`"
_PADDINGS = {"ECB": ("DEFAULT", "PKCS"), "CBC": ("DEFAULT", "PKCS"), "GCM": ("DEFAULT", "NONE")}
_STARTS = {"CBC": 16, "GCM": 12}


def _invalid(kind: str, parameter: str, **parameters: Any) -> ExecutionError:
    common = {"parameter": parameter, "functionName": _NAME}
    return ExecutionError(f"INVALID_PARAMETER_VALUE.{kind}", common | parameters)


def _checked(key: bytes, mode: str, padding: str) -> str:
    """The mode in capitals. Raises INVALID_PARAMETER_VALUE.AES_KEY_LENGTH, UNSUPPORTED_FEATURE.AES_MODE."""
    if len(key) not in (16, 24, 32):
        raise _invalid("AES_KEY_LENGTH", "`key`", actualLength=len(key))
    if padding.upper() not in _PADDINGS.get(mode.upper(), ()):
        raise ExecutionError("UNSUPPORTED_FEATURE.AES_MODE", {"mode": mode, "padding": padding, "functionName": _NAME})
    return mode.upper()


def _encrypt(data: bytes, key: bytes, mode: str, padding: str, start: bytes, extra: bytes) -> bytes:
    mode = _checked(key, mode, padding)
    if start and mode not in _STARTS:
        raise ExecutionError("UNSUPPORTED_FEATURE.AES_MODE_IV", {"mode": mode, "functionName": _NAME})
    if start and len(start) != _STARTS[mode]:
        raise _invalid("AES_IV_LENGTH", "`iv`", mode=mode, actualLength=len(start))
    if extra and mode != "GCM":
        raise ExecutionError("UNSUPPORTED_FEATURE.AES_MODE_AAD", {"mode": mode, "functionName": _NAME})
    if mode == "ECB":
        return aes.ecb_encrypt(data, key)
    start = start or os.urandom(_STARTS[mode])
    if mode == "CBC":
        return start + aes.cbc_encrypt(data, key, start)
    return start + aes.gcm_encrypt(data, key, start, extra)


def _decrypt(data: bytes, key: bytes, mode: str, padding: str, extra: bytes) -> bytes:
    mode = _checked(key, mode, padding)
    if extra and mode != "GCM":
        raise ExecutionError("UNSUPPORTED_FEATURE.AES_MODE_AAD", {"mode": mode, "functionName": _NAME})
    size = _STARTS.get(mode, 0)
    if len(data) < size:
        raise _invalid("AES_CRYPTO_ERROR", "`expr`, `key`", detailMessage="Invalid buffer arguments")
    start, text = data[:size], data[size:]
    try:
        if mode == "ECB":
            return aes.ecb_decrypt(text, key)
        return aes.cbc_decrypt(text, key, start) if mode == "CBC" else aes.gcm_decrypt(text, key, start, extra)
    except aes.WrongPadding as error:
        raise _invalid("AES_CRYPTO_ERROR", "`expr`, `key`", detailMessage=str(error)) from error


def _bytes(column: pa.Array) -> pa.Array:
    return column.cast(pa.binary())


_TEXT = ("GCM", "DEFAULT", b"", b"")


def _complete(given: tuple[Expression, ...], count: int) -> list[Expression]:
    """The arguments with what stands for those that were left out."""
    kinds: tuple[DataType, ...] = (STRING, STRING, BINARY, BINARY)
    skipped = 1 if count == 3 else 0
    defaults = [
        Literal(v, k) for place, (v, k) in enumerate(zip(_TEXT, kinds, strict=True)) if place != 2 or not skipped
    ]
    return [*given, *defaults[len(given) :]]


@function("aes_encrypt", (_BYTES, _BYTES, STRING, STRING, _BYTES, _BYTES), kind="rewrite", optional=4)
def aes_encrypt(data: Expression, key: Expression, *rest: Expression) -> Expression:
    """Returns bytes encrypted with AES: with a key of 16, 24 or 32 bytes, in a mode (GCM, CBC or ECB) with a padding.

    > SELECT hex(aes_encrypt('Spark', 'abcdefghijklmnop', 'ECB', 'PKCS'));
    E07BF450A0B1EA77D4780A0F668D73FB
    """
    arguments = (data, key, *_complete(rest, 4))
    random = len(rest) < 3
    nullable = any(each.nullable for each in arguments)
    return Call("encrypt_bytes", arguments, BINARY, nullable, True, not random)


@function("encrypt_bytes", (_BYTES, _BYTES, STRING, STRING, _BYTES, _BYTES), returns=BINARY, raises=True, hidden=True)
def encrypt_bytes(
    data: pa.Array, key: pa.Array, mode: pa.Array, padding: pa.Array, start: pa.Array, extra: pa.Array
) -> pa.Array:
    """Kernel of `aes_encrypt`."""
    return map_rows(_encrypt, pa.binary(), _bytes(data), _bytes(key), mode, padding, _bytes(start), _bytes(extra))


def _declare(name: str, mode: Mode, doc: str) -> None:
    def rewrite(data: Expression, key: Expression, *rest: Expression) -> Expression:
        arguments = (data, key, *_complete(rest, 3))
        nullable = mode is Mode.TRY or any(each.nullable for each in arguments)
        return Call(f"{name}_bytes", arguments, BINARY, nullable, mode is Mode.ANSI)

    def kernel(data: pa.Array, key: pa.Array, kind: pa.Array, padding: pa.Array, extra: pa.Array) -> pa.Array:
        return map_rows(attempt(_decrypt, mode), pa.binary(), _bytes(data), _bytes(key), kind, padding, _bytes(extra))

    rewrite.__doc__, kernel.__doc__ = doc, f"Kernel of `{name}`."
    function(name, (_BYTES, _BYTES, STRING, STRING, _BYTES), kind="rewrite", optional=3)(rewrite)
    function(f"{name}_bytes", (_BYTES, _BYTES, STRING, STRING, _BYTES), returns=BINARY, hidden=True)(kernel)


_declare(
    "aes_decrypt",
    Mode.ANSI,
    """Returns the bytes that were encrypted with AES.

    > SELECT cast(aes_decrypt(unbase64('3lmwu+Mw0H3fi5NDvcu9lg=='), '1234567890abcdef', 'ECB', 'PKCS') AS STRING);
    Spark SQL
    """,
)
_declare(
    "try_aes_decrypt",
    Mode.TRY,
    """Like `aes_decrypt`, giving null for what cannot be decrypted.

    > SELECT try_aes_decrypt(unbase64('3lmwu+Mw0H3fi5NDvcu9lg=='), '1234567890abcdeg', 'ECB');
    NULL
    """,
)
