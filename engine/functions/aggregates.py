"""Aggregate functions: one declaration each; the kernels are in `engine.kernels.aggregate_*`.

Nulls do not count unless a function says otherwise; over no values the result is null, of counts 0.
"""

from __future__ import annotations

from engine.functions.registry import function
from engine.functions.signature import ANY, INTEGRAL, Kind, Variadic
from engine.kernels import aggregate_lists as lists
from engine.kernels import aggregate_sums as sums
from engine.kernels import aggregate_values as values
from engine.types import (
    BOOLEAN,
    DOUBLE,
    LONG,
    STRING,
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    IntegralType,
    NullType,
    NumericType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.decimals import bounded

INTERVALS = (YearMonthIntervalType, DayTimeIntervalType)
SUMMABLE = Kind("(NUMERIC or ANSI INTERVAL)", (NumericType, *INTERVALS), fallback=DOUBLE, converts=(TimestampType,))
"""Timestamps count as their seconds."""
ORDERED = Kind(
    "(ORDERABLE)",
    (
        NumericType,
        StringType,
        BinaryType,
        BooleanType,
        DateType,
        TimeType,
        TimestampType,
        TimestampNTZType,
        *INTERVALS,
        NullType,
        ArrayType,
        StructType,
    ),
)
TEXT = Kind("(STRING or BINARY)", (StringType, BinaryType), fallback=STRING)
HASHED = Kind("ANY", (DataType,))


def sum_type(argument: DataType) -> DataType:
    """BIGINT of integers, ten digits more of decimals, DOUBLE of floats, intervals as they are."""
    if isinstance(argument, IntegralType):
        return LONG
    if isinstance(argument, DecimalType):
        return bounded(argument.precision + 10, argument.scale)
    return argument if isinstance(argument, INTERVALS) else DOUBLE


def average_type(argument: DataType) -> DataType:
    """Four digits more, all behind the point, of decimals; intervals as wide as they come; else DOUBLE."""
    if isinstance(argument, DecimalType):
        return bounded(argument.precision + 4, argument.scale + 4)
    if isinstance(argument, YearMonthIntervalType):
        return YearMonthIntervalType()
    return DayTimeIntervalType() if isinstance(argument, DayTimeIntervalType) else DOUBLE


def same(argument: DataType, *_: DataType) -> DataType:
    """The type of the first argument."""
    return argument


def array_of(argument: DataType) -> DataType:
    """An array without nulls."""
    return ArrayType(argument, False)


@function("count", (Variadic(ANY),), returns=LONG, kind="aggregate", nullable="never")
class Count(sums.Count):
    """The number of rows in which no argument is null; `count(*)` counts all.

    > SELECT count(x) FROM VALUES (1), (NULL), (3) AS t(x);
    2
    """


@function("count_if", (BOOLEAN,), returns=LONG, kind="aggregate", nullable="never")
class CountIf(sums.CountIf):
    """The number of rows that make the condition true.

    > SELECT count_if(x > 1) FROM VALUES (1), (2), (3) AS t(x);
    2
    """


@function("sum", (SUMMABLE,), returns=sum_type, kind="aggregate", nullable="always")
class Sum(sums.Sum):
    """The sum. An integer sum beyond BIGINT is an error under ANSI.

    > SELECT sum(x) FROM VALUES (1), (2), (3) AS t(x);
    6
    """


@function("try_sum", (SUMMABLE,), returns=sum_type, kind="aggregate", nullable="always")
class TrySum(sums.TrySum):
    """The sum, null where it is out of range.

    > SELECT try_sum(x) FROM VALUES (9223372036854775807L), (1L) AS t(x);
    NULL
    """


@function("avg", (SUMMABLE,), returns=average_type, kind="aggregate", nullable="always", aliases=("mean",))
class Average(sums.Average):
    """The mean; of decimals rounded half up to four more digits.

    > SELECT avg(x) FROM VALUES (1), (2), (4) AS t(x);
    2.3333333333333335
    """


@function("try_avg", (SUMMABLE,), returns=average_type, kind="aggregate", nullable="always")
class TryAverage(sums.TryAverage):
    """The mean, null where the sum is out of range.

    > SELECT try_avg(x) FROM VALUES (1), (2) AS t(x);
    1.5
    """


@function("sum_of_parts", (SUMMABLE, LONG), returns=same, kind="aggregate", nullable="always", hidden=True)
class SumOfParts(sums.SumOfParts):
    """The sum, from the sums of parts and how many values each has."""


@function("avg_of_parts", (SUMMABLE, LONG), returns=same, kind="aggregate", nullable="always", hidden=True)
class AverageOfParts(sums.AverageOfParts):
    """The mean, from the sums of parts and how many values each has."""


@function("min", (ORDERED,), returns=same, kind="aggregate", nullable="always")
class Minimum(values.Extreme):
    """The least value.

    > SELECT min(x) FROM VALUES (2), (1), (3) AS t(x);
    1
    """


@function("max", (ORDERED,), returns=same, kind="aggregate", nullable="always")
class Maximum(values.Greatest):
    """The greatest value; NaN is above all numbers.

    > SELECT max(x) FROM VALUES (2), (1), (3) AS t(x);
    3
    """


@function("min_by", (ANY, ORDERED), returns=same, kind="aggregate", nullable="always")
class MinimumBy(values.ExtremeBy):
    """The first argument of the row where the second is least.

    > SELECT min_by(x, y) FROM VALUES ('a', 2), ('b', 1) AS t(x, y);
    b
    """


@function("max_by", (ANY, ORDERED), returns=same, kind="aggregate", nullable="always")
class MaximumBy(values.GreatestBy):
    """The first argument of the row where the second is greatest.

    > SELECT max_by(x, y) FROM VALUES ('a', 2), ('b', 1) AS t(x, y);
    a
    """


@function(
    "first",
    (ANY, BOOLEAN),
    returns=same,
    kind="aggregate",
    nullable="always",
    optional=1,
    aliases=(
        "first_value",
        "any_value",
    ),
)
class First(values.First):
    """The value of the first row, or with IGNORE NULLS (or a second argument that is true) the first value that is not null.

    > SELECT first(x) FROM VALUES (1), (2) AS t(x);
    1
    """


@function(
    "last", (ANY, BOOLEAN), returns=same, kind="aggregate", nullable="always", optional=1, aliases=("last_value",)
)
class Last(values.Last):
    """The value of the last row, or with IGNORE NULLS (or a second argument that is true) the last value that is not null.

    > SELECT last(x) FROM VALUES (1), (2) AS t(x);
    2
    """


@function("bool_and", (BOOLEAN,), returns=BOOLEAN, kind="aggregate", nullable="always", aliases=("every",))
class BoolAnd(values.Extreme):
    """Whether all values are true.

    > SELECT bool_and(x) FROM VALUES (true), (false) AS t(x);
    false
    """


@function(
    "bool_or",
    (BOOLEAN,),
    returns=BOOLEAN,
    kind="aggregate",
    nullable="always",
    aliases=(
        "some",
        "any",
    ),
)
class BoolOr(values.Greatest):
    """Whether any value is true.

    > SELECT bool_or(x) FROM VALUES (true), (false) AS t(x);
    true
    """


@function("bit_and", (INTEGRAL,), returns=same, kind="aggregate", nullable="always")
class BitAnd(values.Bitwise):
    """All values combined by bitwise AND.

    > SELECT bit_and(x) FROM VALUES (3), (5) AS t(x);
    1
    """


@function("bit_or", (INTEGRAL,), returns=same, kind="aggregate", nullable="always")
class BitOr(values.BitOr):
    """All values combined by bitwise OR.

    > SELECT bit_or(x) FROM VALUES (3), (5) AS t(x);
    7
    """


@function("bit_xor", (INTEGRAL,), returns=same, kind="aggregate", nullable="always")
class BitXor(values.BitXor):
    """All values combined by bitwise exclusive OR.

    > SELECT bit_xor(x) FROM VALUES (3), (5) AS t(x);
    6
    """


@function("collect_list", (ANY,), returns=array_of, kind="aggregate", nullable="never", aliases=("array_agg",))
class CollectList(lists.CollectList):
    """The values that are not null as an array.

    > SELECT collect_list(x) FROM VALUES (1), (2), (1) AS t(x);
    [1,2,1]
    """


@function("collect_set", (ANY,), returns=array_of, kind="aggregate", nullable="never")
class CollectSet(lists.CollectSet):
    """The different values that are not null as an array.

    > SELECT collect_set(x) FROM VALUES (1), (2), (1) AS t(x);
    [1,2]
    """


@function("approx_count_distinct", (HASHED, DOUBLE), returns=LONG, kind="aggregate", nullable="never", optional=1)
class CountDistinctHashes(lists.CountDistinctHashes):
    """The number of different values; exact here, whatever error the second argument allows.

    > SELECT approx_count_distinct(x) FROM VALUES (1), (2), (1) AS t(x);
    2
    """


@function(
    "listagg", (TEXT, TEXT), returns=same, kind="aggregate", nullable="always", optional=1, aliases=("string_agg",)
)
class JoinedText(lists.JoinedText):
    """The values as one text, with the second argument between them, in the order of WITHIN GROUP.

    > SELECT listagg(x, ', ') WITHIN GROUP (ORDER BY x) FROM VALUES ('b'), ('a') AS t(x);
    a, b
    """
