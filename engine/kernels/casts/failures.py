"""What a cast does with a value that has no counterpart: raise, null, as its mode says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.types import (
    STRING,
    ByteType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    LongType,
    ShortType,
    StringType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.cells import time_text
from engine.types.intervals import interval_text
from engine.types.java_numbers import java_double, java_float


def shown(value: Any, data_type: DataType) -> str:
    """A value as error messages write it: 1L, 1.5D, 'text'."""
    if value is None:
        return "NULL"
    match data_type:
        case StringType():
            return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
        case ByteType():
            return f"{value}Y"
        case ShortType():
            return f"{value}S"
        case LongType():
            return f"{value}L"
        case DecimalType():
            return f"{value:f}BD"
        case YearMonthIntervalType() | DayTimeIntervalType():
            return interval_text(value, data_type)
        case TimeType():
            return f"TIME '{time_text(value)}'"
        case DoubleType() | FloatType():
            if isinstance(data_type, FloatType):
                return java_float(value)
            return java_double(value) + ("D" if math.isfinite(value) else "")
    return str(value)


def overflow_error(value: Any, source: DataType, target: DataType, text: str = "") -> ExecutionError:
    """The value is out of the range of the target type. `text` shows it where it takes more than its type to show."""
    parameters = {
        "value": text or shown(value, source),
        "sourceType": f'"{source.sql}"',
        "targetType": f'"{target.sql}"',
    }
    return ExecutionError("CAST_OVERFLOW", parameters)


def invalid_input(value: Any, target: DataType, source: DataType = STRING) -> ExecutionError:
    """The text, or the double that is no number, is not a value of the target type."""
    parameters = {"expression": shown(value, source), "sourceType": f'"{source.sql}"', "targetType": f'"{target.sql}"'}
    return ExecutionError("CAST_INVALID_INPUT", parameters)


def overflowing(
    array: pa.Array, bad: np.ndarray[Any, Any], source: DataType, target: DataType, mode: Mode
) -> np.ndarray[Any, Any]:
    """The rows of `array` that have a result: not null and not `bad`. Under ANSI a bad one raises."""
    if mode is Mode.ANSI and bad.any():
        raise overflow_error(array[int(np.argmax(bad))].as_py(), source, target)
    return ~bad
