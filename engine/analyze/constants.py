"""Constants of dates and times, DATE '2024-01-31', which depend on the session: its time zone and `spark.sql.timestampType`.

Follows Spark's `AstBuilder.visitTypeConstructor` and the special values of `SparkDateTimeUtils`.
"""

from __future__ import annotations

import re
import time

import numpy as np

from engine.errors import ParseError
from engine.expressions.base import Literal
from engine.kernels.casts.from_text import BLANKS
from engine.kernels.casts.text_datetimes import names_zone, read_date, read_timestamp
from engine.kernels.casts.times import read_time
from engine.kernels.datetimes import DAY
from engine.kernels.moment import read_moment
from engine.kernels.zones import zone
from engine.logical.unresolved import UnresolvedDatetime
from engine.types import DATE, TIME, TIMESTAMP, TIMESTAMP_NTZ, DataType
from engine.types.session import timestamp_type

_SPECIAL = re.compile(r"(epoch|now|today|tomorrow|yesterday)(\s+\S+)?", re.IGNORECASE)
_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}


def datetime_literal(node: UnresolvedDatetime, time_zone: str) -> Literal:
    """The constant that `node` writes. Raises ParseError INVALID_TYPED_LITERAL."""
    kind, text = _type(node), node.text.strip(BLANKS)
    value = _special(text, kind, time_zone)
    if value is None:
        value = _value(text, kind, time_zone)
    if value is None:
        parameters = {"valueType": f'"{node.kind}"', "value": f"'{node.text}'"}
        raise ParseError("INVALID_TYPED_LITERAL", parameters, node.origin)
    return Literal(value, kind)


def _type(node: UnresolvedDatetime) -> DataType:
    """The type of the constant; a TIMESTAMP that names a zone is an instant, whatever the session says."""
    match node.kind:
        case "DATE":
            return DATE
        case "TIME":
            return TIME
        case "TIMESTAMP_NTZ":
            return TIMESTAMP_NTZ
        case "TIMESTAMP_LTZ":
            return TIMESTAMP
    return TIMESTAMP if names_zone(node.text) else timestamp_type()


def _value(text: str, kind: DataType, time_zone: str) -> int | None:
    if kind == DATE:
        return read_date(text)
    if kind == TIME:
        return read_time(text)
    return read_timestamp(text, time_zone, kind == TIMESTAMP)


def _special(text: str, kind: DataType, time_zone: str) -> int | None:
    """epoch, now, today, tomorrow, yesterday, perhaps with a zone behind them: days or microseconds."""
    found = _SPECIAL.fullmatch(text)
    if found is None or kind == TIME:
        return None
    word, named = found[1].lower(), (found[2] or "").strip()
    region = zone(named or time_zone)
    if word == "epoch":
        return 0
    read_moment("clock")
    instant = np.array([time.time_ns() // 1000])
    local = int(region.to_local(instant)[0])
    day = local // DAY + _DAYS.get(word, 0)
    if kind == DATE:
        return day
    if word == "now":
        return int(instant[0]) if kind == TIMESTAMP else local
    midnight = np.array([day * DAY])
    return int(region.to_instant(midnight)[0]) if kind == TIMESTAMP else day * DAY
