"""What the settings of a session make of types and of their text: the type that the word TIMESTAMP means
(`spark.sql.timestampType`), and the time zone in which instants are written in names and errors.

Kept beside the call stack, as Spark's SQLConf, because types and constants are read and written everywhere in a statement;
`session_types` sets it for the parse and the analysis of one statement. Executors never ask: their types are definite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engine.types.types import TIMESTAMP, DataType

_timestamp_type: ContextVar[DataType] = ContextVar("timestamp_type", default=TIMESTAMP)
_time_zone: ContextVar[str] = ContextVar("time_zone", default="UTC")


@contextmanager
def session_types(timestamp_type: DataType, time_zone: str) -> Iterator[None]:
    """Within it, TIMESTAMP means `timestamp_type` and instants are written in `time_zone`."""
    kind, zone = _timestamp_type.set(timestamp_type), _time_zone.set(time_zone)
    try:
        yield
    finally:
        _timestamp_type.reset(kind)
        _time_zone.reset(zone)


def timestamp_type() -> DataType:
    """What the word TIMESTAMP means: TIMESTAMP, or TIMESTAMP_NTZ."""
    return _timestamp_type.get()


def shown_zone() -> str:
    """The time zone in which instants are written."""
    return _time_zone.get()
