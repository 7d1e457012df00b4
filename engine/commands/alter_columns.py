"""ALTER TABLE of columns, as far as Spark changes those of tables of files: added at the end, comments, defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from engine.catalog.tables import CATALOG, Table
from engine.commands.context import Context
from engine.commands.defaults import check_default
from engine.errors import AnalysisError, ParseError, Unsupported, quoted
from engine.expressions.sql import sql
from engine.logical.alter import AddColumns, ChangeColumns, ColumnChange, DropColumns, RenameColumn
from engine.sources.base import heeded, open_relation
from engine.types import DataType, StructField, StructType
from engine.types.char import schema_without_lengths


def _full(table: Table) -> tuple[str, ...]:
    return CATALOG, table.database, table.name


def _refuse(table: Table, operation: str) -> NoReturn:
    named = {"tableName": quoted(_full(table)), "operation": operation}
    raise AnalysisError("UNSUPPORTED_FEATURE.TABLE_OPERATION", named)


def rename_column(table: Table, _action: RenameColumn, _context: Context) -> Table:
    """RENAME COLUMN: files know their columns by name."""
    _refuse(table, "RENAME COLUMN")


def drop_columns(table: Table, _action: DropColumns, _context: Context) -> Table:
    """DROP COLUMNS."""
    _refuse(table, "DROP COLUMN")


def add_columns(table: Table, action: AddColumns, context: Context) -> Table:
    """ADD COLUMNS: behind the others, before those of partitions (a position is not heeded, as in Spark)."""
    if action.replace:
        _refuse(table, "REPLACE COLUMNS")
    if any(len(column.name) > 1 for column in action.columns):
        _refuse(table, "ADD COLUMN with qualified column")
    if any(not column.field.nullable for column in action.columns):
        raise AnalysisError("_LEGACY_ERROR_TEMP_1052", {})
    fold = context.catalog.fold
    schema = context.catalog.schema_of(table)
    names = {fold(name) for name in schema.names}
    for column in action.columns:
        if fold(column.field.name) in names:
            raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(fold(column.field.name))})
        names.add(fold(column.field.name))
        if column.default is not None:
            if context.catalog.open_table(table).statistics().bytes:
                hint = "Add the column, then ALTER COLUMN ... SET DEFAULT: it counts for rows to come."
                raise Unsupported("DEFAULT of a column that is added to a table with rows", hint=hint)
            check_default("ALTER TABLE ADD COLUMNS", column.field, *column.default, context)
    places = {fold(name) for name in table.partitioned_by}
    inner = [field for field in schema.fields if fold(field.name) not in places]
    outer = [field for field in schema.fields if fold(field.name) in places]
    fields = StructType((*inner, *(column.field for column in action.columns), *outer))
    conf = context.session.conf.mapping()
    options = heeded(table.format, dict(table.options))
    open_relation(table.format, [table.location], options, schema_without_lengths(fields), conf)  # checks the types
    defaults = tuple((c.field.name, c.default[1]) for c in action.columns if c.default is not None)
    return replace(table, schema=fields, defaults=(*table.defaults, *defaults))


def change_columns(table: Table, action: ChangeColumns, context: Context) -> Table:
    """ALTER COLUMN: comments and defaults; the type only where it is that already."""
    changed = table
    for change in action.changes:
        changed = _changed(changed, change, context)
    if len(action.changes) > 1:
        _refuse(table, "ALTER COLUMN in bulk")
    return changed


def _changed(table: Table, change: ColumnChange, context: Context) -> Table:
    fold = context.catalog.fold
    schema = context.catalog.schema_of(table)
    if change.renamed and fold(change.renamed) != fold(change.name[-1]):
        told = {"operation": "Renaming column", "command": "ALTER COLUMN", "msg": ", please run RENAME COLUMN instead"}
        raise ParseError("_LEGACY_ERROR_TEMP_0034", told)
    field = next((each for each in schema.fields if fold(each.name) == fold(change.name[-1])), None)
    if field is None or len(change.name) > 1:
        proposal = ", ".join(quoted(name) for name in schema.names)
        parameters = {"objectName": quoted(change.name), "proposal": proposal}
        raise AnalysisError("UNRESOLVED_COLUMN.WITH_SUGGESTION", parameters)
    if change.position:
        _refuse(table, "ALTER COLUMN ... FIRST | AFTER")
    if change.nullable is not None:
        _refuse(table, "ALTER COLUMN ... SET NOT NULL")
    if change.type is not None and not _may_become(field.dataType, change.type):
        _refuse_type(table, field, change.type)
    new = replace(field, dataType=change.type or field.dataType)
    if change.comment is not None:
        new = replace(new, comment=change.comment)
    fields = tuple(new if each is field else each for each in schema.fields)
    changed = replace(table, schema=StructType(fields))
    return _with_default(changed, new, change, context) if change.default is not None else changed


def _may_become(known: DataType, wanted: DataType) -> bool:
    return known == wanted


def _refuse_type(table: Table, field: StructField, wanted: DataType) -> NoReturn:
    parameters = {
        "table": quoted(_full(table)),
        "originName": quoted(field.name),
        "originType": f'"{field.dataType.sql}"',
        "newName": quoted(field.name),
        "newType": f'"{wanted.sql}"',
    }
    raise AnalysisError("NOT_SUPPORTED_CHANGE_COLUMN", parameters)


def _with_default(table: Table, field: StructField, change: ColumnChange, context: Context) -> Table:
    fold = context.catalog.fold
    left = tuple(pair for pair in table.defaults if fold(pair[0]) != fold(field.name))
    if isinstance(change.default, str) or change.default is None:
        return replace(table, defaults=left)
    expression, text = change.default
    check_default("ALTER TABLE ALTER COLUMN", field, expression, text or sql(expression), context)
    return replace(table, defaults=(*left, (field.name, text)))
