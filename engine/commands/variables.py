"""DECLARE, SET VAR, DROP TEMPORARY VARIABLE, and EXECUTE IMMEDIATE, which reads and writes variables."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.variables import Variable, Variables, unresolved_variable
from engine.commands.constants import evaluate, row_of
from engine.commands.context import DONE, Context
from engine.errors import AnalysisError, FlintError, quoted
from engine.expressions.base import Alias, Expression, Literal
from engine.expressions.sql import sql
from engine.logical.commands import Command, DeclareVariable, DropVariable, ExecuteImmediate, SetVariables
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import (
    UnresolvedAlias,
    UnresolvedAttribute,
    UnresolvedExists,
    UnresolvedInSubquery,
    UnresolvedScalarSubquery,
)
from engine.parse.substitution import Parameters, markers
from engine.types import StringType


def declare(command: DeclareVariable, context: Context) -> LogicalPlan:
    """DECLARE [OR REPLACE] [VARIABLE] names [type] [DEFAULT value]."""
    variables = context.session.variables
    names = [variables.name(parts, command.origin) for parts in command.names]
    for name in names:
        if names.count(name) > 1:
            raise AnalysisError("DUPLICATE_VARIABLE_NAME_INSIDE_DECLARE", {"variableName": _shown(name)})
        if name in variables.found and not command.replace:
            raise AnalysisError("VARIABLE_ALREADY_EXISTS", {"variableName": _shown(name)})
    default = command.default if command.default is not None else Literal(None)
    if default.has(UnresolvedScalarSubquery, UnresolvedExists, UnresolvedInSubquery):
        parameters = {"statement": "DECLARE VARIABLE", "colName": _shown(names[0]), "defaultValue": sql(default)}
        raise AnalysisError("INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION", parameters, default.origin)
    value = evaluate(default, command.type, context)
    for name in names:
        variables.found[name] = Variable(value, value.dataType, default)
    context.catalog.changed()
    return DONE


def set_variables(command: SetVariables, context: Context) -> LogicalPlan:
    """SET VAR a = 1, b = a: one after the other; SET VAR (a, b) = (query): from its one row. All of them or none."""
    variables = context.session.variables
    names = [variables.name(parts, command.origin) for parts in command.names]
    for name, parts in zip(names, command.names, strict=True):
        if name not in variables.found:
            raise unresolved_variable(parts, command.origin)
        if names.count(name) > 1:
            raise AnalysisError("DUPLICATE_ASSIGNMENTS", {"nameList": quoted(name)}, command.origin)
    with variables.all_or_nothing():
        if command.query is not None:
            _assign(names, row_of(context.subquery(command.query), len(names)), context)
        else:
            for name, value in zip(names, command.values, strict=True):
                variable = variables.found[name]
                found = evaluate(variable.default if value is None else value, variable.type, context)
                variables.found[name] = Variable(found, variable.type, variable.default)
    context.catalog.changed()
    return DONE


def drop_variable(command: DropVariable, context: Context) -> LogicalPlan:
    """DROP TEMPORARY VARIABLE [IF EXISTS] name."""
    variables = context.session.variables
    name = variables.name(command.name, command.origin)
    if variables.found.pop(name, None) is None and not command.if_exists:
        raise AnalysisError("VARIABLE_NOT_FOUND", {"variableName": _shown(name)})
    context.catalog.changed()
    return DONE


def execute_immediate(command: ExecuteImmediate, context: Context) -> LogicalPlan:
    """EXECUTE IMMEDIATE text [INTO variables] [USING values]: the rows of the statement that the text is."""
    from engine.commands.execute import execute_command  # here: it lists this function

    session = context.session
    found = evaluate(command.text, None, context)
    if not isinstance(found.dataType, StringType):
        parameters = {"exprType": f'"{found.dataType.sql}"'}
        raise AnalysisError("INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE", parameters, command.text.origin)
    if found.value is None:
        shown = {"varName": quoted(sql(command.text))}
        raise AnalysisError("NULL_QUERY_STRING_EXECUTE_IMMEDIATE", shown, command.text.origin)
    query = context.statement(found.value, _arguments(found.value, command.using, context))
    try:
        if isinstance(query.parsed, Command):
            if command.into:
                raise AnalysisError("INVALID_STATEMENT_FOR_EXECUTE_INTO", {"sqlString": found.value.upper()})
            return execute_command(query.parsed, session, query)
        if not command.into:
            return query.analyzed
        variables = session.variables
        names = [variables.name(parts, command.origin) for parts in command.into]
        for name, parts in zip(names, command.into, strict=True):
            if name not in variables.found:
                raise unresolved_variable(parts, command.origin)
            if names.count(name) > 1:
                raise AnalysisError("DUPLICATE_ASSIGNMENTS", {"nameList": quoted(name)}, command.origin)
        with variables.all_or_nothing():
            _assign(names, row_of(query, len(names)), context)
    except FlintError as error:
        raise error.located(found.value) from error.__cause__
    context.catalog.changed()
    return DONE


def _arguments(text: str, using: tuple[Expression, ...], context: Context) -> Parameters:
    """The values of USING: by name where the statement asks for names, which variables have too, else in their order."""
    by_position, by_name = markers(text)
    if by_position and by_name:
        raise AnalysisError("INVALID_QUERY_MIXED_QUERY_PARAMETERS", {})
    names: list[str] = []
    values: list[Expression] = []
    for argument in using:
        value, name = _named(argument)
        if name and name in names and name != _named(value)[1]:
            aliases = {"aliases": quoted(name)}
            raise AnalysisError("EXEC_IMMEDIATE_DUPLICATE_ARGUMENT_ALIASES", aliases, argument.origin)
        if value.has(UnresolvedScalarSubquery, UnresolvedExists, UnresolvedInSubquery):
            shown = {"invalidExprSql": f'"{sql(value)}"'}
            raise AnalysisError("UNSUPPORTED_EXPR_FOR_PARAMETER", shown, value.origin)
        names.append(name)
        values.append(evaluate(value, None, context))
    if by_name and not all(names):
        unnamed = [f'"{sql(_named(each)[0])}"' for each, name in zip(using, names, strict=True) if not name]
        raise AnalysisError("ALL_PARAMETERS_MUST_BE_NAMED", {"exprs": ", ".join(unnamed)})
    return dict(zip(names, values, strict=True)) if by_name else tuple(values)


def _named(argument: Expression) -> tuple[Expression, str]:
    """A value of USING, and its name: that after AS, or that of a variable."""
    if isinstance(argument, Alias | UnresolvedAlias):
        return argument.child, argument.name if isinstance(argument, Alias) else argument.names[0]
    return argument, argument.parts[-1] if isinstance(argument, UnresolvedAttribute) else ""


def _assign(names: Sequence[str], values: Sequence[Literal], context: Context) -> None:
    variables: Variables = context.session.variables
    for name, value in zip(names, values, strict=True):
        variable = variables.found[name]
        cast = value if value.dataType == variable.type else evaluate(value, variable.type, context)
        variables.found[name] = Variable(cast, variable.type, variable.default)


def _shown(name: str) -> str:
    return quoted(("system", "session", name))
