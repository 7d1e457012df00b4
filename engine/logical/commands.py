"""Statements that are not queries. Each is data; `engine/commands/` carries them out in the driver.

`output` are the columns of the rows a statement answers with (none for most).
"""

from __future__ import annotations

from typing import Any

from engine.expressions.base import Attribute, Expression
from engine.lazy import cached_property
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedRelation
from engine.tree.node import TreeNode, node
from engine.types import DataType, StructType


@node
class Command(LogicalPlan):
    """A statement."""

    @cached_property
    def resolved(self) -> bool:
        return True

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return ()


@node
class CreateView(Command):
    """CREATE VIEW. `kind` is "persisted", "temp" or "global"; `text` the query as written, `query` its plan, `columns` pairs of
    name and comment. `using`: a temp view over a source (USING parquet OPTIONS (path ...)) instead of a query."""

    name: tuple[str, ...]
    kind: str
    replace: bool
    if_not_exists: bool
    columns: tuple[tuple[str, str], ...]
    comment: str
    text: str
    query: LogicalPlan | None
    using: str = ""
    options: tuple[tuple[str, str], ...] = ()
    columns_schema: StructType | None = None
    properties: tuple[tuple[str, str], ...] = ()
    schema_mode: str = ""


@node
class CreateTable(Command):
    """CREATE TABLE; with `query`, AS SELECT. `columns_schema` None: inferred from the files or taken from the query.
    `defaults` are columns with the expression of their DEFAULT, and its text; `buckets` their number, the columns that tell
    them apart and those they are sorted by."""

    name: tuple[str, ...]
    replace: bool
    if_not_exists: bool
    columns_schema: StructType | None
    using: str
    options: tuple[tuple[str, str], ...]
    partitioned_by: tuple[str, ...]
    location: str
    comment: str
    properties: tuple[tuple[str, str], ...]
    query: LogicalPlan | None
    defaults: tuple[tuple[str, Expression, str], ...] = ()
    buckets: tuple[int, tuple[str, ...], tuple[str, ...]] | None = None


@node
class InsertTarget(TreeNode):
    """What INSERT says before its query: `table`, whether to `overwrite`, the `partition` (None for a value that the query
    gives), whether only where there is none yet, and the `columns` (None: all of them; or `by_name`)."""

    table: UnresolvedRelation
    overwrite: bool
    partition: tuple[tuple[str, Expression | None], ...] = ()
    if_not_exists: bool = False
    columns: tuple[str, ...] | None = None
    by_name: bool = False


@node
class InsertInto(Command):
    """INSERT INTO or OVERWRITE."""

    target: InsertTarget
    query: LogicalPlan


@node
class InsertMany(Command):
    """FROM t INSERT ... INSERT ...: one after the other."""

    inserts: tuple[InsertInto, ...]


@node
class TruncateTable(Command):
    """TRUNCATE TABLE, or those of its partitions that have the values of `partition`."""

    table: UnresolvedRelation
    partition: tuple[tuple[str, Expression | None], ...] = ()


@node
class CreateDatabase(Command):
    name: tuple[str, ...]
    if_not_exists: bool
    comment: str
    location: str
    properties: tuple[tuple[str, str], ...] = ()


@node
class Drop(Command):
    """DROP `kind` ("table", "view", "database") [IF EXISTS] name [CASCADE]."""

    kind: str
    name: tuple[str, ...]
    if_exists: bool
    cascade: bool = False


@node
class CreateFunction(Command):
    """CREATE [OR REPLACE] [TEMPORARY] FUNCTION name(parameters) RETURNS ... RETURN body: an expression, or with `is_query` a
    query, as `text`.

    `parameters` are fields with `defaults` as texts by name. `returns` is a type, a StructType of columns for RETURNS TABLE, or
    None for what the body gives; `is_table` tells functions in FROM. `reads`: READS SQL DATA (True), CONTAINS SQL (False).
    """

    name: tuple[str, ...]
    parameters: StructType
    defaults: tuple[tuple[str, str], ...]
    returns: DataType | None
    is_table: bool
    text: str
    is_query: bool
    replace: bool = False
    temporary: bool = False
    if_not_exists: bool = False
    comment: str = ""
    deterministic: bool | None = None
    reads: bool | None = None


