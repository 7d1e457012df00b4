"""ALTER TABLE, ALTER VIEW, COMMENT ON: one function for each action.

What Spark does not do for tables of files (renaming, dropping and retyping columns) is refused with Spark's condition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.catalog.catalog import already_exists
from engine.catalog.tables import CATALOG, Database, Pairs, Table, TempView, View
from engine.commands.alter_columns import add_columns, change_columns, drop_columns, rename_column
from engine.commands.alter_partitions import add_partitions, drop_partitions, recover_partitions, rename_partition
from engine.commands.cache import refresh
from engine.commands.context import DONE, Context
from engine.commands.views import alter_query
from engine.errors import AnalysisError, quoted
from engine.logical import alter
from engine.logical.alter import AlterDatabase, AlterTable
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedRelation
from engine.sources.files import local_path

_OPERATIONS: dict[type[Any], str] = {
    alter.RenameTo: "RENAME TO",
    alter.SetProperties: "SET TBLPROPERTIES",
    alter.UnsetProperties: "UNSET TBLPROPERTIES",
    alter.SetOptions: "SET [SERDE|SERDEPROPERTIES]",
    alter.SetLocation: "SET LOCATION",
    alter.RenameColumn: "RENAME COLUMN",
    alter.DropColumns: "DROP COLUMN",
    alter.ChangeColumns: "CHANGE COLUMN",
    alter.AddPartitions: "ADD PARTITION",
    alter.DropPartitions: "DROP PARTITION",
    alter.RenamePartition: "RENAME TO PARTITION",
    alter.RecoverPartitions: "RECOVER PARTITIONS",
}
_ALTER_VIEW_TOO = (alter.RenameTo, alter.SetProperties, alter.UnsetProperties)


def alter_table(command: AlterTable, context: Context) -> LogicalPlan:
    """ALTER TABLE | VIEW name action."""
    action = command.action
    if command.kind == "view":
        _alter_view(command.table, action, context)
        return DONE
    if isinstance(action, alter.RenameTo):
        _rename(command.table, action.name, context, view=False)
        return DONE
    table = _table(command, context)
    try:
        changed = _CHANGES[type(action)](table, action, context)
    except AnalysisError as error:
        if (
            error.position is None
            and isinstance(action, alter.ChangeColumns)
            and "TABLE_OPERATION" not in error.condition
        ):
            error.position = command.origin
        raise
    if changed is not table:
        context.catalog.put(changed, replace=True)
    refresh((CATALOG, table.database, table.name), context)
    return DONE


def _operation(command: AlterTable) -> str:
    action = command.action
    if command.kind in ("comment", "repair"):
        return "COMMENT ON TABLE" if command.kind == "comment" else "MSCK REPAIR TABLE"
    if isinstance(action, alter.AddColumns):
        return f"ALTER TABLE ... {'REPLACE COLUMNS' if action.replace else 'ADD COLUMN'}"
    return f"ALTER TABLE ... {_OPERATIONS[type(action)]}"


def _table(command: AlterTable, context: Context) -> Table:
    found = context.catalog.find(command.table.parts)
    if isinstance(found, View) and isinstance(command.action, _ALTER_VIEW_TOO):
        name = quoted(context.catalog.full_name(command.table.parts))
        parameters = {"viewName": name, "operation": _operation(command)}
        raise AnalysisError("EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW", parameters, command.table.origin)
    return context.table(command.table, _operation(command))


def _set_properties(table: Table, action: alter.SetProperties, _context: Context) -> Table:
    """A property called comment is the table's comment."""
    given = dict(action.properties)
    comment = given.pop("comment", table.comment)
    return replace(table, properties=_sorted(dict(table.properties) | given), comment=comment)


def _unset_properties(table: Table, action: alter.UnsetProperties, _context: Context) -> Table:
    left = {key: value for key, value in table.properties if key not in action.keys}
    return replace(table, properties=_sorted(left), comment="" if "comment" in action.keys else table.comment)


def _set_options(table: Table, action: alter.SetOptions, _context: Context) -> Table:
    return replace(table, options=_sorted(dict(table.options) | dict(action.options)))


def _set_location(table: Table, action: alter.SetLocation, _context: Context) -> Table:
    path = local_path(action.path)
    return replace(table, location=path, managed=table.managed and path == table.location)


def _set_comment(table: Table, action: alter.SetComment, _context: Context) -> Table:
    return replace(table, comment=action.comment or "")


