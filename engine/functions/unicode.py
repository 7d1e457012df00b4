"""Bytes that are to be UTF-8: whether they are, and what is made of them where they are not; texts cut into words."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import Kind
from engine.kernels.rowwise import map_nullable, map_rows
from engine.types import BOOLEAN, STRING, ArrayType, BinaryType, StringType

_BYTES = Kind("STRING", (StringType, BinaryType), fallback=STRING)


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


@function("is_valid_utf8", (_BYTES,), returns=BOOLEAN, nullable="always")
def is_valid_utf8(text: pa.Array) -> pa.Array:
    """Returns whether a text is UTF-8.

    > SELECT is_valid_utf8('Spark');
    true
    > SELECT is_valid_utf8(x'80');
    false
    """
    return map_rows(lambda value: _decoded(value) is not None, pa.bool_(), text.cast(pa.binary()))


@function("make_valid_utf8", (_BYTES,), returns=STRING, nullable="always")
def make_valid_utf8(text: pa.Array) -> pa.Array:
    """Returns a text with U+FFFD in place of bytes that are not UTF-8.

    > SELECT make_valid_utf8('Spark');
    Spark
    """
    return map_rows(lambda value: value.decode("utf-8", "replace"), pa.string(), text.cast(pa.binary()))


@function("validate_utf8", (_BYTES,), returns=STRING, nullable="always", raises=True)
def validate_utf8(text: pa.Array) -> pa.Array:
    """Returns a text that is UTF-8. Raises INVALID_UTF8_STRING for others.

    > SELECT validate_utf8('Spark');
    Spark
    """

    def checked(value: bytes) -> str:
        found = _decoded(value)
        if found is None:
            shown = "".join(f"\\x{byte:02X}" for byte in value)
            raise ExecutionError("INVALID_UTF8_STRING", {"str": shown})
        return found

    return map_rows(checked, pa.string(), text.cast(pa.binary()))


@function("try_validate_utf8", (_BYTES,), returns=STRING, nullable="always")
def try_validate_utf8(text: pa.Array) -> pa.Array:
    """Returns a text that is UTF-8, null for others.

    > SELECT try_validate_utf8(x'80');
    NULL
    """
    return map_rows(_decoded, pa.string(), text.cast(pa.binary()))


_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[^\sa-z])")
_WORD = re.compile(r"[^\W_]+(?:[.,'’\-_:][^\W_]+)*", re.UNICODE)


@function(
    "sentences",
    (STRING, STRING, STRING),
    returns=ArrayType(ArrayType(STRING, False), False),
    optional=2,
    nullable="always",
)
def sentences(text: pa.Array, language: pa.Array | None = None, country: pa.Array | None = None) -> pa.Array:  # noqa: ARG001 - words are cut alike in all languages
    """Returns the words of each sentence of a text.

    > SELECT sentences('Hi there! Good morning.');
    [["Hi","there"],["Good","morning"]]
    """

    def cut(value: str | None) -> Any:
        if value is None:
            return None
        found = [_WORD.findall(part) for part in _SENTENCE.split(value)]
        return [words for words in found if words]

    inner = pa.list_(pa.field("element", pa.string(), False))
    return map_nullable(cut, pa.list_(pa.field("element", inner, False)), text)
