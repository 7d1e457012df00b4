"""Window functions: rows are collected and sorted, and each function is computed over many partitions at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa

from engine.compile.sinks.build import EncodedRows
from engine.expressions.base import Alias, Attribute, Expression, SortOrder
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.physical.collect import SpillWriter
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.external_sort import Runs, RunWriter
from engine.physical.keys import key_arrays, numbered
from engine.physical.operator import Breaker, Morsel, Operator, Sink, texts
from engine.physical.partitioned import Keyed, Partitioned
from engine.physical.sorted_partitions import SortedPartitions
from engine.physical.streamed_window import StreamedWindow, streams
from engine.physical.whole_partitions import sees_whole_partitions, whole_partitions
from engine.tree.node import node

_MORSEL_ROWS = 1 << 17
_ROW_BYTES = 64


@node
class WindowExec(Breaker):
    """`columns` of the rows of `child`, and one for each of `functions`, aliases of window expressions over one `partition` and
    `order`. `encoded`: who reads it takes batches as they are kept (`encoding.py`)."""

    functions: tuple[Alias, ...]
    partition: tuple[Expression, ...]
    order: tuple[SortOrder, ...]
    columns: tuple[Attribute, ...]
    child: Operator
    encoded: bool = False

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns + tuple(each.to_attribute() for each in self.functions)

    @property
    def ordered(self) -> bool:
        return False

    def sink(self, run: Execution) -> Sink:
        return WindowSink(self, run)

    def given(self, found: Sequence[Morsel]) -> Sequence[Morsel]:
        return found if self.encoded else [partial(self._decoded, each) for each in found]

    def _decoded(self, morsel: Morsel) -> Iterator[pa.RecordBatch]:
        return (decoded(batch, self.output) for batch in morsel())

    def details(self, name: Name | None) -> str:
        return texts(self.functions, name)


class WindowSink(EncodedRows):
    """Collects rows, which may be encoded; gives them sorted, with the functions' values, some partitions a morsel. What does
    not fit is put on disk by a hash of the partition; in sorted runs where there is only one, if its rows may pass by."""

    def __init__(self, operator: WindowExec, run: Execution) -> None:
        super().__init__(operator, run)
        self.columns = operator.child.output
        self.can_spill = bool(operator.partition) or streams(operator, run.evaluation)
        self._partitioned: Partitioned | None = None
        self._runs: Runs | None = None

    def writer(self) -> SpillWriter:
        operator = self.operator
        with self._lock:
            if not operator.partition:
                if self._runs is None:
                    self._runs = Runs(operator, self.columns, operator.order, None, self.run)
                return RunWriter(self._runs)
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
        if self._runs is not None:
            return [StreamedWindow(self.operator, self._runs, self.run).results]
        if not self.can_spill:
            self.reservation.grow(needed)
        columns = EncodedColumns(self.batches, self.columns, emptying=True)
        return self._pieces(columns, self.run.task.threads)

    def release(self) -> None:
        if self._partitioned is not None:
            self._partitioned.close()
        if self._runs is not None:
            self._runs.close()
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

    def _pieces(self, rows: EncodedColumns, threads: int) -> Sequence[Morsel]:
        """Some whole partitions, sorted, a morsel; some rows as they are where it does not matter which are near each other."""
        operator = self.operator
        partition = [numbered(each) for each in key_arrays(operator.partition, rows, self.columns, self.run, kept=True)]
        if sees_whole_partitions(operator.functions):
            return whole_partitions(operator, rows, partition, self.run)
        return SortedPartitions(operator, rows, partition, self.run, threads).morsels()


def computing_bytes(batches: Sequence[pa.RecordBatch]) -> int:
    """About what sorting rows and computing functions over them takes, beyond them."""
    return sum(2 * int(batch.nbytes) + _ROW_BYTES * batch.num_rows for batch in batches)
