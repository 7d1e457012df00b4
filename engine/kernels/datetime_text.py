"""Dates, timestamps and intervals in files of text: as ISO 8601, or by a pattern."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from engine.kernels.datetimes import DAY
from engine.kernels.pattern_writing import Moments
from engine.kernels.pattern_writing import write as write_pattern
from engine.kernels.zones import zone
from engine.types import (
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    StringType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow
from engine.types.cells import time_text
from engine.types.intervals import calendar_interval_text, interval_text

_EPOCH = datetime.date(1970, 1, 1)


def text_of(item: Any, data_type: DataType, time_zone: str) -> str:
    """A value as JSON and CSV hold it."""
    match data_type:
        case StringType() | DateType():
            return str(item)
        case TimeType():
            return time_text((item.hour * 3600 + item.minute * 60 + item.second) * 1_000_000 + item.microsecond)
        case CalendarIntervalType():
            return calendar_interval_text(**item)
        case YearMonthIntervalType():
            return interval_text(item, data_type)
        case DayTimeIntervalType():
            return interval_text(pa.scalar(item, pa.duration("us")).value, data_type)
        case TimestampType():
            micros = pa.scalar(item, pa.timestamp("us", "UTC")).value
            offset = int(zone(time_zone).offset_at(np.array([micros]))[0]) // 60_000_000
            local = pa.scalar(micros + offset * 60_000_000, pa.timestamp("us")).as_py()
            suffix = (
                "Z" if not offset else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
            )
            return f"{local.isoformat(timespec='milliseconds')}{suffix}"
    return str(item.isoformat(timespec="milliseconds"))


def formatted(item: Any, data_type: DataType, pattern: str, time_zone: str) -> str:
    """A date or timestamp by a pattern of Java."""
    offset = 0
    if isinstance(data_type, DateType):
        local = (item - _EPOCH).days * DAY
    else:
        local = pa.scalar(item, to_arrow(data_type)).value
    if isinstance(data_type, TimestampType):
        offset = int(zone(time_zone).offset_at(np.array([local]))[0])
    moments = Moments(np.array([local + offset]), np.array([offset]), time_zone)
    return str(write_pattern(moments, pattern)[0].as_py())
