"""The numbers an estimate is made of."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.expressions.base import Attribute

_EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True)
class Column:
    """A column's different values, part of nulls (0..1), least and greatest value as numbers (dates as days), and bytes of
    a value; None for what is not known."""

    distinct: float | None = None
    nulls: float = 0.0
    low: float | None = None
    high: float | None = None
    width: float | None = None


UNKNOWN = Column()


@dataclass(frozen=True)
class Estimate:
    """Rows of a plan, and its columns by id."""

    rows: float
    columns: Mapping[int, Column] = field(default_factory=dict)

    def of(self, column: Attribute) -> Column:
        """What is known of a column."""
        return self.columns.get(column.id, UNKNOWN)

    def capped(self, rows: float) -> Estimate:
        """The same with at most `rows` rows; columns have no more different values than rows."""
        rows = min(self.rows, rows)
        return Estimate(rows, {id: _at_most(column, rows) for id, column in self.columns.items()})

    def scaled(self, part: float) -> Estimate:
        """The same with this part of the rows, at least one."""
        return self.capped(max(1.0, self.rows * part))


def _at_most(column: Column, rows: float) -> Column:
    if column.distinct is None or column.distinct <= rows:
        return column
    return Column(max(1.0, rows), column.nulls, column.low, column.high, column.width)


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
