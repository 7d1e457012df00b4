"""SHOW ...: what there is, in the columns that Spark gives."""

from __future__ import annotations

from collections.abc import Callable

from engine.catalog.patterns import matching
from engine.catalog.tables import CATALOG, Entry, Pairs, Table, TempView, View
from engine.commands.cache import show_cached
from engine.commands.context import Context, answer
from engine.commands.details import details, schema_mode, temporary_details, tree_string
from engine.commands.details import listed as listed_names
from engine.commands.functions import show_functions
from engine.commands.partition_spec import existing_partition, partition_details, partition_spec
from engine.errors import AnalysisError, Unsupported, quoted
from engine.events import redact
from engine.logical.commands import Show
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedRelation
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


def _current(_command: Show, context: Context) -> LogicalPlan:
    return answer(("catalog", "namespace"), [(CATALOG, context.catalog.current_database)])


def _columns(command: Show, context: Context) -> LogicalPlan:
    schema = context.catalog.schema_of(_entry(command, context))
    return answer(("col_name",), [(name,) for name in schema.names])


def _properties(command: Show, context: Context) -> LogicalPlan:
    entry = _entry(command, context)
    properties = {} if isinstance(entry, TempView) else redact(dict(entry.properties))
    if command.pattern is not None:
        named = ".".join(context.catalog.full_name(_parts(command)))
        absent = f"Table {named} does not have property: {command.pattern}"
        return answer(("key", "value"), [(command.pattern, properties.get(command.pattern, absent))])
    return answer(("key", "value"), sorted(properties.items()))


def _partitions(command: Show, context: Context) -> LogicalPlan:
    entry = _entry(command, context)
    if not isinstance(entry, Table):
        assert command.table is not None
        context.table(command.table, "SHOW PARTITIONS")
    assert isinstance(entry, Table)
    if not entry.partitioned_by:
        name = quoted((CATALOG, entry.database, entry.name))
        raise AnalysisError("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", {"name": name})
    schema = context.catalog.schema_of(entry)
    spec = partition_spec(command.partition, entry, schema, context, command.origin, whole=False)
    return answer(("partition",), [("/".join(parts),) for parts in spec.existing(entry)])


def _extended(command: Show, context: Context) -> LogicalPlan:
    """SHOW TABLE EXTENDED: with PARTITION, LIKE is the name of a table."""
    catalog = context.catalog
    columns = ("namespace", "tableName", ("isTemporary", BOOLEAN), "information")
    if command.partition:
        relation = UnresolvedRelation((*command.name, command.pattern or "")).at(command.origin)
        table = context.table(relation, "SHOW TABLE EXTENDED")
        spec = existing_partition(table, command.partition, context)
        return answer(columns, [(table.database, table.name, False, _block(partition_details(table, spec)[2:]))])
    rows = []
    for listed in catalog.listed(_database(command, context), command.pattern):
        parts = (listed.name,) if listed.is_temporary and not listed.database else (listed.database, listed.name)
        entry = catalog.find(parts)
        if entry is not None:
            rows.append((listed.database, listed.name, listed.is_temporary, _information(entry, context)))
    return answer(columns, rows)


def _information(entry: Entry | TempView, context: Context) -> str:
    if isinstance(entry, TempView):
        known = temporary_details(entry, context)
    else:
        known = details(entry, context)
    if isinstance(entry, Table) and entry.partitioned_by:
        known.append(("Partition Columns", listed_names(entry.partitioned_by)))
    return _block(known) + f"Schema: {tree_string(context.catalog.schema_of(entry))}\n"


def _block(known: list[tuple[str, str]]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in known)


def _create(command: Show, context: Context) -> LogicalPlan:
    entry = _entry(command, context)
    if isinstance(entry, TempView):
        parameters = {
            "operation": "SHOW CREATE TABLE",
            "requiredType": "TABLE or persisted VIEW",
            "objectName": quoted(_parts(command)),
            "foundType": "TEMPORARY VIEW",
            "alternative": "DESCRIBE EXTENDED",
        }
        raise AnalysisError("WRONG_COMMAND_FOR_OBJECT_TYPE", parameters)
    if isinstance(entry, Table) and command.scope == "serde":
        parameters = {"table": quoted((CATALOG, entry.database, entry.name))}
        raise AnalysisError("_LEGACY_ERROR_TEMP_1273", parameters)
    text = _create_view(entry, context) if isinstance(entry, View) else _create_table(entry, context)
    return answer(("createtab_stmt",), [(text,)])


def _create_table(table: Table, context: Context) -> str:
    defaults = dict(table.defaults)
    columns = []
    for field in context.catalog.schema_of(table).fields:
        default = f" DEFAULT {defaults[field.name]}" if field.name in defaults else ""
        comment = f" COMMENT {literal(field.comment)}" if field.comment else ""
        columns.append(f"  {_name(field.name)} {field.dataType.sql}{default}{comment}")
    lines = [f"CREATE TABLE {_full(table)} (", ",\n".join(columns) + ")", f"USING {table.format}"]
    if table.options:
        lines.append(f"OPTIONS ({_pairs(table.options)})")
    if table.partitioned_by:
        lines.append(f"PARTITIONED BY ({', '.join(_name(name) for name in table.partitioned_by)})")
    if table.buckets is not None:
        count, names, order = table.buckets
        lines.append(f"CLUSTERED BY ({', '.join(map(_name, names))})")
        lines += [f"SORTED BY ({', '.join(map(_name, order))})"] if order else []
        lines.append(f"INTO {count} BUCKETS")
    if table.comment:
        lines.append(f"COMMENT {literal(table.comment)}")
    if not table.managed:
        lines.append(f"LOCATION {literal('file:' + table.location)}")
    if table.properties:
        lines.append(f"TBLPROPERTIES ({_pairs(table.properties)})")
    return "\n".join(lines) + "\n"


def _create_view(view: View, context: Context) -> str:
    columns = []
    for field in view.schema.fields:
        comment = f" COMMENT {literal(field.comment)}" if field.comment else ""
        columns.append(f"  {_name(field.name)}{comment}")
    lines = [f"CREATE VIEW {_name(view.database)}.{_name(view.name)} (", ",\n".join(columns) + ")"]
    if view.comment:
        lines.append(f"COMMENT {literal(view.comment)}")
    if view.properties:
        lines.append(f"TBLPROPERTIES ({_pairs(view.properties)})")
    mode = schema_mode(view, context)
    lines += [f"WITH SCHEMA {mode}"] if mode else []
    return "\n".join([*lines, f"AS {view.text}"]) + "\n"


def _parts(command: Show) -> tuple[str, ...]:
    return command.table.parts if command.table is not None else command.name


def _entry(command: Show, context: Context) -> Entry | TempView:
    found = context.catalog.find(_parts(command))
    if found is None:
        raise context.catalog.not_found(_parts(command), command.table.origin if command.table else command.origin)
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
    return ",".join(f"\n  {literal(key)} = {literal(shown[key])}" for key, _ in sorted(pairs))


_FUNCTIONS: dict[str, Callable[[Show, Context], LogicalPlan]] = {
    "cached": show_cached,
    "catalogs": _catalogs,
    "columns": _columns,
    "create table": _create,
    "current namespace": _current,
    "databases": _databases,
    "functions": show_functions,
    "partitions": _partitions,
    "table extended": _extended,
    "tables": _tables,
    "tblproperties": _properties,
    "views": _views,
}
