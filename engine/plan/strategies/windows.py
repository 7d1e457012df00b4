"""Window functions, and limits of groups below those whose ranks are compared with a number.

Filter rn <= 3                                               Filter rn <= 3
└─ Window row_number() OVER (PARTITION BY k ORDER BY x)  =>  └─ Window row_number() OVER (PARTITION BY k ORDER BY x)
                                                                └─ GroupLimit row_number <= 3 [k] [x]
"""

from __future__ import annotations

from engine.expressions.base import Alias, Attribute, Expression, Literal, references
from engine.expressions.predicates import (
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    conjuncts,
)
from engine.expressions.window import RANKINGS, Ranking, WindowCall, WindowExpression
from engine.logical import plan as lp
from engine.physical.group_limit import GroupLimitExec
from engine.physical.operator import Operator
from engine.physical.window import WindowExec
from engine.plan.planner import Needed, Planner
from engine.types import IntegralType

_MOST = 1000
"""The rank from which on limits are not worth their tables, as in Spark."""


def plan_window(node: lp.Window, planner: Planner, needed: Needed) -> Operator:
    """OVER: the functions of one partitioning and order."""
    return _planned(node, planner, needed, None)


def plan_limited(filtered: lp.Filter, planner: Planner, needed: Needed) -> Operator | None:
    """The window below a filter, where that wants the first rows of each partition only; else None."""
    window = filtered.child
    if not isinstance(window, lp.Window) or not all(_ranking(each) for each in window.functions):
        return None
    if any(each.can_raise or not each.deterministic for each in (*window.partition, *window.order)):
        return None
    found = [limit for term in conjuncts(filtered.condition) if (limit := _limit(term, window)) is not None]
    limit = min(found, key=lambda each: each[1], default=None)
    if limit is None or limit[1] > _MOST:
        return None
    return _planned(window, planner, needed, limit)


def _planned(node: lp.Window, planner: Planner, needed: Needed, limit: tuple[Ranking, int] | None) -> Operator:
    read = references((*node.functions, *node.partition, *node.order))
    below = None if needed is None else (needed & node.child.output_ids) | read
    child = planner.plan(node.child, below)
    if limit is not None:
        ranking, count = limit
        child = GroupLimitExec(ranking, max(count, 1), node.partition, node.order, child)
        child.__dict__["estimated_rows"] = planner.context.rows(node.child)
    columns = tuple(each for each in node.child.output if needed is None or each.id in needed)
    made = WindowExec(node.functions, node.partition, node.order, columns, child)
    made.__dict__["estimated_rows"] = planner.context.rows(node)
    return made


def _ranking(function: Alias) -> Ranking | None:
    match function.child:
        case WindowExpression(WindowCall(name)) if name in RANKINGS:
            return name
    return None


def _limit(term: Expression, window: lp.Window) -> tuple[Ranking, int] | None:
    """The ranking that a term compares, and the greatest that it lets pass."""
    match term:
        case LessThanOrEqual(Attribute() as rank, Literal(int() as most)) | EqualTo(
            Attribute() as rank, Literal(int() as most)
        ):
            pass
        case GreaterThanOrEqual(Literal(int() as most), Attribute() as rank) | EqualTo(
            Literal(int() as most), Attribute() as rank
        ):
            pass
        case LessThan(Attribute() as rank, Literal(int() as end)) | GreaterThan(
            Literal(int() as end), Attribute() as rank
        ):
            most = end - 1
        case _:
            return None
    if not isinstance(rank.dataType, IntegralType):
        return None
    ranking = next((_ranking(each) for each in window.functions if each.id == rank.id), None)
    return None if ranking is None else (ranking, most)
