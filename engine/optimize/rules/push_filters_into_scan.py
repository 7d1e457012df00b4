"""A scan is told the conditions that its rows will be filtered by, so that the source may skip what cannot pass.

    Filter a > 1                  Filter a > 1
    └─ Scan t [a]         =>      └─ Scan t [a] filters=[a > 1]

The filter stays: sources skip row groups and files, not rows. Only conditions on columns and constants that cannot raise.
"""

from __future__ import annotations

from engine.expressions.predicates import conjuncts
from engine.expressions.subquery import SubqueryExpression
from engine.logical.plan import Filter, Scan
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter)
def push_filters_into_scan(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Scan(relation, columns, name, filters)):
            useful = tuple(
                term
                for term in conjuncts(condition)
                if term.references and is_movable(term) and not term.has(SubqueryExpression)
            )
            if useful == filters:
                return None
            return Filter(condition, Scan(relation, columns, name, useful, None))
    return None
