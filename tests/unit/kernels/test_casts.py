"""The whole matrix of casts: what is allowed is evaluated, for nulls and slices too, in every mode; text by Spark's grammar."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels.casts.cast import cast_array
from engine.kernels.rowwise import plain
from engine.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    VOID,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow
from engine.types.casts import can_cast, cast_can_raise
from engine.types.interval_reading import read_fields
from engine.types.intervals import interval_text
from engine.types.java_numbers import java_double, java_float

D = decimal.Decimal
MOMENT = datetime.datetime(2020, 2, 29, 12, 34, 56, 789000)
SAMPLES: dict[DataType, list[Any]] = {
    VOID: [None],
    BOOLEAN: [True, False],
    BYTE: [0, 127, -128],
    SHORT: [1, -32768],
    INT: [0, 2**31 - 1, -5],
    LONG: [7, -(2**63), 2**63 - 1],
    FLOAT: [0.5, float("nan"), -3e38],
    DOUBLE: [-0.0, 1.5, float("inf"), 1e300],
    DecimalType(10, 2): [D("1.25"), D("-99999999.99")],
    DecimalType(38, 18): [D("0.000000000000000001"), D("12345678901234567890")],
    STRING: ["", "1", " -2.5e1 ", "true", "2020-02-29", "2020-02-29 12:34:56.7 Europe/Berlin", "x"],
    BINARY: [b"", b"ab\xff"],
    DATE: [datetime.date(2020, 2, 29), datetime.date(1, 1, 1)],
    TIMESTAMP: [MOMENT, datetime.datetime(1900, 1, 1)],
    TIMESTAMP_NTZ: [MOMENT],
    YearMonthIntervalType(): [14, -1],
    DayTimeIntervalType(): [93784500000, -1],
    ArrayType(INT): [[1, None], []],
    MapType(STRING, INT): [[("a", 1)], []],
    StructType((StructField("a", INT), StructField("b", STRING))): [{"a": 1, "b": None}],
}
PAIRS = [(a, b, ansi) for a in SAMPLES for b in SAMPLES for ansi in (True, False) if can_cast(a, b, ansi)]


@pytest.mark.parametrize(("source", "target", "ansi"), PAIRS, ids=str)
def test_every_cast_that_is_allowed(source: DataType, target: DataType, ansi: bool) -> None:
    array = pa.array([None, *SAMPLES[source], None], to_arrow(source))
    try:
        found = cast_array(array, source, target, Mode.TRY if ansi else Mode.LEGACY, "Europe/Berlin")
    except ExecutionError:
        assert not ansi and cast_can_raise(source, target, False)
        return
    found.validate(full=True)
    assert found.type == to_arrow(target)
    assert len(found) == len(array) and found[0].as_py() is None
    part = cast_array(array.slice(1, 1), source, target, Mode.TRY if ansi else Mode.LEGACY, "Europe/Berlin")
    assert repr(plain(part)) == repr(plain(found)[1:2])
    assert len(cast_array(array.slice(0, 0), source, target, Mode.ANSI, "UTC")) == 0
    if not ansi:
        return
    try:
        strict = cast_array(array, source, target, Mode.ANSI, "Europe/Berlin")
    except ExecutionError:
        assert cast_can_raise(source, target, True)
    else:
        assert repr(plain(strict)) == repr(plain(found))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1e7, "1.0E7"),
        (9999999.0, "9999999.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (123456.789, "123456.789"),
        (5e-324, "4.9E-324"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_doubles_as_java_prints_them(value: float, text: str) -> None:
    assert java_double(value) in (text, "5.0E-324")


@pytest.mark.parametrize(
    ("value", "text"), [(1.1, "1.1"), (1e10, "1.0E10"), (3.4028235e38, "3.4028235E38"), (0.1, "0.1")]
)
def test_floats_as_java_prints_them(value: float, text: str) -> None:
    assert java_float(value) == text


@pytest.mark.parametrize(
    ("value", "data_type", "text"),
    [
        (14, YearMonthIntervalType(), "INTERVAL '1-2' YEAR TO MONTH"),
        (-14, YearMonthIntervalType(1, 1), "INTERVAL '-14' MONTH"),
        (93784500000, DayTimeIntervalType(), "INTERVAL '1 02:03:04.5' DAY TO SECOND"),
        (-3250000, DayTimeIntervalType(3, 3), "INTERVAL '-03.25' SECOND"),
        (86400000000, DayTimeIntervalType(0, 0), "INTERVAL '1' DAY"),
        (3723000000, DayTimeIntervalType(1, 3), "INTERVAL '01:02:03' HOUR TO SECOND"),
    ],
)
def test_interval_text_is_read_back(value: int, data_type: Any, text: str) -> None:
    assert interval_text(value, data_type) == text
    assert read_fields(text, data_type) == value


def test_the_first_bad_value_is_named() -> None:
    with pytest.raises(ExecutionError) as caught:
        cast_array(pa.array(["1", None, "two", "drei"]), STRING, INT, Mode.ANSI, "UTC")
    assert caught.value.condition == "CAST_INVALID_INPUT"
    assert caught.value.message_parameters["expression"] == "'two'"
    with pytest.raises(ExecutionError) as caught:
        cast_array(pa.array([1, 300, 400], pa.int64()), LONG, BYTE, Mode.ANSI, "UTC")
    assert caught.value.message_parameters["value"] == "300L"


def test_legacy_wraps_and_saturates() -> None:
    def legacy(values: list[Any], source: DataType, target: DataType) -> list[Any]:
        found: list[Any] = cast_array(
            pa.array(values, to_arrow(source)), source, target, Mode.LEGACY, "UTC"
        ).to_pylist()
        return found

    assert legacy([300, -129], INT, BYTE) == [44, 127]
    assert legacy([1e20, -1e20, float("nan"), 1.9], DOUBLE, INT) == [2**31 - 1, -(2**31), 0, 1]
    assert legacy([1e20, float("inf")], DOUBLE, LONG) == [2**63 - 1] * 2
    assert legacy([D("300.7")], DecimalType(10, 2), BYTE) == [44]
    assert legacy(["1.9", "x", ""], STRING, INT) == [1, None, None]
    assert legacy([D("12345.67")], DecimalType(10, 2), DecimalType(4, 1)) == [None]
