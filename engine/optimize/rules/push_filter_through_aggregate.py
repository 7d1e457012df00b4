"""A condition on grouping columns drops rows before they are grouped.

    Filter k > 1                        Aggregate [k] [k, sum(v)]
    └─ Aggregate [k] [k, sum(v)]   =>   └─ Filter k > 1

Not without grouping: one row comes out of nothing. Not for what can raise: it would see rows of other groups first.
"""

from __future__ import annotations

from engine.logical.plan import Aggregate, Filter
from engine.optimize.pushing import filtered, movable_terms
from engine.optimize.substitution import meanings, substitute
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Filter, top_down=True, needs=(Aggregate,))
def push_filter_through_aggregate(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Filter(condition, Aggregate(grouping, aggregates, child)) if grouping:
            keys = set(grouping)
            stands_for = {
                key: each for key, each in meanings(aggregates).items() if each in keys and each.deterministic
            }
            moved, kept = movable_terms(
                condition, lambda term: bool(term.references) and term.references <= stands_for.keys()
            )
            if not moved:
                return None
            below = filtered((substitute(term, stands_for) for term in moved), child)
            return filtered(kept, Aggregate(grouping, aggregates, below))
    return None
