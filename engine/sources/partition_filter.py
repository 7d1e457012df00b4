"""Which partitions may hold rows that pass: conditions over partition columns only are evaluated on all partitions at
once, others are asked by bounds, each partition being a piece whose columns have one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_predicate
from engine.logical.plan import LogicalPlan
from engine.sources.partitions import PartitionColumns, Values
from engine.sources.pruning import exclusion, single_value
from engine.types.arrow import to_arrow


def partition_filter(
    filters: Sequence[Expression], columns: PartitionColumns, partitions: Iterable[Values]
) -> Callable[[Values], bool]:
    """Says of the values of a partition whether it is needed; `partitions` are those it will be asked about."""
    names = [name.lower() for name in columns.names]
    sure = [condition for condition in filters if _is_over(condition, names)]
    known = list(dict.fromkeys(partitions)) if sure else []
    dropped = {values for values, keep in zip(known, _evaluate(sure, columns, known), strict=True) if not keep}
    is_out = exclusion(filters)

    def keep(values: Values) -> bool:
        if values in dropped:
            return False
        bounds = dict(zip(names, map(single_value, values), strict=True))
        return not is_out(lambda name: bounds.get(name.lower()))

    return keep


def _is_over(condition: Expression, names: Sequence[str]) -> bool:
    """Whether a condition reads nothing but partition columns and can be evaluated here and now, without an error."""
    if condition.can_raise or not condition.deterministic or condition.has(LogicalPlan):
        return False
    read = condition.collect(Attribute)
    return bool(read) and all(attribute.name.lower() in names for attribute in read)


def _evaluate(conditions: Sequence[Expression], columns: PartitionColumns, known: Sequence[Values]) -> list[bool]:
    """Of each partition whether all conditions are true."""
    names = [name.lower() for name in columns.names]
    arrays = [
        pa.array([values[place] for values in known], to_arrow(field.dataType))
        for place, field in enumerate(columns.fields)
    ]
    kept = [True] * len(known)
    for condition in conditions:
        read = list({attribute.id: attribute for attribute in condition.collect(Attribute)}.values())
        data = [arrays[names.index(attribute.name.lower())] for attribute in read]
        batch = pa.RecordBatch.from_arrays(data, names=[str(attribute.id) for attribute in read])
        passes = compile_predicate(condition, read, EvalContext(time_zone=columns.zone))(batch)
        kept = [before and value is True for before, value in zip(kept, passes.to_pylist(), strict=True)]
    return kept
