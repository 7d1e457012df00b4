"""A count of all rows of a source that knows how many it has is known before anything is read.

    Aggregate [] [count(1) AS n]
    └─ Scan t                         =>   LocalRelation [n] (1 row)

Only counts: minima and maxima of footers may be cut short, missing, or wrong, and are for skipping rows alone.
"""

from __future__ import annotations

import pyarrow as pa

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Literal, NamedExpression
from engine.logical.plan import Aggregate, LocalRelation, LogicalPlan, Project, Scan
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Aggregate)
def count_from_metadata(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Aggregate((), aggregates, child) if aggregates and all(map(_counts_rows, aggregates)):
            rows = _exact_rows(child)
            if rows is not None:
                columns = tuple(each.to_attribute() for each in aggregates)
                counts = [pa.array([rows], pa.int64())] * len(columns)
                return LocalRelation(columns, pa.RecordBatch.from_arrays(counts, [c.name for c in columns]))
    return None


def _counts_rows(column: NamedExpression) -> bool:
    match column:
        case Alias(AggregateCall("count", arguments, condition=None, distinct=False)):
            return all(isinstance(each, Literal) and each.value is not None for each in arguments)
    return False


def _exact_rows(plan: LogicalPlan) -> int | None:
    match plan:
        case Project(projections, child) if all(each.deterministic and not each.can_raise for each in projections):
            return _exact_rows(child)
        case Scan(relation, filters=(), limit=None):
            statistics = relation.statistics()
            return statistics.rows if statistics.exact else None
    return None
