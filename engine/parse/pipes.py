"""Transformer of pipe syntax: each operator after `|>` is a query over the one before it, made of what queries are made of."""

from __future__ import annotations

from typing import Any

from engine.errors import AnalysisError, ParseError, Position
from engine.expressions.base import Alias, Expression
from engine.logical.plan import LogicalPlan, SubqueryAlias
from engine.logical.unresolved import (
    GroupingSets,
    UnresolvedAlias,
    UnresolvedSelect,
    UnresolvedSetOperation,
    UnresolvedStar,
)
from engine.parse.lexer import Token
from engine.parse.parts import Grouping, JoinPart, SelectHead, Step, TailItem, Windows, joined
from engine.parse.relations import organized

_EVERYTHING = (UnresolvedStar(),)


def piped(plan: LogicalPlan, operator: Step | JoinPart) -> LogicalPlan:
    if isinstance(operator, JoinPart):
        return joined(_source(plan), operator)
    return operator(_source(plan))


def piped_tail(plan: LogicalPlan, items: tuple[TailItem, ...]) -> LogicalPlan:
    """ORDER BY or LIMIT as an operator: it sees the columns that come out only."""
    limits = [item for item in items if item.clause in ("LIMIT", "OFFSET")]
    if limits and len(limits) < len(items):
        clauses = {"clause1": items[0].clause, "clause2": limits[0].clause}
        raise ParseError("MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS", clauses, items[0].origin)
    return organized(_select("TAIL", _EVERYTHING, _source(plan)), items)


def _source(plan: LogicalPlan) -> LogicalPlan:
    """What an operator reads: the tables themselves where the query is FROM alone."""
    match plan:
        case UnresolvedSelect(projections, False, None, None, False, None, (), None, (), child):
            if projections == _EVERYTHING and not plan.pipe:
                return child
    return plan


def _select(operator: str, projections: tuple[Expression, ...], child: LogicalPlan, **clauses: Any) -> LogicalPlan:
    given = {
        "distinct": False,
        "condition": None,
        "grouping": None,
        "group_by_all": False,
        "having": None,
        "windows": (),
        "qualify": None,
        "hints": (),
        **clauses,
    }
    return UnresolvedSelect(projections, **given, child=child, pipe=operator)


def pipe_select(head: SelectHead, windows: Windows | None) -> Step:
    return lambda plan: _select(
        "SELECT", head.projections, plan, distinct=head.distinct, windows=windows or (), hints=head.hints
    )


def pipe_extend(columns: tuple[Expression, ...], windows: Windows | None) -> Step:
    for column in columns:
        if isinstance(column, UnresolvedStar):
            place = {"elem": "'*'", "prettyName": "expression `pipeexpression`"}
            raise AnalysisError("INVALID_USAGE_OF_STAR_OR_REGEX", place, column.origin)
    return lambda plan: _select("EXTEND", (*_EVERYTHING, *columns), plan, windows=windows or ())


def pipe_set(*assignments: tuple[str, Expression]) -> Step:
    """SET a = x, b = y: columns in their place with other values, each seen by the next."""

    def step(plan: LogicalPlan) -> LogicalPlan:
        for assignment in assignments:
            plan = _select("SET", (UnresolvedStar(replaced=(assignment,)),), plan)
        return plan

    return step


def pipe_assignment(name: tuple[str, ...], value: Expression) -> tuple[str, Expression]:
    if len(name) > 1:
        message = "SQL pipe syntax |> SET operator with multi-part assignment key (only single-part keys are allowed)"
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    return name[0], value


def pipe_drop(*names: tuple[str, ...]) -> Step:
    once = tuple({tuple(map(str.lower, name)): name for name in names}.values())
    return lambda plan: _select("DROP", (UnresolvedStar((), once),), plan)


def pipe_as(name: str) -> Step:
    return lambda plan: SubqueryAlias((name,), plan)


def pipe_where(condition: Expression) -> Step:
    return lambda plan: _select("WHERE", _EVERYTHING, plan, condition=condition)


def pipe_join(part: JoinPart) -> JoinPart:
    return part


def pipe_set_operation(kind: Token, quantifier: Token | None, right: LogicalPlan) -> Step:
    name = "except" if kind.kind in ("SETMINUS", "MINUS") else kind.kind.lower()
    every = quantifier is not None and quantifier.kind == "ALL"
    return lambda plan: UnresolvedSetOperation(name, every, plan, right)


def pipe_aggregate(aggregates: tuple[Expression, ...] | None, grouping: Grouping | None) -> Step:
    """AGGREGATE x GROUP BY y gives y and x. The numbers of GROUP BY are those of the columns that are read."""
    if grouping is None and aggregates is None:
        message = (
            "The AGGREGATE clause requires a list of aggregate expressions or a list of grouping expressions, or both"
        )
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    items = () if grouping is None else grouping.items
    for item in items:
        if isinstance(item, GroupingSets):
            raise _not_in_aggregate(
                "GROUPING SETS" if "sets" in item.kind else f"GROUP BY {item.kind.upper()}", item.origin
            )
    return lambda plan: _select("AGGREGATE", (*items, *(aggregates or ())), plan, grouping=tuple(map(_unnamed, items)))


def _unnamed(item: Expression) -> Expression:
    return item.child if isinstance(item, Alias | UnresolvedAlias) else item


def pipe_group_by_all(word: Token) -> Grouping:
    raise _not_in_aggregate("GROUP BY ALL", word.position)


def _not_in_aggregate(case: str, origin: Position | None) -> ParseError:
    return ParseError("UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE", {"case": case}, origin)