@node
class DropFunction(Command):
    name: tuple[str, ...]
    temporary: bool
    if_exists: bool


@node
class Use(Command):
    """USE [DATABASE] name, or USE CATALOG name (`kind` "catalog")."""

    name: tuple[str, ...]
    kind: str = "database"


@node
class Show(Command):
    """SHOW `what`: "tables", "views", "databases", "columns", "functions", "catalogs", "create table", "tblproperties",
    "partitions", "cached", "table extended", "current namespace". `name` is FROM's (a database), `table` the table,
    `pattern` LIKE's (* and | as in Spark; the key for tblproperties), `scope` is "user", "system" or "all" for functions."""

    what: str
    name: tuple[str, ...] = ()
    pattern: str | None = None
    scope: str = "all"
    table: UnresolvedRelation | None = None
    partition: tuple[tuple[str, Expression | None], ...] = ()


@node
class DescribeTable(Command):
    """DESCRIBE [EXTENDED] table [PARTITION ...] [column] [AS JSON]."""

    table: UnresolvedRelation
    extended: bool = False
    column: tuple[str, ...] = ()
    partition: tuple[tuple[str, Expression | None], ...] = ()
    json: bool = False


@node
class DescribeQuery(Command):
    """DESCRIBE QUERY, and DESCRIBE 'file' as a query of that file."""

    query: LogicalPlan


@node
class DescribeFunction(Command):
    name: tuple[str, ...]
    extended: bool = False


@node
class DescribeDatabase(Command):
    name: tuple[str, ...]
    extended: bool = False


@node
class SetConf(Command):
    """SET; SET -v (`verbose`); SET key; SET key=value."""

    key: str | None = None
    value: str | None = None
    verbose: bool = False


@node
class ResetConf(Command):
    """RESET [key]."""

    key: str | None = None


@node
class CacheTable(Command):
    """CACHE [LAZY] TABLE name [AS query]; `text` is the query as written."""

    name: tuple[str, ...]
    lazy: bool
    query: LogicalPlan | None
    text: str = ""
    options: tuple[tuple[str, str], ...] = ()


@node
class Uncache(Command):
    """UNCACHE TABLE [IF EXISTS] name; CLEAR CACHE has no name."""

    name: tuple[str, ...] | None
    if_exists: bool = False


@node
class RefreshTable(Command):
    name: tuple[str, ...]


@node
class RefreshPath(Command):
    """REFRESH 'path': files under `path` have changed."""

    path: str


@node
class Explain(Command):
    """EXPLAIN `mode` ("simple", "extended", "formatted", "cost", "rules", "analyze", "codegen") of a statement."""

    mode: str
    statement: Any


@node
class AnalyzeTable(Command):
    """ANALYZE TABLE name COMPUTE STATISTICS [NOSCAN | FOR COLUMNS ... | FOR ALL COLUMNS]."""

    table: UnresolvedRelation
    columns: tuple[str, ...] | None
    scan: bool = True


@node
class AnalyzeTables(Command):
    """ANALYZE TABLES [IN database] COMPUTE STATISTICS [NOSCAN]."""

    database: tuple[str, ...] | None
    scan: bool = True


@node
class DeclareVariable(Command):
    """DECLARE VARIABLE: `names` of one `type` (None: that of the value) with the value of `default` (None: null)."""

    names: tuple[tuple[str, ...], ...]
    replace: bool
    type: DataType | None
    default: Expression | None


@node
class SetVariables(Command):
    """SET VAR: `names` get `values` (None: DEFAULT), or, with `query`, the values of its one row."""

    names: tuple[tuple[str, ...], ...]
    values: tuple[Expression | None, ...] = ()
    query: LogicalPlan | None = None


@node
class DropVariable(Command):
    """DROP TEMPORARY VARIABLE."""

    name: tuple[str, ...]
    if_exists: bool


@node
class ExecuteImmediate(Command):
    """EXECUTE IMMEDIATE: the statement that is the value of `text`; `into` are variables for its one row, `using` the values of
    its parameters, as aliases where they have names."""

    text: Expression
    into: tuple[tuple[str, ...], ...] = ()
    using: tuple[Expression, ...] = ()
