"""Where rows come from."""

from __future__ import annotations

import math

from engine.expressions.subquery import SubqueryExpression
from engine.logical import plan as lp
from engine.logical.relation import ScanRequest, Split
from engine.physical.local import LocalExec, one_row
from engine.physical.operator import Operator
from engine.physical.range import RangeExec
from engine.physical.scan import ScanExec, shares
from engine.plan.context import PlannerContext
from engine.plan.planner import Needed, Planner

TASK_BYTES = 256 << 20
"""How many bytes of input a task should have at most, where there are more tasks to be had."""

_SMALL_BYTES = 4 << 20
_TASKS_PER_EXECUTOR = 4


def plan_one_row(node: lp.OneRow, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """SELECT without FROM."""
    return LocalExec((), one_row())


def plan_local(node: lp.LocalRelation, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """VALUES."""
    return LocalExec(node.columns, node.batch)


def plan_range(node: lp.Range, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """range()."""
    partitions = node.partitions or planner.context.default_parallelism or planner.context.executors
    return RangeExec(node.start, node.end, node.step, node.column, partitions if planner.context.distributed else 1)


def plan_scan(node: lp.Scan, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """A table: its pieces are listed and pruned here, and shared among tasks."""
    filters = tuple(each for each in node.filters if not each.has(SubqueryExpression))
    request = ScanRequest(tuple(column.name for column in node.columns), filters, node.limit)
    found = node.relation.splits(request)
    count = scan_partitions(found.splits, planner.context)
    return ScanExec(
        node.relation,
        node.columns,
        node.name,
        filters,
        node.limit,
        found.splits,
        found.considered,
        found.pruned,
        shares(found.splits, count) if count > 1 else (),
    )


def scan_partitions(splits: tuple[Split, ...], context: PlannerContext) -> int:
    """How many tasks share the splits: one where there is little, else some per executor, the more bytes the more."""
    size = sum(split.bytes or 0 for split in splits)
    known = all(split.bytes is not None for split in splits)
    if not context.distributed or len(splits) < 2 or (known and size < _SMALL_BYTES):
        return 1
    wanted = max(context.executors, math.ceil(size / TASK_BYTES))
    return min(len(splits), wanted, context.executors * _TASKS_PER_EXECUTOR)
