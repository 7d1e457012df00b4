"""Keys of hash tables: which values are equal, and hashes that equal values share whatever forms they come in.

Whole numbers are hashed by their lowest 64 bits, so the width of a column does not matter; there is one zero and one NaN;
texts are hashed by their bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from engine.compile.ir import Function, Value
from engine.compile.row import Row
from engine.compile.values import NotCompiled, Sql, Text, is_whole, null_flag, resized, width_for
from engine.types import BooleanType, DataType, DecimalType, StringType

_FACTOR = -7046029254386353131
_NULL = 0x2545F4914F6CDD1D


def check_keys(one: DataType, other: DataType) -> None:
    """Raises NotCompiled for types whose values this module cannot compare."""
    if isinstance(one, DecimalType) and isinstance(other, DecimalType):
        same = one.scale == other.scale
    else:
        same = one == other or (isinstance(one, StringType) and isinstance(other, StringType))
    if not same:
        raise NotCompiled(f"keys of types {one.simpleString()} and {other.simpleString()}")


def hash_of(row: Row, values: Sequence[Sql], null_safe: Sequence[bool]) -> Value:
    """The hash of a row's keys, an i64 whose upper bits are the best. A null is one value more where it is `null_safe`."""
    found = row.number("i64", 0)
    for value, safe in zip(values, null_safe, strict=True):
        word = _word(row, value)
        if safe and value.null is not None:
            word = row.function.select(value.null, row.number("i64", _NULL), word)
        found = _mixed(found, word)
    return found


def equal(row: Row, one: Sql, other: Sql, null_safe: bool = False) -> Value:
    """Whether two keys are equal; without `null_safe` neither is null."""
    if not null_safe or (one.null is None and other.null is None):
        return _same(row, one, other)
    first, second = null_flag(row.function, one), null_flag(row.function, other)
    return (first & second) | (~(first | second) & _same(row, one, other))


def addresses_directly(kind: DataType) -> bool:
    """Whether keys of the type are whole numbers of at most 64 bits, so that they may be places in a directory."""
    return is_whole(kind) and not (isinstance(kind, DecimalType) and kind.precision > 18)


def _word(row: Row, value: Sql) -> Value:
    if isinstance(value.raw, Text):
        return _text_word(row, value.raw)
    if isinstance(value.type, BooleanType):
        return value.value.unsigned("i64")
    if is_whole(value.type):
        return value.value.signed("i64")
    return plain_bits(row.function, value.value)


def _same(row: Row, one: Sql, other: Sql) -> Value:
    if isinstance(one.raw, Text) or isinstance(other.raw, Text):
        return _same_text(row, one.text, other.text)
    if isinstance(one.type, BooleanType):
        return one.value == other.value
    if is_whole(one.type):
        width = width_for(max(one.bits, other.bits))
        return resized(one, width) == resized(other, width)
    return plain_bits(row.function, one.value) == plain_bits(row.function, other.value)


def plain_bits(function: Function, value: Value) -> Value:
    """The bits of a floating-point number as an i64, with one zero and one NaN."""
    width = "i32" if value.type == "float" else "i64"
    plain = value + function.number(value.type, 0.0)  # makes -0.0 the other zero
    quiet = function.integer(width, 0x7FC00000 if width == "i32" else 0x7FF8000000000000)
    return function.select(value != value, quiet, plain.bitcast(width)).unsigned("i64")


def _same_text(row: Row, one: Text, other: Text) -> Value:
    function = row.function
    found = function.variable("i1", False)
    with function.when(one.length == other.length):
        found.set(function.intrinsic("bcmp", "i32", one.address, other.address, one.length) == 0)
    return found.get()


def _text_word(row: Row, text: Text) -> Value:
    return row.function.helped(hashing(), text.address, text.length)


@lru_cache
def hashing() -> Function:
    """i64 text_hash(ptr text, i64 length): a hash of bytes, eight at a time; nothing beyond the text is read."""
    f = Function("text_hash", [("text", "ptr"), ("length", "i64")], internal=True)
    text, length = f.argument("text"), f.argument("length")
    found = f.variable("i64", length)
    whole = length >> 3
    with f.loop(0, whole) as place:
        found.set(_mixed(found.get(), text.load("i64", place, align=1)))
    rest = f.variable("i64", 0)
    with f.loop(whole << 3, length) as place:
        rest.set((rest.get() << 8) | text.load("i8", place).unsigned("i64"))
    f.give(_mixed(found.get(), rest.get()))
    return f


def _mixed(found: Value, word: Value) -> Value:
    mixed = found ^ word
    return (mixed ^ (mixed >> 32)) * _FACTOR
