"""Every subquery that reads an enclosing row becomes part of a join, the innermost first.

    Filter a IN (t WHERE b > (SELECT max(c) FROM u WHERE u.k = outer(s.k)))
    └─ s
    =>
    Join LeftSemi a = ... AND s.k <=> ...
    ├─ s
    └─ Filter b > m
       └─ Join LeftOuter ...

At each node lateral joins go first, since their right sides may hold the others; then EXISTS and IN; then scalar subqueries.
A subquery that reads columns from further out is joined at its own level, and what reads them is carried up from there.
"""

from __future__ import annotations

from engine.expressions.subquery import SubqueryExpression
from engine.logical.plan import LateralJoin, LogicalPlan
from engine.optimize.rules.unnest_laterals import unnest_laterals
from engine.optimize.rules.unnest_predicates import unnest_predicates
from engine.optimize.rules.unnest_scalars import unnest_scalars
from engine.tree.node import TreeNode
from engine.tree.rules import rule

STEPS = (unnest_laterals, unnest_predicates, unnest_scalars)


@rule(LogicalPlan, needs=(SubqueryExpression, LateralJoin))
def unnest_subqueries(plan: TreeNode) -> TreeNode | None:
    new = plan
    for step in STEPS:
        new = step(new)
    return None if new is plan else new
