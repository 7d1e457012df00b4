"""Window functions: rows are collected and sorted, and each function is computed over many partitions at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.sinks.build import EncodedRows
from engine.errors import InternalError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, SortOrder
from engine.expressions.sql import Name
from engine.expressions.window import WindowCall, WindowExpression
from engine.functions.registry import lookup
from engine.kernels.aggregates import inputs_of
from engine.kernels.buffers import Ints, Mask
from engine.kernels.frames import aggregate_over, frames_of
from engine.kernels.sorting import SortKey, first_of_runs, sort_rows
from engine.kernels.windows import Layout, layout_of
from engine.lazy import cached_property
from engine.physical.batches import Columns, batch_of, sliced
from engine.physical.collect import SpillWriter
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.encoding import decoded_column
from engine.physical.execution import Execution
from engine.physical.keys import key_arrays, numbered, owners
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.physical.partitioned import Keyed, Partitioned
from engine.physical.whole_partitions import sees_whole_partitions, whole_partitions
from engine.tree.node import node
from engine.types import DataType, StringType

_MORSEL_ROWS = 1 << 17
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


class WindowSink(EncodedRows):
    """Collects rows, which may be encoded; gives them sorted, with the functions' values, some partitions a morsel. What does
    not fit is put on disk by a hash of the partition."""

    def __init__(self, operator: WindowExec, run: Execution) -> None:
        super().__init__(operator, run)
        self.columns = operator.child.output
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
        columns = EncodedColumns(self.batches, self.columns, emptying=True)
        return self._pieces(columns, self.run.task.threads)

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
            columns = EncodedColumns(batches, self.columns, emptying=True)
            for piece in self._pieces(columns, 1):
                yield from piece()

    def _pieces(self, rows: Columns, threads: int) -> list[Morsel]:
        """Some whole partitions, sorted, a morsel; some rows as they are where it does not matter which are near each other."""
        operator = self.operator
        partition = [numbered(array) for array in self._kept(operator.partition, rows)]
        if sees_whole_partitions(operator.functions):
            return whole_partitions(operator, rows, partition, self.run)
        order = self._kept([key.child for key in operator.order], rows)
        keys = [SortKey(numbered(a), k.ascending, k.nulls_first) for a, k in zip(order, operator.order, strict=True)]
        places = sort_rows([*owners(partition, rows.rows), *keys], rows.rows, threads)
        self.run.check()
        first = first_of_runs([array.take(pa.array(places)) for array in partition], rows.rows)
        pieces = itertools.pairwise(_cuts(first))
        return [partial(self._results, rows, keys, places[low:high], first[low:high]) for low, high in pieces]

    def _kept(self, expressions: Sequence[Expression], rows: Columns) -> list[pa.Array]:
        return key_arrays(expressions, rows, self.columns, self.run, kept=True)

    def _results(self, rows: Columns, keys: Sequence[SortKey], places: Ints, first: Mask) -> Iterator[pa.RecordBatch]:
        """The results for whole partitions, whose rows are at `places`; `first` says which begin one."""
        batch, wanted = rows.batch(places), pa.array(places)
        arrays = [key.array.take(wanted) for key in keys]
        peers = first | first_of_runs(arrays, len(places))
        types = [key.dataType for key in self.operator.order]
        sorted_keys = [
            SortKey(_in_its_type(array, kind), key.ascending, key.nulls_first)
            for array, kind, key in zip(arrays, types, keys, strict=True)
        ]
        values = WindowValues(self.operator, self.run, batch, layout_of(first, peers), sorted_keys)
        made = []
        for alias in self.operator.functions:
            self.run.check()
            made.append(values.of(alias.child))
        yield from sliced(batch_of([*batch.columns, *made], len(places)))


def _in_its_type(array: pa.Array, data_type: DataType) -> pa.Array:
    """Order keys as frames add to them; texts, to which nothing is added, may be numbers."""
    return array if isinstance(data_type, StringType) else decoded_column(array, data_type)


def _cuts(first: Mask) -> list[int]:
    """Where to cut sorted rows into pieces of whole partitions, from 0 to the end."""
    begins = np.append(np.flatnonzero(first), len(first))
    wanted = np.arange(0, len(first), _MORSEL_ROWS)
    return [*np.unique(begins[np.searchsorted(begins, wanted)]).tolist(), len(first)]


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
