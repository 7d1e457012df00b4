"""A filter goes below a projection, reading what the projection's columns stand for.

    Filter b > 1                     Project a + 1 AS b
    └─ Project a + 1 AS b     =>     └─ Filter a + 1 > 1

Not for columns that are random, or subqueries.
"""

from __future__ import annotations

from engine.expressions.subquery import SubqueryExpression
from engine.logical.plan import Filter, LogicalPlan, Project
from engine.optimize.pushing import filtered, leading_terms
from engine.optimize.substitution import meanings, substitute
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, top_down=True)
def push_filter_through_project(plan: TreeNode) -> TreeNode | None:
    return _pushed(plan)


def _pushed(plan: TreeNode) -> LogicalPlan | None:
    match plan:
        case Filter(
            condition, Filter() as lower
        ):  # filters that may not be one: the lower goes first, or is in the way
            below = _pushed(lower)
            return None if below is None else _pushed(Filter(condition, below)) or Filter(condition, below)
        case Filter(condition, Project(projections, child)):
            stands_for = meanings(projections)
            fixed = frozenset(
                key for key, each in stands_for.items() if each.deterministic and not each.has(SubqueryExpression)
            )
            moved, kept = leading_terms(condition, lambda term: term.references <= fixed)
            if not moved:
                return None
            below = filtered((substitute(term, stands_for) for term in moved), child)
            return filtered(kept, Project(projections, below))
    return None
