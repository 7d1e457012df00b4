"""Which function carries out which statement. Each takes the statement and a `Context` and gives the rows that answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.commands.alter import alter_database, alter_table
from engine.commands.analyze import analyze_table, analyze_tables
from engine.commands.cache import cache_table, refresh_path, refresh_table, uncache
from engine.commands.context import Context
from engine.commands.databases import create_database, describe_database, drop, use
from engine.commands.describe import describe_query, describe_table, explain
from engine.commands.functions import describe_function
from engine.commands.insert import insert, insert_many, truncate
from engine.commands.routines import create_function, drop_function
from engine.commands.settings import reset_conf, set_conf
from engine.commands.show import show
from engine.commands.tables import create_like, create_table
from engine.commands.variables import declare, drop_variable, execute_immediate, set_variables
from engine.commands.views import create_view
from engine.errors import Unsupported
from engine.logical import alter as a
from engine.logical import commands as c
from engine.logical.plan import LogicalPlan

if TYPE_CHECKING:
    from engine.query import Query
    from engine.session import Session

_FUNCTIONS: dict[type[c.Command], Callable[[Any, Context], LogicalPlan]] = {
    a.AlterDatabase: alter_database,
    a.AlterTable: alter_table,
    a.CreateTableLike: create_like,
    c.AnalyzeTable: analyze_table,
    c.AnalyzeTables: analyze_tables,
    c.CacheTable: cache_table,
    c.CreateDatabase: create_database,
    c.CreateFunction: create_function,
    c.CreateTable: create_table,
    c.CreateView: create_view,
    c.DeclareVariable: declare,
    c.DescribeDatabase: describe_database,
    c.DescribeFunction: describe_function,
    c.DescribeQuery: describe_query,
    c.DescribeTable: describe_table,
    c.Drop: drop,
    c.DropFunction: drop_function,
    c.DropVariable: drop_variable,
    c.ExecuteImmediate: execute_immediate,
    c.Explain: explain,
    c.InsertInto: insert,
    c.InsertMany: insert_many,
    c.RefreshPath: refresh_path,
    c.RefreshTable: refresh_table,
    c.ResetConf: reset_conf,
    c.SetConf: set_conf,
    c.SetVariables: set_variables,
    c.Show: show,
    c.TruncateTable: truncate,
    c.Uncache: uncache,
    c.Use: use,
}


def execute_command(command: c.Command, session: Session, query: Query) -> LogicalPlan:
    """Carries out `command`, a statement of `query`, and gives the rows that answer it (often none, without columns)."""
    function = _FUNCTIONS.get(type(command))
    if function is None:
        raise Unsupported(type(command).__name__)
    return function(query.with_names(command), Context(session, query))
