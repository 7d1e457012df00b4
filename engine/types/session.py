"""What the settings of a session make of types and of their text: the type that the word TIMESTAMP means
(`spark.sql.timestampType`), that of intervals (`spark.sql.legacy.interval.enabled`), and the time zone in which instants are
written in names and errors.

Kept beside the call stack, as Spark's SQLConf, because types and constants are read and written everywhere in a statement;
`session_types` sets it for the parse and the analysis of one statement. Executors never ask: their types are definite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engine.types.types import TIMESTAMP, DataType

_timestamp_type: ContextVar[DataType] = ContextVar("timestamp_type", default=TIMESTAMP)
_legacy_intervals: ContextVar[bool] = ContextVar("legacy_intervals", default=False)
_binaries_are_text: ContextVar[bool] = ContextVar("binaries_are_text", default=False)
_elt_is_text: ContextVar[bool] = ContextVar("elt_is_text", default=False)
_time_zone: ContextVar[str] = ContextVar("time_zone", default="UTC")


@contextmanager
def session_types(
    timestamp_type: DataType,
    time_zone: str,
    legacy_intervals: bool = False,
    binaries_are_text: bool = False,
    elt_is_text: bool = False,
) -> Iterator[None]:
    """Within it, TIMESTAMP means `timestamp_type`, instants are written in `time_zone`, and constants of intervals are of the
    old type INTERVAL where `legacy_intervals`, and binaries joined by `||` are text where `binaries_are_text`, what elt()
    picks of them where `elt_is_text`."""
    kind, zone = _timestamp_type.set(timestamp_type), _time_zone.set(time_zone)
    legacy, text = _legacy_intervals.set(legacy_intervals), _binaries_are_text.set(binaries_are_text)
    picked = _elt_is_text.set(elt_is_text)
    try:
        yield
    finally:
        _timestamp_type.reset(kind)
        _time_zone.reset(zone)
        _legacy_intervals.reset(legacy)
        _binaries_are_text.reset(text)
        _elt_is_text.reset(picked)


def timestamp_type() -> DataType:
    """What the word TIMESTAMP means: TIMESTAMP, or TIMESTAMP_NTZ."""
    return _timestamp_type.get()


def legacy_intervals() -> bool:
    """Whether constants of intervals, and differences of dates, are of the old type INTERVAL."""
    return _legacy_intervals.get()


def binaries_are_text() -> bool:
    """Whether joined binaries are a STRING (`spark.sql.function.concatBinaryAsString`)."""
    return _binaries_are_text.get()


def elt_is_text() -> bool:
    """Whether elt() of binaries is a STRING (`spark.sql.function.eltOutputAsString`)."""
    return _elt_is_text.get()


def shown_zone() -> str:
    """The time zone in which instants are written."""
    return _time_zone.get()
