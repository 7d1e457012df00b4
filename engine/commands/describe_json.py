"""DESCRIBE EXTENDED ... AS JSON: one row with what is known of a table, in Spark's keys."""

from __future__ import annotations

import datetime
import json
from typing import Any

from engine.catalog.tables import CATALOG, Pairs, Table, TempView, View
from engine.commands.context import Context, answer
from engine.commands.details import schema_mode
from engine.commands.partition_spec import existing_partition
from engine.errors import AnalysisError
from engine.events import redact
from engine.logical.commands import DescribeTable
from engine.logical.plan import LogicalPlan
from engine.types import ArrayType, DataType, DecimalType, MapType, StringType, StructField, StructType


def describe_json(command: DescribeTable, context: Context) -> LogicalPlan:
    """Raises DESCRIBE_JSON_NOT_EXTENDED without EXTENDED, UNSUPPORTED_FEATURE for a column."""
    if not command.extended:
        raise AnalysisError("DESCRIBE_JSON_NOT_EXTENDED", {"tableName": command.table.parts[-1]})
    if command.column:
        raise AnalysisError("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_JSON", {})
    entry = context.catalog.find(command.table.parts)
    if entry is None:
        raise context.catalog.not_found(command.table.parts, command.table.origin)
    schema = context.catalog.schema_of(entry)
    found: dict[str, Any] = {"table_name": entry.name}
    if not isinstance(entry, TempView):
        found |= {"catalog_name": CATALOG, "namespace": [entry.database], "schema_name": entry.database}
    defaults = dict(entry.defaults) if isinstance(entry, Table) else {}
    found["columns"] = [_field(field, defaults.get(field.name)) for field in schema.fields]
    if isinstance(entry, Table) and command.partition:
        spec = existing_partition(entry, command.partition, context)
        found["partition_values"] = spec.texts()
        found["location"] = f"file:{entry.location}/{'/'.join(spec.directories)}"
    elif isinstance(entry, Table):
        found |= _buckets(entry)
        found["location"] = f"file:{entry.location}"
    if isinstance(entry, Table):
        found |= {"storage_properties": _pairs(entry.options)} if entry.options else {}
    if not isinstance(entry, TempView):
        found |= _made(entry)
    found |= _of_view(entry, context) if not isinstance(entry, Table) else _of_table(entry, bool(command.partition))
    if not isinstance(entry, TempView):
        found |= {"collation": "UTF8_BINARY"}
    return answer(("json_metadata",), [(json.dumps(found, separators=(",", ":"), ensure_ascii=False),)])


def _made(entry: Table | View) -> dict[str, Any]:
    created = datetime.datetime.fromtimestamp(int(entry.created), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"created_time": created, "last_access": "UNKNOWN", "created_by": "Flint", "type": entry.kind}


def _buckets(table: Table) -> dict[str, Any]:
    if table.buckets is None:
        return {}
    count, columns, order = table.buckets
    return {"num_buckets": count, "bucket_columns": list(columns), "sort_columns": list(order)}


def _of_table(table: Table, of_partition: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"provider": table.format}
    if of_partition:
        found |= _buckets(table)
    if table.comment:
        found["comment"] = table.comment
    if table.properties:
        found["table_properties"] = _pairs(table.properties)
    if table.partitioned_by:
        found |= {"partition_provider": "Catalog", "partition_columns": list(table.partitioned_by)}
    return found


def _of_view(view: View | TempView, context: Context) -> dict[str, Any]:
    if isinstance(view, TempView):
        return {"view_text": view.text} if view.text else {}
    found: dict[str, Any] = {"comment": view.comment} if view.comment else {}
    found |= {"view_text": view.text, "view_original_text": view.text, "view_schema_mode": schema_mode(view, context)}
    found["view_catalog_and_namespace"] = f"{CATALOG}.{view.current}"
    found["view_query_output_columns"] = list(view.names)
    if view.properties:
        found["table_properties"] = _pairs(view.properties)
    return found


def _pairs(pairs: Pairs) -> dict[str, str]:
    return dict(sorted(redact(dict(pairs)).items()))


def _field(field: StructField, default: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"name": field.name, "type": _type(field.dataType)}
    if field.comment:
        found["comment"] = field.comment
    found["nullable"] = field.nullable
    return found if default is None else found | {"default": default}


def _type(kind: DataType) -> dict[str, Any]:
    match kind:
        case StructType(fields):
            return {"name": "struct", "fields": [_field(field) for field in fields]}
        case ArrayType(element, nullable):
            return {"name": "array", "element_type": _type(element), "element_nullable": nullable}
        case MapType(key, value, nullable):
            types = {"key_type": _type(key), "value_type": _type(value)}
            return {"name": "map", **types, "value_nullable": nullable}
        case DecimalType(precision, scale):
            return {"name": "decimal", "precision": precision, "scale": scale}
        case StringType() if kind.simpleString() == "string":
            return {"name": "string", "collation": "UTF8_BINARY"}
    name = kind.simpleString()
    return {"name": {"timestamp": "timestamp_ltz"}.get(name, name)}
