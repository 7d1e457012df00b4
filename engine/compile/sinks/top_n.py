"""The end of a chain whose rows are wanted in order, and only the first so many: rows that cannot be among them are dropped
before anything of them is stored.

Once as many rows as wanted are known, the last of them is a bound: a row that does not come before it is not wanted. The code
compares the keys one by one, each only where those before it are equal. The bound is in memory of its own (`Bound`), read
anew for each row, since it changes while the code runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import field
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.expressions.comparison import compared
from engine.compile.forms import addresses, form_of
from engine.compile.ir import SIZES, Value, Variable
from engine.compile.numbering import Numbering, Renaming
from engine.compile.row import Row
from engine.compile.sinks.columns import ColumnsCode
from engine.compile.values import NotCompiled, Sql, Text, bits_of, is_whole, null_flag, storage_of
from engine.expressions.base import Attribute, SortOrder
from engine.records import dataclass

_WORDS = 4  # of each key: whether it is null, then two of the value or of a text's place, and a spare one
_KEY_BYTES = 8 * _WORDS
_FULL = 8
"""Bytes before the first key: whether there is a bound."""


@dataclass
class TopNCode:
    """Stores the rows that come before the bound in `order`. `room`: how many, before they are handed over."""

    order: Sequence[SortOrder]
    outputs: Sequence[Attribute]
    room: int
    columns: ColumnsCode = field(init=False)

    def __post_init__(self) -> None:
        self.columns = ColumnsCode(self.outputs, room=self.room)

    def shape(self, numbering: Numbering) -> Hashable:
        return TopNCode, numbering.of(tuple(self.order)), self.columns.shape(numbering)

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> Any:
        """How columns come out."""
        return self.columns.kept(providers, numbering)

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:
        """Columns come out as they did."""
        return self.columns.follow(kept, providers, numbering, renamed)

    def begin(self, row: Row) -> None:
        self.columns.begin(row)

    def write(self, row: Row) -> None:
        function = row.function
        wanted = function.variable("i1", True)
        bound = row.fixed("top bound", "ptr")
        with function.when(bound.load("i64") != 0, likely=True), row.branch():
            self._compare(row, bound.at(_FULL), 0, wanted)
        with function.when(wanted.get(), likely=False), row.branch():
            self.columns.write(row)

    def end(self, row: Row) -> None:
        self.columns.end(row)

    def _compare(self, row: Row, bound: Value, place: int, wanted: Variable) -> None:
        """Sets `wanted` by the keys from `place` on; those before are equal. Of rows that equal the bound none is wanted."""
        function = row.function
        if place == len(self.order):
            wanted.set(False)
            return
        start = function.mark()
        try:
            before, after = _compared(row, bound.at(place * _KEY_BYTES), self.order[place])
        except NotCompiled:
            if place == 0:
                raise
            function.undo(start)  # they may be among the first as far as can be told here
            return
        with function.when(~before), row.branch():
            wanted.set(~after)
            with function.when(~after), row.branch():
                self._compare(row, bound, place + 1, wanted)


def _compared(row: Row, place: Value, key: SortOrder) -> tuple[Value, Value]:
    """Whether the row's key comes before that of the bound, and whether after."""
    value = row.value(key.child)
    bound = _bound(place, key)
    less, more = compared(row, "<", value, bound), compared(row, ">", value, bound)
    before, after = (less, more) if key.ascending else (more, less)
    if not key.child.nullable:
        return before, after
    null, bound_null = null_flag(row.function, value), null_flag(row.function, bound)
    either = null | bound_null
    first, last = (
        (null & ~bound_null, bound_null & ~null) if key.nulls_first else (bound_null & ~null, null & ~bound_null)
    )
    return (~either & before) | first, (~either & after) | last


def _bound(place: Value, key: SortOrder) -> Sql:
    kind = key.child.dataType
    storage = storage_of(kind)
    null = place.load("i64") != 0
    if storage == "text":
        return Sql(kind, Text(lambda: (place.load("ptr", 1), place.load("i64", 2))), null)
    if not is_whole(kind):
        value = place.load("i64", 1) != 0 if storage == "i1" else place.load(storage, 8 // SIZES[storage])
        return Sql(kind, value, null)
    bits = bits_of(kind)
    return Sql(kind, place.at(8).load("i64" if bits <= 63 else "i128", align=8), null, min(bits, 126))


class Bound:
    """The bound as one thread's code reads it."""

    def __init__(self, keys: int) -> None:
        self._words = np.zeros(1 + keys * _WORDS, np.int64)
        self._keys: Sequence[pa.Array] = ()

    @property
    def address(self) -> int:
        """Where it is."""
        return self._words.ctypes.data

    def set(self, keys: Sequence[pa.Array]) -> None:
        """Makes it the row whose keys are `keys`, arrays of one value each."""
        self._keys = keys  # texts are read where they are
        for place, array in enumerate(keys):
            start = 1 + place * _WORDS
            self._words[start : start + 3] = _words(array)
        self._words[0] = 1


def _words(array: pa.Array) -> tuple[int, int, int]:
    """Whether the one value of an array is null, and two words of it; nothing for types that code does not compare."""
    kind = array.type
    if array.null_count or pa.types.is_nested(kind):
        return int(array.null_count > 0), 0, 0
    if pa.types.is_boolean(kind):
        return 0, int(array[0].as_py()), 0
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        found = addresses(array, form_of(array))
        start, end = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + 2].tolist()
        return 0, found.bytes + start, end - start
    width = kind.bit_width // 8
    raw = array.buffers()[1].to_pybytes()[width * array.offset : width * (array.offset + 1)]
    if pa.types.is_floating(kind):
        return 0, int.from_bytes(raw, "little", signed=len(raw) == 8), 0
    number = int.from_bytes(raw, "little", signed=True)
    low = number & ((1 << 64) - 1)
    return 0, low - (1 << 64) if low >> 63 else low, number >> 64
