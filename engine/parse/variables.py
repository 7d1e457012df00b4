"""Transformer of statements about session variables (grammar/statements.lark), and of EXECUTE IMMEDIATE."""

from __future__ import annotations

from engine.errors import ParseError
from engine.expressions.base import Expression
from engine.logical.commands import Command, DeclareVariable, DropVariable, ExecuteImmediate, SetVariables
from engine.logical.plan import LogicalPlan
from engine.parse.lexer import Token
from engine.parse.parts import row_values
from engine.types import DataType
from engine.types.char import without_lengths

Name = tuple[str, ...]


def declare(
    replace: bool | None, names: tuple[Name, ...], kind: DataType | None, default: Expression | None
) -> Command:
    if kind is None and default is None:
        raise ParseError("INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED", {})
    return DeclareVariable(names, bool(replace), None if kind is None else without_lengths(kind), default)


def set_each(*assignments: tuple[Name, Expression | None]) -> Command:
    return SetVariables(tuple(name for name, _ in assignments), tuple(value for _, value in assignments))


def assignment(name: Name, value: Expression | Token) -> tuple[Name, Expression | None]:
    return name, value if isinstance(value, Expression) else None


def set_from(names: tuple[Name, ...], query: LogicalPlan) -> Command:
    return SetVariables(names, (), query)


def drop_variable(if_exists: bool | None, name: Name) -> Command:
    return DropVariable(name, bool(if_exists))


def execute_immediate(text: Expression, into: tuple[Name, ...] | None, using: tuple[Expression, ...] | None) -> Command:
    """USING (1, 2) is USING 1, 2."""
    using = using or ()
    return ExecuteImmediate(text, into or (), row_values(using[0]) if len(using) == 1 else using)
