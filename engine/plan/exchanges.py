"""The one rule that moves rows between executors: an exchange goes where an input does not provide what its operator requires.

With one executor everything is in one task, so nothing is ever inserted. Joins of two sides split by key agree on the number
of partitions; a common table expression becomes an exchange that its readers share; a query in an expression is sent to all;
a recursion runs in one task.
"""

from __future__ import annotations

import math
from typing import Any

from engine.expressions.subquery import SubqueryExpression
from engine.physical.exchange import Broadcast, ExchangeExec, HashSplit, Kept, Single, Split
from engine.physical.join import JoinExec
from engine.physical.materialize import MaterializeExec
from engine.physical.operator import Operator
from engine.physical.union_loop import UnionLoopExec, UnionLoopRefExec
from engine.plan.context import PlannerContext
from engine.plan.distribution import ByKeys, Provided, Required, Where, provided, required

PARTITION_BYTES = 128 << 20
"""How many bytes a shuffle partition should have at most, as estimated."""

_PARTITIONS_PER_EXECUTOR = 4


def insert_exchanges(root: Operator, context: PlannerContext) -> Operator:
    """The plan with the exchanges it needs; the same plan with one executor."""
    if not context.distributed:
        return root
    return _Inserter(context).visit(root)


class _Inserter:
    """Walks one plan, children first; an operator that is met twice stays one."""

    def __init__(self, context: PlannerContext) -> None:
        self.context = context
        self._done: dict[int, Any] = {}
        self._kept: list[Operator] = []

    def visit(self, node: Operator) -> Operator:
        """`node` with the exchanges below it."""
        if id(node) not in self._done:
            self._kept.append(node)  # ids of objects hold only while these live
            self._done[id(node)] = self._placed(node)
        found: Operator = self._done[id(node)]
        return found

    def _placed(self, node: Operator) -> Operator:
        if isinstance(node, UnionLoopExec):
            return node.map_children(self._gathered)
        node = node.map_children(self._child)
        if isinstance(node, MaterializeExec):
            split = Kept(provided(node.child).count)
            return _exchange(node.child, split, node.columns)
        if not node.inputs:
            return node
        wanted = list(required(node))
        have = [provided(child) for child in node.inputs]
        if isinstance(node, JoinExec):
            splits = self._join(node, wanted, have)
        else:
            splits = [self._split(node, need, has) for need, has in zip(wanted, have, strict=True)]
        if all(split is None for split in splits):
            return node
        by_child = {
            id(child): child if split is None else _exchange(child, split, child.output)
            for child, split in zip(node.inputs, splits, strict=True)
        }
        return node.map_children(lambda child: by_child.get(id(child), child))

    def _gathered(self, node: Any) -> Any:
        """A part of a recursion: all of it in one task, so that what does not read the level before comes to that."""
        if node.has(UnionLoopRefExec):
            return node.map_children(self._gathered)
        if not isinstance(node, Operator):
            return self._with_broadcast_queries(node)
        placed = self.visit(node)
        has = provided(placed)
        return placed if has.satisfies(Where.ONE_TASK) else _exchange(placed, Single(), placed.output)

    def _child(self, child: Any) -> Any:
        if isinstance(child, Operator):
            return self.visit(child)
        return self._with_broadcast_queries(child)

    def _with_broadcast_queries(self, expression: Any) -> Any:
        if not expression.has(SubqueryExpression):
            return expression
        if isinstance(expression, SubqueryExpression):
            plan = expression.plan
            if id(plan) not in self._done:
                self._kept.append(plan)
                below = self._placed(plan)
                self._done[id(plan)] = _exchange(below, Broadcast(), below.output)
            sent = self._done[id(plan)]
            return expression.map_children(lambda child: sent if child is plan else self._with_broadcast_queries(child))
        return expression.map_children(self._with_broadcast_queries)

    def _split(self, node: Operator, need: Required, has: Provided) -> Split | None:
        if has.satisfies(need):
            return None
        if isinstance(need, ByKeys):
            return self._by_hash(need, self._count(node))
        return Broadcast() if need is Where.EVERY_TASK else Single()

    def _join(self, node: Operator, wanted: list[Required], have: list[Provided]) -> list[Split | None]:
        if all(has.count == 1 and not has.copied for has in have):
            return [None, None]
        if not isinstance(wanted[0], ByKeys) or not isinstance(wanted[1], ByKeys):
            return [self._split(node, need, has) for need, has in zip(wanted, have, strict=True)]
        placed = [has.satisfies(need) and has.count > 1 for need, has in zip(wanted, have, strict=True)]
        if all(placed) and have[0].count == have[1].count:
            return [None, None]
        if any(placed):
            count = have[placed.index(True)].count
            keep = placed.index(True)
        else:
            count, keep = self._count(node), -1
        return [
            None if side == keep else self._by_hash(need, count)
            for side, need in enumerate(wanted)
            if isinstance(need, ByKeys)
        ]

    def _by_hash(self, need: ByKeys, count: int) -> Split:
        return HashSplit(need.keys, count) if count > 1 else Single()

    def _count(self, node: Operator) -> int:
        """Into how many partitions the inputs of `node` are split."""
        if self.context.shuffle_partitions > 0:
            return self.context.shuffle_partitions
        size = sum(_bytes(child) for child in node.inputs)
        wanted = max(self.context.executors, math.ceil(size / PARTITION_BYTES))
        return min(wanted, self.context.executors * _PARTITIONS_PER_EXECUTOR)


def _exchange(child: Operator, split: Split, columns: Any) -> Operator:
    return ExchangeExec(split, columns, child, estimated_rows=child.estimated_rows)


def _bytes(operator: Operator) -> float:
    rows = operator.estimated_rows
    return 0.0 if rows is None else rows * 16 * max(1, len(operator.output))
