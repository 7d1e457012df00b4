"""DESCRIBE of tables, columns, queries and functions; EXPLAIN."""

from __future__ import annotations

import datetime
from dataclasses import replace

from engine.catalog.lineage import schema_of_query
from engine.catalog.tables import Entry, Table, TempView, View
from engine.commands.analyze import current_facts
from engine.commands.context import Context, answer
from engine.commands.describe_json import describe_json
from engine.commands.details import buckets, details, storage
from engine.commands.partition_spec import Spec, existing_partition, partition_details
from engine.errors import AnalysisError, ParseError, Unsupported, quoted, suggestions
from engine.logical.commands import Command, DescribeQuery, DescribeTable, Explain
from engine.logical.plan import LogicalPlan, Project, Scan
from engine.logical.relation import Relation
from engine.sources.csv import CsvRelation
from engine.types import DataType, StructField, StructType, TimestampNTZType, TimestampType

COLUMNS = ("col_name", "data_type", "comment")
Row = tuple[str, str | None, str | None]


def describe_table(command: DescribeTable, context: Context) -> LogicalPlan:
    """DESCRIBE [TABLE] [EXTENDED] name [PARTITION ...] [column] [AS JSON]."""
    if command.json:
        return describe_json(command, context)
    relation = command.table
    entry = context.catalog.find(relation.parts)
    if entry is None:
        found = context.catalog.resolve(relation.parts, relation.origin)  # a file as format.`path`, or an error
        return answer(COLUMNS, _columns(found.relation.schema) + _sniffed(found.relation))  # type: ignore[union-attr]
    schema = context.catalog.schema_of(entry)
    if isinstance(entry, TempView):
        comments = dict(entry.columns)
        known = schema_of_query(entry.plan, context.catalog.find).fields
        schema = StructType(tuple(replace(f, comment=comments.get(f.name) or f.comment) for f in known))
    if command.column:
        if command.partition:
            raise ParseError("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_PARTITION", {})
        return _describe_column(command, entry, schema, context)
    spec = _partition(command, entry, context)
    rows = _columns(schema)
    if isinstance(entry, Table) and entry.partitioned_by:
        fields = [field for field in schema.fields if field.name in entry.partitioned_by]
        rows += [
            ("# Partition Information", "", ""),
            ("# col_name", "data_type", "comment"),
            *_columns(StructType(tuple(fields))),
        ]
    if command.extended and isinstance(entry, Table) and spec is not None:
        rows += _section("# Detailed Partition Information", partition_details(entry, spec))
        rows += _section("# Storage Information", [*buckets(entry), *storage(entry)])
    elif command.extended and not isinstance(entry, TempView):
        rows += _section("# Detailed Table Information", details(entry, context))
    if isinstance(entry, Table) and entry.defaults:
        types = {field.name: field.dataType.simpleString() for field in schema.fields}
        shown = [(name, types[name], text) for name, text in entry.defaults]
        rows += [("", "", ""), ("# Column Default Values", "", ""), *shown]
    return answer(COLUMNS, rows)


def _partition(command: DescribeTable, entry: Entry | TempView, context: Context) -> Spec | None:
    """The partition that is asked about. Raises for a view, and for a partition that there is not."""
    if not command.partition:
        return None
    if not isinstance(entry, Table):
        kind = "VIEW" if isinstance(entry, View) else "TEMPORARY VIEW"
        named = {"statement": "DESC PARTITION", "objectType": kind, "objectName": quoted(entry.name)}
        raise AnalysisError("FORBIDDEN_OPERATION", named)
    return existing_partition(entry, command.partition, context)


def _section(title: str, rows: list[tuple[str, str]]) -> list[Row]:
    return [("", "", ""), (title, "", ""), *((name, value, "") for name, value in rows)]


def _columns(schema: StructType) -> list[Row]:
    return [(field.name, field.dataType.simpleString(), field.comment or None) for field in schema.fields]


def _describe_column(
    command: DescribeTable, entry: Entry | TempView, schema: StructType, context: Context
) -> LogicalPlan:
    fold = context.catalog.fold
    name = command.column[0]
    field = next((each for each in schema.fields if fold(each.name) == fold(name)), None)
    if field is None:
        near = suggestions(name, schema.names)
        hint = f"Did you mean {near[0]}?" if near else ""
        parameters = {"colName": quoted(command.column), "caseSensitiveConfig": '"spark.sql.caseSensitive"'}
        raise AnalysisError("COLUMN_NOT_FOUND", parameters, command.origin, hint=hint)
    if len(command.column) > 1:
        raise AnalysisError(
            "_LEGACY_ERROR_TEMP_1060", {"command": "DESC TABLE COLUMN", "column": ".".join(command.column)}
        )
    rows: list[tuple[str, str]] = [
        ("col_name", field.name),
        ("data_type", field.dataType.simpleString()),
        ("comment", field.comment or "NULL"),
    ]
    if command.extended:
        rows += _column_statistics(entry, field, context)
    return answer(("info_name", "info_value"), rows)


def _column_statistics(entry: Entry | TempView, field: StructField, context: Context) -> list[tuple[str, str]]:
    """What ANALYZE TABLE found, while the files are the same."""
    facts = current_facts(entry, context)
    known = facts.columns.get(field.name) if facts is not None else None
    if known is None:
        return [(name, "NULL") for name in _FACTS]
    shown = [_moment(value, field.dataType) for value in (known.minimum, known.maximum)]
    shown += [str(each) for each in (known.nulls, known.distinct, known.average_length, known.longest)]
    found = known.histogram
    shown.append("NULL" if found is None else f"height: {found.height}, num_of_bins: {len(found.bins)}")
    bins = [
        (f"bin_{place}", f"lower_bound: {low}, upper_bound: {high}, distinct_count: {distinct}")
        for place, (low, high, distinct) in enumerate(found.bins if found is not None else ())
    ]
    return [*zip(_FACTS, shown, strict=True), *bins]


def _moment(text: str | None, kind: DataType) -> str:
    """A bound as Spark's catalog writes it: instants in UTC."""
    if text is None or not isinstance(kind, TimestampType | TimestampNTZType):
        return "NULL" if text is None else text
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=int(text))
    return moment.isoformat(" ", "microseconds") + (" +0000" if isinstance(kind, TimestampType) else "")


_FACTS = ("min", "max", "num_nulls", "distinct_count", "avg_col_len", "max_col_len", "histogram")


def describe_query(command: DescribeQuery, context: Context) -> LogicalPlan:
    """DESCRIBE QUERY, and DESCRIBE 'file': with what was found out about a CSV file."""
    plan = context.subquery(command.query).analyzed
    rows = _columns(schema_of_query(plan, context.catalog.find))
    while isinstance(plan, Project):
        plan = plan.child
    return answer(COLUMNS, rows + (_sniffed(plan.relation) if isinstance(plan, Scan) else []))


def _sniffed(relation: Relation) -> list[Row]:
    """How a sniffed file is read, below its columns."""
    details = relation.details() if isinstance(relation, CsvRelation) else []
    if not details:
        return []
    return [("", "", ""), ("# Detected", "", ""), *((name, value, "") for name, value in details)]


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
