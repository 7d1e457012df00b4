"""BETWEEN as two comparisons, so that each can be pushed down, inferred from and used to skip row groups.

    a BETWEEN 1 AND 2    =>    a >= 1 AND a <= 2

Not where `a` would be computed twice with different results (rand()).
"""

from __future__ import annotations

from engine.expressions.predicates import And, Between, GreaterThanOrEqual, LessThanOrEqual
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Between)
def replace_between(node: TreeNode) -> TreeNode | None:
    match node:
        case Between(value, low, high) if value.deterministic:
            return And((GreaterThanOrEqual(value, low), LessThanOrEqual(value, high)))
    return None
