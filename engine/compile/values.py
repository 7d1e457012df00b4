"""SQL values as staged code: what a value of each SQL type is made of, and whether it is null.

| SQL type | `Sql.value` |
|---|---|
| BOOLEAN | i1 |
| whole numbers, dates, times, intervals of one number, decimals (unscaled) | an integer of any width, within `bits` |
| FLOAT, DOUBLE | float, double |
| STRING, BINARY | `Text` |

The width of a whole number says where it came from and not what its type is; `bits` is what is proven of it:
-2**bits <= value < 2**bits, unless it is null. Arithmetic uses that proof instead of checks where it can.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace

from engine.compile.ir import Function, Mark, Value
from engine.records import dataclass
from engine.types import (
    BooleanType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
)

MOST_BITS = 127
"""What a 128-bit integer holds for sure, as it holds any DECIMAL; expressions that need more stay interpreted."""


class NotCompiled(Exception):
    """Something has no code yet; says what. Whoever catches it uses the interpreted operators."""


@dataclass(frozen=True, eq=False)
class Code:
    """A text as its place `value` (i64, the number of entries for null) in the dictionary of the column `place` of the frame:
    an input column (int), or one of a built side."""

    value: Value
    place: Hashable


class Text:
    """Bytes in memory. `code` where the text is an entry of a dictionary: then the bytes are looked up only when needed."""

    def __init__(self, locate: Callable[[], tuple[Value, Value]], code: Code | None = None) -> None:
        self._locate = locate
        self.code = code
        self._known: tuple[Function, Mark, tuple[Value, Value]] | None = None

    @property
    def _located(self) -> tuple[Value, Value]:
        if self._known is not None and self._known[0].holds(self._known[1]):
            return self._known[2]
        address, length = self._locate()
        self._known = length.function, length.function.mark(), (address, length)
        return address, length

    @property
    def address(self) -> Value:
        """Where the bytes begin, a ptr."""
        return self._located[0]

    @property
    def length(self) -> Value:
        """How many bytes, an i64."""
        return self._located[1]


@dataclass(frozen=True, eq=False)
class Sql:
    """A value of SQL type `type`; `null` (i1) says whether it is null, None: never. The value of a null may be anything, but
    computing with it must be harmless."""

    type: DataType
    raw: Value | Text
    null: Value | None = None
    bits: int = 0

    @property
    def value(self) -> Value:
        """The register of a value that has one."""
        assert isinstance(self.raw, Value), f"{self.type} is text"
        return self.raw

    @property
    def text(self) -> Text:
        """The bytes of a text."""
        assert isinstance(self.raw, Text), f"{self.type} is no text"
        return self.raw

    @property
    def is_true(self) -> Value:
        """Of a BOOLEAN: whether it is true, neither false nor null."""
        return self.value if self.null is None else self.value & ~self.null

    def with_null(self, null: Value | None) -> Sql:
        """The same value, null where `null` says."""
        return replace(self, null=null)


def either_null(*values: Sql) -> Value | None:
    """Whether one of the values is null."""
    found: Value | None = None
    for value in values:
        if value.null is not None:
            found = value.null if found is None else found | value.null
    return found


def null_flag(function: Function, value: Sql) -> Value:
    """Whether the value is null, as an i1 in any case."""
    return value.null if value.null is not None else function.boolean(False)


def width_for(bits: int) -> str:
    """The integer that computes with numbers of so many bits. Raises NotCompiled where none does."""
    if bits > MOST_BITS:
        raise NotCompiled(f"numbers of {bits} bits")
    return "i32" if bits <= 31 else "i64" if bits <= 63 else "i128"


def storage_for(bits: int) -> str:
    """The smallest integer that holds numbers of so many bits; vectors of it hold the most."""
    return next((f"i{size}" for size in (8, 16, 32) if bits < size), width_for(bits))


def resized(value: Sql, type: str) -> Value:
    """A whole number as an integer of another width, which must hold it."""
    return value.value.signed(type)


def bits_of(data_type: DataType) -> int:
    """The bits that every value of a whole-number type fits in."""
    if isinstance(data_type, DecimalType):
        return int(10**data_type.precision - 1).bit_length()
    return {"i8": 7, "i16": 15, "i32": 31, "i64": 63}[storage_of(data_type)]


def storage_of(data_type: DataType) -> str:
    """How values of a type are stored in Arrow arrays of the engine's own types: an LLVM type, or "text"."""
    if isinstance(data_type, DecimalType):
        return "i128"
    found = _STORAGE.get(type(data_type).__name__)
    if found is None:
        raise NotCompiled(f"values of type {data_type.simpleString()}")
    return found


def is_whole(data_type: DataType) -> bool:
    """Whether values of the type are whole numbers in registers (decimals are, unscaled)."""
    if isinstance(data_type, BooleanType | FloatType | DoubleType):
        return False
    return isinstance(data_type, DecimalType) or _STORAGE.get(type(data_type).__name__, "").startswith("i")


_STORAGE = {
    "BooleanType": "i1",
    "ByteType": "i8",
    "ShortType": "i16",
    "IntegerType": "i32",
    "LongType": "i64",
    "FloatType": "float",
    "DoubleType": "double",
    "StringType": "text",
    "BinaryType": "text",
    "DateType": "i32",
    "TimestampType": "i64",
    "TimestampNTZType": "i64",
    "TimeType": "i64",
    "YearMonthIntervalType": "i32",
    "DayTimeIntervalType": "i64",
}
