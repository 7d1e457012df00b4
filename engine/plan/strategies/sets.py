"""INTERSECT and EXCEPT where the optimizer has left them."""

from __future__ import annotations

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Literal
from engine.logical import plan as lp
from engine.logical.plan import JoinType
from engine.physical.operator import Operator
from engine.physical.project import ProjectExec
from engine.physical.replicate import ReplicateExec
from engine.physical.union import UnionExec
from engine.plan.planner import Needed, Planner
from engine.plan.strategies.aggregates import aggregate, distinct
from engine.plan.strategies.joins import null_safe_join
from engine.types import LONG


def plan_set_operation(node: lp.SetOperation, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """Without ALL: different rows with, or without, an equal row on the right. With ALL: rows counted on both sides."""
    left, right = planner.plan(node.left), planner.plan(node.right)
    intersect = node.kind.lower() == "intersect"
    if not node.all:
        kind = JoinType.SEMI if intersect else JoinType.ANTI
        return null_safe_join(distinct(left, planner), right, kind, "right")
    counts = (Attribute("left_count", LONG, False), Attribute("right_count", LONG, False))
    columns = tuple(column.renewed() for column in node.left.output)
    both = UnionExec((_tagged(left, 1, 0), _tagged(right, 0, 1)), (*columns, *counts))
    calls = tuple(AggregateCall("sum", (count,), LONG) for count in counts)
    sums = tuple(Attribute(count.name, LONG) for count in counts)
    counted = aggregate(planner, columns, calls, columns, sums, both)
    return ReplicateExec("intersect" if intersect else "except", node.left.output, counted)


def _tagged(child: Operator, left: int, right: int) -> Operator:
    flags = (Alias(Literal(left, LONG), "left_count"), Alias(Literal(right, LONG), "right_count"))
    return ProjectExec((*child.output, *flags), child)
