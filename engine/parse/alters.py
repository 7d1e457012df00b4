"""Transformer of ALTER, COMMENT ON, MSCK and CREATE TABLE LIKE (grammar/statements.lark)."""

from __future__ import annotations

from typing import Any

from engine.errors import ParseError, Unsupported
from engine.expressions.base import Expression
from engine.logical import alter
from engine.logical.commands import Command
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedName, UnresolvedRelation
from engine.parse.lexer import Token
from engine.parse.literals import string_value
from engine.parse.parts import Option, key_text, once
from engine.types import DataType, StructField

Name = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]
Partition = tuple[tuple[str, Expression | None], ...]


def alter_table(table: UnresolvedRelation, action: Any) -> Command:
    if isinstance(action, alter.ChangeColumns) and any(
        change == alter.ColumnChange(change.name) for change in action.changes
    ):
        message = "ALTER TABLE table CHANGE COLUMN requires a TYPE, a SET/DROP, a COMMENT, or a FIRST/AFTER"
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    return alter.AlterTable(table, "table", action)


def alter_view(table: UnresolvedRelation, action: Any) -> Command:
    return alter.AlterTable(table, "view", action)


def alter_database(name: Name, properties: Pairs) -> Command:
    return alter.AlterDatabase(name, properties)


def comment_on(table: UnresolvedRelation, comment: Token) -> Command:
    return alter.AlterTable(table, "comment", alter.SetComment(_comment(comment)))


def comment_on_database(name: Name, comment: Token) -> Command:
    return alter.AlterDatabase(name, (), _comment(comment) or "")


def _comment(token: Token) -> str | None:
    return string_value(token) if token.kind == "STRING" else None


def repair(table: UnresolvedRelation) -> Command:
    return alter.AlterTable(table, "repair", alter.RecoverPartitions())


def create_like(
    replace: bool | None, if_not_exists: bool | None, name: Name, table: UnresolvedRelation, *options: Option
) -> Command:
    if replace:
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'LIKE'", "hint": ""}, table.origin)
    given = once(options)
    using, location = given.get("USING", ()), given.get("LOCATION", "")
    properties = given.get("TBLPROPERTIES", ())
    return alter.CreateTableLike(name, table, bool(if_not_exists), ".".join(using), location, properties)


def option_using(name: Name) -> Option:
    return Option("USING", name)


# what tables and views have in common


def rename_to(name: Name) -> alter.RenameTo:
    return alter.RenameTo(name)


def set_properties(properties: Pairs) -> alter.SetProperties:
    return alter.SetProperties(properties)


def unset_properties(if_exists: bool | None, *keys: Name | Token) -> alter.UnsetProperties:
    return alter.UnsetProperties(tuple(key_text(key) for key in keys), bool(if_exists))


def view_query(query: tuple[LogicalPlan, str]) -> alter.ViewQuery:
    return alter.ViewQuery(*query)


def view_schema(mode: str) -> alter.ViewSchema:
    return alter.ViewSchema(mode)


def schema_mode(*words: Token | None) -> str:
    return " ".join(word.kind for word in words if word is not None)


# columns


def _written(name: Name) -> Name:
    """The name of a column. Raises Unsupported for one that is computed."""
    first: Any = name[0]
    if isinstance(first, UnresolvedName):
        raise Unsupported("IDENTIFIER() of a computed name for a column in ALTER TABLE", first.expression.origin)
    return name


def added_columns(*columns: alter.AddedColumn) -> tuple[alter.AddedColumn, ...]:
    return columns


def added_column(name: Name, data_type: DataType, *options: Option) -> alter.AddedColumn:
    given = once(options)
    field = StructField(_written(name)[-1], data_type, "NOT NULL" not in given, given.get("COMMENT", ""))
    return alter.AddedColumn(name, field, given.get("DEFAULT"), given.get("POSITION", ""))


def column_position(word: Token, after: str | None = None) -> Option:
    return Option("POSITION", after or word.kind)


def add_columns(columns: tuple[alter.AddedColumn, ...]) -> alter.AddColumns:
    return alter.AddColumns(columns)


def replace_columns(columns: tuple[alter.AddedColumn, ...]) -> alter.AddColumns:
    return alter.AddColumns(columns, replace=True)


def rename_column(name: Name, to: str) -> alter.RenameColumn:
    return alter.RenameColumn(_written(name), to)


def drop_columns(if_exists: bool | None, names: tuple[Name, ...]) -> alter.DropColumns:
    return alter.DropColumns(tuple(map(_written, names)), bool(if_exists))


def change_columns(*changes: alter.ColumnChange) -> alter.ChangeColumns:
    return alter.ChangeColumns(changes)


def column_change(name: Name, change: Option | None = None) -> alter.ColumnChange:
    column = _written(name)
    return (
        alter.ColumnChange(column)
        if change is None
        else alter.ColumnChange(column, **{change.name.lower(): change.value})
    )


def column_replaced(name: Name, renamed: str, data_type: DataType, *options: Option | None) -> alter.ColumnChange:
    given = once(tuple(option for option in options if option is not None))
    comment, position = given.get("COMMENT"), given.get("POSITION", "")
    return alter.ColumnChange(_written(name), data_type, comment, None, given.get("DEFAULT"), position, renamed)


def change_type(data_type: DataType) -> Option:
    return Option("TYPE", data_type)


def change_null(word: Token) -> Option:
    return Option("NULLABLE", word.kind == "DROP")


def drop_default() -> Option:
    return Option("DEFAULT", "")


# partitions and places


def set_options(options: Pairs) -> alter.SetOptions:
    return alter.SetOptions(options)


def set_location(path: Token) -> alter.SetLocation:
    return alter.SetLocation(string_value(path))


def added_partition(partition: Partition, location: Token | None) -> tuple[Partition, str]:
    return partition, "" if location is None else string_value(location)


def add_partitions(if_not_exists: bool | None, *partitions: tuple[Partition, str]) -> alter.AddPartitions:
    return alter.AddPartitions(partitions, bool(if_not_exists))


def drop_partitions(if_exists: bool | None, *partitions: Partition | Token | None) -> alter.DropPartitions:
    """PURGE skips a trash that there is not."""
    named = tuple(each for each in partitions if each is not None and not isinstance(each, Token))
    return alter.DropPartitions(named, bool(if_exists))


def rename_partition(partition: Partition, to: Partition) -> alter.RenamePartition:
    return alter.RenamePartition(partition, to)


def set_partition_location(_partition: Partition, path: Token) -> Any:
    raise Unsupported("LOCATION of a partition", path.position)


def recover_partitions() -> alter.RecoverPartitions:
    return alter.RecoverPartitions()
