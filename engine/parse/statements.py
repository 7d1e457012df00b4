"""Transformer of grammar/statements.lark: statements as `engine.logical.commands`.

Each public function is the rule (or the `-> name`) of its name, as in `engine.parse.expressions`.
"""

from __future__ import annotations

from engine.errors import ParseError, Unsupported
from engine.expressions.base import Expression, SortOrder
from engine.expressions.sql import sql
from engine.logical.commands import (
    AnalyzeTable,
    AnalyzeTables,
    CacheTable,
    Command,
    CreateDatabase,
    CreateTable,
    CreateView,
    Drop,
    Explain,
    RefreshPath,
    RefreshTable,
    Uncache,
    Use,
)
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedAttribute, UnresolvedRelation
from engine.parse.lexer import Token
from engine.parse.literals import string_value
from engine.parse.parts import ColumnDefinition, Option, key_text, once
from engine.types import DataType, StructField, StructType
from engine.types.char import schema_without_lengths

Name = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]
Partition = tuple[tuple[str, Expression | None], ...]


def absent() -> None:
    """An optional part that is not there."""
    return


def present() -> bool:
    """An optional part without anything to tell but that it is there."""
    return True


def explain(mode: Token | None, statement: LogicalPlan) -> Command:
    return Explain("simple" if mode is None else mode.kind.lower(), statement)


# CREATE VIEW


def temporary_scope() -> str:
    return "temp"


def global_scope() -> str:
    return "global"


def create_view(
    replace: bool | None,
    scope: str | None,
    if_not_exists: bool | None,
    name: Name,
    columns: Pairs | None,
    options: tuple[Option, ...],
    query: tuple[LogicalPlan, str],
) -> Command:
    _refuse_both(replace, if_not_exists)
    given = once(options)
    plan, text = query
    return CreateView(
        name,
        scope or "persisted",
        bool(replace),
        bool(if_not_exists),
        columns or (),
        given.get("COMMENT", ""),
        text,
        plan,
        properties=given.get("TBLPROPERTIES", ()),
        schema_mode=given.get("SCHEMA", ""),
    )


def _refuse_both(replace: bool | None, if_not_exists: bool | None) -> None:
    if replace and if_not_exists:
        hint = ": OR REPLACE and IF NOT EXISTS exclude each other"
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'IF NOT EXISTS'", "hint": hint})


def view_columns(*columns: tuple[str, str]) -> Pairs:
    return columns


def view_column(name: str, comment: Token | None) -> tuple[str, str]:
    return name, string_value(comment) if comment else ""


def option_schema(mode: str) -> Option:
    return Option("SCHEMA", mode)


def query_text(_plan: LogicalPlan) -> tuple[LogicalPlan, str]:
    raise AssertionError("knows the text of its statement: see engine.parse.parser")


def create_file_view(
    replace: bool | None,
    scope: str | None,
    if_not_exists: bool | None,
    name: Name,
    columns: tuple[ColumnDefinition, ...] | None,
    source: Name,
    options: Pairs | None,
) -> Command:
    """CREATE TEMPORARY VIEW v USING parquet OPTIONS (path 'p')."""
    if scope is None:
        hint = ": a view over files is TEMPORARY; CREATE TABLE keeps it"
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'USING'", "hint": hint})
    _refuse_both(replace, if_not_exists)
    if any(column.default is not None for column in columns or ()):
        raise Unsupported("DEFAULT in a view")
    schema = schema_without_lengths(StructType(tuple(column.field for column in columns))) if columns else None
    flags = bool(replace), bool(if_not_exists)
    return CreateView(name, scope, *flags, (), "", "", None, ".".join(source), options or (), schema)


# CREATE TABLE, CREATE DATABASE


def create_table(
    replace: bool | None,
    external: Token | None,
    if_not_exists: bool | None,
    name: Name,
    columns: tuple[ColumnDefinition, ...] | None,
    source: Name | None,
    options: tuple[Option, ...],
    query: LogicalPlan | None,
) -> Command:
    _refuse_both(replace, if_not_exists)
    given = once(options)
    path = given.get("LOCATION") or any(key.lower() == "path" for key, _ in given.get("OPTIONS", ()))
    if external is not None and not path:
        raise ParseError("CREATE_EXTERNAL_TABLE_WITHOUT_LOCATION", {})
    definitions, partitions = list(columns or ()), given.get("PARTITIONED BY", ())
    if partitions and isinstance(partitions[0], ColumnDefinition):  # PARTITIONED BY (c INT) also defines the columns
        definitions += partitions
        partitions = tuple(column.field.name for column in partitions)
    fields = [column.field for column in definitions]
    if query is not None and fields:
        hint = ": CREATE TABLE ... AS SELECT takes its columns from the query"
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{fields[0].name}'", "hint": hint})
    return CreateTable(
        name,
        bool(replace),
        bool(if_not_exists),
        StructType(tuple(fields)) if fields else None,
        ".".join(source or ()),
        given.get("OPTIONS", ()),
        tuple(partitions),
        given.get("LOCATION", ""),
        given.get("COMMENT", ""),
        given.get("TBLPROPERTIES", ()),
        query,
        tuple((column.field.name, *column.default) for column in definitions if column.default is not None),
        given.get("CLUSTERED BY"),
    )


