"""The numbers an estimate is made of."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from engine.logical.relation import Histogram
from engine.records import dataclass

_EPOCH = datetime.date(1970, 1, 1)


class Column(NamedTuple):
    """A column's different values, part of nulls (0..1), least and greatest value as numbers (dates as days), bytes of a
    value, a histogram of all values (those outside of the bounds too), and the table it belongs to with the rows of that;
    None for what is not known."""

    distinct: float | None = None
    nulls: float = 0.0
    low: float | None = None
    high: float | None = None
    width: float | None = None
    histogram: Histogram | None = None
    table: tuple[int, float] | None = None


UNKNOWN = Column()


class Columns(Protocol):
    """Columns by id."""

    def get(self, key: int) -> Column | None:
        """What is known of a column, None if nothing."""


class Overlay:
    """Some columns of its own before those of others, looked up when asked for: most are never asked for."""

    def __init__(self, own: Mapping[int, Column], *below: Columns) -> None:
        self._own = own
        self._below = below

    def get(self, key: int) -> Column | None:
        """What is known of a column, None if nothing."""
        found = self._own.get(key)
        if found is not None:
            return found
        for each in self._below:
            found = each.get(key)
            if found is not None:
                return found
        return None


NOTHING = Overlay({})


@dataclass(frozen=True)
class Estimate:
    """Rows of a plan, and its columns by id."""

    rows: float
    columns: Columns = NOTHING

    def of(self, key: int) -> Column:
        """What is known of a column, by id; it has no more different values than there are rows."""
        found = self.columns.get(key)
        return UNKNOWN if found is None else _at_most(found, self.rows)

    def capped(self, rows: float) -> Estimate:
        """The same with at most `rows` rows."""
        return Estimate(min(self.rows, rows), self.columns)

    def scaled(self, part: float) -> Estimate:
        """The same with this part of the rows, at least one."""
        return self.capped(max(1.0, self.rows * part))


def _at_most(column: Column, rows: float) -> Column:
    if column.distinct is None or column.distinct <= rows:
        return column
    return column._replace(distinct=max(1.0, rows))


def part_between(histogram: Histogram, low: float, high: float) -> float:
    """The part of all values from `low` to `high`; within a bin they are taken to be spread evenly."""
    found = 0.0
    for least, most, distinct in histogram.bins:
        if most < low or least > high:
            continue
        if most == least:
            found += 1.0
        else:
            share = (min(most, high) - max(least, low)) / (most - least)
            found += max(share, 1.0 / distinct)
    return min(1.0, found / len(histogram.bins))


def as_number(value: Any) -> float | None:
    """A value as a number on its type's scale, None for text and the like."""
    match value:
        case bool() | int() | float() | Decimal():
            return float(value)
        case datetime.datetime():
            return value.timestamp() * 1e6
        case datetime.date():
            return float((value - _EPOCH).days)
    return None
