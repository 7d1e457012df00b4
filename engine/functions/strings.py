"""Strings: case, padding, trimming, replacing, joining, lengths."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from engine.functions.registry import function
from engine.functions.signature import TEXT_OR_BINARY, Kind, Variadic
from engine.functions.substrings import same
from engine.kernels.context import CallContext
from engine.kernels.lists import flat, lengths, make
from engine.kernels.rows import Datum, as_array, is_scalar, valid
from engine.kernels.rowwise import map_nullable, map_rows
from engine.lazy import pc
from engine.types import BOOLEAN, INT, STRING, ArrayType, BinaryType, DataType, StringType
from engine.types.coercion import can_implicitly_cast

TEXT_OR_LIST_OR_BYTES = Kind("(STRING or ARRAY or BINARY)", (StringType, ArrayType, BinaryType), fallback=STRING)
TEXT_OR_LIST = Kind("(STRING or ARRAY<STRING>)", (StringType, ArrayType), fallback=STRING)


def _is_ascii(text: pa.Array) -> bool:
    return bool(pc.all(pc.string_is_ascii(text)).as_py())


@function("upper", (STRING,), returns=STRING, aliases=("ucase",))
def upper(text: pa.Array) -> pa.Array:
    """Returns `text` in upper case.

    > SELECT upper('SparkSql');
    SPARKSQL
    """
    # pyarrow maps one character to one: ß would stay ß
    return pc.ascii_upper(text) if _is_ascii(text) else map_rows(str.upper, text.type, text)


@function("lower", (STRING,), returns=STRING, aliases=("lcase",))
def lower(text: pa.Array) -> pa.Array:
    """Returns `text` in lower case.

    > SELECT lower('SparkSql');
    sparksql
    """
    return pc.ascii_lower(text) if _is_ascii(text) else map_rows(str.lower, text.type, text)


@function("initcap", (STRING,), returns=STRING)
def initcap(text: pa.Array) -> pa.Array:
    """Returns `text` with the first letter of each word in upper case and the others in lower case.

    > SELECT initcap('sPark sql');
    Spark Sql
    """
    return map_rows(
        lambda value: " ".join(word[:1].upper() + word[1:].lower() for word in value.split(" ")), text.type, text
    )


@function("repeat", (STRING, INT), returns=STRING)
def repeat(text: pa.Array, times: pa.Array) -> pa.Array:
    """Joins `text` to itself `times` times.

    > SELECT repeat('ab', 2);
    abab
    """
    return pc.binary_repeat(text, pc.max_element_wise(times, pa.scalar(0, pa.int32()), skip_nulls=False))


@function("space", (INT,), returns=STRING)
def space(count: pa.Array) -> pa.Array:
    """Returns `count` blanks.

    > SELECT concat('a', space(2), 'b');
    a  b
    """
    return map_rows(lambda n: " " * n, pa.string(), count)


@function("reverse", (TEXT_OR_LIST_OR_BYTES,), returns=same)
def reverse(value: pa.Array) -> pa.Array:
    """Returns a string or an array from its end to its beginning.

    > SELECT reverse('Spark SQL');
    LQS krapS
    > SELECT reverse(array(2, 1, 4, 3));
    [3,4,1,2]
    """
    if pa.types.is_binary(value.type):
        return pc.binary_reverse(value)
    if not pa.types.is_list(value.type):
        return pc.utf8_reverse(value)
    counts = lengths(value)
    ends = counts.cumsum()
    order = [place for end, count in zip(ends, counts, strict=True) for place in range(end - 1, end - count - 1, -1)]
    return make(counts, flat(value).take(pa.array(order, pa.int64())), valid(value), value.type)


@function("length", (TEXT_OR_BINARY,), returns=INT, aliases=("char_length", "character_length", "len"))
def length(text: pa.Array) -> pa.Array:
    """Returns the number of characters of a string, or of bytes of a binary.

    > SELECT length('Spark SQL ');
    10
    """
    kernel = pc.binary_length if pa.types.is_binary(text.type) else pc.utf8_length
    return kernel(text).cast(pa.int32())


@function("octet_length", (TEXT_OR_BINARY,), returns=INT)
def octet_length(text: pa.Array) -> pa.Array:
    """Returns the number of bytes.

    > SELECT octet_length('Spark SQL');
    9
    """
    return pc.binary_length(text).cast(pa.int32())


@function("bit_length", (TEXT_OR_BINARY,), returns=INT)
def bit_length(text: pa.Array) -> pa.Array:
    """Returns the number of bits.

    > SELECT bit_length('Spark SQL');
    72
    """
    return pc.multiply(pc.binary_length(text), 8).cast(pa.int32())


@function("replace", (STRING, STRING, STRING), returns=STRING, optional=1, takes_scalars=True, wants_context=True)
def replace(text: Datum, search: Datum, replacement: Datum | None = None, *, context: CallContext) -> Datum:
    """Replaces every `search` in `text` by `replacement` (nothing by default).

    > SELECT replace('ABCabc', 'abc', 'DEF');
    ABCDEF
    """
    replacement = pa.scalar("") if replacement is None else replacement
    if is_scalar(search) and is_scalar(replacement) and search.is_valid and replacement.is_valid and search.as_py():
        return pc.replace_substring(text, search.as_py(), replacement.as_py())
    arrays = [as_array(each, context.rows) for each in (text, search, replacement)]
    return map_rows(lambda value, old, new: value.replace(old, new) if old else value, pa.string(), *arrays)


@function("translate", (STRING, STRING, STRING), returns=STRING)
def translate(text: pa.Array, characters: pa.Array, replacements: pa.Array) -> pa.Array:
    """Replaces each of `characters` by the one at its place in `replacements`, or removes it where there is none.

    > SELECT translate('AaBbCc', 'abc', '123');
    A1B2C3
    """

    def translated(value: str, old: str, new: str) -> str:
        table: dict[int, str | None] = {}
        for place, character in enumerate(old):
            table.setdefault(ord(character), new[place] if place < len(new) else None)
        return value.translate(table)

    return map_rows(translated, pa.string(), text, characters, replacements)


@function("overlay", (TEXT_OR_BINARY, TEXT_OR_BINARY, INT, INT), returns=same, optional=1)
def overlay(text: pa.Array, new: pa.Array, start: pa.Array, count: pa.Array | None = None) -> pa.Array:
    """Replaces the part of `text` from `start` of `count` characters (by default as many as `new` has) by `new`.

    > SELECT overlay('Spark SQL' PLACING '_' FROM 6);
    Spark_SQL
    > SELECT overlay('Spark SQL' PLACING 'ANSI ' FROM 7 FOR 0);
    Spark ANSI SQL
    """

    def overlaid(value: Any, other: Any, place: int, size: int = -1) -> Any:
        size = len(other) if size < 0 else size
        return value[: max(place - 1, 0)] + other + value[max(place + size - 1, 0) :]

    arrays = (text, new, start) if count is None else (text, new, start, count)
    return map_rows(overlaid, text.type, *arrays)


def _can_be_null(*arguments: Any) -> bool:
    return bool(arguments[0].nullable)


def _texts_and_lists(types: tuple[DataType, ...], ansi: bool) -> tuple[DataType, ...] | None:
    """Arrays as arrays of text, anything else as text."""
    wanted = tuple(ArrayType(STRING) if isinstance(each, ArrayType) else STRING for each in types)
    atoms = (each for each in types if not isinstance(each, ArrayType))
    return wanted if all(can_implicitly_cast(each, STRING, ansi) for each in atoms) else None


@function(
    "concat_ws",
    (STRING, Variadic(TEXT_OR_LIST)),
    returns=STRING,
    nullable=_can_be_null,
    coerce=_texts_and_lists,
)
def concat_ws(separator: pa.Array, *parts: pa.Array) -> pa.Array:
    """Joins strings and arrays of strings by `separator`, leaving out nulls.

    > SELECT concat_ws(' ', 'Spark', 'SQL');
    Spark SQL
    > SELECT concat_ws('s');

    """

    def joined(between: str | None, *values: Any) -> str | None:
        if between is None:
            return None
        flat_values: list[str | None] = []
        for value in values:
            flat_values += value if isinstance(value, list) else [value]
        return between.join(value for value in flat_values if value is not None)

    return map_nullable(joined, pa.string(), separator, *parts)


@function("ascii", (STRING,), returns=INT)
def ascii_code(text: pa.Array) -> pa.Array:
    """Returns the code point of the first character, 0 for an empty string.

    > SELECT ascii('222');
    50
    """
    return map_rows(lambda value: ord(value[0]) if value else 0, pa.int32(), text)


def _of_bytes(*arguments: Any) -> bool:
    """Of bytes the result may be null, as Spark has it."""
    return any(each.nullable for each in arguments) or all(isinstance(e.dataType, BinaryType) for e in arguments)


@function(
    "startswith",
    (TEXT_OR_BINARY, TEXT_OR_BINARY),
    returns=BOOLEAN,
    nullable=_of_bytes,
    takes_scalars=True,
    wants_context=True,
)
def startswith(text: Datum, prefix: Datum, *, context: CallContext) -> Datum:
    """Returns whether `text` begins with `prefix`.

    > SELECT startswith('Spark SQL', 'Spark');
    true
    """
    return _test(pc.starts_with, "startswith", text, prefix, context)


@function(
    "endswith",
    (TEXT_OR_BINARY, TEXT_OR_BINARY),
    returns=BOOLEAN,
    nullable=_of_bytes,
    takes_scalars=True,
    wants_context=True,
)
def endswith(text: Datum, suffix: Datum, *, context: CallContext) -> Datum:
    """Returns whether `text` ends with `suffix`.

    > SELECT endswith('Spark SQL', 'SQL');
    true
    """
    return _test(pc.ends_with, "endswith", text, suffix, context)


@function(
    "contains",
    (TEXT_OR_BINARY, TEXT_OR_BINARY),
    returns=BOOLEAN,
    nullable=_of_bytes,
    takes_scalars=True,
    wants_context=True,
)
def contains(text: Datum, part: Datum, *, context: CallContext) -> Datum:
    """Returns whether `part` is in `text`.

    > SELECT contains('Spark SQL', 'Spark');
    true
    """
    return _test(pc.match_substring, "__contains__", text, part, context)


def _test(kernel: Any, method: str, text: Datum, part: Datum, context: CallContext) -> Datum:
    if is_scalar(part) and part.is_valid and text.type == part.type:
        return kernel(text, part.as_py())
    arrays = [as_array(each, context.rows) for each in (text, part)]
    if arrays[0].type != arrays[1].type:
        arrays = [array.cast(pa.binary()) for array in arrays]
    return map_rows(lambda value, piece: getattr(value, method)(piece), pa.bool_(), *arrays)


@function("soundex", (STRING,), returns=STRING)
def soundex(text: pa.Array) -> pa.Array:
    """Returns the Soundex code of `text`, or `text` where it begins with no letter.

    > SELECT soundex('Miller');
    M460
    """
    return map_rows(_soundex, pa.string(), text)


_SOUNDS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01230127022455012623017202", strict=True))


def _soundex(value: str) -> str:
    if not value or not re.match("[A-Za-z]", value):
        return value
    first = value[0].upper()
    code, last = first, _SOUNDS[first]
    for character in value[1:].upper():
        sound = _SOUNDS.get(character)
        if sound is None:
            last = "0"
        elif sound == "7":
            continue  # H and W do not part equal sounds
        else:
            if sound not in ("0", last):
                code += sound
            last = sound
        if len(code) == 4:
            break
    return code.ljust(4, "0")


@function("levenshtein", (STRING, STRING, INT), returns=INT, optional=1)
def levenshtein(left: pa.Array, right: pa.Array, threshold: pa.Array | None = None) -> pa.Array:
    """Returns the number of edits from `left` to `right`, or -1 where it is above the threshold.

    > SELECT levenshtein('kitten', 'sitting');
    3
    """
    arrays = (left, right) if threshold is None else (left, right, threshold)
    return map_rows(_distance, pa.int32(), *arrays)


def _distance(left: str, right: str, threshold: int | None = None) -> int:
    before = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        after = [row]
        for column, b in enumerate(right, 1):
            after.append(min(before[column] + 1, after[-1] + 1, before[column - 1] + (a != b)))
        before = after
    return -1 if threshold is not None and before[-1] > threshold else before[-1]
