"""Spark SQL's data types: small frozen values that compare by meaning and print as Spark prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from engine.records import dataclass


@dataclass(frozen=True)
class DataType:
    """A type of a column or an expression."""

    name: ClassVar[str] = ""

    def simpleString(self) -> str:
        """The type as Spark's `DESCRIBE` prints it, e.g. "array<int>"."""
        return self.name

    @property
    def sql(self) -> str:
        """The type as SQL text writes it, e.g. "ARRAY<INT>"."""
        return self.simpleString().upper()

    @property
    def children(self) -> tuple[DataType, ...]:
        """The types this one is made of."""
        return ()

    def __str__(self) -> str:
        return self.simpleString()


@dataclass(frozen=True)
class NullType(DataType):
    """The type of an untyped NULL."""

    name: ClassVar[str] = "void"


@dataclass(frozen=True)
class BooleanType(DataType):
    """True or false."""

    name: ClassVar[str] = "boolean"


@dataclass(frozen=True)
class NumericType(DataType):
    """Everything arithmetic works on."""


@dataclass(frozen=True)
class IntegralType(NumericType):
    """Signed whole numbers of `bits` bits."""

    bits: ClassVar[int] = 0


@dataclass(frozen=True)
class ByteType(IntegralType):
    """-128 to 127."""

    name: ClassVar[str] = "tinyint"
    bits: ClassVar[int] = 8


@dataclass(frozen=True)
class ShortType(IntegralType):
    """-32768 to 32767."""

    name: ClassVar[str] = "smallint"
    bits: ClassVar[int] = 16


@dataclass(frozen=True)
class IntegerType(IntegralType):
    """32 bits."""

    name: ClassVar[str] = "int"
    bits: ClassVar[int] = 32


@dataclass(frozen=True)
class LongType(IntegralType):
    """64 bits."""

    name: ClassVar[str] = "bigint"
    bits: ClassVar[int] = 64


@dataclass(frozen=True)
class FractionalType(NumericType):
    """Numbers with a fraction."""


@dataclass(frozen=True)
class FloatType(FractionalType):
    """IEEE 754, 32 bits."""

    name: ClassVar[str] = "float"


@dataclass(frozen=True)
class DoubleType(FractionalType):
    """IEEE 754, 64 bits."""

    name: ClassVar[str] = "double"


@dataclass(frozen=True)
class DecimalType(FractionalType):
    """Exact numbers of at most `precision` (1..38) digits, `scale` of them after the point."""

    precision: int = 10
    scale: int = 0

    MAX_PRECISION: ClassVar[int] = 38

    def __post_init__(self) -> None:
        if not 0 <= self.scale <= self.precision or not 1 <= self.precision <= self.MAX_PRECISION:
            raise ValueError(f"no such type: decimal({self.precision},{self.scale})")

    def simpleString(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True)
class StringType(DataType):
    """Text, any length."""

    name: ClassVar[str] = "string"


@dataclass(frozen=True)
class CharType(StringType):
    """Text of exactly `length` characters, padded with blanks: only in definitions of tables; queries see strings."""

    name: ClassVar[str] = "char"

    length: int = 1

    def simpleString(self) -> str:
        return f"{self.name}({self.length})"


@dataclass(frozen=True)
class VarcharType(StringType):
    """Text of at most `length` characters: only in definitions of tables; queries see strings."""

    name: ClassVar[str] = "varchar"

    length: int = 1

    def simpleString(self) -> str:
        return f"{self.name}({self.length})"


@dataclass(frozen=True)
class BinaryType(DataType):
    """Bytes, any length."""

    name: ClassVar[str] = "binary"


@dataclass(frozen=True)
class DateType(DataType):
    """Days of the proleptic Gregorian calendar."""

    name: ClassVar[str] = "date"


@dataclass(frozen=True)
class TimestampType(DataType):
    """Instants in microseconds, shown in the session's time zone."""

    name: ClassVar[str] = "timestamp"


@dataclass(frozen=True)
class TimestampNTZType(DataType):
    """Local date and time in microseconds, without a zone."""

    name: ClassVar[str] = "timestamp_ntz"


