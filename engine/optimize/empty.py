"""A plan that surely gives no rows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from engine.expressions.base import Attribute
from engine.logical.plan import LocalRelation, LogicalPlan
from engine.types.arrow import to_arrow


def empty(columns: Sequence[Attribute]) -> LocalRelation:
    """No rows with these columns."""
    arrays = [pa.array([], to_arrow(column.dataType)) for column in columns]
    return LocalRelation(tuple(columns), pa.RecordBatch.from_arrays(arrays, [column.name for column in columns]))


def is_empty(plan: LogicalPlan) -> bool:
    """Whether `plan` is such a relation."""
    return isinstance(plan, LocalRelation) and plan.batch.num_rows == 0
