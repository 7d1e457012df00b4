"""Sums of one column that differ by a constant need the column's sum and count only.

    sum(a + 1), sum(a + 2)    =>    sum(a) + 1 * count(a), sum(a) + 2 * count(a)

Where `a` is so narrow that neither a + 1 nor the sum can overflow.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression, Literal
from engine.expressions.cast import Cast
from engine.expressions.operators import Add, Multiply
from engine.logical.plan import Aggregate
from engine.tree.node import TreeNode
from engine.tree.rules import rule
from engine.types import LONG, ByteType, IntegerType, ShortType

_FAR = 1 << 30


@rule(Aggregate)
def split_sums(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Aggregate(grouping, aggregates, child):
            calls = dict.fromkeys(call for each in aggregates for call in each.collect(AggregateCall))
            parts = {call: found for call in calls if (found := _parts(call)) is not None}
            often = Counter((term, call.condition) for call, (term, _) in parts.items())
            new = {call: _split(call, *parts[call]) for call in parts if often[parts[call][0], call.condition] > 1}
            if new:
                return Aggregate(grouping, tuple(_replaced(each, new) for each in aggregates), child)
    return None


def _parts(call: AggregateCall) -> tuple[Expression, int] | None:
    """The column and the constant of a sum."""
    match call:
        case AggregateCall("sum", (Add(Cast(term, IntegerType()), Literal(int() as constant)),), distinct=False):
            if isinstance(term.dataType, ByteType | ShortType) and term.deterministic and abs(constant) < _FAR:
                return term, constant
    return None


def _split(call: AggregateCall, term: Expression, constant: int) -> Expression:
    total = AggregateCall("sum", (term,), call.type, call.is_nullable, condition=call.condition)
    count = AggregateCall("count", (term,), LONG, False, condition=call.condition)
    return Add(total, Multiply(Literal(constant, LONG), count))


def _replaced(node: Any, new: dict[AggregateCall, Expression]) -> Any:
    if isinstance(node, AggregateCall):
        return new.get(node, node)
    return node.map_children(lambda child: _replaced(child, new))
