"""ANALYZE TABLE and ANALYZE TABLES: what can be found out about tables is found out, and kept in the catalog.

As in Spark's `CommandUtils`: without columns the bytes of the files and the rows; of columns the bounds, nulls, different
values (by HyperLogLog), lengths, and with spark.sql.statistics.histogram.enabled a histogram of equal height.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog.tables import Entry, Table, TempView
from engine.commands.context import DONE, Context
from engine.errors import AnalysisError, quoted
from engine.logical.commands import AnalyzeTable, AnalyzeTables
from engine.logical.plan import LogicalPlan
from engine.logical.relation import Histogram
from engine.sources.analyzed import ColumnFacts, TableFacts, stamp_of
from engine.sources.filescan import FileRelation
from engine.types import (
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    NumericType,
    StringType,
    StructField,
    TimestampNTZType,
    TimestampType,
)

MOST_FOR_HISTOGRAM = 1_000_000
"""Rows that a histogram is made from; of more, a sample."""

_BOUNDED = (NumericType, BooleanType, DateType, TimestampType, TimestampNTZType)
_RANKED = (NumericType, DateType, TimestampType)
_SIZES = {"tinyint": 1, "boolean": 1, "smallint": 2, "int": 4, "float": 4, "date": 4}


def analyze_table(command: AnalyzeTable, context: Context) -> LogicalPlan:
    """ANALYZE TABLE name COMPUTE STATISTICS [NOSCAN | FOR COLUMNS names | FOR ALL COLUMNS]."""
    parts = command.table.parts
    found = context.catalog.find(parts)
    if found is None:
        raise context.catalog.not_found(parts, command.table.origin)
    if isinstance(found, TempView):
        return _temporary(command, context)
    if not isinstance(found, Table):
        raise AnalysisError("UNSUPPORTED_FEATURE.ANALYZE_VIEW", {}, command.table.origin)
    _analyze(found, command.columns, command.scan, context)
    return DONE


def _temporary(command: AnalyzeTable, context: Context) -> LogicalPlan:
    """A temporary view. A cached one knows all of its rows that there is to know."""
    parts = command.table.parts
    if command.columns is None:
        parameters = {"operation": "ANALYZE TABLE", "viewName": quoted(parts)}
        raise AnalysisError("EXPECT_PERMANENT_VIEW_NOT_TEMP", parameters, command.table.origin)
    if not context.catalog.is_cached(context.catalog.full_name(parts)):
        raise AnalysisError("UNSUPPORTED_FEATURE.ANALYZE_UNCACHED_TEMP_VIEW", {"viewName": quoted(parts)})
    return DONE


def analyze_tables(command: AnalyzeTables, context: Context) -> LogicalPlan:
    """ANALYZE TABLES [IN database] COMPUTE STATISTICS [NOSCAN]: of all tables there."""
    name = command.database[-1] if command.database else context.catalog.current_database
    for entry in context.catalog.entries(context.catalog.database(name).name):
        if isinstance(entry, Table):
            _analyze(entry, None, command.scan, context)
    return DONE


def current_facts(entry: Entry | TempView, context: Context) -> TableFacts | None:
    """What was found out about a table, if its files are still those; None for others."""
    if not isinstance(entry, Table) or entry.statistics is None:
        return None
    relation = context.catalog.open_table(entry)
    return relation.facts if isinstance(relation, FileRelation) else None


def _analyze(table: Table, columns: tuple[str, ...] | None, scan: bool, context: Context) -> None:
    relation = context.catalog.open_table(table)
    assert isinstance(relation, FileRelation), "tables are files"
    fields = _chosen(table, relation.schema.fields, columns, context) if columns is not None else []
    stamp = stamp_of(relation.listing.identity)
    size = sum(file.size for file in relation.listing.select().files)
    known = table.statistics
    same = known is not None and known.stamp == stamp
    rows, facts = known.rows if known is not None and same else None, dict(known.columns) if known and same else {}
    if scan:
        rows, found = _read(table, fields, context)
        facts |= found
    context.catalog.put(replace(table, statistics=TableFacts(stamp, size, rows, facts)), replace=True)


def _chosen(table: Table, fields: Sequence[StructField], names: tuple[str, ...], context: Context) -> list[StructField]:
    """The columns to look at. Raises AnalysisError for names that there are not, twice, and of types without statistics."""
    fold = context.catalog.fold
    by_name = {fold(field.name): field for field in fields}
    found: list[StructField] = []
    for name in names or [field.name for field in fields]:
        field = by_name.get(fold(name))
        if field is None:
            raise AnalysisError("COLUMN_NOT_FOUND", {"colName": quoted(name)})
        if field in found:
            raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(field.name)})
        if not isinstance(field.dataType, (*_BOUNDED, StringType, BinaryType)):
            shown = {"columnType": f'"{field.dataType.sql}"', "columnName": quoted(field.name)}
            shown["tableName"] = quoted(context.catalog.full_name((table.database, table.name)))
            raise AnalysisError("UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE", shown)
        found.append(field)
    return found


def _read(table: Table, fields: Sequence[StructField], context: Context) -> tuple[int, dict[str, ColumnFacts]]:
    """The rows, and what one reading of the table finds about each column."""
    source = quoted((table.database, table.name))
    wanted = ["count(*)", *(each for field in fields for each in _aggregates(field))]
    values = iter(_row(context, f"SELECT {', '.join(wanted)} FROM {source}"))
    rows: int = next(values)
    facts: dict[str, ColumnFacts] = {}
    for field in fields:
        least, most, there, distinct, average, longest = itertools.islice(values, 6)
        nulls, distinct = rows - there, min(distinct, there)
        histogram = _histogram(source, field, there, context) if there and isinstance(field.dataType, _RANKED) else None
        facts[field.name] = ColumnFacts(least, most, nulls, distinct, average, longest, histogram)
    return rows, facts


def _aggregates(field: StructField) -> list[str]:
    name, kind = quoted(field.name), field.dataType
    bounds = ["CAST(NULL AS STRING)"] * 2
    if isinstance(kind, _BOUNDED):
        bounds = [f"min({name})", f"max({name})"]
    if not isinstance(kind, TimestampType | TimestampNTZType):
        bounds = [f"CAST({each} AS STRING)" for each in bounds]
    length = str(_SIZES.get(kind.simpleString(), 16 if isinstance(kind, DecimalType) and kind.precision > 18 else 8))
    lengths = [f"CAST({length} AS BIGINT)"] * 2
    if isinstance(kind, StringType | BinaryType):
        each = f"length({name})"
        lengths = [f"coalesce(CAST(ceil(avg({each})) AS BIGINT), 0L)", f"coalesce(CAST(max({each}) AS BIGINT), 0L)"]
    return [*bounds, f"count({name})", f"approx_count_distinct({name})", *lengths]


def _number(name: str, kind: DataType) -> str:
    """A column as a number."""
    match kind:
        case TimestampType():
            return f"CAST(unix_micros({name}) AS DOUBLE)"
        case DateType():
            return f"CAST(unix_date({name}) AS DOUBLE)"
    return f"CAST({name} AS DOUBLE)"


def _histogram(source: str, field: StructField, rows: int, context: Context) -> Histogram | None:
    """Bins with as many values each, over all values or a sample of them; None unless it is asked for."""
    conf = context.session.conf
    if not conf.value("spark.sql.statistics.histogram.enabled"):
        return None
    name, kind = quoted(field.name), field.dataType
    part = f" AND rand(0) < {MOST_FOR_HISTOGRAM / rows:.9f}" if rows > MOST_FOR_HISTOGRAM else ""
    rest = f"FROM {source} WHERE {name} IS NOT NULL{part} GROUP BY 1 ORDER BY 1"
    query = f"SELECT {_number(name, kind)}, count(*) {rest}"
    pairs = [(value, count) for value, count in _rows(context, query) if not math.isnan(value)]
    if not pairs:
        return None
    values = np.array([value for value, _ in pairs], dtype=np.float64)
    return equal_height(values, np.array([count for _, count in pairs]), rows, conf.value(_BINS))


def equal_height(values: Any, counts: Any, rows: int, bins: int) -> Histogram:
    """The histogram of sorted different `values`, each of which is there `counts` times; of `rows` values in truth."""
    ranks = np.cumsum(counts)
    wanted = np.ceil(np.arange(bins + 1) / bins * ranks[-1])
    places = np.minimum(np.searchsorted(ranks, wanted), len(values) - 1)
    found: list[tuple[float, float, int]] = []
    for one, other in itertools.pairwise(places):
        first = not found
        distinct = max(1, int(other - one) + (1 if first else 0))
        found.append((float(values[one]), float(values[other]), distinct))
    return Histogram(rows / bins, tuple(found))


def _row(context: Context, text: str) -> list[Any]:
    return list(_rows(context, text)[0])


def _rows(context: Context, text: str) -> list[tuple[Any, ...]]:
    query = context.subquery(context.session.parse(text))
    return [tuple(map(_plain, row)) for batch in query.batches() for row in zip(*batch.columns, strict=True)]


def _plain(value: pa.Scalar) -> Any:
    """A value of a row: moments as the text of their microseconds."""
    if pa.types.is_timestamp(value.type):
        return None if value.value is None else str(value.value)
    return value.as_py()


_BINS = "spark.sql.statistics.histogram.numBins"
