"""What a cast does with a value that has no counterpart: raise, null, as its mode says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels.numbers_text import java_double, java_float
from engine.types import (
    ByteType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    LongType,
    ShortType,
    StringType,
    TimeType,
)
from engine.types.cells import time_text


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
        case TimeType():
            return f"TIME '{time_text(value)}'"
        case DoubleType() | FloatType():
            text = java_double(value) if isinstance(data_type, DoubleType) else java_float(value)
            if value != value or value in (float("inf"), float("-inf")):
                return f"CAST('{text}' AS {data_type.sql})"
            return f"{text}D" if isinstance(data_type, DoubleType) else f"CAST({text} AS FLOAT)"
    return str(value)


def overflow_error(value: Any, source: DataType, target: DataType) -> ExecutionError:
    """The value is out of the range of the target type."""
    parameters = {"value": shown(value, source), "sourceType": f'"{source.sql}"', "targetType": f'"{target.sql}"'}
    return ExecutionError("CAST_OVERFLOW", parameters)


def invalid_input(value: str, target: DataType) -> ExecutionError:
    """The text is not a value of the target type."""
    parameters = {"expression": shown(value, StringType()), "sourceType": '"STRING"', "targetType": f'"{target.sql}"'}
    return ExecutionError("CAST_INVALID_INPUT", parameters)


def overflowing(
    array: pa.Array, bad: np.ndarray[Any, Any], source: DataType, target: DataType, mode: Mode
) -> np.ndarray[Any, Any]:
    """The rows of `array` that have a result: not null and not `bad`. Under ANSI a bad one raises."""
    if mode is Mode.ANSI and bad.any():
        raise overflow_error(array[int(np.argmax(bad))].as_py(), source, target)
    return ~bad
