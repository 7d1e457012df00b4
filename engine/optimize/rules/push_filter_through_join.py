"""The terms of a filter go to the side of the join below that they read; those on both sides become its condition.

    Filter a.x > 1 AND b.y > 2 AND a.k = b.k          Join Inner a.k = b.k
    └─ Join Cross                               =>    ├─ Filter a.x > 1
       ├─ a                                           │  └─ a
       └─ b                                           └─ Filter b.y > 2
                                                         └─ b

Through an outer join only to the side whose rows are kept. A term that can raise stays where it is.
"""

from __future__ import annotations

from engine.expressions.base import Expression
from engine.expressions.predicates import conjunction
from engine.logical.plan import Filter, Join, JoinType
from engine.optimize.pushing import filtered, movable_terms
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_TO_LEFT = {JoinType.INNER, JoinType.CROSS, JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.EXISTENCE}
_TO_RIGHT = {JoinType.INNER, JoinType.CROSS, JoinType.RIGHT}
_BOTH = {JoinType.INNER, JoinType.CROSS}


@rule(Filter, top_down=True)
def push_filter_through_join(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Join(left, right, type) as join):
            terms, kept = movable_terms(condition, lambda _: True)
            to_left: list[Expression] = []
            to_right: list[Expression] = []
            into: list[Expression] = []
            for term in terms:
                if type in _TO_LEFT and term.references <= left.output_ids:
                    to_left.append(term)
                elif type in _TO_RIGHT and term.references <= right.output_ids:
                    to_right.append(term)
                else:
                    (into if type in _BOTH else kept).append(term)
            if not (to_left or to_right or into):
                return None
            on = (
                conjunction(*((join.condition,) if join.condition is not None else ()), *into)
                if into
                else join.condition
            )
            kind = JoinType.INNER if on is not None and type is JoinType.CROSS else type
            new = Join(
                filtered(to_left, left), filtered(to_right, right), kind, on, join.null_aware, join.exists, join.hints
            )
            return filtered(kept, new)
    return None
