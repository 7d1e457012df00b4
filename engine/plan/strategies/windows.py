"""Window functions."""

from __future__ import annotations

from engine.expressions.base import references
from engine.logical import plan as lp
from engine.physical.operator import Operator
from engine.physical.window import WindowExec
from engine.plan.planner import Needed, Planner


def plan_window(node: lp.Window, planner: Planner, needed: Needed) -> Operator:
    """OVER: the functions of one partitioning and order."""
    read = references((*node.functions, *node.partition, *node.order))
    below = None if needed is None else (needed & node.child.output_ids) | read
    return WindowExec(node.functions, node.partition, node.order, planner.plan(node.child, below))
