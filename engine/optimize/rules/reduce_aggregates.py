"""An aggregate whose groups are joined with few keys only groups the rows of those keys.

    Join Inner p.k = a.k                         Join Inner p.k = a.k
    ├─ Filter p.size = 15                        ├─ Filter p.size = 15
    │  └─ p                               =>     │  └─ p
    └─ Aggregate [a.k] [a.k, avg(a.v)]           └─ Aggregate [a.k] [a.k, avg(a.v)]
       └─ a                                         └─ Join LeftSemi a.k = p'.k
                                                       ├─ a
                                                       └─ Project [p'.k]
                                                          └─ Filter p'.size = 15

What correlated subqueries become (TPC-H Q2, Q17, Q20). Only where the keys come from a filtered table that is cheap to read
twice, and are far fewer than the groups.
"""

from __future__ import annotations

from typing import Any

from engine.expressions.base import Attribute, Expression
from engine.expressions.predicates import EqualTo, conjuncts
from engine.logical.plan import Aggregate, Filter, Join, JoinType, LogicalPlan, Project, Scan
from engine.optimize.join_inputs import equal_pairs, equal_to, required_inputs, semi_join
from engine.optimize.statistics import Estimator
from engine.optimize.substitution import is_movable, meanings
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_FEW = 0.2
"""Keys have to be less than this part of the groups."""

_CHEAP = 0.5
"""Rows read twice have to be less than this part of the rows that the aggregate's input handles."""

_INTO_RIGHT = (JoinType.INNER, JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.EXISTENCE)
_INTO_LEFT = (JoinType.INNER, JoinType.RIGHT, JoinType.SEMI)


@rule(Join, needs=(Aggregate,))
def reduce_aggregates(plan: TreeNode, estimator: Estimator) -> TreeNode | None:
    match plan:
        case Join(left, right, type, condition) if condition is not None and not plan.null_aware:
            terms = conjuncts(condition)
            if type in _INTO_RIGHT:
                right = _reduced(right, left, terms, estimator)
            if type in _INTO_LEFT:
                left = _reduced(left, right, terms, estimator)
            if left is plan.left and right is plan.right:
                return None
            return Join(left, right, type, condition, False, plan.exists, plan.hints)
    return None


def _reduced(side: LogicalPlan, other: LogicalPlan, terms: tuple[Expression, ...], estimator: Estimator) -> LogicalPlan:
    """`side`, an aggregate perhaps under projections and filters, of the groups that `other` can meet only."""
    aggregate, stands_for = _aggregate_of(side)
    if aggregate is None:
        return side
    groups: dict[int, Expression] = {key: each for key, each in stands_for.items() if each in aggregate.grouping}
    for term in terms:
        match term:
            case EqualTo(Attribute() as a, Attribute() as b):
                mine, theirs = (a, b) if a.id in groups else (b, a)
                if mine.id in groups and is_movable(groups[mine.id]):
                    source = _best_source(theirs, other, estimator)
                    if source is not None and _pays(groups[mine.id], aggregate, *source, estimator):
                        return _with_semi_join(side, aggregate, groups[mine.id], *source)
    return side


def _aggregate_of(side: LogicalPlan) -> tuple[Aggregate | None, dict[int, Expression]]:
    """The grouped aggregate under projections and filters, and what the columns of `side` are in it."""
    match side:
        case Aggregate(grouping, aggregates) if grouping:
            return side, meanings(aggregates)
        case Filter(_, child):
            return _aggregate_of(child)
        case Project(projections, child):
            aggregate, below = _aggregate_of(child)
            passed = {key: each for key, each in meanings(projections).items() if isinstance(each, Attribute)}
            return aggregate, {key: below[each.id] for key, each in passed.items() if each.id in below}
    return None, {}


def _best_source(column: Attribute, other: LogicalPlan, estimator: Estimator) -> tuple[LogicalPlan, Attribute] | None:
    """The filtered table in `other` with the fewest values of a column that is equal to `column`, and that column."""
    equal = equal_to(column.id, equal_pairs(other))
    leaves = filter(_is_filtered_table, required_inputs(other))
    found = [(leaf, each) for leaf in leaves for each in leaf.output if each.id in equal]
    return min(found, key=lambda pair: estimator.distinct(*pair), default=None)


def _is_filtered_table(leaf: LogicalPlan) -> bool:
    nodes = list(leaf.walk_plans())
    sure = all(each.deterministic for node in nodes for each in node.expressions)
    return sure and leaf.has(Filter) and all(isinstance(node, Scan | Filter | Project) for node in nodes)


def _pays(key: Expression, aggregate: Aggregate, leaf: LogicalPlan, column: Attribute, estimator: Estimator) -> bool:
    rows = max(estimator.rows(node) for node in aggregate.child.walk_plans())
    read = max(estimator.rows(node) for node in leaf.walk_plans())
    groups = estimator.distinct(aggregate.child, key)
    return read < _CHEAP * rows and estimator.distinct(leaf, column) < _FEW * groups


def _with_semi_join(
    side: Any, aggregate: Aggregate, key: Expression, leaf: LogicalPlan, column: Attribute
) -> LogicalPlan:
    if side is not aggregate:
        above: LogicalPlan = side.map_plans(lambda child: _with_semi_join(child, aggregate, key, leaf, column))
        return above
    reduced = semi_join(aggregate.child, key, leaf, column)
    return Aggregate(aggregate.grouping, aggregate.aggregates, reduced)
