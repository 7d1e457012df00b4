"""Nothing joined with, filtered from or grouped out of nothing is nothing.

    Join Inner                                Join LeftOuter
    ├─ a                                      ├─ a                           Project [a.*, NULL ...]
    └─ LocalRelation (0 rows)   =>  nothing   └─ LocalRelation (0 rows)  =>  └─ a

An aggregate without grouping still gives its one row.
"""

from __future__ import annotations

from engine.expressions.base import FALSE, Alias, Attribute, Literal, NamedExpression
from engine.logical import plan as lp
from engine.logical.plan import Join, JoinType, LogicalPlan, Project, Union
from engine.optimize.empty import empty, is_empty
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_THROUGH = (
    lp.Filter,
    lp.Project,
    lp.Sort,
    lp.Limit,
    lp.TopN,
    lp.Window,
    lp.Expand,
    lp.Distinct,
    lp.Repartition,
    lp.Generate,
)


@rule(LogicalPlan, needs=(lp.LocalRelation, lp.Limit))
def propagate_empty(plan: TreeNode) -> TreeNode | None:
    match plan:
        case lp.Limit(Literal(0)):
            return None if is_empty(plan.child) else empty(plan.output)
        case LogicalPlan() if not any(is_empty(child) for child in plan.plans):
            return None
        case Join():
            return _join(plan)
        case Union():
            return _union(plan)
        case lp.Aggregate(grouping) if grouping:
            return empty(plan.output)
    return empty(plan.output) if isinstance(plan, _THROUGH) else None


def _join(plan: Join) -> LogicalPlan | None:
    left, right = is_empty(plan.left), is_empty(plan.right)
    match plan.type:
        case JoinType.INNER | JoinType.CROSS | JoinType.SEMI:
            return empty(plan.output)
        case JoinType.ANTI:
            return empty(plan.output) if left else plan.left
        case JoinType.EXISTENCE if not left and plan.exists is not None:
            found = Alias(FALSE, plan.exists.name, plan.exists.id)
            return Project((*plan.left.output, found), plan.left)
        case JoinType.LEFT if not left:
            return Project((*plan.left.output, *map(_null, plan.right.output)), plan.left)
        case JoinType.RIGHT if not right:
            return Project((*map(_null, plan.left.output), *plan.right.output), plan.right)
        case JoinType.FULL if left != right:
            kind = JoinType.RIGHT if left else JoinType.LEFT
            return _join(Join(plan.left, plan.right, kind, plan.condition))
    return empty(plan.output)


def _null(column: Attribute) -> NamedExpression:
    return Alias(Literal(None, column.dataType), column.name, column.id, column.qualifier)


def _union(plan: Union) -> LogicalPlan:
    kept = tuple(each for each in plan.inputs if not is_empty(each))
    if not kept:
        return empty(plan.columns)
    if len(kept) > 1:
        return Union(kept, plan.columns)
    pairs = zip(plan.columns, kept[0].output, strict=True)
    return Project(tuple(Alias(below, own.name, own.id, own.qualifier) for own, below in pairs), kept[0])
