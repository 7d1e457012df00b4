"""Where one string is in another, and strings cut at separators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import Variadic
from engine.kernels.context import CallContext
from engine.kernels.regex import compile_pattern
from engine.kernels.rowwise import map_nullable, map_rows
from engine.types import BINARY, INT, STRING, ArrayType, BinaryType, DataType
from engine.types.coercion import can_implicitly_cast
from engine.types.session import elt_is_text


@function("instr", (STRING, STRING, INT, INT), returns=INT, optional=2)
def instr(
    text: pa.Array, part: pa.Array, start: pa.Array | None = None, occurrence: pa.Array | None = None
) -> pa.Array:
    """Returns the place (from 1) of the first `part` in `text`, or of another one from `start` on (backwards from the end if
    that is negative), 0 if it is not there.

    > SELECT instr('SparkSQL', 'SQL');
    6
    > SELECT instr('abcabc', 'b', 1, 2);
    5
    > SELECT instr('abcabc', 'b', -1, 1);
    5
    """
    arrays = [each for each in (text, part, start, occurrence) if each is not None]
    if len(arrays) == 2:
        return map_rows(lambda value, piece: value.find(piece) + 1, pa.int32(), text, part)
    return map_rows(_occurrence, pa.int32(), *arrays)


def _occurrence(value: str, piece: str, start: int, number: int = 1) -> int:
    if number < 1:
        parameters = {"parameter": "`occurrence`", "functionName": "`instr`", "actual": number}
        raise ExecutionError("INVALID_PARAMETER_VALUE.OCCURRENCE", parameters)
    if start == 0:
        return 0
    place = start - 1 if start > 0 else len(value) + start
    if place < 0:
        return 0
    step = 1 if start > 0 else -1
    while 0 <= place <= len(value):
        place = value.find(piece, place) if step > 0 else value.rfind(piece, 0, place + len(piece))
        if place < 0:
            return 0
        number -= 1
        if number == 0:
            return place + 1
        place += step
    return 0


@function(
    "locate",
    (STRING, STRING, INT),
    returns=INT,
    optional=1,
    aliases=("position",),
    nullable=lambda part, text, *_start: part.nullable or text.nullable,
)
def locate(part: pa.Array, text: pa.Array, start: pa.Array | None = None) -> pa.Array:
    """Returns the place (from 1) of the first `part` in `text` at or after `start`, 0 if it is not there.

    > SELECT locate('bar', 'foobarbar', 5);
    7
    > SELECT POSITION('bar' IN 'foobarbar');
    4
    """

    def found(piece: str | None, value: str | None, begin: int | None = 1) -> int | None:
        if begin is None:
            return 0
        if piece is None or value is None:
            return None
        return value.find(piece, begin - 1) + 1 if begin > 0 else 0

    arrays = (part, text) if start is None else (part, text, start)
    return map_nullable(found, pa.int32(), *arrays)


@function("substring_index", (STRING, STRING, INT), returns=STRING)
def substring_index(text: pa.Array, separator: pa.Array, count: pa.Array) -> pa.Array:
    """Returns what is before the `count`-th separator, counted from the right (and then what is after it) if negative.

    > SELECT substring_index('www.apache.org', '.', 2);
    www.apache
    """

    def part(value: str, between: str, times: int) -> str:
        if not between or times == 0:
            return ""
        pieces = value.split(between)
        return between.join(pieces[:times] if times > 0 else pieces[times:])

    return map_rows(part, pa.string(), text, separator, count)


@function("split", (STRING, STRING, INT), returns=ArrayType(STRING, False), optional=1)
def split(text: pa.Array, pattern: pa.Array, limit: pa.Array | None = None) -> pa.Array:
    """Splits `text` at matches of the regular expression `pattern`, into at most `limit` parts if that is positive.

    > SELECT split('oneAtwoBthreeC', '[ABC]');
    ["one","two","three",""]
    > SELECT split('oneAtwoBthreeC', '[ABC]', 2);
    ["one","twoBthreeC"]
    """
    kind = pa.list_(pa.field("element", pa.string(), False))
    arrays = (text, pattern) if limit is None else (text, pattern, limit)
    return map_rows(_split, kind, *arrays)


@lru_cache(maxsize=256)
def _is_literal(pattern: str) -> bool:
    return re.fullmatch(r"[^\\.\[\]{}()*+?^$|]+", pattern) is not None


def _split(value: str, pattern: str, limit: int = -1) -> list[str]:
    if not pattern:
        # Spark: an empty pattern splits into characters, without an empty last part
        parts = list(value) or [""]
        return parts if limit <= 0 or limit >= len(parts) else [*parts[: limit - 1], "".join(parts[limit - 1 :])]
    if _is_literal(pattern):
        return value.split(pattern, limit - 1 if limit > 0 else -1)
    pieces: list[str] = []
    begin = 0
    for match in compile_pattern(pattern, "split").finditer(value):
        if 0 < limit <= len(pieces) + 1:
            break
        if match.end() == 0:
            continue  # Java: no empty part before a match without characters at the beginning
        pieces.append(value[begin : match.start()])
        begin = match.end()
    return [*pieces, value[begin:]]


def _split_part(value: str, separator: str, number: int) -> str:
    if number == 0:
        raise ExecutionError("INVALID_INDEX_OF_ZERO")
    parts = value.split(separator) if separator else [value]
    place = number - 1 if number > 0 else len(parts) + number
    return parts[place] if 0 <= place < len(parts) else ""


@function("split_part", (STRING, STRING, INT), returns=STRING, raises=True, nullable="always")
def split_part(text: pa.Array, separator: pa.Array, number: pa.Array) -> pa.Array:
    """Returns part `number` of `text` cut at `separator`, counted from the end if negative; empty if there is none.

    > SELECT split_part('11.12.13', '.', 3);
    13
    """
    return map_rows(_split_part, pa.string(), text, separator, number)


@function("find_in_set", (STRING, STRING), returns=INT)
def find_in_set(word: pa.Array, words: pa.Array) -> pa.Array:
    """Returns the place (from 1) of `word` in the list `words` with commas between, 0 if it is not there.

    > SELECT find_in_set('ab', 'abc,b,ab,c,def');
    3
    """

    def place(value: str, listed: str) -> int:
        parts = listed.split(",")
        return parts.index(value) + 1 if "," not in value and value in parts else 0

    return map_rows(place, pa.int32(), word, words)


def _one_kind(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
    """A number and values that are all bytes, or else all text."""
    values = types[1:]
    binary = all(isinstance(each, BinaryType) for each in values) and not elt_is_text()
    kind: DataType = BINARY if binary else STRING
    texts = (each for each in values if not isinstance(each, BinaryType))
    if not can_implicitly_cast(types[0], INT, ansi) or not all(
        can_implicitly_cast(each, STRING, ansi) for each in texts
    ):
        return None
    return (INT, *[kind] * len(values))


@function(
    "elt",
    (INT, Variadic(STRING, 1)),
    returns=lambda *types: types[1],
    coerce=_one_kind,
    nullable="always",
    raises=True,
    ansi_only=True,
    wants_context=True,
)
def elt(number: pa.Array, *values: pa.Array, context: CallContext) -> pa.Array:
    """Returns the argument that `number` counts, from 1. Raises INVALID_ARRAY_INDEX where there is none.

    > SELECT elt(1, 'scala', 'java');
    scala
    """

    def pick(index: int | None, *given: Any) -> Any:
        if index is None:
            return None
        if not 1 <= index <= len(given):
            if not context.ansi:
                return None
            raise ExecutionError("INVALID_ARRAY_INDEX", {"indexValue": index, "arraySize": len(given)})
        return given[index - 1]

    return map_nullable(pick, values[0].type, number, *values)