@dataclass(frozen=True)
class TimeType(DataType):
    """A time of day, with `precision` (0..6) digits of the fraction of a second."""

    precision: int = 6

    MAX_PRECISION: ClassVar[int] = 6

    def __post_init__(self) -> None:
        if not 0 <= self.precision <= self.MAX_PRECISION:
            raise ValueError(f"no such type: time({self.precision})")

    def simpleString(self) -> str:
        return f"time({self.precision})"


YEAR, MONTH = 0, 1
DAY, HOUR, MINUTE, SECOND = 0, 1, 2, 3
YEAR_MONTH_FIELDS = ("year", "month")
DAY_TIME_FIELDS = ("day", "hour", "minute", "second")


@dataclass(frozen=True)
class YearMonthIntervalType(DataType):
    """Months, shown by the fields `start`..`end` (YEAR=0, MONTH=1)."""

    start: int = YEAR
    end: int = MONTH

    def simpleString(self) -> str:
        return _interval_name(YEAR_MONTH_FIELDS, self.start, self.end)


@dataclass(frozen=True)
class DayTimeIntervalType(DataType):
    """Microseconds, shown by the fields `start`..`end` (DAY=0, HOUR=1, MINUTE=2, SECOND=3)."""

    start: int = DAY
    end: int = SECOND

    def simpleString(self) -> str:
        return _interval_name(DAY_TIME_FIELDS, self.start, self.end)


def _interval_name(fields: tuple[str, ...], start: int, end: int) -> str:
    return f"interval {fields[start]}" + (f" to {fields[end]}" if end != start else "")


@dataclass(frozen=True)
class CalendarIntervalType(DataType):
    """Months, days and microseconds side by side: the interval of Spark before its ANSI types."""

    name: ClassVar[str] = "interval"


@dataclass(frozen=True)
class ArrayType(DataType):
    """Elements of one type, in order."""

    elementType: DataType
    containsNull: bool = True

    def simpleString(self) -> str:
        return f"array<{self.elementType.simpleString()}>"

    @property
    def sql(self) -> str:
        return f"ARRAY<{self.elementType.sql}>"

    @property
    def children(self) -> tuple[DataType, ...]:
        return (self.elementType,)


@dataclass(frozen=True)
class MapType(DataType):
    """Pairs of a key, never null and never twice, and a value."""

    keyType: DataType
    valueType: DataType
    valueContainsNull: bool = True

    def simpleString(self) -> str:
        return f"map<{self.keyType.simpleString()},{self.valueType.simpleString()}>"

    @property
    def sql(self) -> str:
        return f"MAP<{self.keyType.sql}, {self.valueType.sql}>"

    @property
    def children(self) -> tuple[DataType, ...]:
        return (self.keyType, self.valueType)


def _quoted_if_needed(name: str) -> str:
    """A name as it stands in the text of a type."""
    plain = re.fullmatch(r"\w+", name, re.ASCII) and not name.isdigit()
    return name if plain else f"`{name.replace('`', '``')}`"


@dataclass(frozen=True)
class StructField:
    """A named column of a struct or of a relation."""

    name: str
    dataType: DataType
    nullable: bool = True
    comment: str = ""


@dataclass(frozen=True)
class StructType(DataType):
    """Named fields in order; also the schema of a relation."""

    fields: tuple[StructField, ...] = ()

    def simpleString(self) -> str:
        return "struct<" + ",".join(f"{f.name}:{f.dataType.simpleString()}" for f in self.fields) + ">"

    @property
    def sql(self) -> str:
        parts = (
            f"{_quoted_if_needed(f.name)}: {f.dataType.sql}" + ("" if f.nullable else " NOT NULL") for f in self.fields
        )
        return "STRUCT<" + ", ".join(parts) + ">"

    @property
    def names(self) -> list[str]:
        """The fields' names, in order."""
        return [field.name for field in self.fields]

    @property
    def children(self) -> tuple[DataType, ...]:
        return tuple(field.dataType for field in self.fields)

    def __iter__(self) -> Iterator[StructField]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)


VOID = NullType()
BOOLEAN = BooleanType()
BYTE, SHORT, INT, LONG = ByteType(), ShortType(), IntegerType(), LongType()
FLOAT, DOUBLE = FloatType(), DoubleType()
STRING, BINARY = StringType(), BinaryType()
DATE, TIMESTAMP, TIMESTAMP_NTZ, TIME = DateType(), TimestampType(), TimestampNTZType(), TimeType()
CALENDAR_INTERVAL = CalendarIntervalType()
