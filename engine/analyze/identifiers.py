"""IDENTIFIER('name'): strings become the names of columns, tables and functions before anything is looked up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import AnalysisError, ParseError
from engine.expressions.base import Expression
from engine.expressions.sql import sql
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.logical import unresolved as un
from engine.logical.names import name_parts
from engine.logical.plan import LogicalPlan
from engine.types import StringType

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver


Tree = TypeVar("Tree", LogicalPlan, Expression)


def with_identifiers(plan: Tree, resolver: Resolver) -> Tree:
    """`plan`, or an expression, with a name in the place of every IDENTIFIER().

    `resolver` knows parameters and variables, and no column.

    Raises NOT_A_CONSTANT_STRING for what is no constant, no string, or null.
    """
    if not plan.has(un.UnresolvedIdentifier, un.UnresolvedIdentifierPlan, un.UnresolvedName):
        return plan

    def visit(node: Any) -> Any:
        if isinstance(node, un.UnresolvedIdentifier):
            name = _name(node.name, resolver)
            if node.function is None:
                return un.UnresolvedAttribute(name).at(node.origin)
            return replace(node.function, name=name).at(node.origin)
        if isinstance(node, un.UnresolvedIdentifierPlan):
            return replace(node.plan, name=_name(node.name, resolver)).at(node.origin)
        if any(isinstance(child, un.UnresolvedName) for child in node.children):
            values = {
                name: _with_names(value, resolver) for name, value in vars(node).items() if name in node._branches
            }
            return replace(node, **values).at(node.origin)
        return node

    found: Tree = plan.transform_up(visit)
    return found


def _with_names(value: Any, resolver: Resolver) -> Any:
    """The value of a field with the parts of a name in the place of the one part that says it."""
    if value.__class__ is not tuple:
        return value
    if len(value) == 1 and isinstance(value[0], un.UnresolvedName):
        return _name(value[0].expression, resolver)
    return tuple(_with_names(each, resolver) for each in value)


def _name(written: Expression, resolver: Resolver) -> tuple[str, ...]:
    parameters = {"name": "IDENTIFIER", "expr": sql(written)}
    try:
        found = resolver.resolve(written)
    except AnalysisError as error:
        if not error.condition.startswith("UNRESOLVED_COLUMN"):
            raise
        raise AnalysisError("NOT_A_CONSTANT_STRING.NOT_CONSTANT", parameters, written.origin) from None
    if not found.foldable:
        raise AnalysisError("NOT_A_CONSTANT_STRING.NOT_CONSTANT", parameters, written.origin)
    if not isinstance(found.dataType, StringType):
        parameters["dataType"] = found.dataType.simpleString()
        raise AnalysisError("NOT_A_CONSTANT_STRING.WRONG_TYPE", parameters, written.origin)
    context = EvalContext(time_zone=resolver.context.time_zone, ansi=resolver.context.ansi)
    value = evaluate_constant(found, context).value
    if value is None:
        raise AnalysisError("NOT_A_CONSTANT_STRING.NULL", parameters, written.origin)
    if not value.strip():
        raise ParseError("PARSE_EMPTY_STATEMENT", {}, written.origin)
    parts = name_parts(value)
    if parts is None:
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{value}'", "hint": ": it is no name"}, written.origin)
    return parts