_CHANGES: dict[type[Any], Callable[[Table, Any, Context], Table]] = {
    alter.SetProperties: _set_properties,
    alter.UnsetProperties: _unset_properties,
    alter.SetOptions: _set_options,
    alter.SetLocation: _set_location,
    alter.SetComment: _set_comment,
    alter.AddColumns: add_columns,
    alter.RenameColumn: rename_column,
    alter.DropColumns: drop_columns,
    alter.ChangeColumns: change_columns,
    alter.AddPartitions: add_partitions,
    alter.DropPartitions: drop_partitions,
    alter.RenamePartition: rename_partition,
    alter.RecoverPartitions: recover_partitions,
}


def _sorted(pairs: dict[str, str]) -> Pairs:
    return tuple(sorted(pairs.items()))


def _rename(relation: UnresolvedRelation, to: tuple[str, ...], context: Context, *, view: bool) -> None:
    """RENAME TO: in its database; the files of a managed table move along."""
    catalog = context.catalog
    found = catalog.find(relation.parts)
    if found is None:
        raise catalog.not_found(relation.parts, relation.origin)
    if isinstance(found, TempView):
        _rename_temporary(found, to, context)
        return
    if isinstance(found, View) != view:
        kind = (
            "EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW"
            if isinstance(found, View)
            else "EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE"
        )
        operation = f"ALTER {'VIEW' if view else 'TABLE'} ... RENAME TO"
        named = {"tableName" if view else "viewName": quoted(catalog.full_name(relation.parts)), "operation": operation}
        raise AnalysisError(kind, named, relation.origin)
    names = [catalog.fold(part) for part in to]
    if len(names) > 1 and names[-2] != found.database:
        parameters = {"db": quoted(found.database), "newDb": quoted(names[-2])}
        raise AnalysisError("RENAME_TABLE_SOURCE_DESTINATION_DATABASE_MISMATCH", parameters)
    database, name = catalog.target((found.database, names[-1]))
    if catalog.find((CATALOG, found.database, name)) is not None:
        raise already_exists((found.database, name))
    renamed = replace(found, name=name)
    if isinstance(found, Table) and found.managed:
        renamed = replace(found, name=name, location=str(Path(database.location) / name))
        if Path(found.location).exists():
            Path(found.location).rename(renamed.location)
    catalog.put(renamed)
    catalog.remove(found)


def _rename_temporary(view: TempView, to: tuple[str, ...], context: Context) -> None:
    catalog = context.catalog
    if len(to) > (2 if view.is_global else 1):
        raise AnalysisError("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", {"actualName": quoted(to)})
    catalog.create_temp_view(replace(view, name=to[-1]))
    catalog.remove(view)


def _alter_view(relation: UnresolvedRelation, action: Any, context: Context) -> None:
    if isinstance(action, alter.RenameTo):
        _rename(relation, action.name, context, view=True)
        return
    if isinstance(action, alter.ViewQuery):
        alter_query(relation, action, context)
        return
    schema = isinstance(action, alter.ViewSchema)
    operation = f"ALTER VIEW ... {'WITH SCHEMA' if schema else _OPERATIONS[type(action)]}"
    view = context.view(relation, operation)
    if isinstance(view, TempView):
        parameters = {"viewName": quoted(context.catalog.full_name(relation.parts)), "operation": operation}
        raise AnalysisError("EXPECT_PERMANENT_VIEW_NOT_TEMP", parameters, relation.origin)
    if schema:
        named = any(name for name, _ in view.columns)
        mode = "TYPE EVOLUTION" if action.mode == "EVOLUTION" and named else action.mode
        changed = replace(view, mode=mode)
    else:
        properties = dict(view.properties)
        if isinstance(action, alter.SetProperties):
            properties |= dict(action.properties)
        else:
            properties = {key: value for key, value in properties.items() if key not in action.keys}
        comment = properties.pop("comment", view.comment)
        changed = replace(view, properties=_sorted(properties), comment=comment)
    context.catalog.put(changed, replace=True)
    context.catalog.changed()


def alter_database(command: AlterDatabase, context: Context) -> LogicalPlan:
    """ALTER DATABASE ... SET DBPROPERTIES, COMMENT ON DATABASE."""
    catalog = context.catalog
    known: Database = catalog.database(catalog.database_part(command.name))
    properties = _sorted(dict(known.properties) | dict(command.properties))
    comment = known.comment if command.comment is None else command.comment
    catalog.change_database(replace(known, properties=properties, comment=comment))
    return DONE
