"""Patterns of dates and times: columns read at once and text by text agree; messages are Java's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engine.errors import ExecutionError
from engine.kernels.pattern_columns import Reading, read_column, write_column
from engine.kernels.pattern_fields import Unreadable
from engine.kernels.pattern_reading import read
from engine.kernels.pattern_writing import Moments
from engine.kernels.patterns import compile_pattern

LOCAL = Reading(pa.timestamp("us"), "UTC", True)


@pytest.mark.parametrize(
    "pattern", ["yyyy-MM-dd", "yyyyMMdd", "dd/MM/yyyy HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS"]
)
def test_what_is_written_is_read_again(pattern: str) -> None:
    micros = np.array([0, 951_782_399_123_000, -62_135_596_800_000_000, 253_402_300_799_000_000], np.int64)
    patterns = pa.array([pattern] * len(micros))
    texts = write_column(Moments(micros, np.zeros_like(micros), "UTC"), patterns, np.ones(len(micros), bool))
    again = read_column(texts, patterns, LOCAL)
    one_by_one = [read(text, pattern) for text in texts.to_pylist()]
    assert again.view(pa.int64()).to_pylist() == [each.days * 86_400_000_000 + each.micros for each in one_by_one]
    assert (
        write_column(Moments(np.asarray(again.view(pa.int64())), micros * 0, "UTC"), patterns, micros == micros)
        == texts
    )


def test_each_row_has_its_own_pattern() -> None:
    texts = pa.array(["2020-01-02", "02.01.2020", None, "2020", "x"])
    patterns = pa.array(["yyyy-MM-dd", "dd.MM.yyyy", "yyyy", None, "yyyy"])
    assert [str(each) for each in read_column(texts, patterns, Reading(pa.date32(), "UTC", True)).to_pylist()] == [
        "2020-01-02",
        "2020-01-02",
        "None",
        "None",
        "None",
    ]


@pytest.mark.parametrize(
    ("text", "pattern", "message"),
    [
        ("2020-1-1", "yyyy-MM-dd", "Text '2020-1-1' could not be parsed at index 5"),
        ("12020-1-1", "yyyy-M-d", "Text '12020-1-1' could not be parsed at index 0"),
        ("2020010", "yyyyMMdd", "Text '2020010' could not be parsed at index 6"),
        ("2020-01-01abc", "yyyy-MM-dd", "Text '2020-01-01abc' could not be parsed, unparsed text found at index 10"),
        ("2020-02-30", "yyyy-MM-dd", "Text '2020-02-30' could not be parsed: Invalid date 'FEBRUARY 30'"),
        ("366", "D", "Invalid date 'DayOfYear 366' as '1970' is not a leap year"),
        (
            "2020-01-365",
            "yyyy-dd-DDD",
            "Text '2020-01-365' could not be parsed: Conflict found: Field DayOfMonth 30 differs from DayOfMonth 1 derived "
            "from 2020-12-30",
        ),
    ],
)
def test_messages(text: str, pattern: str, message: str) -> None:
    with pytest.raises(Unreadable, match="^" + message.replace("(", r"\(") + "$"):
        read(text, pattern)


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        ("MMMMM", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"),
        ("QQQQQ", "INVALID_DATETIME_PATTERN.LENGTH"),
        ("V", "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"),
        ("n", "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER"),
        ("e", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN"),
    ],
)
def test_refused_patterns(pattern: str, condition: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        compile_pattern(pattern, False)
    assert caught.value.condition == condition
