"""SHOW ...: what there is, in the columns that Spark gives."""

from __future__ import annotations

from collections.abc import Callable

from engine.catalog.patterns import matching
from engine.catalog.tables import CATALOG, Entry, Pairs, Table, TempView, View
from engine.commands.context import Context, answer
from engine.errors import AnalysisError, Unsupported, quoted
from engine.events import redact
from engine.functions.registry import names as function_names
from engine.logical.commands import Show
from engine.logical.plan import LogicalPlan
from engine.sources.filescan import FileRelation
from engine.sources.partitions import partition_name
from engine.types import BOOLEAN


def show(command: Show, context: Context) -> LogicalPlan:
    """SHOW `what`."""
    function = _FUNCTIONS.get(command.what)
    if function is None:
        raise Unsupported(f"SHOW {command.what.upper()}")
    return function(command, context)


def _database(command: Show, context: Context) -> str | None:
    if not command.name:
        return None
    return context.catalog.database_part(command.name)


def _tables(command: Show, context: Context) -> LogicalPlan:
    rows = [
        (e.database, e.name, e.is_temporary)
        for e in context.catalog.listed(_database(command, context), command.pattern)
    ]
    return answer(("namespace", "tableName", ("isTemporary", BOOLEAN)), rows)


def _views(command: Show, context: Context) -> LogicalPlan:
    listed = context.catalog.listed(_database(command, context), command.pattern)
    rows = [(e.database, e.name, e.is_temporary) for e in listed if e.is_view]
    return answer(("namespace", "viewName", ("isTemporary", BOOLEAN)), rows)


def _databases(command: Show, context: Context) -> LogicalPlan:
    return answer(("namespace",), [(name,) for name in context.catalog.databases(command.pattern)])


def _catalogs(command: Show, _context: Context) -> LogicalPlan:
    return answer(("catalog",), [(name,) for name in matching([CATALOG], command.pattern)])


def _columns(command: Show, context: Context) -> LogicalPlan:
    schema = context.catalog.schema_of(_entry(command, context))
    return answer(("col_name",), [(name,) for name in schema.names])


def _functions(command: Show, context: Context) -> LogicalPlan:
    if command.name:
        context.catalog.database(context.catalog.database_part(command.name))
    # there are no functions of users yet: USER shows none
    known = [] if command.scope == "user" else function_names()
    return answer(("function",), [(name,) for name in matching(known, command.pattern)])


def _cached(_command: Show, context: Context) -> LogicalPlan:
    return answer(("tableName",), [(".".join(name),) for name in context.catalog.cached_names()])


def _properties(command: Show, context: Context) -> LogicalPlan:
    entry = _entry(command, context)
    properties = {} if isinstance(entry, TempView) else dict(entry.properties)
    return answer(("key", "value"), sorted(redact(properties).items()))


def _partitions(command: Show, context: Context) -> LogicalPlan:
    entry = _entry(command, context)
    relation = context.catalog.open_table(entry) if isinstance(entry, Table) else None
    if not isinstance(relation, FileRelation) or not relation.listing.columns.fields:
        raise AnalysisError("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", {"name": quoted(command.name)})
    columns = relation.listing.columns.names
    # files that were listed one by one hold their values as text too
    listing = relation.listing
    texts = {directory.values for directory in listing.directories} | {file.values for file in listing.files}
    shown = {"/".join(partition_name(c, v) for c, v in zip(columns, values, strict=True)) for values in texts}
    return answer(("partition",), [(text,) for text in sorted(shown)])


def _create(command: Show, context: Context) -> LogicalPlan:
    entry = _entry(command, context)
    if isinstance(entry, TempView):
        parameters = {
            "operation": "SHOW CREATE TABLE",
            "requiredType": "TABLE or persisted VIEW",
            "objectName": quoted(command.name),
            "foundType": "TEMPORARY VIEW",
            "alternative": "DESCRIBE EXTENDED",
        }
        raise AnalysisError("WRONG_COMMAND_FOR_OBJECT_TYPE", parameters)
    text = _create_view(entry) if isinstance(entry, View) else _create_table(entry, context)
    return answer(("createtab_stmt",), [(text,)])


def _create_table(table: Table, context: Context) -> str:
    columns = []
    for field in context.catalog.schema_of(table).fields:
        comment = f" COMMENT {literal(field.comment)}" if field.comment else ""
        columns.append(f"  {_name(field.name)} {field.dataType.sql}{'' if field.nullable else ' NOT NULL'}{comment}")
    lines = [f"CREATE TABLE {_full(table)} (", ",\n".join(columns) + ")", f"USING {table.format}"]
    if table.options:
        lines.append(f"OPTIONS ({_pairs(table.options)})")
    if table.partitioned_by:
        lines.append(f"PARTITIONED BY ({', '.join(_name(name) for name in table.partitioned_by)})")
    if table.comment:
        lines.append(f"COMMENT {literal(table.comment)}")
    if not table.managed:
        lines.append(f"LOCATION {literal(table.location)}")
    if table.properties:
        lines.append(f"TBLPROPERTIES ({_pairs(table.properties)})")
    return "\n".join(lines) + "\n"


def _create_view(view: View) -> str:
    columns = []
    for field in view.schema.fields:
        comment = f" COMMENT {literal(field.comment)}" if field.comment else ""
        columns.append(f"  {_name(field.name)}{comment}")
    lines = [f"CREATE VIEW {_full(view)} (", ",\n".join(columns) + ")"]
    if view.comment:
        lines.append(f"COMMENT {literal(view.comment)}")
    return "\n".join([*lines, f"AS {view.text}"]) + "\n"


def _entry(command: Show, context: Context) -> Entry | TempView:
    found = context.catalog.find(command.name)
    if found is None:
        raise context.catalog.not_found(command.name, command.origin)
    return found


def _full(entry: Entry) -> str:
    return ".".join(_name(part) for part in (CATALOG, entry.database, entry.name))


def _name(name: str) -> str:
    plain = name.replace("_", "").isalnum() and name.isascii() and not name[0].isdigit()
    return name if plain else quoted(name)


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _pairs(pairs: Pairs) -> str:
    shown = redact(dict(pairs))
    return ", ".join(f"{literal(key)} = {literal(shown[key])}" for key, _ in pairs)


_FUNCTIONS: dict[str, Callable[[Show, Context], LogicalPlan]] = {
    "cached": _cached,
    "catalogs": _catalogs,
    "columns": _columns,
    "create table": _create,
    "databases": _databases,
    "functions": _functions,
    "partitions": _partitions,
    "tables": _tables,
    "tblproperties": _properties,
    "views": _views,
}
