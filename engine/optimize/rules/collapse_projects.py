"""Two projections in a row become one, and a projection over an aggregate becomes part of it.

    Project b + 1 AS c                 Project (a * 2) + 1 AS c
    └─ Project a * 2 AS b       =>     └─ t
       └─ t

Not where something dear would be computed twice, or something random at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.expressions.base import Alias, Attribute, Expression, NamedExpression
from engine.expressions.subquery import SubqueryExpression
from engine.logical.plan import Aggregate, Project
from engine.optimize.substitution import is_cheap, meanings, substitute
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Project)
def collapse_projects(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Project(upper, Project(lower, child)) if _may_merge(upper, lower):
            both = Project(merged(upper, lower), child)
            return collapse_projects.rewrite(both) or both  # with what `lower` alone did not merge
        case Project(upper, Aggregate(grouping, aggregates, child)) if _may_merge(upper, aggregates) and _keeps_keys(
            upper, grouping, aggregates
        ):
            return Aggregate(grouping, merged(upper, aggregates), child)
    return None


def merged(upper: Sequence[NamedExpression], lower: Sequence[NamedExpression]) -> tuple[NamedExpression, ...]:
    """`upper` over what the columns of `lower` stand for, names and ids as in `upper`."""
    stands_for = meanings(lower)
    return tuple(_named(each, stands_for) for each in upper)


def _named(each: NamedExpression, stands_for: dict[int, Expression]) -> NamedExpression:
    match each:
        case Attribute(name, _, _, id, qualifier):
            found = stands_for[id]
            if isinstance(found, Attribute) and found.id == id:
                return each
            return Alias(found, name, id, qualifier)
        case Alias(child, name, id, qualifier):
            return Alias(substitute(child, stands_for), name, id, qualifier)
    raise TypeError(f"not a column: {type(each).__name__}")


def _may_merge(upper: Sequence[NamedExpression], lower: Sequence[NamedExpression]) -> bool:
    if not all(each.deterministic for each in lower):
        return False
    uses = Counter(node.id for each in upper for node in each.walk() if isinstance(node, Attribute))
    below_subquery = frozenset(key for each in upper if each.has(SubqueryExpression) for key in each.references)
    for key, each in meanings(lower).items():
        if uses[key] > 1 and not is_cheap(each):
            return False
        if key in below_subquery and not isinstance(each, Attribute):
            return False
    return True


def _keeps_keys(
    upper: Sequence[NamedExpression], grouping: Sequence[Expression], aggregates: Sequence[NamedExpression]
) -> bool:
    """Whether computed grouping expressions stay as they are: within others, which may be simplified, they would no longer
    be found."""
    computed = {each for each in grouping if not isinstance(each, Attribute)}
    keys = {key for key, each in meanings(aggregates).items() if each in computed}
    plain = (each.child if isinstance(each, Alias) else each for each in upper)
    return not keys or all(isinstance(each, Attribute) or not each.references & keys for each in plain)