def table_columns(*columns: ColumnDefinition) -> tuple[ColumnDefinition, ...]:
    return columns


def column_definition(name: str, data_type: DataType, *options: Option) -> ColumnDefinition:
    given = once(options)
    field = StructField(name, data_type, "NOT NULL" not in given, given.get("COMMENT", ""))
    return ColumnDefinition(field, given.get("DEFAULT"))


def column_default(default: tuple[Expression, str]) -> Option:
    return Option("DEFAULT", default)


def expression_text(_expression: Expression) -> tuple[Expression, str]:
    raise AssertionError("knows the text of its statement: see engine.parse.parser")


def column_not_null() -> Option:
    return Option("NOT NULL", True)


def option_comment(token: Token) -> Option:
    return Option("COMMENT", string_value(token))


def option_location(token: Token) -> Option:
    return Option("LOCATION", string_value(token))


def option_properties(properties: Pairs) -> Option:
    return Option("TBLPROPERTIES", properties)


def option_buckets(columns: tuple[str, ...], order: tuple[SortOrder, ...] | None, count: Token) -> Option:
    return Option("CLUSTERED BY", (int(count.text), columns, tuple(map(_bucket_order, order or ()))))


def _bucket_order(item: SortOrder) -> str:
    """A column by which buckets are sorted. Raises ParseError for what is no column, or descends."""
    if not isinstance(item.child, UnresolvedAttribute) or len(item.child.parts) > 1 or not item.ascending:
        message = f"Column ordering must be ASC, was '{'DESC' if not item.ascending else sql(item.child)}'"
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    return item.child.parts[0]


def option_options(properties: Pairs) -> Option:
    return Option("OPTIONS", properties)


def option_partitions(names: tuple[str, ...]) -> Option:
    return Option("PARTITIONED BY", names)


def option_typed_partitions(*columns: ColumnDefinition) -> Option:
    return Option("PARTITIONED BY", columns)


def property_item(key: Name | Token, value: str) -> tuple[str, str]:
    return key_text(key), value


def property_text(token: Token) -> str:
    return string_value(token) if token.kind == "STRING" else token.text


def property_signed(sign: Token, number: Token) -> str:
    return sign.text + number.text


def create_database(if_not_exists: bool | None, name: Name, options: tuple[Option, ...]) -> Command:
    given = once(options)
    location, comment = given.get("LOCATION", ""), given.get("COMMENT", "")
    return CreateDatabase(name, bool(if_not_exists), comment, location, given.get("TBLPROPERTIES", ()))


# DROP, USE


def drop_table(if_exists: bool | None, name: Name, _purge: Token | None) -> Command:
    """PURGE skips a trash that there is not."""
    return Drop("table", name, bool(if_exists))


def drop_view(if_exists: bool | None, name: Name) -> Command:
    return Drop("view", name, bool(if_exists))


def drop_database(if_exists: bool | None, name: Name, mode: Token | None) -> Command:
    return Drop("database", name, bool(if_exists), mode is not None and mode.kind == "CASCADE")


def use(_word: Token | None, name: Name) -> Command:
    return Use(name)


def use_catalog(name: Name) -> Command:
    return Use(name, "catalog")


# CACHE, ANALYZE


def cache_table(
    lazy: Token | None, name: Name, options: Pairs | None, query: tuple[LogicalPlan, str] | None
) -> Command:
    plan, text = query if query is not None else (None, "")
    return CacheTable(name, lazy is not None, plan, text, options or ())


def uncache_table(if_exists: bool | None, name: Name) -> Command:
    return Uncache(name, bool(if_exists))


def clear_cache() -> Command:
    return Uncache(None)


def refresh_table(name: Name) -> Command:
    return RefreshTable(name)


def refresh_path(path: Token) -> Command:
    return RefreshPath(string_value(path))


def analyze_table(
    table: UnresolvedRelation, partition: Partition | None, scope: tuple[str, ...] | bool | None
) -> Command:
    """Without a scope only sizes and row counts; FOR ALL COLUMNS is an empty list of columns."""
    if partition is not None:
        raise Unsupported("ANALYZE TABLE ... PARTITION", hint="ANALYZE TABLE without it looks at all partitions.")
    if isinstance(scope, tuple):
        return AnalyzeTable(table, scope)
    return AnalyzeTable(table, None, scan=scope is None)


def analyze_tables(database: Name | None, word: str | None) -> Command:
    return AnalyzeTables(database, scan=word is None or statistics_word(word))


def statistics_word(word: str) -> bool:
    """NOSCAN: whether to read the rows. Raises ParseError for another word."""
    if word.upper() != "NOSCAN":
        raise ParseError("INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN", {"ctx": word.upper()})
    return False


def statistics_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    return names


def statistics_all() -> tuple[str, ...]:
    return ()
