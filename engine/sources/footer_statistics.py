"""What the footers of Parquet files say of the columns of a relation, for the planner."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from engine.logical.relation import ColumnStatistics, TableStatistics
from engine.sources.dictionary_sizes import values_in_all, values_in_chunk
from engine.sources.footers import Footer
from engine.types import DATE, STRING, DataType, DoubleType, FloatType, IntegralType, StructField, StructType
from engine.types.arrow import to_arrow


class FooterColumns(Mapping[str, ColumnStatistics]):
    """Statistics of columns over some footers, each computed when it is asked for (a file may have 1,000 columns)."""

    def __init__(self, footers: Sequence[Footer], schema: StructType, scale: float) -> None:
        self._footers = footers
        self._fields = {field.name: field for field in schema.fields}
        self._scale = scale
        self._known: dict[str, ColumnStatistics] = {}

    def __getitem__(self, name: str) -> ColumnStatistics:
        if name not in self._known:
            self._known[name] = self._compute(self._fields[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def _compute(self, field: StructField) -> ColumnStatistics:
        groups = [(known, group) for known in self._footers for group in range(known.groups)]
        bounds = [known.bounds(group, field) for known, group in groups]
        sure = [each for each in bounds if each is not None]
        complete = bool(sure) and len(sure) == len(groups)
        valued = [each for each in sure if not each.all_null]
        ranged = complete and bool(valued) and all(each.minimum is not None for each in valued)
        least = min(each.minimum for each in valued) if ranged else None
        most = max(each.maximum for each in valued) if ranged else None
        nulls = sum(each.nulls or 0 for each in sure) if complete and all(b.nulls is not None for b in sure) else None
        rows = sum(known.total_rows for known in self._footers)
        return ColumnStatistics(
            distinct=self._distinct(field, groups, least, most, int(rows * self._scale)),
            nulls=None if nulls is None else int(nulls * self._scale),
            minimum=_literal_value(least, field.dataType),
            maximum=_literal_value(most, field.dataType),
            average_bytes=self._average(field, groups, least, most),
        )

    def _average(self, field: StructField, groups: Sequence[tuple[Footer, int]], least: Any, most: Any) -> float | None:
        """Bytes a row in memory: the type's width; for texts, which dictionaries hide, at least as the bounds are long."""
        arrow = to_arrow(field.dataType)
        if pa.types.is_primitive(arrow):
            return float(max(1, arrow.bit_width // 8))
        bounds = (len(least) + len(most)) / 2 if isinstance(least, bytes) and isinstance(most, bytes) else 0.0
        for known, group in groups[:1]:
            chunk = known.chunk(group, known.column(field.name) or "")
            if chunk is not None and known.rows(group):
                return max(bounds, float(chunk.size / known.rows(group)))
        return None

    def _distinct(
        self, field: StructField, groups: Sequence[tuple[Footer, int]], least: Any, most: Any, rows: int
    ) -> int | None:
        """Of whole numbers and dates no more than their range and their dictionaries have; of texts in a dictionary what the
        bits of its codes tell."""
        if isinstance(field.dataType, IntegralType) or field.dataType == DATE:
            if least is None:
                return None
            span = int(most - least) + 1
            return max(1, int(min(span, rows, self._in_dictionaries(field, groups, span))))
        if field.dataType != STRING or not groups:
            return None
        known, group = groups[0]
        chunk = known.chunk(group, known.column(field.name) or "")
        if chunk is None or not known.rows(group) or not chunk.has_dictionary:
            return None
        bits = 8 * chunk.size / known.rows(group)
        return max(1, min(int(2 ** max(0.0, bits - 0.4)), rows)) if bits <= 16 else None

    def _in_dictionaries(self, field: StructField, groups: Sequence[tuple[Footer, int]], span: int) -> float:
        """Different whole numbers in a range of `span`, as the sizes of dictionaries tell; infinite if they do not."""
        found = []
        for known, group in groups:
            chunk, bounds = known.chunk(group, known.column(field.name) or ""), known.bounds(group, field)
            if chunk is None or bounds is None or bounds.minimum is None:
                return math.inf
            own = values_in_chunk(chunk, known.rows(group), int(bounds.maximum - bounds.minimum) + 1)
            if own is None:
                return math.inf
            found.append(own)
        return values_in_all(found, span) * max(1.0, self._scale)


def merged_statistics(footers: Sequence[Footer], schema: StructType, scale: float) -> TableStatistics:
    """The statistics of a relation of which `footers` are known, multiplied by `scale`."""
    rows = int(sum(known.total_rows for known in footers) * scale)
    size = int(sum(known.total_bytes for known in footers) * scale)
    return TableStatistics(rows, size, FooterColumns(footers, schema, scale))


def _literal_value(value: Any, data_type: DataType) -> Any:
    """A bound as `Literal` holds values of `data_type`."""
    if isinstance(value, bytes) and data_type == STRING:
        return value.decode("utf-8", "replace")
    if data_type == DATE and value is not None and -719162 <= value <= 2932896:
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=value)
    if isinstance(data_type, DoubleType | FloatType) and value is not None:
        return float(value)
    return value
