"""What ANALYZE TABLE found out about a table, as the catalog keeps it: good while the files are those that were read."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.logical.relation import ColumnStatistics, Histogram, TableStatistics
from engine.records import dataclass
from engine.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    StructType,
    TimestampNTZType,
    TimestampType,
)


@dataclass(frozen=True)
class ColumnFacts:
    """`minimum` and `maximum` as text, timestamps as microseconds since 1970; None where values have none that are kept.
    Lengths in characters of texts, else in bytes."""

    minimum: str | None = None
    maximum: str | None = None
    nulls: int = 0
    distinct: int = 0
    average_length: int = 0
    longest: int = 0
    histogram: Histogram | None = None


@dataclass(frozen=True)
class TableFacts:
    """`stamp` tells the files that were there. `rows` None: not counted."""

    stamp: str
    bytes: int
    rows: int | None = None
    columns: Mapping[str, ColumnFacts] = dataclasses.field(default_factory=dict, hash=False)


def stamp_of(identity: object) -> str:
    """A short text that differs for different files."""
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:32]


def facts_to_json(facts: TableFacts) -> dict[str, Any]:
    """Facts as JSON values."""
    return dataclasses.asdict(facts)


def facts_from_json(value: Any) -> TableFacts:
    """The reverse. Raises KeyError, TypeError or ValueError for what is none."""
    columns = {str(name): _column(each) for name, each in value["columns"].items()}
    rows = value["rows"]
    return TableFacts(str(value["stamp"]), int(value["bytes"]), None if rows is None else int(rows), columns)


def _column(value: dict[str, Any]) -> ColumnFacts:
    histogram = value.pop("histogram")
    if histogram is not None:
        bins = tuple((float(low), float(high), int(distinct)) for low, high, distinct in histogram["bins"])
        histogram = Histogram(float(histogram["height"]), bins)
    return ColumnFacts(**value, histogram=histogram)


def known_better(known: TableStatistics, facts: TableFacts | None, schema: StructType) -> TableStatistics:
    """What a relation knows of itself, with what an analysis of the same files found."""
    if facts is None:
        return known
    columns = _Columns(known.columns, facts.columns, {field.name: field.dataType for field in schema.fields})
    return dataclasses.replace(known, rows=facts.rows if known.rows is None else known.rows, columns=columns)


class _Columns(Mapping[str, ColumnStatistics]):
    """Columns by name, the analyzed ones as they were found."""

    def __init__(
        self, known: Mapping[str, ColumnStatistics], facts: Mapping[str, ColumnFacts], types: dict[str, DataType]
    ) -> None:
        self._known = known
        self._facts = facts
        self._types = types

    def __getitem__(self, name: str) -> ColumnStatistics:
        facts = self._facts.get(name)
        if facts is None:
            return self._known[name]
        kind = self._types[name]
        return ColumnStatistics(
            distinct=facts.distinct,
            nulls=facts.nulls,
            minimum=_value(facts.minimum, kind),
            maximum=_value(facts.maximum, kind),
            average_bytes=float(facts.average_length),
            histogram=facts.histogram,
        )

    def __iter__(self) -> Any:
        return iter(self._known.keys() | self._facts.keys())

    def __len__(self) -> int:
        return len(self._known.keys() | self._facts.keys())


def _value(text: str | None, kind: DataType) -> Any:
    """A bound as `Literal` holds values of the type."""
    if text is None:
        return None
    match kind:
        case IntegralType() | TimestampType() | TimestampNTZType():
            return int(text)
        case DecimalType():
            return Decimal(text)
        case FloatType() | DoubleType():
            return float(text)
        case DateType():
            return datetime.date.fromisoformat(text)
        case BooleanType():
            return text == "true"
    return None
