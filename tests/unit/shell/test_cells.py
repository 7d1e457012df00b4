"""Values as text: what Spark 4's CAST(value AS STRING) and df.show() print."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    STRING,
    TIMESTAMP,
    ArrayType,
    BinaryType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    NullType,
    StructField,
    StructType,
    TimestampNTZType,
    YearMonthIntervalType,
)
from engine.types.cells import Style, java_double, java_float, plain_double, plain_float, texts, zone_of

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("value", "java", "plain"),
    [
        (1.0, "1.0", "1.0"),
        (0.1, "0.1", "0.1"),
        (-2.5, "-2.5", "-2.5"),
        (1e7, "1.0E7", "10000000.0"),
        (9999999.0, "9999999.0", "9999999.0"),
        (30086005.36000012, "3.008600536000012E7", "30086005.36000012"),
        (0.001, "0.001", "0.001"),
        (0.00099, "9.9E-4", "0.00099"),
        (1e-5, "1.0E-5", "1e-05"),
        (1.5e300, "1.5E300", "1.5e+300"),
        (5e-324, "4.9E-324", "5e-324"),
        (0.0, "0.0", "0.0"),
        (-0.0, "-0.0", "-0.0"),
        (float("nan"), "NaN", "NaN"),
        (float("-inf"), "-Infinity", "-Infinity"),
    ],
)
def test_doubles(value: float, java: str, plain: str) -> None:
    assert java_double(value) == java
    assert plain_double(value) == plain


@pytest.mark.parametrize(
    ("value", "java", "plain"),
    [(0.1, "0.1", "0.1"), (16777216.0, "1.6777216E7", "16777216.0"), (3.4028235e38, "3.4028235E38", "3.4028235e+38")],
)
def test_floats_have_the_digits_of_32_bits(value: float, java: str, plain: str) -> None:
    widened = pa.array([value], pa.float32())[0].as_py()
    assert java_float(widened) == java
    assert plain_float(widened) == plain


@pytest.mark.parametrize(
    ("arrow", "kind", "expected"),
    [
        (pa.array([True, False, None]), BOOLEAN, ["true", "false", None]),
        (pa.array([1, None], pa.int32()), INT, ["1", None]),
        (pa.array([Decimal("0.0000000"), Decimal("-12.3400000")]), DecimalType(20, 7), ["0.0000000", "-12.3400000"]),
        (pa.array(["x", None]), STRING, ["x", None]),
        (pa.array(["x", "y", "x"]).dictionary_encode(), STRING, ["x", "y", "x"]),
        (pa.array(["x"], pa.large_string()), STRING, ["x"]),
        (pa.array([b"12\xff", b""]), BinaryType(), ["[31 32 FF]", "[]"]),
        (pa.nulls(2), NullType(), [None, None]),
        (pa.array([[1, None], [], None], pa.list_(pa.int32())), ArrayType(INT), ["[1, NULL]", "[]", None]),
    ],
)
def test_simple_columns(arrow: pa.Array, kind: Any, expected: list[str | None]) -> None:
    assert texts(arrow, kind, Style()) == expected


def test_maps_and_structs() -> None:
    maps = pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int32()))
    assert texts(maps, MapType(STRING, INT), Style()) == ["{a -> 1, b -> NULL}", None, "{}"]
    assert texts(maps.slice(1), MapType(STRING, INT), Style()) == [None, "{}"]
    kind = StructType((StructField("a", INT), StructField("b", ArrayType(STRING))))
    structs = pa.array([{"a": 1, "b": ["x", None]}, None, {"a": None, "b": None}])
    assert texts(structs, kind, Style()) == ["{1, [x, NULL]}", None, "{NULL, NULL}"]
    assert texts(structs.slice(1, 1), kind, Style(null="null")) == [None]


def test_slices_of_lists_show_their_own_items() -> None:
    lists = pa.array([[1, 2], [3], None, [4, 5]], pa.list_(pa.int32()))
    assert texts(lists.slice(1), ArrayType(INT), Style()) == ["[3]", None, "[4, 5]"]
    assert texts(lists.slice(4), ArrayType(INT), Style()) == []
    fixed = pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2))
    assert texts(fixed, ArrayType(INT), Style()) == ["[1, 2]", "[3, 4]"]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "1970-01-01"),
        (-1, "1969-12-31"),
        (19723, "2024-01-01"),
        (2932896, "9999-12-31"),
        (2932897, "+10000-01-01"),
        (-719162, "0001-01-01"),
        (-719163, "0000-12-31"),
        (-719529, "-0001-12-31"),
    ],
)
def test_dates_of_every_year(days: int, expected: str) -> None:
    assert texts(pa.array([days], pa.int32()).cast(pa.date32()), DATE, Style()) == [expected]


@pytest.mark.parametrize(
    ("micros", "zone", "expected"),
    [
        (0, "UTC", "1970-01-01 00:00:00"),
        (-1, "UTC", "1969-12-31 23:59:59.999999"),
        (1_500_000, "UTC", "1970-01-01 00:00:01.5"),
        (1_720_000_000_000_000, "Europe/Zurich", "2024-07-03 11:46:40"),
        (1_720_000_000_000_000, "America/Los_Angeles", "2024-07-03 02:46:40"),
        (0, "+05:30", "1970-01-01 05:30:00"),
        (0, "GMT-2", "1969-12-31 22:00:00"),
        (253_402_300_800_000_000, "UTC", "+10000-01-01 00:00:00"),
        (253_402_300_800_000_000, "Europe/Zurich", "+10000-01-01 01:00:00"),
        (-62_135_596_800_000_000 - 366 * DAY, "UTC", "0000-01-01 00:00:00"),
    ],
)
def test_timestamps_in_the_zone_of_the_session(micros: int, zone: str, expected: str) -> None:
    column = pa.array([micros], pa.int64()).cast(pa.timestamp("us", "UTC"))
    assert texts(column, TIMESTAMP, Style(zone_of(zone))) == [expected]


def test_timestamps_without_zone_ignore_the_session() -> None:
    column = pa.array([0], pa.timestamp("us"))
    assert texts(column, TimestampNTZType(), Style(zone_of("Asia/Tokyo"))) == ["1970-01-01 00:00:00"]
    seconds = pa.array([3], pa.timestamp("s", "UTC"))
    assert texts(seconds, TIMESTAMP, Style()) == ["1970-01-01 00:00:03"]


@pytest.mark.parametrize("name", ["Z", "GMT", "UTC", "UT", "+00:00", "UTC+0"])
def test_names_of_utc(name: str) -> None:
    assert zone_of(name) is UTC


@pytest.mark.parametrize(
    ("months", "fields", "expected"),
    [
        (14, (0, 1), "INTERVAL '1-2' YEAR TO MONTH"),
        (-14, (0, 1), "INTERVAL '-1-2' YEAR TO MONTH"),
        (-24, (0, 0), "INTERVAL '-2' YEAR"),
        (25, (1, 1), "INTERVAL '25' MONTH"),
    ],
)
def test_year_month_intervals(months: int, fields: tuple[int, int], expected: str) -> None:
    kind = YearMonthIntervalType(*fields)
    assert texts(pa.array([months, None], pa.int32()), kind, Style()) == [expected, None]
    public = pa.array([(months, 0, 0), None], pa.month_day_nano_interval())
    assert texts(public, kind, Style()) == [expected, None]


@pytest.mark.parametrize(
    ("micros", "fields", "expected"),
    [
        (DAY + 7_384_500_000, (0, 3), "INTERVAL '1 02:03:04.5' DAY TO SECOND"),
        (-1, (0, 3), "INTERVAL '-0 00:00:00.000001' DAY TO SECOND"),
        (3 * DAY, (0, 0), "INTERVAL '3' DAY"),
        (DAY + 3_600_000_000, (0, 1), "INTERVAL '1 01' DAY TO HOUR"),
        (90_000_000, (1, 2), "INTERVAL '00:01' HOUR TO MINUTE"),
        (DAY, (1, 3), "INTERVAL '24:00:00' HOUR TO SECOND"),
        (5_250_000, (3, 3), "INTERVAL '05.25' SECOND"),
        (-(2**63), (0, 3), "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND"),
    ],
)
def test_day_time_intervals(micros: int, fields: tuple[int, int], expected: str) -> None:
    column = pa.array([micros], pa.int64()).cast(pa.duration("us"))
    assert texts(column, DayTimeIntervalType(*fields), Style()) == [expected]


def test_text_that_is_not_utf8_is_shown_as_far_as_it_goes() -> None:
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"a\xff", b"b"]).buffers())
    assert texts(broken, STRING, Style()) == ["a�", "b"]


def test_plain_numbers_within_nested_values() -> None:
    column = pa.array([[1e8, None]])
    assert texts(column, ArrayType(DOUBLE), Style(plain=True)) == ["[100000000.0, NULL]"]
    assert texts(column, ArrayType(DOUBLE), Style()) == ["[1.0E8, NULL]"]
    assert texts(pa.array([[0.1]], pa.list_(pa.float32())), ArrayType(FLOAT), Style()) == ["[0.1]"]
