"""CREATE VIEW of every kind."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from engine.catalog.catalog import already_exists
from engine.catalog.lineage import schema_of_query
from engine.catalog.tables import CATALOG, Pairs, TempView, View
from engine.commands.context import DONE, Context
from engine.errors import AnalysisError, ParseError, Unsupported, quoted
from engine.events import redact
from engine.expressions.base import Alias, Attribute
from engine.functions.registry import lookup
from engine.logical.alter import ViewQuery
from engine.logical.commands import CreateView
from engine.logical.plan import LogicalPlan, Project, Scan
from engine.logical.unresolved import UnresolvedCte, UnresolvedFunction, UnresolvedRelation, UnresolvedTableFunction
from engine.sources.base import open_relation
from engine.types import StructType

CAPTURED = ("spark.sql.ansi.enabled", "spark.sql.caseSensitive", "spark.sql.session.timeZone")
"""Settings that say what a view's text means: kept with it."""


def create_view(command: CreateView, context: Context) -> LogicalPlan:
    """CREATE [OR REPLACE] [GLOBAL] [TEMP] VIEW ... AS query, or USING a format."""
    if command.query is None:
        _file_view(command, context)
        return DONE
    context.refuse_parameters(command.text, "CREATE VIEW")
    query = context.subquery(command.query, frozen="CREATE VIEW").analyzed
    plan = _under_names(query, command)
    _refuse_duplicates([column.name for column in plan.output], context)
    if command.kind == "persisted":
        _persist(command, plan, query.schema, context)
    elif command.schema_mode or command.properties:
        raise Unsupported(f"{'WITH SCHEMA' if command.schema_mode else 'TBLPROPERTIES'} of a temporary view")
    else:
        _keep(command, plan, context, tuple(query.schema.names))
    return DONE


def alter_query(relation: UnresolvedRelation, query: ViewQuery, context: Context) -> None:
    """ALTER VIEW ... AS: the view as it was, with another query."""
    known = context.view(relation, "ALTER VIEW ... AS")
    context.refuse_parameters(query.text, "ALTER VIEW ... AS")
    plan = context.subquery(query.query, frozen="ALTER VIEW").analyzed
    if isinstance(known, TempView):
        view = replace(known, plan=plan, text=query.text, names=tuple(plan.schema.names))
        context.catalog.create_temp_view(view, replace=True)
        return
    name = (CATALOG, known.database, known.name)
    _refuse_duplicates([column.name for column in plan.output], context)
    command = CreateView(name, "persisted", True, False, (), known.comment, query.text, query.query, "", (), None)
    command = replace(command, properties=known.properties, schema_mode=known.mode)
    _persist(command, plan, plan.schema, context)


def _keep(command: CreateView, plan: LogicalPlan, context: Context, names: tuple[str, ...] = ()) -> None:
    name = command.name
    is_global = command.kind == "global"
    if len(name) > 1 and not (is_global and name[:-1] == ("global_temp",)):
        raise AnalysisError("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", {"actualName": quoted(name)})
    current = context.catalog.current_database
    view = TempView(name[-1], plan, command.text, command.comment, is_global, current, names, command.columns)
    context.catalog.create_temp_view(view, replace=command.replace, if_not_exists=command.if_not_exists)


def _schema_mode(command: CreateView, context: Context) -> str:
    conf = context.session.conf
    if not conf.value("spark.sql.legacy.viewSchemaBindingMode"):
        if command.schema_mode:
            key = "spark.sql.legacy.viewSchemaBindingMode"
            told = {"featureName": "VIEW ... WITH SCHEMA ...", "configKey": key, "configValue": "true"}
            raise ParseError("FEATURE_NOT_ENABLED", told, command.origin)
        return ""
    if command.schema_mode == "EVOLUTION" and command.columns:
        return "TYPE EVOLUTION"  # the names that the user gave stay
    default = "COMPENSATION" if conf.value("spark.sql.legacy.viewSchemaCompensation") else "BINDING"
    return command.schema_mode or default


