"""Two limits in a row are the smaller one, and a sort under a limit keeps only what the limit takes.

Limit 5                       Limit 5                 TopN 5 [a]
└─ Limit 10      =>  Limit 5  └─ Sort [a]      =>     └─ t
"""

from __future__ import annotations

from engine.expressions.base import Expression, Literal
from engine.logical.plan import Limit, LogicalPlan, Sort, TopN
from engine.tree.node import TreeNode
from engine.tree.rules import rule
from engine.types import INT as _INT

_MOST = 100_000
"""Rows up to which a sort with a limit keeps the first rows in memory instead of sorting all."""


@rule(Limit)
def combine_limits(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Limit(count, offset, Limit(inner_count, inner_offset, child)):
            return _combined(
                _number(count), _number(offset) or 0, _number(inner_count), _number(inner_offset) or 0, child
            )
        case Limit(Literal(int() as count), offset, Sort(order, True, child)):
            skip = _number(offset) or 0
            return TopN(count, skip, order, child) if count + skip <= _MOST else None
        case Limit(Literal(int() as count), offset, TopN(inner_count, inner_offset, order, child)):
            skip = _number(offset) or 0
            return TopN(min(count, max(0, inner_count - skip)), skip + inner_offset, order, child)
    return None


def _number(value: Expression | None) -> int | None:
    return value.value if isinstance(value, Literal) else None


def _combined(
    count: int | None, offset: int, inner_count: int | None, inner_offset: int, child: LogicalPlan
) -> LogicalPlan | None:
    left = None if inner_count is None else max(0, inner_count - offset)
    counts = [each for each in (count, left) if each is not None]
    return limited(min(counts) if counts else None, offset + inner_offset, child)


def limited(count: int | None, offset: int, child: LogicalPlan) -> LogicalPlan:
    """`child` from row `offset`, at most `count` rows."""
    number = Literal(count, _INT) if count is not None else None
    return Limit(number, Literal(offset, _INT) if offset else None, child)
