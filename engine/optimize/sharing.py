"""Whether parts of a query that are equal are worth computing once."""

from __future__ import annotations

from typing import Any

from engine.logical.plan import LogicalPlan, Scan
from engine.optimize.statistics import Estimator
from engine.optimize.substitution import is_movable

LEAST_READ = 50_000
"""Rows from which on reading them twice is worth a thought."""
_MOST_KEPT = 0.1
"""The part of the rows read that are kept at most: keeping them costs as much as computing them does."""
_MOST_BYTES = 64 << 20


def reads_twice(plan: LogicalPlan, estimator: Estimator) -> bool:
    """Whether a relation worth it is read more than once: most queries are done with here."""
    seen: set[Any] = set()
    for scan in plan.collect(Scan):
        if scan.relation in seen and estimator.rows(scan) >= LEAST_READ:
            return True
        seen.add(scan.relation)
    return False


def is_sure(plan: LogicalPlan) -> bool:
    """Whether it gives the same wherever it is computed, and cannot raise."""
    return all(is_movable(each) for node in plan.walk_plans() for each in node.expressions)


def pays_to_share(plan: LogicalPlan, estimator: Estimator) -> bool:
    """Whether a part that is needed twice is rather kept than computed twice."""
    read = rows_read(plan, estimator)
    kept = estimator.rows(plan) <= _MOST_KEPT * read and estimator.bytes(plan) <= _MOST_BYTES
    return read >= LEAST_READ and kept


def rows_read(plan: LogicalPlan, estimator: Estimator) -> float:
    """Rows that are read."""
    return sum(estimator.rows(scan) for scan in plan.collect(Scan))
