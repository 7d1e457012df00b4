"""The sink of the built side of a join: collects it and makes its index, or puts it on disk where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from engine.compile.sinks.build import EncodedRows
from engine.expressions.base import Attribute
from engine.physical.collect import SpillWriter
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.execution import Execution
from engine.physical.grace_join import SplitJoin, built_rows
from engine.physical.join import Built, JoinExec, Whole
from engine.physical.operator import Morsel
from engine.physical.partitioned import KeyedWriter, Partitioned
from engine.physical.piecewise_join import PiecewiseJoin


class BuildSink(EncodedRows):
    """Leaves what it has built as the state "built" of the join."""

    def __init__(self, operator: JoinExec, run: Execution) -> None:
        super().__init__(operator, run)
        self.row_bytes = operator.row_bytes
        self.can_spill = operator.in_pieces or bool(operator.split_keys(True))
        self.columns = operator.built[0].output
        self._partitioned: Partitioned | None = None
        self._writers: list[KeyedWriter] = []

    def writer(self) -> SpillWriter:
        if not self.operator.split_keys(True):
            return super().writer()
        with self._lock:
            if self._partitioned is None:
                self._partitioned = Partitioned(built_rows(self.operator), self.run)
            writer = self._partitioned.writer()
            self._writers.append(writer)
            return writer

    def finish(self) -> Sequence[Morsel]:
        self.spill_rest()
        self.run.put((self.operator.id, "built"), self._on_disk() if self.spilled else self._in_memory())
        return []

    def release(self) -> None:
        """Forgets the built side."""
        self.run.drop((self.operator.id, "built"))
        self.run.drop((self.operator.id, "table"))
        if self._partitioned is not None:
            self._partitioned.close()
        super().release()

    def _in_memory(self) -> Built:
        operator = self.operator
        self._put_in_order()
        columns = EncodedColumns(self.batches, self.columns, emptying=True)
        built = Built(columns, None, np.zeros(columns.rows if operator.has_tail else 0, np.bool_))
        if operator.split_keys(True):
            self.reservation.gives_way(partial(self._give_way, built))
        return built

    def _put_in_order(self) -> None:
        """Puts batches in the order of their keys, if that is what they may be in: a source that is in order is read by several
        threads, and rows in order need no table."""
        keys = self.operator.split_keys(True)
        wanted = keys[0].id if len(keys) == 1 and isinstance(keys[0], Attribute) else None
        places = [place for place, column in enumerate(self.columns) if column.id == wanted]
        if places and all(pa.types.is_integer(batch.column(places[0]).type) for batch in self.batches):
            self.batches.sort(key=lambda batch: _first(batch.column(places[0])))

    def _give_way(self, built: Built) -> None:
        """Puts a built side on disk that nothing has looked into yet."""
        with built.lock:
            if built.in_use:
                return
            writer = self.writer()
            for batch in built.columns.batches():
                writer.add(batch)
            writer.flush()
            on_disk = self._on_disk()
            built.columns, built.matched, built.spilled = on_disk.columns, on_disk.matched, on_disk.spilled
        self.reservation.shrink(self.reservation.size)

    def _on_disk(self) -> Built:
        operator = self.operator
        nothing = EncodedColumns([], self.columns)
        if self._partitioned is None:
            assert self._file is not None, "it was written as it is"
            return Built(nothing, spilled=PiecewiseJoin(operator, self._file, self.run))
        whole = Whole(sum(each.rows for each in self._writers), any(each.nulls for each in self._writers))
        return Built(nothing, spilled=SplitJoin(operator, self._partitioned, whole, self.run))


def _first(keys: pa.Array) -> int:
    first = keys[0].as_py() if len(keys) else None
    return 0 if first is None else int(first)
