"""DESCRIBE of tables, columns, queries and functions; EXPLAIN."""

from __future__ import annotations

import datetime
from typing import Any

from engine.catalog.tables import CATALOG, Entry, Table, TempView, View
from engine.commands.context import Context, answer
from engine.errors import AnalysisError, Unsupported, quoted, suggestions
from engine.events import redact
from engine.functions import registry
from engine.functions.mismatch import unresolved_routine
from engine.logical.commands import Command, DescribeFunction, DescribeQuery, DescribeTable, Explain
from engine.logical.plan import LogicalPlan, Project, Scan
from engine.logical.relation import ColumnStatistics, Relation
from engine.sources.csv import CsvRelation
from engine.types import StructField, StructType

COLUMNS = ("col_name", "data_type", "comment")
Row = tuple[str, str | None, str | None]


def describe_table(command: DescribeTable, context: Context) -> LogicalPlan:
    """DESCRIBE [TABLE] [EXTENDED] name [column]."""
    entry = context.catalog.find(command.name)
    if entry is None:
        found = context.catalog.resolve(command.name, command.origin)  # a file as format.`path`, or an error
        return answer(COLUMNS, _columns(found.relation.schema) + _sniffed(found.relation))  # type: ignore[union-attr]
    schema = context.catalog.schema_of(entry)
    if command.column:
        return _describe_column(command, entry, schema, context)
    rows = _columns(schema)
    if isinstance(entry, Table) and entry.partitioned_by:
        fields = [field for field in schema.fields if field.name in entry.partitioned_by]
        rows += [
            ("# Partition Information", "", ""),
            ("# col_name", "data_type", "comment"),
            *_columns(StructType(tuple(fields))),
        ]
    if command.extended:
        title = "# Detailed Table Information" if isinstance(entry, Table) else "# Detailed View Information"
        rows += [("", "", ""), (title, "", ""), *((name, value, "") for name, value in _details(entry, context))]
    return answer(COLUMNS, rows)


def _columns(schema: StructType) -> list[Row]:
    return [(field.name, field.dataType.simpleString(), field.comment or None) for field in schema.fields]


def _details(entry: Entry | TempView, context: Context) -> list[tuple[str, str]]:
    if isinstance(entry, TempView):
        rows = [("Table", entry.name), ("Type", "VIEW"), ("View Text", entry.text)]
        return [*rows, *([("Comment", entry.comment)] if entry.comment else [])]
    created = datetime.datetime.fromtimestamp(entry.created, datetime.UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    rows = [("Catalog", CATALOG), ("Database", entry.database), ("Table", entry.name), ("Created Time", created)]
    rows.append(("Type", entry.kind))
    if isinstance(entry, View):
        rows += [("View Text", entry.text), ("View Catalog and Namespace", f"{CATALOG}.{entry.current}")]
        names = ", ".join(quoted(name) for name in entry.schema.names)
        rows.append(("View Query Output Columns", f"[{names}]"))
    else:
        rows += [("Provider", entry.format), ("Location", entry.location)]
        statistics = context.catalog.open_table(entry).statistics()
        if statistics.bytes is not None:
            count = "" if statistics.rows is None else f", {statistics.rows} rows"
            rows.append(("Statistics", f"{statistics.bytes} bytes{count}"))
        if entry.options:
            rows.append(("Storage Properties", _properties(entry.options)))
    if entry.comment:
        rows.append(("Comment", entry.comment))
    if entry.properties:
        rows.append(("Table Properties", _properties(entry.properties)))
    return rows


def _properties(pairs: tuple[tuple[str, str], ...]) -> str:
    shown = redact(dict(pairs))
    return "[" + ", ".join(f"{key}={shown[key]}" for key, _ in pairs) + "]"


def _describe_column(
    command: DescribeTable, entry: Entry | TempView, schema: StructType, context: Context
) -> LogicalPlan:
    fold = context.catalog.fold
    name = command.column[-1]
    field = next((each for each in schema.fields if fold(each.name) == fold(name)), None)
    if field is None or len(command.column) > 1:
        near = suggestions(name, schema.names)
        hint = f"Did you mean {near[0]}?" if near else ""
        raise AnalysisError("COLUMN_NOT_FOUND", {"colName": quoted(command.column)}, command.origin, hint=hint)
    rows: list[tuple[str, str]] = [
        ("col_name", field.name),
        ("data_type", field.dataType.simpleString()),
        ("comment", field.comment or "NULL"),
    ]
    if command.extended:
        rows += _column_statistics(entry, field, context)
    return answer(("info_name", "info_value"), rows)


def _column_statistics(entry: Entry | TempView, field: StructField, context: Context) -> list[tuple[str, str]]:
    known = ColumnStatistics()
    if isinstance(entry, Table):
        known = context.catalog.open_table(entry).statistics().columns.get(field.name, known)
    average = None if known.average_bytes is None else round(known.average_bytes)
    values: list[tuple[str, Any]] = [
        ("min", known.minimum),
        ("max", known.maximum),
        ("num_nulls", known.nulls),
        ("distinct_count", known.distinct),
        ("avg_col_len", average),
    ]
    return [(name, "NULL" if value is None else str(value)) for name, value in values]


def describe_query(command: DescribeQuery, context: Context) -> LogicalPlan:
    """DESCRIBE QUERY, and DESCRIBE 'file': with what was found out about a CSV file."""
    plan = context.subquery(command.query).analyzed
    rows = _columns(plan.schema)
    while isinstance(plan, Project):
        plan = plan.child
    return answer(COLUMNS, rows + (_sniffed(plan.relation) if isinstance(plan, Scan) else []))


def _sniffed(relation: Relation) -> list[Row]:
    """How a sniffed file is read, below its columns."""
    details = relation.details() if isinstance(relation, CsvRelation) else []
    if not details:
        return []
    return [("", "", ""), ("# Detected", "", ""), *((name, value, "") for name, value in details)]


def describe_function(command: DescribeFunction, _context: Context) -> LogicalPlan:
    """DESCRIBE FUNCTION [EXTENDED] name."""
    overloads = registry.lookup(command.name[-1]) if len(command.name) == 1 else []
    if not overloads:
        raise unresolved_routine(".".join(command.name), command.origin)
    doc = next((each.doc for each in overloads if each.doc), "")
    usage, _, examples = doc.partition("\n\n")
    rows = [(f"Function: {command.name[-1].lower()}",), (f"Usage: {' '.join(usage.split())}",)]
    if command.extended:
        shown = "\n".join(f"    {line.strip()}" for line in examples.strip().splitlines())
        since = min(each.since for each in overloads)
        rows.append((f"Extended Usage:\n  Examples:\n{shown}\n\n  Since: {since}\n",))
    return answer(("function_desc",), rows)


def explain(command: Explain, context: Context) -> LogicalPlan:
    """EXPLAIN in its modes; of a statement that is no query, the query in it."""
    statement = command.statement
    if not isinstance(statement, Command):
        return answer(("plan",), [(context.subquery(statement).explain(command.mode),)])
    title = f"Execute {type(statement).__name__}"
    inner = getattr(statement, "query", None)
    if inner is None:
        return answer(("plan",), [(f"== Physical Plan ==\n{title}\n",)])
    if command.mode == "analyze":
        raise Unsupported(f"EXPLAIN ANALYZE of {type(statement).__name__}")
    return answer(("plan",), [(f"{title} of:\n{context.subquery(inner).explain(command.mode)}",)])
