"""CREATE FUNCTION, DROP FUNCTION, and what SHOW and DESCRIBE say of functions in SQL."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

from engine.analyze.aggregates import has_aggregate
from engine.analyze.analyzer import Analyzer
from engine.analyze.routines import parameters_of
from engine.catalog.tables import Pairs, Routine, TempView
from engine.commands.context import DONE, Context
from engine.commands.views import CAPTURED, called, relations
from engine.errors import AnalysisError, FlintError, Position, quoted
from engine.expressions.base import Expression
from engine.expressions.cast import Cast
from engine.expressions.window import WindowExpression
from engine.functions.registry import lookup
from engine.logical.commands import CreateFunction, DropFunction
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedExists, UnresolvedInSubquery, UnresolvedScalarSubquery
from engine.parse.parser import parse_expression
from engine.types import VOID, DataType, StructField, StructType
from engine.types.char import has_lengths


def create_function(command: CreateFunction, context: Context) -> LogicalPlan:
    """CREATE [OR REPLACE] [TEMPORARY] FUNCTION ... RETURN body: analyzed now, to refuse what would never work."""
    routine = _written(command, context)
    catalog = context.catalog
    _check_parameters(routine, command, context)
    if routine.database and catalog.routine(routine.parts) is not None and not command.replace:
        if command.if_not_exists:
            return DONE
        catalog.routines.put(routine, replace=False, if_not_exists=False)
    body = _parsed(routine, context)
    try:
        returns = _analyzed(routine, command, context)
    except FlintError as error:
        raise error.located(routine.text) from error.__cause__
    _refuse_temporary(routine, body, context)
    reads = _reads(body, context)
    if command.reads is False and reads:
        raise AnalysisError("INVALID_SQL_FUNCTION_DATA_ACCESS", {})
    found = replace(routine, returns=returns, reads=reads if command.reads is None else command.reads)
    catalog.routines.put(found, replace=command.replace, if_not_exists=command.if_not_exists)
    return DONE


def drop_function(command: DropFunction, context: Context) -> LogicalPlan:
    """DROP [TEMPORARY] FUNCTION [IF EXISTS] name."""
    catalog = context.catalog
    if len(command.name) == 1 and not command.temporary and lookup(command.name[0]):
        parameters = {"statement": "DROP", "objectType": "FUNCTION", "objectName": quoted(command.name)}
        raise AnalysisError("FORBIDDEN_OPERATION", parameters)
    found = catalog.routine(command.name)
    if found is not None and not found.database and not command.temporary:
        alternative = " Please use DROP TEMPORARY FUNCTION to drop a temporary function."
        shown = {"functionName": quoted(command.name), "operation": "DROP FUNCTION", "alternative": alternative}
        raise AnalysisError("EXPECT_PERSISTENT_FUNCTION_NOT_TEMP", shown, command.origin)
    if found is not None and found.database and command.temporary:
        found = None
    if found is None:
        if command.if_exists:
            return DONE
        parts = command.name
        if not command.temporary:
            database, name = catalog.target(parts)
            parts = (database.name, name)
        raise AnalysisError("ROUTINE_NOT_FOUND", {"routineName": quoted(parts)})
    catalog.routines.remove(found)
    return DONE


def _written(command: CreateFunction, context: Context) -> Routine:
    """The function as it was written; what it returns is not known yet where the body says it."""
    catalog, conf = context.catalog, context.session.conf
    if command.temporary:
        database, name = "", command.name[-1].lower()
    else:
        found, name = catalog.target(command.name)
        database = found.name
    return Routine(
        database,
        name.lower(),
        command.text,
        command.parameters,
        command.returns or VOID,
        command.is_table,
        command.is_query,
        command.defaults,
        catalog.current_database,
        tuple((key, conf.get(key)) for key in CAPTURED),
        command.comment,
        command.deterministic is not False,
        bool(command.reads),
        time.time(),
    )


def _check_parameters(routine: Routine, command: CreateFunction, context: Context) -> None:
    """Names once, types that values can have, defaults that are constants and leave none without one after them."""
    _refuse_duplicates(routine.schema, "DUPLICATE_ROUTINE_PARAMETER_NAMES", "names", routine)
    if isinstance(routine.returns, StructType) and routine.is_table:
        _refuse_duplicates(routine.returns, "DUPLICATE_ROUTINE_RETURNS_COLUMNS", "columns", routine)
    if has_lengths(routine.schema) or has_lengths(routine.returns):
        raise AnalysisError("UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING", {})
    defaults = dict(routine.defaults)
    names = routine.schema.names
    for before, after in pairwise(names):
        if before in defaults and after not in defaults:
            shown = {"functionName": routine.name, "parameterName": before, "nextParameterName": after}
            raise AnalysisError("USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POSITION", shown)
    for field in routine.schema.fields:
        if field.name in defaults:
            _check_default(defaults[field.name], field, routine, command, context)


def _check_default(text: str, field: StructField, routine: Routine, command: CreateFunction, context: Context) -> None:
    written = parse_expression(text)
    shown = {"functionName": routine.name, "parameterName": field.name}
    invalid = "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_EXPRESSION"
    if written.has(UnresolvedScalarSubquery, UnresolvedExists, UnresolvedInSubquery):
        raise AnalysisError(invalid, shown)
    analyzer = Analyzer(context.query.analyzer_context())
    resolver = analyzer.relations.resolver(analyzer.nothing)
    try:
        found = resolver.resolve(written)
    except AnalysisError as error:
        raise error.located(text) from error.__cause__
    if has_aggregate(found) or found.has(WindowExpression):
        raise AnalysisError("USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS", {"queryText": text})
    resolver.finish(Cast(found, field.dataType).at(command.origin))


def _refuse_duplicates(schema: StructType, condition: str, listed: str, routine: Routine) -> None:
    counted = Counter(name.lower() for name in schema.names)
    twice = ", ".join(quoted(name) for name in sorted(counted) if counted[name] > 1)
    if twice:
        raise AnalysisError(condition, {"routineName": routine.name, listed: twice})


def _parsed(routine: Routine, context: Context) -> Any:
    return context.session.parse(routine.text) if routine.is_query else parse_expression(routine.text)


def _refuse_temporary(routine: Routine, body: Any, context: Context) -> None:
    """A function that is kept does not name what goes with the session."""
    if not routine.database:
        return
    parameters = {"obj": "FUNCTION", "objName": quoted((routine.database, routine.name))}
    for parts in sorted(called(body)):
        found = context.catalog.routine(parts)
        if found is not None and not found.database:
            raise AnalysisError(
                "INVALID_TEMP_OBJ_REFERENCE", parameters | {"tempObj": "FUNCTION", "tempObjName": quoted(parts)}
            )
    for parts in sorted(relations(body)):
        if isinstance(context.catalog.find(parts), TempView):
            raise AnalysisError(
                "INVALID_TEMP_OBJ_REFERENCE", parameters | {"tempObj": "VIEW", "tempObjName": quoted(parts)}
            )


def _reads(body: Any, context: Context) -> bool:
    """Whether a body reads tables, or calls a function that does."""
    found = (context.catalog.routine(parts) for parts in called(body))
    return bool(relations(body)) or any(each.reads for each in found if each is not None)


def _analyzed(routine: Routine, command: CreateFunction, context: Context) -> DataType:
    """What the function returns. Raises AnalysisError for a body that does not fit."""
    settings = context.query.analyzer_context()
    analyzer = Analyzer(settings)
    routines = analyzer.context.routines
    assert routines is not None, "the Analyzer set it"
    parameters = parameters_of(routine)
    creation = command.origin or Position(0, 0)
    if not routine.is_table:
        returns = command.returns
        result: Expression = routines.result(routine, parameters, analyzer.context, returns, creation)
        if has_aggregate(result) or result.has(WindowExpression):
            raise AnalysisError("USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS", {"queryText": routine.text})
        return result.dataType
    name = ".".join(routine.parts)
    if not routine.is_query:
        raise AnalysisError("USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_BODY_MUST_BE_A_QUERY", {"name": routine.name})
    plan = routines.plan(routine, parameters, analyzer.context, creation)
    if command.returns is None:
        return _inferred(routine, plan)
    assert isinstance(command.returns, StructType)
    if len(command.returns.fields) != len(plan.output):
        sizes = {"outputSize": len(plan.output), "returnParamSize": len(command.returns.fields), "name": name}
        raise AnalysisError("USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH", sizes)
    return command.returns


def _inferred(routine: Routine, plan: LogicalPlan) -> StructType:
    """The columns of a query, each of which must have been given a name."""
    fields = tuple(StructField(c.name, c.dataType) for c in plan.output)
    if any(not _is_name(field.name) for field in fields):
        shown = {"functionName": quoted(routine.parts[-1])}
        raise AnalysisError("USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_MISSING_COLUMN_NAMES", shown)
    found = StructType(fields)
    _refuse_duplicates(found, "DUPLICATE_ROUTINE_RETURNS_COLUMNS", "columns", routine)
    return found


def _is_name(text: str) -> bool:
    return text.replace(" ", "_").isidentifier()


# DESCRIBE


def described(routine: Routine, extended: bool) -> list[tuple[str]]:
    """The lines of DESCRIBE FUNCTION [EXTENDED]."""
    parts: list[tuple[str, list[str]]] = [
        ("Function:", [".".join(routine.parts)]),
        ("Type:", ["TABLE" if routine.is_table else "SCALAR"]),
        ("Input:", _columns(routine.schema, routine.defaults, extended) or ["()"]),
    ]
    if isinstance(routine.returns, StructType) and routine.is_table:
        parts.append(("Returns:", _columns(routine.returns, (), extended)))
    else:
        parts.append(("Returns:", [routine.returns.sql]))
    if extended:
        if routine.comment:
            parts.append(("Comment:", [routine.comment]))
        created = time.strftime("%a %b %d %H:%M:%S %Z %Y", time.localtime(routine.created))
        parts += [
            ("Deterministic:", [str(routine.deterministic).lower()]),
            ("Data Access:", ["READS SQL DATA" if routine.reads else "CONTAINS SQL"]),
            ("Configs:", [f"{key}={value}" for key, value in sorted(routine.settings)]),
            ("Create Time:", [created]),
            ("Body:", [routine.text]),
        ]
    width = max(len(label) for label, _ in parts) + 1
    return [
        ((label if place == 0 else "").ljust(width) + line,)
        for label, lines in parts
        for place, line in enumerate(lines)
    ]


def _columns(schema: StructType, defaults: Pairs, extended: bool) -> list[str]:
    """Names, types, and in full defaults and comments, in columns."""
    given = dict(defaults)
    names = max((len(field.name) for field in schema.fields), default=0)
    types = max((len(field.dataType.sql) for field in schema.fields), default=0)
    lines = []
    for field in schema.fields:
        line = f"{field.name.ljust(names)} {field.dataType.sql.ljust(types)}"
        if extended and field.name in given:
            line += f" DEFAULT {given[field.name]}"
        if extended and field.comment:
            line += f" '{field.comment}'"
        lines.append(line)
    return lines


def kept_names(context: Context, place: tuple[str, ...]) -> list[str]:
    """The names of functions of users, in full."""
    database = context.catalog.database_part(place) if place else None
    return context.catalog.routines.names(database)
