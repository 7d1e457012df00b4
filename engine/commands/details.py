"""What is known of a table or view, in the words and the order of Spark: DESCRIBE EXTENDED, SHOW TABLE EXTENDED."""

from __future__ import annotations

import datetime

from engine.catalog.tables import CATALOG, Entry, Pairs, Table, TempView, View
from engine.commands.analyze import current_facts
from engine.commands.context import Context
from engine.errors import quoted
from engine.events import redact
from engine.types import StructType

Detail = tuple[str, str]


def details(entry: Entry, context: Context) -> list[Detail]:
    """Names and values, from the catalog's name to where the files are."""
    created = datetime.datetime.fromtimestamp(entry.created, datetime.UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    rows = [
        ("Catalog", CATALOG),
        ("Database", entry.database),
        ("Table", entry.name),
        ("Created Time", created),
        ("Last Access", "UNKNOWN"),
        ("Created By", "Flint"),
        ("Type", entry.kind),
    ]
    if isinstance(entry, Table):
        rows.append(("Provider", entry.format))
        rows += buckets(entry)
    if entry.comment:
        rows.append(("Comment", entry.comment))
    if isinstance(entry, View):
        rows += _of_view(entry, schema_mode(entry, context))
    if entry.properties:
        rows.append(("Table Properties", _properties(entry.properties)))
    if isinstance(entry, Table):
        facts = current_facts(entry, context)
        if facts is not None:
            counted = "" if facts.rows is None else f", {facts.rows} rows"
            rows.append(("Statistics", f"{facts.bytes} bytes{counted}"))
        rows += storage(entry)
        if entry.partitioned_by:
            rows.append(("Partition Provider", "Catalog"))
    return rows


def _of_view(view: View, mode: str) -> list[Detail]:
    rows = [("View Text", view.text), ("View Original Text", view.text)]
    rows += [("View Schema Mode", mode)] if mode else []
    rows.append(("View Catalog and Namespace", f"{CATALOG}.{view.current}"))
    return [*rows, ("View Query Output Columns", listed(view.names or tuple(view.schema.names)))]


def temporary_details(view: TempView, context: Context) -> list[Detail]:
    """The same of a temporary view."""
    rows = [("Table", view.name), ("Created Time", "UNKNOWN"), ("Last Access", "UNKNOWN"), ("Created By", "Flint")]
    rows.append(("Type", "VIEW"))
    mode = context.session.conf.value("spark.sql.legacy.viewSchemaBindingMode")
    if view.text:
        rows.append(("View Text", view.text))
    rows += [("View Schema Mode", "BINDING")] if mode else []
    if view.text:
        rows.append(("View Catalog and Namespace", f"{CATALOG}.{view.current}"))
        rows.append(("View Query Output Columns", listed(view.names)))
    return rows


def schema_mode(view: View, context: Context) -> str:
    """What happens when the columns of a view's query change; "" where that is not to be said."""
    known = context.session.conf.value("spark.sql.legacy.viewSchemaBindingMode")
    return (view.mode or "BINDING") if known else ""


def buckets(table: Table) -> list[Detail]:
    """CLUSTERED BY."""
    if table.buckets is None:
        return []
    count, columns, order = table.buckets
    return [("Num Buckets", str(count)), ("Bucket Columns", listed(columns)), ("Sort Columns", listed(order))]


def storage(table: Table) -> list[Detail]:
    """Where the files are, and how they are read."""
    rows = [("Location", f"file:{table.location}")]
    if table.options:
        rows.append(("Storage Properties", _properties(table.options)))
    return rows


def listed(names: tuple[str, ...]) -> str:
    """Names as Spark lists them: [`a`, `b`]."""
    return "[" + ", ".join(quoted(name) for name in names) + "]"


def _properties(pairs: Pairs) -> str:
    shown = redact(dict(pairs))
    return "[" + ", ".join(f"{key}={shown[key]}" for key, _ in sorted(pairs)) + "]"


def tree_string(schema: StructType) -> str:
    """A schema as StructType.treeString prints it."""
    lines = ["root"]
    for field in schema.fields:
        nullable = str(field.nullable).lower()
        lines.append(f" |-- {field.name}: {_json_name(field.dataType.simpleString())} (nullable = {nullable})")
    return "\n".join(lines) + "\n"


def _json_name(name: str) -> str:
    return {"int": "integer", "bigint": "long", "smallint": "short", "tinyint": "byte"}.get(name, name)
