"""Transformer of grammar/statements.lark: CREATE FUNCTION and DROP FUNCTION."""

from __future__ import annotations

from typing import NamedTuple

from engine.errors import ParseError
from engine.expressions.base import Expression
from engine.logical.commands import Command, CreateFunction, DropFunction
from engine.logical.plan import LogicalPlan
from engine.parse.lexer import Token
from engine.parse.parts import ColumnDefinition, Option, once
from engine.parse.statements import column_definition
from engine.types import DataType, StructType

Name = tuple[str, ...]
Body = tuple[LogicalPlan | Expression, str]


class Returns(NamedTuple):
    """What follows RETURNS: a type, or TABLE with its columns (None: those of the query)."""

    type: DataType | None
    is_table: bool
    columns: tuple[ColumnDefinition, ...] = ()


def create_function(
    replace: bool | None,
    scope: str | None,
    if_not_exists: bool | None,
    name: Name,
    parameters: tuple[ColumnDefinition, ...],
    returns: Returns | None,
    options: tuple[Option, ...],
    body: Body,
) -> Command:
    """CREATE [OR REPLACE] [TEMPORARY] FUNCTION [IF NOT EXISTS] name(parameters) RETURNS ... RETURN body."""
    if replace and if_not_exists:
        raise ParseError("INVALID_SQL_SYNTAX.CREATE_ROUTINE_WITH_IF_NOT_EXISTS_AND_REPLACE")
    if scope and if_not_exists:
        raise ParseError("INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS")
    if scope and len(name) > 1:
        raise _qualified(name)
    result = returns or Returns(None, False)
    for columns in (parameters, result.columns):
        _refuse_not_null(columns)
    given = once(options)
    plan, text = body
    return CreateFunction(
        name,
        StructType(tuple(each.field for each in parameters)),
        tuple((each.field.name, each.default[1]) for each in parameters if each.default is not None),
        StructType(tuple(each.field for each in result.columns)) if result.columns else result.type,
        result.is_table,
        text,
        isinstance(plan, LogicalPlan),
        bool(replace),
        scope is not None,
        bool(if_not_exists),
        given.get("COMMENT", ""),
        given.get("DETERMINISTIC"),
        given.get("SQL DATA ACCESS"),
    )


def _qualified(name: Name) -> ParseError:
    parameters = {"objectType": "FUNCTION", "objectName": f"`{name[-1]}`"}
    return ParseError("INVALID_TEMP_OBJ_QUALIFIER", {**parameters, "qualifier": ".".join(f"`{n}`" for n in name[:-1])})


def _refuse_not_null(columns: tuple[ColumnDefinition, ...]) -> None:
    if not all(each.field.nullable for each in columns):
        shown = [f"{e.field.name} {e.field.dataType.sql}{'' if e.field.nullable else ' NOT NULL'}" for e in columns]
        raise ParseError("USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS", {"input": ", ".join(shown)})


def routine_parameters(*parameters: ColumnDefinition) -> tuple[ColumnDefinition, ...]:
    return parameters


def routine_parameter(name: str, data_type: DataType, *options: Option) -> ColumnDefinition:
    for option in options:
        if option.name.startswith("INVALID"):
            raise ParseError(option.name)
    return column_definition(name, data_type, *options)


def parameter_generated(*_: Expression) -> Option:
    return Option("INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_GENERATED_COLUMNS_AS_PARAMETERS", True)


def parameter_constraint(*_: Expression) -> Option:
    return Option("INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_COLUMN_CONSTRAINTS", True)


def returns_type(data_type: DataType) -> Returns:
    return Returns(data_type, False)


def returns_table(*columns: ColumnDefinition) -> Returns:
    return Returns(None, True, columns)


def returned_column(name: str, data_type: DataType, *options: Option) -> ColumnDefinition:
    return column_definition(name, data_type, *options)


def routine_options(*options: Option) -> tuple[Option, ...]:
    return options


def routine_language(language: str) -> Option:
    if language.upper() != "SQL":
        message = f"Unsupported language for user defined functions: {language}"
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    return Option("LANGUAGE", "SQL")


def routine_deterministic() -> Option:
    return Option("DETERMINISTIC", True)


def routine_random() -> Option:
    return Option("DETERMINISTIC", False)


def routine_contains() -> Option:
    return Option("SQL DATA ACCESS", False)


def routine_reads() -> Option:
    return Option("SQL DATA ACCESS", True)


def routine_modifies() -> Option:
    message = "SQL function with MODIFIES SQL DATA is not supported"
    raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})


def routine_security(who: Token) -> Option:
    if who.kind == "INVOKER":
        message = "SQL function with SQL SECURITY INVOKER is not supported"
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    return Option("SQL SECURITY", who.kind)


def drop_function(if_exists: bool | None, name: Name) -> Command:
    return DropFunction(name, False, bool(if_exists))


def drop_temporary_function(if_exists: bool | None, name: Name) -> Command:
    if len(name) > 1:
        raise _qualified(name)
    return DropFunction(name, True, bool(if_exists))
