"""Windows whose rows all see their whole partition, as `sum(x) OVER (PARTITION BY k)` does: nothing is sorted. Rows get the
values of their group, and come out in the order in which they were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Expression
from engine.expressions.window import Unbounded, WindowExpression
from engine.kernels.aggregate_moments import Moments
from engine.kernels.aggregates import aggregate_kernel, inputs_of
from engine.kernels.buffers import Ints
from engine.kernels.grouping import group_rows
from engine.physical.batches import BATCH_ROWS, Columns, batch_of
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.execution import Execution
from engine.physical.keys import key_arrays
from engine.physical.operator import Morsel
from engine.types.arrow import to_arrow

if TYPE_CHECKING:
    from engine.physical.window import WindowExec


def sees_whole_partitions(functions: Sequence[Alias]) -> bool:
    """Whether all functions have one value for each partition, made of columns that one array holds."""
    return all(_is_of_partition(alias.child) for alias in functions)


def _is_of_partition(expression: Expression) -> bool:
    if not isinstance(expression, WindowExpression) or not isinstance(expression.function, AggregateCall):
        return False
    spec, call = expression.spec, expression.function
    frame = spec.frame
    if frame is None and spec.order:
        return False
    if frame is not None and not (isinstance(frame.lower, Unbounded) and isinstance(frame.upper, Unbounded)):
        return False
    return not call.order and all(_is_fixed(to_arrow(each.dataType)) for each in inputs_of(call))


def _is_fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_primitive(kind) or pa.types.is_decimal(kind))


def whole_partitions(
    operator: WindowExec, rows: EncodedColumns, partition: Sequence[pa.Array], run: Execution
) -> list[Morsel]:
    """The rows with the values of their partitions, some a morsel."""
    groups = group_rows(partition, rows.rows)
    values = []
    for alias in operator.functions:
        run.check()
        assert isinstance(alias.child, WindowExpression)
        values.append(_values(operator, alias.child.function, rows, groups.ids, groups.count, run))
    starts = range(0, rows.rows, BATCH_ROWS)
    places = {column.id: place for place, column in reversed(list(enumerate(operator.child.output)))}
    wanted = [places[column.id] for column in operator.columns]
    return [partial(_results, rows, wanted, start, groups.ids[start : start + BATCH_ROWS], values) for start in starts]


def _values(operator: WindowExec, call: Expression, rows: Columns, ids: Ints, count: int, run: Execution) -> pa.Array:
    """A value for each partition."""
    assert isinstance(call, AggregateCall)
    kernel = aggregate_kernel(call, run.evaluation)
    inputs = key_arrays(inputs_of(call), rows, operator.child.output, run)
    if call.condition is not None:
        (mask,) = key_arrays((call.condition,), rows, operator.child.output, run)
        chosen = np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))
        ids, inputs = ids[chosen], [each.take(pa.array(chosen)) for each in inputs]
    update = kernel.update_in_order if isinstance(kernel, Moments) else kernel.update
    return kernel.finish(update(ids, count, inputs), call.dataType)


def _results(
    rows: EncodedColumns, wanted: Sequence[int], start: int, ids: Ints, values: Sequence[pa.Array]
) -> Iterator[pa.RecordBatch]:
    own = pa.array(ids)
    columns = [rows.kept_slice(place, start, len(ids)) for place in wanted]
    yield batch_of([*columns, *(each.take(own) for each in values)], len(ids))
