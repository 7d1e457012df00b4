"""Row by row: filter, project, union, limit, sort and their like."""

from __future__ import annotations

from engine.expressions.base import Expression, references
from engine.kernels.evaluate import evaluate_constant
from engine.logical import plan as lp
from engine.physical.exchange import ExchangeExec, HashSplit, RoundRobin
from engine.physical.expand import ExpandExec
from engine.physical.filter import FilterExec
from engine.physical.generate import GenerateExec
from engine.physical.limit import LimitExec
from engine.physical.operator import Operator
from engine.physical.project import ProjectExec
from engine.physical.sort import SortExec
from engine.physical.top_n import TopNExec
from engine.physical.union import UnionExec
from engine.plan.planner import Needed, Planner
from engine.plan.strategies.windows import plan_limited


def plan_filter(node: lp.Filter, planner: Planner, needed: Needed) -> Operator:
    """WHERE; columns that only the condition reads are left behind."""
    below = None if needed is None else needed | node.condition.references
    child = plan_limited(node, planner, below) or planner.plan(node.child, below)
    columns = tuple(column for column in child.output if needed is None or column.id in needed)
    return FilterExec(node.condition, columns, child)


def plan_project(node: lp.Project, planner: Planner, needed: Needed) -> Operator:
    """SELECT's list."""
    projections = node.projections
    if needed is not None:
        projections = tuple(each for each in projections if each.to_attribute().id in needed)
    child = planner.plan(node.child, references(projections))
    return child if projections == child.output else ProjectExec(projections, child)


def plan_expand(node: lp.Expand, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """Grouping sets."""
    read = references(each for projection in node.projections for each in projection)
    return ExpandExec(node.projections, node.columns, planner.plan(node.child, read))


def plan_generate(node: lp.Generate, planner: Planner, needed: Needed) -> Operator:
    """LATERAL VIEW."""
    below = None if needed is None else (needed & node.child.output_ids) | node.generator.references
    return GenerateExec(node.generator, node.outer, node.columns, planner.plan(node.child, below))


def plan_union(node: lp.Union, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """UNION ALL."""
    return UnionExec(tuple(planner.plan(each) for each in node.inputs), node.columns)


def plan_sort(node: lp.Sort, planner: Planner, needed: Needed) -> Operator:
    """ORDER BY and SORT BY."""
    below = None if needed is None else needed | references(node.order)
    return SortExec(node.order, node.everywhere, planner.plan(node.child, below))


def plan_top_n(node: lp.TopN, planner: Planner, needed: Needed) -> Operator:
    """ORDER BY with LIMIT; each task first finds its own first rows."""
    below = None if needed is None else needed | references(node.order)
    child = planner.plan(node.child, below)
    if planner.context.distributed:
        child = TopNExec(node.count + node.offset, 0, node.order, False, child)
    return TopNExec(node.count, node.offset, node.order, True, child)


def plan_repartition(node: lp.Repartition, planner: Planner, needed: Needed) -> Operator:
    """REPARTITION and DISTRIBUTE BY: rows move between executors, if there are several."""
    below = None if needed is None else needed | references(node.keys)
    child = planner.plan(node.child, below)
    context = planner.context
    if not context.distributed:
        context.hints.refuse(node.number, "one executor has all rows in one place")
        return child
    context.hints.use(node.number, _HOW.get(node.hint, ""))
    count = node.partitions or context.shuffle_partitions or context.executors
    split = HashSplit(node.keys, count) if node.keys else RoundRobin(count)
    return ExchangeExec(split, child.output, child)


_HOW = {"repartition_by_range": "by hash, not by range", "rebalance": "as REPARTITION"}
"""What the hints do that ask for more than an exchange does."""


def plan_limit(node: lp.Limit, planner: Planner, needed: Needed) -> Operator:
    """LIMIT; each task first stops at as many rows as may be wanted in all."""
    count = constant(node.count, planner)
    offset = constant(node.offset, planner) or 0
    child = planner.plan(node.child, needed)
    if planner.context.distributed and count is not None:
        child = LimitExec(count + offset, 0, False, child)
    return LimitExec(count, offset, True, child)


def constant(expression: Expression | None, planner: Planner) -> int | None:
    """The value of a LIMIT or OFFSET."""
    if expression is None:
        return None
    value = evaluate_constant(expression, planner.context.evaluation).value
    return None if value is None else int(value)