def _persist(command: CreateView, plan: LogicalPlan, query: StructType, context: Context) -> None:
    catalog = context.catalog
    mode = _schema_mode(command, context)
    database, name = catalog.target(command.name)
    known = catalog.find((CATALOG, database.name, name))
    if known is not None and (not command.replace or not isinstance(known, View)):
        if command.if_not_exists:
            return
        raise already_exists((CATALOG, database.name, name))
    assert command.query is not None
    temporary = {"obj": "VIEW", "objName": quoted((CATALOG, database.name, name))}
    for parts in sorted(called(command.query)):
        routine = catalog.routine(parts)
        if routine is not None and not routine.database:
            named = {"tempObj": "FUNCTION", "tempObjName": quoted(parts)}
            raise AnalysisError("INVALID_TEMP_OBJ_REFERENCE", temporary | named)
    for parts in sorted(relations(command.query)):
        if isinstance(catalog.find(parts), TempView):
            named = {"tempObj": "VIEW", "tempObjName": quoted(parts)}
            raise AnalysisError("INVALID_TEMP_OBJ_REFERENCE", temporary | named)
    _refuse_cycle((database.name, name), command.query, catalog.current_database, context, ())
    comments = dict(command.columns)
    columns = schema_of_query(plan, catalog.find).fields
    fields = tuple(replace(field, comment=comments.get(field.name) or field.comment) for field in columns)
    conf = context.session.conf
    view = View(
        database.name,
        name,
        command.text,
        StructType(fields),
        command.columns,
        catalog.current_database,
        tuple((key, conf.get(key)) for key in CAPTURED),
        command.comment,
        command.properties,
        created=time.time(),
        names=tuple(query.names),
        mode=mode,
    )
    catalog.put(view, replace=command.replace, if_not_exists=command.if_not_exists)


def called(body: Any) -> set[tuple[str, ...]]:
    """The functions that a query or an expression calls, but those of the registry."""
    calls = [*body.collect(UnresolvedFunction), *body.collect(UnresolvedTableFunction)]
    return {each.name for each in calls if len(each.name) > 1 or not lookup(each.name[-1])}


def relations(plan: Any) -> set[tuple[str, ...]]:
    """The tables and views that a query, or the queries in an expression, name, without their CTEs."""
    ctes = {node.name.lower() for node in plan.collect(UnresolvedCte)}
    found = {node.parts for node in plan.collect(UnresolvedRelation)}
    return {parts for parts in found if len(parts) > 1 or parts[0].lower() not in ctes}


def _refuse_cycle(
    target: tuple[str, str], plan: LogicalPlan, database: str, context: Context, seen: tuple[tuple[str, str], ...]
) -> None:
    """Raises RECURSIVE_VIEW if a query reads the view that is to be made of it."""
    for parts in relations(plan):
        entry = context.catalog.find((database, *parts) if len(parts) == 1 else parts)
        if not isinstance(entry, View):
            continue
        key = (entry.database, entry.name)
        if key == target:
            path = " -> ".join(quoted(each) for each in (target, *seen, target))
            raise AnalysisError("RECURSIVE_VIEW", {"viewIdent": quoted(target), "newPath": path})
        if key not in seen:
            _refuse_cycle(target, context.session.parse(entry.text), entry.current, context, (*seen, key))


def _under_names(plan: LogicalPlan, command: CreateView) -> LogicalPlan:
    """The query's columns under the names that CREATE VIEW gives."""
    if not command.columns:
        return plan
    if len(command.columns) != len(plan.output):
        reason = "not enough data columns" if len(command.columns) > len(plan.output) else "too many data columns"
        condition = f"CREATE_VIEW_COLUMN_ARITY_MISMATCH.{reason.upper().replace(' ', '_')}"
        parameters = {
            "viewName": quoted(command.name),
            "viewColumns": ", ".join(quoted(name) for name, _ in command.columns),
            "dataColumns": ", ".join(quoted(column.name) for column in plan.output),
        }
        raise AnalysisError(condition, parameters)
    pairs: Pairs = command.columns
    return Project(tuple(Alias(c, name) for c, (name, _) in zip(plan.output, pairs, strict=True)), plan)


def _refuse_duplicates(names: list[str], context: Context) -> None:
    seen: set[str] = set()
    for name in names:
        if context.catalog.fold(name) in seen:
            raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(name)})
        seen.add(context.catalog.fold(name))


def _file_view(command: CreateView, context: Context) -> None:
    """CREATE TEMP VIEW v USING format OPTIONS (path '...')."""
    options = dict(command.options)
    path = next((value for key, value in options.items() if key.lower() == "path"), None)
    if path is None and command.columns_schema is None:
        hint = "Say where the files are: OPTIONS (path '...')."
        raise AnalysisError(
            "UNABLE_TO_INFER_SCHEMA", {"format": redact(options).get("format", command.using)}, hint=hint
        )
    paths = [path] if path else []
    relation = open_relation(command.using, paths, options, command.columns_schema, context.session.conf.mapping())
    columns = tuple(Attribute(f.name, f.dataType, f.nullable) for f in relation.schema.fields)
    _keep(command, Scan(relation, columns, command.name), context)
