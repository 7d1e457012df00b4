"""EXISTS and IN become joins.

    Filter EXISTS (t WHERE t.k = s.k)       Join LeftSemi s.k = t.k
    └─ s                              =>    ├─ s
                                            └─ t

NOT EXISTS and NOT IN become anti joins, the latter aware of nulls; within OR, CASE or a select list a join adds a column
that says whether there was a match. An EXISTS that reads nothing of the outer row is asked once, as a scalar subquery.
"""

from __future__ import annotations

from engine.expressions.predicates import Not, conjunction, conjuncts
from engine.expressions.subquery import Exists, InSubquery
from engine.logical.plan import Filter, Join, JoinType, LogicalPlan, Project
from engine.optimize.join_conditions import asked_on_sides
from engine.optimize.membership import anti_join, as_column, is_asked_once, once, semi_join
from engine.optimize.pushing import filtered
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(LogicalPlan, needs=(Exists, InSubquery))
def unnest_predicates(plan: TreeNode) -> TreeNode | None:
    if not isinstance(plan, LogicalPlan) or not any(each.has(Exists, InSubquery) for each in plan.expressions):
        return None
    if isinstance(plan, Filter):
        return _filter(plan)
    if isinstance(plan, Join):
        return _join(plan)
    if len(plan.plans) != 1:
        return None
    child = plan.plans[0]
    new = []
    for expression in plan.expressions:
        expression, child = as_column(expression, child, positive=False)
        new.append(expression)
    return _kept_output(plan, new, child)


def _kept_output(plan: LogicalPlan, expressions: list[TreeNode], child: LogicalPlan) -> LogicalPlan:
    """`plan` over `child` with its expressions replaced; columns added below do not come out."""
    replace = {id(old): new for old, new in zip(plan.expressions, expressions, strict=True)}
    new: LogicalPlan = plan.map_children(lambda each: replace.get(id(each), child))
    return new if len(new.output) == len(plan.output) else Project(plan.output, new)


def _filter(plan: Filter) -> LogicalPlan:
    child = plan.child
    rest = []
    for term in conjuncts(plan.condition):
        match term:
            case Exists() if is_asked_once(term):
                rest.append(once(term))
            case Not(Exists() as inner) if is_asked_once(inner):
                rest.append(Not(once(inner)))
            case Exists() | InSubquery():
                child = semi_join(term, child)
            case Not(Exists() | InSubquery() as inner):
                child = anti_join(inner, child)
            case _:
                term, child = as_column(term, child, positive=True)
                rest.append(term)
    new = filtered(rest, child)
    return new if len(new.output) == len(plan.output) else Project(plan.output, new)


def _join(plan: Join) -> LogicalPlan | None:
    """Conditions with subqueries: over an inner join they are a filter; else each goes to the side that it reads."""
    if plan.condition is None:
        return None
    if plan.type in (JoinType.INNER, JoinType.CROSS):
        asking = [term for term in conjuncts(plan.condition) if term.has(Exists, InSubquery)]
        others = [term for term in conjuncts(plan.condition) if not term.has(Exists, InSubquery)]
        on = conjunction(*others) if others else None
        kind = JoinType.INNER if others else JoinType.CROSS
        return _filter(Filter(conjunction(*asking), Join(plan.left, plan.right, kind, on, hints=plan.hints)))
    return asked_on_sides(plan, lambda each: isinstance(each, Exists | InSubquery), as_column)
