"""Grouping what is grouped already by the same columns changes nothing; constants tell no groups apart.

Aggregate [k] [k]                 Project [k]
└─ Aggregate [k] [k, sum(v)]  =>  └─ Aggregate [k] [k, sum(v)]

Aggregate [k, 1] [...]        =>  Aggregate [k] [...]
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Literal
from engine.logical.plan import Aggregate, Filter, LogicalPlan, Project
from engine.optimize.pushing import columns_only
from engine.optimize.substitution import meanings
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Aggregate)
def remove_redundant_aggregates(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Aggregate(grouping, aggregates, child) if grouping:
            kept = tuple(dict.fromkeys(key for key in grouping if not isinstance(key, Literal)))
            if kept and len(kept) < len(grouping):
                fewer = Aggregate(kept, aggregates, child)
                return remove_redundant_aggregates.rewrite(fewer) or fewer
            if any(each.has(AggregateCall) for each in aggregates):
                return None
            keys = unique_columns(child)
            if keys is not None and keys <= columns_only(grouping):
                return Project(aggregates, child)
    return None


def unique_columns(plan: LogicalPlan) -> frozenset[int] | None:
    """Columns that no two rows have alike, if the plan's form says so; none at all for a single row."""
    match plan:
        case Filter(_, child):
            return unique_columns(child)
        case Project(projections, child):
            keys = unique_columns(child)
            return None if keys is None else _renamed(keys, meanings(projections))
        case Aggregate(grouping, aggregates):
            if not all(isinstance(key, Attribute) for key in grouping):
                return None
            return _renamed(columns_only(grouping), meanings(aggregates))
    return None


def _renamed(keys: frozenset[int], passed: Mapping[int, object]) -> frozenset[int] | None:
    """The keys as a projection calls them, None if it leaves one out."""
    outward = {each.id: key for key, each in passed.items() if isinstance(each, Attribute)}
    return frozenset(outward[key] for key in keys) if keys <= outward.keys() else None
