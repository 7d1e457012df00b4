"""Transformer of what other engines have and Spark has not: ASOF JOIN, UNNEST and SUMMARIZE, in grammar/relations.lark.

Each public function is the rule (or the `-> name`) of its name, as in `engine.parse.expressions`.
"""

from __future__ import annotations

from engine.errors import Unsupported
from engine.expressions.base import Alias, Expression
from engine.logical.plan import JoinType, LogicalPlan
from engine.logical.unresolved import UnresolvedAlias, UnresolvedRelation, UnresolvedSummarize, UnresolvedUnnest
from engine.parse.lexer import Token
from engine.parse.parts import JoinPart, NamedArgument


def asof_join(kind: JoinType | None, right: LogicalPlan, condition: Expression | tuple[str, ...] | None) -> JoinPart:
    """ASOF JOIN t ON or USING: to each row at most the nearest one of t."""
    using = condition if isinstance(condition, tuple) else ()
    on = condition if isinstance(condition, Expression) else None
    return JoinPart(right, kind or JoinType.INNER, on, using, asof=True)


def unnest(arguments: tuple[Expression | NamedArgument, ...], counted: Token | None) -> LogicalPlan:
    """UNNEST(array, ...) or UNNEST(map), WITH ORDINALITY or WITH OFFSET."""
    for each in arguments:
        if isinstance(each, NamedArgument | Alias | UnresolvedAlias):
            value = each.value if isinstance(each, NamedArgument) else each
            raise Unsupported("UNNEST with names of arguments", value.origin)
    return UnresolvedUnnest(arguments, counted.kind if counted is not None else "")  # type: ignore[arg-type]


def summarize(query: LogicalPlan) -> LogicalPlan:
    """SUMMARIZE query; SUMMARIZE TABLE t is one, of the query TABLE t."""
    return UnresolvedSummarize(query)


def summarize_table(name: tuple[str, ...]) -> LogicalPlan:
    """SUMMARIZE t."""
    return UnresolvedSummarize(UnresolvedRelation(name))
