"""Arrays of the old INTERVAL, taken apart into months, days and microseconds and put together again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.kernels.rows import numpy_values, validity_buffer
from engine.types.arrow import CALENDAR_INTERVAL_ARROW

Parts = tuple[Any, Any, Any]


def parts_of(intervals: pa.Array) -> Parts:
    """Months, days and microseconds as int64; those of null rows are arbitrary."""
    months, days, micros = (numpy_values(intervals.field(place)) for place in range(3))
    return months.astype(np.int64), days.astype(np.int64), micros


def made_of(parts: Parts, is_valid: Any) -> pa.Array:
    """The intervals of months, days and microseconds."""
    children = [pa.array(parts[0].astype(np.int32)), pa.array(parts[1].astype(np.int32)), pa.array(parts[2])]
    return pa.Array.from_buffers(CALENDAR_INTERVAL_ARROW, len(is_valid), [validity_buffer(is_valid)], children=children)
