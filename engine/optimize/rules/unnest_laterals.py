"""A lateral join whose right side reads the left row becomes a join, or runs along the left rows.

LateralJoin                              Join Inner s.k = t.k
├─ s                              =>     ├─ s
└─ Filter t.k = outer(s.k)               └─ t
   └─ t

LateralJoin                              Project [s.*, a + 1 AS b]
├─ s                              =>     └─ s
└─ Project [outer(a) + 1 AS b]
   └─ OneRow
"""

from __future__ import annotations

from engine.expressions.base import TRUE, Attribute, Expression, NamedExpression
from engine.expressions.predicates import conjunction, conjuncts
from engine.logical import plan as lp
from engine.logical.plan import Join, JoinType, LateralJoin, LogicalPlan, Project
from engine.optimize.correlation import is_correlated, pull, unwrapped
from engine.optimize.membership import by_domain, has_global_aggregate
from engine.optimize.pushing import filtered
from engine.optimize.substitution import meanings
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(LateralJoin)
def unnest_laterals(plan: TreeNode) -> TreeNode | None:
    match plan:
        case LateralJoin(left, right, type, condition):
            if not is_correlated(right):
                return Join(left, right, type, condition)
            along = _along(right, left, type is JoinType.LEFT)
            if along is not None and (type is not JoinType.LEFT or condition in (None, TRUE)):
                return Project(plan.output, filtered(conjuncts(condition), along))
            found = None if has_global_aggregate(right) else pull(right)
            found = found or by_domain(right, left)
            terms = [unwrapped(term, left.output_ids) for term in found.conditions]
            on = conjunction(*terms, *conjuncts(condition))
            kind = JoinType.INNER if type is JoinType.CROSS else type
            return Project(plan.output, Join(left, found.plan, kind, on))
    return None


def _along(right: LogicalPlan, left: LogicalPlan, outer: bool) -> LogicalPlan | None:
    """The steps of `right` done to the rows of `left`, where `right` starts from a single row. With `outer` no row may get
    lost: only projections, or one generator."""

    def own(expression: Expression) -> Expression:
        result: Expression = unwrapped(expression, left.output_ids)
        return result

    match right:
        case lp.OneRow():
            return left
        case lp.Project(projections, child):
            below = _along(child, left, outer)
            if below is None or (outer and not isinstance(child, lp.OneRow) and not _renames(projections, child)):
                return None
            return Project((*left.output, *(own(each) for each in projections)), below)  # type: ignore[arg-type]
        case lp.Filter(condition, child) if not outer:
            below = _along(child, left, outer)
            return below and lp.Filter(own(condition), below)
        case lp.Generate(generator, keeps, columns, child):
            below = _along(child, left, outer)
            if below is None or (outer and not isinstance(child, lp.OneRow)):
                return None
            return lp.Generate(own(generator), keeps or outer, columns, below)
    return None


def _renames(projections: tuple[NamedExpression, ...], child: LogicalPlan) -> bool:
    """Whether the columns are a generator's, as they are: null where it made no row."""
    return isinstance(child, lp.Generate) and all(
        isinstance(each, Attribute) for each in meanings(projections).values()
    )
