"""Lambdas among the arguments of a call: their parameters get types from the arguments before them.

Where a function takes a lambda, any other expression is one that reads no parameter: `transform(a, 0)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import AnalysisError, quoted
from engine.expressions.base import Attribute, Expression
from engine.expressions.lambdas import Lambda
from engine.expressions.sql import shown
from engine.expressions.subquery import SubqueryExpression
from engine.functions.resolve import lambda_arities, lambda_parameters
from engine.logical import unresolved as un

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver

HIDDEN = "namedlambdavariable()"
"""What parameters are called where none were written, and how Spark shows all of them."""


def as_lambdas(name: str, arguments: Sequence[Expression]) -> list[Expression]:
    """The arguments of a call as written, each a lambda where the function takes one."""
    arities = lambda_arities(name, len(arguments))
    found: list[Expression] = []
    for place, each in enumerate(arguments):
        if place in arities and not isinstance(each, un.UnresolvedLambda):
            each = un.UnresolvedLambda((HIDDEN,) * arities[place], each).at(each.origin)
        found.append(each)
    return found


def resolve_lambdas(
    resolver: Resolver, node: un.UnresolvedFunction, arguments: Sequence[Expression]
) -> tuple[Expression, ...]:
    """The arguments of the call `node`, where those that are no lambdas are resolved already."""
    lambdas = [each for each in arguments if isinstance(each, un.UnresolvedLambda)]
    if not lambdas:
        return tuple(arguments)
    types = [None if isinstance(each, un.UnresolvedLambda) else each.dataType for each in arguments]
    try:
        parameters = lambda_parameters(node.name[-1].lower(), types, [len(each.parameters) for each in lambdas])
    except AnalysisError as error:
        error.position = error.position or node.origin
        if error.condition.startswith("DATATYPE_MISMATCH."):
            error.message_parameters.setdefault("sqlExpr", shown(node))
        raise
    found = iter(parameters)
    return tuple(
        _resolved(resolver, each, next(found)) if isinstance(each, un.UnresolvedLambda) else each for each in arguments
    )


def _resolved(resolver: Resolver, node: un.UnresolvedLambda, types: tuple[Any, ...]) -> Expression:
    folded = [resolver.scope.fold(name) for name in node.parameters if name != HIDDEN]
    if len(set(folded)) < len(folded):
        given = {"args": ", ".join(map(quoted, node.parameters)), "caseSensitiveConfig": '"spark.sql.caseSensitive"'}
        raise AnalysisError("INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES", given, node.origin)
    parameters = tuple(Attribute(n, t, nullable) for n, (t, nullable) in zip(node.parameters, types, strict=True))
    names = {resolver.scope.fold(p.name): p for p in parameters if p.name != HIDDEN}
    inner = replace(resolver, parameters={**resolver.parameters, **names})
    body = inner.resolve(node.body)
    if body.has(SubqueryExpression):
        raise AnalysisError("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.HIGHER_ORDER_FUNCTION", {}, node.origin)
    return Lambda(parameters, body).at(node.origin)
