"""What aggregates read of a batch: keys, arguments and filters, each different expression evaluated once.

An expression that is part of a later one is evaluated first and read by it as a column.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Expression, Literal
from engine.kernels.aggregates import inputs_of
from engine.kernels.buffers import Mask
from engine.physical.batches import batch_of
from engine.physical.execution import Execution, Kernel


class AggregateInputs:
    """The compiled expressions of one thread. With FILTER, arguments that may raise are evaluated for the chosen rows only."""

    def __init__(
        self, keys: Sequence[Expression], calls: Sequence[AggregateCall], columns: Sequence[Attribute], run: Execution
    ) -> None:
        self._columns = list(columns)
        self._keys = list(keys)
        self._calls = list(calls)
        self._run = run
        self._read: list[tuple[Expression, Kernel]] = []  # columns as they are
        self._steps: list[tuple[Expression, Kernel]] = []
        self._filtered = {
            call: run.compile_all(inputs_of(call), columns)
            for call in calls
            if call.condition is not None and any(each.can_raise for each in inputs_of(call))
        }
        self._plan()

    def evaluate(self, batch: pa.RecordBatch) -> tuple[list[pa.Array], list[list[pa.Array]], list[Mask | None]]:
        """The keys, the inputs of each call, and the rows each call's FILTER chooses (None: all)."""
        rows = batch.num_rows
        columns = list(batch.columns)
        values: dict[Expression, pa.Array] = {expression: kernel(batch) for expression, kernel in self._read}
        for expression, kernel in self._steps:
            values[expression] = kernel(batch_of(columns, rows))
            columns.append(values[expression])
        inputs, masks = [], []
        for call in self._calls:
            mask: Mask | None = None
            if call.condition is not None:
                chosen = values[call.condition].fill_null(False).to_numpy(zero_copy_only=False)
                mask = np.asarray(chosen, np.bool_)
            if call in self._filtered and mask is not None:
                inputs.append(_spread([each(batch.filter(pa.array(mask))) for each in self._filtered[call]], mask))
            else:
                inputs.append([values[each] for each in inputs_of(call)])
            masks.append(mask)
        return [values[key] for key in self._keys], inputs, masks

    def _plan(self) -> None:
        """Compiles each different expression, the smaller first, over the columns and those evaluated before it."""
        wanted: dict[Expression, None] = dict.fromkeys(self._keys)
        for call in self._calls:
            if call.condition is not None:
                wanted[call.condition] = None
            if call not in self._filtered:
                wanted.update(dict.fromkeys(inputs_of(call)))
        columns = list(self._columns)
        made: dict[Expression, Attribute] = {}
        for expression in sorted(wanted, key=lambda each: sum(1 for _ in each.walk())):
            if isinstance(expression, Attribute):
                self._read.append((expression, self._run.compile(expression, columns)))
                continue
            body = expression.transform_down(lambda node: made.get(node, node)) if made else expression
            self._steps.append((expression, self._run.compile(body, columns)))
            column = Attribute("shared", expression.dataType, expression.nullable)
            columns.append(column)
            if expression.children and expression.deterministic and not isinstance(expression, Literal):
                made[expression] = column


def _spread(arrays: list[pa.Array], mask: Mask) -> list[pa.Array]:
    """Values of chosen rows at the places of those rows, null elsewhere."""
    places = np.where(mask, np.cumsum(mask) - 1, -1)
    wanted = pa.array(places, mask=~mask)
    return [array.take(wanted) for array in arrays]
