"""How a function says which arguments it takes.

A parameter is a DataType (arguments are implicitly cast to it) or a `Kind` (a family of types; arguments keep their own).
`Kind`s with the same `group` letter must meet in one common type (`T`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from engine.records import dataclass
from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    VOID,
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DayTimeIntervalType,
    FractionalType,
    IntegerType,
    IntegralType,
    MapType,
    NullType,
    NumericType,
    ShortType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)


@dataclass(frozen=True)
class Kind:
    """A family of types. `name` is what error messages call it; `group` ties parameters to one common type;
    `fallback` is what other arguments are cast to where an implicit cast exists (strings, NULL), and those of the
    types `converts` where none exists; `strict`: only NULL is, and without `nulls`
    not even that; without `fractions` no numbers with any."""

    name: str
    accepts: tuple[type[DataType], ...]
    group: str = ""
    fallback: DataType | None = None
    converts: tuple[type[DataType], ...] = ()
    strict: bool = False
    nulls: bool = True
    fractions: bool = True

    def __contains__(self, data_type: DataType) -> bool:
        return isinstance(data_type, self.accepts)


ANY = Kind("ANY", (DataType,))
T = Kind("ANY", (DataType,), group="T")
"""Any type, the same for all parameters so marked."""

NUMERIC = Kind("NUMERIC", (NumericType,), fallback=DOUBLE)
INTEGRAL = Kind("INTEGRAL", (IntegralType,), fallback=LONG, fractions=False)
FRACTIONAL = Kind("FRACTIONAL", (FractionalType,), fallback=DOUBLE)
ATOMIC = Kind(
    "ATOMIC",
    (NumericType, StringType, BinaryType, BooleanType, DateType, TimeType, TimestampType, TimestampNTZType, NullType),
)
TEXT_OR_BINARY = Kind("(STRING or BINARY)", (StringType, BinaryType), fallback=STRING)
NUMERIC_OR_INTERVAL = Kind(
    "(NUMERIC or ANSI INTERVAL)", (NumericType, YearMonthIntervalType, DayTimeIntervalType), fallback=DOUBLE
)
TEXT = Kind("STRING", (StringType,), fallback=STRING, converts=(BinaryType,))
"""A string; the bytes of binaries are taken as UTF-8."""
STRICT_TEXT = Kind("STRING", (StringType,), fallback=STRING, strict=True)
"""A string and nothing that could be cast to one, but NULL."""
ARRAY = Kind("ARRAY", (ArrayType,), fallback=ArrayType(VOID))
MAP = Kind("MAP", (MapType,), fallback=MapType(VOID, VOID))
LIST = Kind("ARRAY", (ArrayType,), nulls=False)
"""An array, and no NULL that could be one."""
DICTIONARY = Kind("MAP", (MapType,), nulls=False)
"""A map, and no NULL that could be one."""
LIST_OR_MAP = Kind("(ARRAY or MAP)", (ArrayType, MapType), nulls=False)
SMALL_INT = Kind("INT", (ByteType, ShortType, IntegerType), nulls=False)
"""A whole number of at most 32 bits, and nothing that could be cast to one."""
STRICT_INT = Kind("INT", (ByteType, ShortType, IntegerType), fallback=INT, strict=True)
SEED = Kind("(INT or BIGINT)", (IntegralType,), fallback=LONG, strict=True)
"""What random numbers start from."""
STRICT_BOOLEAN = Kind("BOOLEAN", (BooleanType,), fallback=BOOLEAN, strict=True)
STRUCT = Kind("STRUCT", (StructType,))
ARRAY_OR_MAP = Kind("(ARRAY or MAP)", (ArrayType, MapType), fallback=ArrayType(VOID))
DATE_LIKE = Kind("DATE", (DateType,), fallback=DATE, converts=(TimestampType, TimestampNTZType))
"""A date; timestamps give their day in the session's time zone."""
ANY_TIMESTAMP = Kind(
    "(TIMESTAMP or TIMESTAMP WITHOUT TIME ZONE)", (TimestampType, TimestampNTZType), fallback=TIMESTAMP
)
LAMBDA = Kind("LAMBDA", ())
"""A lambda function; `registry.Function.lambda_types` says what its parameters are."""
TEST = Kind("BOOLEAN", ())
"""A lambda function that gives a boolean."""
COMPARATOR = Kind("INT", ())
"""A lambda function that gives a whole number."""
LAMBDAS: dict[Kind, Callable[[DataType], DataType | None]] = {
    LAMBDA: lambda body: body,
    TEST: lambda body: BOOLEAN if isinstance(body, BooleanType | NullType) else None,
    COMPARATOR: lambda body: body if isinstance(body, IntegerType) else None,
}
"""What the body of a lambda is cast to, from its type; None for a mismatch."""


@dataclass(frozen=True)
class Variadic:
    """Any number (at least `least`) of arguments like `parameter`, last in a signature."""

    parameter: DataType | Kind
    least: int = 0


ParameterType: TypeAlias = DataType | Kind | Variadic
ResultType: TypeAlias = DataType | Callable[..., DataType]
"""A type, or a function of the argument types (as positional arguments)."""
