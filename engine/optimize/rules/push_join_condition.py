"""A term of a join's condition that reads one side only filters that side before the join.

    Join Inner a.k = b.k AND b.y > 2         Join Inner a.k = b.k
    ├─ a                               =>    ├─ a
    └─ b                                     └─ Filter b.y > 2
                                                └─ b

Not on a side whose rows come out whether they match or not.
"""

from __future__ import annotations

from engine.expressions.predicates import conjunction, conjuncts
from engine.logical.plan import Join, JoinType
from engine.optimize.pushing import filtered
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_LEFT = {JoinType.INNER, JoinType.CROSS, JoinType.RIGHT, JoinType.SEMI}
_RIGHT = {JoinType.INNER, JoinType.CROSS, JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.EXISTENCE}


@rule(Join, top_down=True)
def push_join_condition(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Join(left, right, type, condition, null_aware) if condition is not None and not null_aware:
            to_left, to_right, kept = [], [], []
            for term in conjuncts(condition):
                if not is_movable(term):
                    kept.append(term)
                elif type in _LEFT and term.references <= left.output_ids:
                    to_left.append(term)
                elif type in _RIGHT and term.references <= right.output_ids:
                    to_right.append(term)
                else:
                    kept.append(term)
            if not (to_left or to_right):
                return None
            on = conjunction(*kept) if kept else None
            return Join(
                filtered(to_left, left), filtered(to_right, right), type, on, null_aware, plan.exists, plan.hints
            )
    return None
