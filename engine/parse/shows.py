"""Transformer of SHOW and DESCRIBE (grammar/statements.lark)."""

from __future__ import annotations

from engine.errors import AnalysisError, ParseError, quoted
from engine.expressions.base import Expression
from engine.logical.commands import (
    Command,
    DescribeDatabase,
    DescribeFunction,
    DescribeQuery,
    DescribeTable,
    Show,
)
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedFile, UnresolvedRelation
from engine.parse.lexer import Token
from engine.parse.literals import string_value
from engine.parse.parts import key_text

Name = tuple[str, ...]
Partition = tuple[tuple[str, Expression | None], ...]


def pattern(text: Token | Name) -> str:
    return string_value(text) if isinstance(text, Token) else text[-1]


def show_tables(place: Name | None, like: str | None) -> Command:
    return Show("tables", place or (), like)


def show_views(place: Name | None, like: str | None) -> Command:
    return Show("views", place or (), like)


def show_databases(like: str | None) -> Command:
    return Show("databases", (), like)


def show_current() -> Command:
    return Show("current namespace")


def show_columns(table: UnresolvedRelation, place: Name | None) -> Command:
    """SHOW COLUMNS IN t IN db: the database is said once, or twice the same."""
    parts = table.parts
    if place and len(parts) > 1 and [part.lower() for part in parts[:-1]] != [part.lower() for part in place]:
        shown = {"namespaceA": quoted(place), "namespaceB": quoted(parts[:-1])}
        raise AnalysisError("SHOW_COLUMNS_WITH_CONFLICT_NAMESPACE", shown)
    found = UnresolvedRelation((*place, parts[-1])).at(table.origin) if place else table
    return Show("columns", table=found)


def show_functions(scope: Token | None, place: Name | None, like: str | None) -> Command:
    return Show("functions", place or (), like, "all" if scope is None else scope.kind.lower())


def show_create(table: UnresolvedRelation, serde: Token | None) -> Command:
    return Show("create table", table=table, scope="all" if serde is None else "serde")


def show_extended(place: Name | None, like: Token, partition: Partition | None) -> Command:
    return Show("table extended", place or (), string_value(like), partition=partition or ())


def show_cached() -> Command:
    return Show("cached")


def show_catalogs(like: str | None) -> Command:
    return Show("catalogs", (), like)


def show_properties(table: UnresolvedRelation, key: Name | Token | None) -> Command:
    return Show("tblproperties", table=table, pattern=None if key is None else key_text(key))


def show_partitions(table: UnresolvedRelation, partition: Partition | None) -> Command:
    return Show("partitions", table=table, partition=partition or ())


def describe_query(plan: LogicalPlan) -> Command:
    return DescribeQuery(plan)


def describe_table(
    mode: Token | None,
    table: UnresolvedRelation,
    partition: Partition | None,
    column: Name | None,
    json: Token | None,
) -> Command:
    for name, value in partition or ():
        if value is None:
            raise ParseError("INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE", {"partKey": quoted(name)})
    return DescribeTable(table, mode is not None, column or (), partition or (), json is not None)


def describe_file(path: Token) -> Command:
    return DescribeQuery(UnresolvedFile(string_value(path)).at(path.position))


def describe_function(extended: Token | None, name: Name | Token) -> Command:
    parts = (string_value(name) if name.kind == "STRING" else name.text,) if isinstance(name, Token) else name
    return DescribeFunction(parts, extended is not None)


def describe_database(extended: Token | None, name: Name) -> Command:
    return DescribeDatabase(name, extended is not None)
