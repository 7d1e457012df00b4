"""ASOF JOIN: the right side is sorted and searched. It goes to every task where it is small, or where there are no keys."""

from __future__ import annotations

from engine.errors import InternalError
from engine.expressions.base import references
from engine.logical.asof import AsOfJoin, asof_keys
from engine.physical.asof_join import AsOfJoinExec
from engine.physical.operator import Operator
from engine.plan.planner import Needed, Planner


def plan_asof_join(node: AsOfJoin, planner: Planner, needed: Needed) -> Operator:
    """Each row with the nearest one."""
    keys = asof_keys(node.condition, node.left.output_ids, node.right.output_ids)
    if keys is None:
        raise InternalError("The condition of an ASOF join lost its form.")
    columns = tuple(column for column in node.output if needed is None or column.id in needed)
    read = frozenset(column.id for column in columns) | references([node.condition])
    context = planner.context
    size = context.bytes(node.right)
    small = size is not None and size <= context.broadcast_threshold
    return AsOfJoinExec(
        planner.plan(node.left, read & node.left.output_ids),
        planner.plan(node.right, read & node.right.output_ids),
        node.type,
        "right",
        None,
        None,
        columns,
        keys.left,
        keys.right,
        keys.left_at,
        keys.right_at,
        keys.operator,
        context.distributed and (small or not keys.left),
    )
