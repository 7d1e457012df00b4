"""Window functions: rows are collected and sorted, and each function is computed over all partitions at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import InternalError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, SortOrder
from engine.expressions.sql import Name
from engine.expressions.window import WindowCall, WindowExpression
from engine.functions.registry import lookup
from engine.kernels.aggregates import inputs_of
from engine.kernels.buffers import Ints
from engine.kernels.frames import aggregate_over, frames_of
from engine.kernels.grouping import group_rows, hash_rows, key_codes
from engine.kernels.sorting import SortKey, sort_rows
from engine.kernels.windows import Layout, layout_of
from engine.lazy import cached_property
from engine.physical.batches import Columns, arrow_types, batch_of, sliced
from engine.physical.collect import CollectSink, SpillWriter
from engine.physical.execution import Execution
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.physical.partitioned import Keyed, Partitioned
from engine.tree.node import node

_SHARED_ROWS = 1 << 16
_ROW_BYTES = 64


@node
class WindowExec(Breaker):
    """The rows of `child` with a column for each of `functions`, aliases of window expressions over one `partition` and
    `order`."""

    functions: tuple[Alias, ...]
    partition: tuple[Expression, ...]
    order: tuple[SortOrder, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.child.output + tuple(each.to_attribute() for each in self.functions)

    @property
    def ordered(self) -> bool:
        return False

    def sink(self, run: Execution) -> Sink:
        return WindowSink(self, run)

    def details(self, name: Name | None) -> str:
        return texts(self.functions, name)


class WindowSink(CollectSink):
    """Collects rows; gives them with the functions' values, some partitions a morsel. What does not fit is put on disk by a
    hash of the partition."""

    def __init__(self, operator: WindowExec, run: Execution) -> None:
        super().__init__(operator, run)
        self.can_spill = bool(operator.partition)
        self._partitioned: Partitioned | None = None

    def writer(self) -> SpillWriter:
        operator = self.operator
        with self._lock:
            if self._partitioned is None:
                nulls_equal = (False,) * len(operator.partition)
                keyed = Keyed(operator.id, operator.child.output, operator.partition, nulls_equal)
                self._partitioned = Partitioned(keyed, self.run)
            return self._partitioned.writer()

    def finish(self) -> Sequence[Morsel]:
        needed = computing_bytes(self.batches)
        self.spilled |= self.can_spill and not self.reservation.try_grow(needed)
        self.spill_rest()
        if self._partitioned is not None:
            return [partial(self._partition, self._partitioned, place) for place in self._partitioned.filled()]
        if not self.can_spill:
            self.reservation.grow(needed)
        columns = Columns(self.batches, arrow_types(self.operator.child.output), emptying=True)
        if columns.rows == 0:
            return []
        whole = columns.slice(0, columns.rows)
        shares = self.run.task.threads if self.operator.partition and columns.rows > _SHARED_ROWS else 1
        if shares == 1:
            return [partial(self._results, whole)]
        keys = [kernel(whole) for kernel in self.run.compile_all(self.operator.partition, self.operator.child.output)]
        owners = (hash_rows(keys, columns.rows) >> np.uint64(32)) % np.uint64(shares)
        return [partial(self._share, whole, np.flatnonzero(owners == share)) for share in range(shares)]

    def release(self) -> None:
        if self._partitioned is not None:
            self._partitioned.close()
        super().release()

    def _partition(self, rows: Partitioned, place: int) -> Iterator[pa.RecordBatch]:
        """The results for a partition of what is on disk, which is split again if it is too large."""
        batches = list(rows.batches(place))
        needed = computing_bytes(batches) + sum(batch.nbytes for batch in batches)
        with self.run.task.memory.reservation(self.operator.title) as reservation:
            if not reservation.try_grow(needed):
                deeper = rows.split(place) if rows.splits(needed) else None
                if deeper is not None and len(deeper.filled()) > 1:
                    for part in deeper.filled():
                        yield from self._partition(deeper, part)
                    deeper.close()
                    return
                reservation.grow(needed)
            columns = Columns(batches, arrow_types(self.operator.child.output), emptying=True)
            yield from self._results(columns.slice(0, columns.rows))

    def _share(self, whole: pa.RecordBatch, rows: Ints) -> Iterator[pa.RecordBatch]:
        yield from self._results(whole.take(pa.array(rows)))

    def _results(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        operator, run, rows = self.operator, self.run, batch.num_rows
        if rows == 0:
            return
        columns = operator.child.output
        partition = [kernel(batch) for kernel in run.compile_all(operator.partition, columns)]
        order = [kernel(batch) for kernel in run.compile_all([key.child for key in operator.order], columns)]
        owners = group_rows(partition, rows).ids
        keys = [SortKey(a, k.ascending, k.nulls_first) for a, k in zip(order, operator.order, strict=True)]
        places = sort_rows([SortKey(pa.array(owners)), *keys], rows)
        run.check()
        sorted_batch = batch.take(pa.array(places))
        sorted_keys = [SortKey(k.array.take(pa.array(places)), k.ascending, k.nulls_first) for k in keys]
        peers, _ = key_codes([key.array for key in sorted_keys], rows)
        values = WindowValues(operator, run, sorted_batch, layout_of(owners[places], peers), sorted_keys)
        made = []
        for alias in operator.functions:
            run.check()
            made.append(values.of(alias.child))
        yield from sliced(batch_of([*sorted_batch.columns, *made], rows))


def computing_bytes(batches: Sequence[pa.RecordBatch]) -> int:
    """About what sorting rows and computing functions over them takes, beyond them."""
    return sum(2 * int(batch.nbytes) + _ROW_BYTES * batch.num_rows for batch in batches)


class WindowValues:
    """The values of window expressions over sorted rows."""

    def __init__(
        self, operator: WindowExec, run: Execution, batch: pa.RecordBatch, layout: Layout, keys: Sequence[SortKey]
    ) -> None:
        self.columns = operator.child.output
        self.types = [key.dataType for key in operator.order]
        self.run = run
        self.batch = batch
        self.layout = layout
        self.keys = keys

    def of(self, expression: Expression) -> pa.Array:
        """A column of one value per row."""
        assert isinstance(expression, WindowExpression)
        context = self.run.evaluation
        frames = frames_of(expression.spec.frame, self.layout, self.keys, self.types, context)
        call = expression.function
        if isinstance(call, AggregateCall):
            inputs = self._evaluated(inputs_of(call))
            chosen = None
            if call.condition is not None:
                mask = self._evaluated((call.condition,))[0].fill_null(False)
                chosen = np.asarray(mask.to_numpy(zero_copy_only=False), np.bool_)
            return aggregate_over(call, context, self.layout, frames, inputs, chosen)
        assert isinstance(call, WindowCall)
        return self._kernel(call).evaluate(self.layout, frames, self._evaluated(call.arguments))

    def _evaluated(self, expressions: Sequence[Expression]) -> list[pa.Array]:
        return [kernel(self.batch) for kernel in self.run.compile_all(expressions, self.columns)]

    def _kernel(self, call: WindowCall) -> Any:
        for function in lookup(call.function):
            if function.kind == "window":
                return function.kernel(call, self.run.evaluation)
        raise InternalError(f"No window function {call.function}.")
