"""The words of a row in a table of groups: the keys, packed into as few 64-bit words as they fit in.

    INT, SHORT, BYTE, BOOLEAN, FLOAT, DATE   their bits, several in a word
    LONG, TIMESTAMP, DECIMAL(p <= 18), DOUBLE   a word
    DECIMAL(p > 18)   two words
    text              a word: 32 bits of its hash, 32 bits that number it (`texts.py`); 0 is null

A key that may be null has one bit more, wherever there is room; the bits of a null are 0. So two rows have equal keys where all
words are equal. Doubles are stored with one zero and one NaN. Which keys may be null is
known from types, or from the batches that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compile.ir import Function, Value
from engine.compile.values import Sql, is_whole
from engine.expressions.base import Expression, Literal
from engine.kernels.buffers import decimal_array, fixed_array, holds_int64
from engine.records import dataclass
from engine.types import VOID
from engine.types.arrow import to_arrow

Rows = npt.NDArray[np.uint64]
"""Rows of a table: one line each, one column for each word."""

_MIX = (-0x61C8864680B583EB, -0x4B47D0C5F3A3B4D1)
_NAN = 0x7FF8000000000000
_ANY = Literal(None, VOID)


@dataclass(frozen=True)
class KeyField:
    """Where a key is: `bits` from bit `shift` of `word` on, and the bit that says it is null."""

    expression: Expression
    storage: str
    word: int
    shift: int
    bits: int
    null: tuple[int, int] | None


@dataclass(frozen=True)
class KeyLayout:
    """The keys of a table, in `words` words."""

    fields: tuple[KeyField, ...]
    words: int

    @property
    def shape(self) -> KeyLayout:
        """All that code depends on which reads rows: it does not ask what the keys are."""
        return KeyLayout(tuple(replace(each, expression=_ANY) for each in self.fields), self.words)

    @property
    def texts(self) -> frozenset[int]:
        """The words that are texts."""
        return frozenset(field.word for field in self.fields if field.storage == "text")

    @property
    def is_number(self) -> bool:
        """Whether the key is one whole number, in one word."""
        return self.words == 1 and len(self.fields) == 1 and self.fields[0].storage in ("i8", "i16", "i32", "i64")


def layout_of(keys: Sequence[Expression], nullable: Callable[[Expression], bool]) -> KeyLayout:
    """Packs keys, each of a type that words hold (`is_key`)."""
    storages = [_storage(key) for key in keys]
    free: list[int] = []  # bits left in each word
    places: dict[int, tuple[int, int]] = {}
    nulls: dict[int, tuple[int, int]] = {}

    def place(bits: int) -> tuple[int, int]:
        for word, left in enumerate(free):
            if left >= bits:
                free[word] -= bits
                return word, 64 - left
        free.extend([0] * (bits // 64) if bits >= 64 else [64 - bits])
        return len(free) - max(1, bits // 64), 0

    for number, key in sorted(enumerate(keys), key=lambda pair: -_bits(str(storages[pair[0]]))):
        places[number] = place(_bits(str(storages[number])))
        if nullable(key) and storages[number] != "text":
            nulls[number] = place(1)
    fields = [
        KeyField(key, str(storages[number]), *places[number], _bits(str(storages[number])), nulls.get(number))
        for number, key in enumerate(keys)
    ]
    return KeyLayout(tuple(fields), len(free))


def _storage(key: Expression) -> str | None:
    kind = to_arrow(key.dataType)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return "text"
    if pa.types.is_floating(kind):
        return "float" if kind.bit_width == 32 else "double"
    if pa.types.is_boolean(kind):
        return "i1"
    if pa.types.is_decimal128(kind):
        return "i64" if holds_int64(kind) else "i128"
    return f"i{kind.bit_width}" if holds_int64(kind) and is_whole(key.dataType) else None


def _bits(storage: str) -> int:
    return {"text": 64, "double": 64, "float": 32}.get(storage) or int(storage[1:])


def packed(function: Function, layout: KeyLayout, values: Sequence[Sql], texts: Sequence[Value | None]) -> list[Value]:
    """The words of keys with those values; `texts` has the words of texts at their places."""
    zero = function.integer("i64", 0)
    words = [zero] * layout.words
    for field, value, text in zip(layout.fields, values, texts, strict=True):
        if text is not None:
            words[field.word] = text
            continue
        parts = _parts(function, field, value)
        if field.null is not None and value.null is not None:
            parts = [function.select(value.null, zero, part) for part in parts]
            word, bit = field.null
            words[word] = words[word] | (value.null.unsigned("i64") << bit)
        for place, part in enumerate(parts):
            moved = part << field.shift if field.shift else part
            words[field.word + place] = words[field.word + place] | moved
    return words


def _parts(function: Function, field: KeyField, value: Sql) -> list[Value]:
    """The bits of a value, as one word or two."""
    raw = value.value
    if field.storage in ("float", "double"):
        plain = raw.to_float(field.storage)
        plain = plain + 0.0  # of -0.0 it makes 0.0
        plain = function.select(plain != plain, function.number(field.storage, float("nan")), plain)
        return [plain.bitcast("i64" if field.storage == "double" else "i32").unsigned("i64")]
    if field.storage == "i1":
        return [raw.unsigned("i64")]
    if field.storage == "i128":
        wide = raw.signed("i128")
        return [wide.signed("i64"), (wide >> 64).signed("i64")]
    return [raw.signed("i64") if field.bits == 64 else raw.signed(f"i{field.bits}").unsigned("i64")]


def hashed(layout: KeyLayout, words: Sequence[Value]) -> Value:
    """A hash of keys, the same in all threads: of texts, their hash counts and not their number."""
    found: Value | None = None
    for place, word in enumerate(words):
        part = word >> 32 if place in layout.texts else word
        found = part if found is None else ((found ^ (found >> 32)) * _MIX[0]) ^ part
    assert found is not None
    found = (found ^ (found >> 32)) * _MIX[0]
    found = (found ^ (found >> 29)) * _MIX[1]
    return found ^ (found >> 32)


def unpacked(rows: Rows, field: KeyField, texts: Any) -> pa.Array:
    """The values of one key of rows; `texts` gives those of words of texts."""
    if field.storage == "text":
        return texts(rows[:, field.word])
    kind = to_arrow(field.expression.dataType)
    present = None
    if field.null is not None:
        word, bit = field.null
        present = (rows[:, word] >> np.uint64(bit)) & np.uint64(1) == 0
    if field.storage == "i128":
        high = np.ascontiguousarray(rows[:, field.word + 1]).view(np.int64)
        return decimal_array(rows[:, field.word], high, kind, present)
    words = rows[:, field.word] >> np.uint64(field.shift) if field.shift else rows[:, field.word]
    if field.storage == "i1":
        return fixed_array((words & np.uint64(1)).astype(np.bool_), kind, present)
    raw = np.ascontiguousarray(words).astype(f"u{field.bits // 8}", copy=False)
    letter = "f" if field.storage in ("float", "double") else "i"
    return fixed_array(raw.view(f"{letter}{field.bits // 8}"), kind, present)


def is_key(expression: Expression) -> bool:
    """Whether values of an expression can be keys."""
    return _storage(expression) is not None
