"""Times of day: read from text, cut to fewer digits, and as numbers of seconds.

text    [T][h]h:[m]m[:[s]s[.fraction]] and perhaps AM or PM (behind T the hour suffices); what of the fraction is beyond
        microseconds is dropped
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from engine.expressions.base import Mode
from engine.kernels import decimals
from engine.kernels.casts.failures import overflowing
from engine.kernels.casts.from_text import BLANKS, each
from engine.kernels.casts.numbers import cast_number
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, local_micros
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.lazy import pc
from engine.types import LONG, DataType, DecimalType, TimeType
from engine.types.arrow import to_arrow

ARROW = pa.time64("us")
_PLAIN = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?$"
_TIME = re.compile(r"(T?)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?(?:\s*([AaPp])[Mm])?", re.ASCII)


def from_text(array: pa.Array, target: TimeType, mode: Mode) -> pa.Array:
    """Strings as times."""
    if pc.all(pc.match_substring_regex(array, _PLAIN)).as_py():
        # pyarrow reads a time of day only behind a date
        moments = pc.binary_join_element_wise(pa.scalar("1970-01-01"), array, " ").cast(pa.timestamp("us"))
        return cut(moments.cast(pa.int64()).view(ARROW), target)
    return cut(pa.array(each(array, read_time, target, mode), pa.int64()).view(ARROW), target)


def read_time(text: str) -> int | None:
    """The microseconds since midnight of a time; None where `text` is none."""
    found = _TIME.fullmatch(text.strip(BLANKS))
    if found is None or not (found[1] or found[3]):
        return None
    hour, minute, second = (int(part or 0) for part in found.groups()[1:4])
    half = (found[6] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * HOUR + minute * MINUTE + second * SECOND + int(((found[5] or "") + "000000")[:6])


def cut(array: pa.Array, target: TimeType) -> pa.Array:
    """Times with as many digits of the fraction as the type has; the rest is dropped."""
    if target.precision == TimeType.MAX_PRECISION:
        return array
    micros = numpy_values(array)
    return from_numpy(micros - micros % 10 ** (6 - target.precision), ARROW, valid(array))


def of_timestamps(array: pa.Array, target: TimeType, time_zone: str) -> pa.Array:
    """The local times of day of timestamps."""
    return cut(from_numpy(local_micros(array, time_zone) % DAY, ARROW, valid(array)), target)


def cast_time(array: pa.Array, source: TimeType, target: DataType, mode: Mode) -> pa.Array:
    """Times as times of another precision, or as seconds since midnight."""
    if isinstance(target, TimeType):
        return cut(array, target)
    micros, is_valid = numpy_values(array), valid(array)
    if isinstance(target, DecimalType):
        return decimals.fit(decimals.from_int64(micros, is_valid, pa.decimal128(19, 6)), to_arrow(target), mode)
    seconds = from_numpy(micros // SECOND, pa.int64(), is_valid)
    limits = np.iinfo(to_arrow(target).to_pandas_dtype())
    keep = overflowing(pc.cast(array, pa.int64()), (micros // SECOND > limits.max) & is_valid, source, target, mode)
    return cast_number(from_numpy(numpy_values(seconds), pa.int64(), is_valid & keep), LONG, target, mode)
