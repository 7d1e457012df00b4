"""Reads the splits of a relation: each is one morsel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import cast

import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.logical.relation import Columnar, Relation, ScanRequest, Split
from engine.physical.column_scan import NOT_PINNED, ColumnScan
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Source, texts
from engine.protocols import provides
from engine.tree.node import node


@node
class ScanExec(Source):
    """The rows of `splits` of a relation; `filters` let the source skip rows and are applied by operators above.

    `considered` and `pruned` count the pieces the planner saw and left out. `shares` are the splits of each partition, as
    (first, past the last). `encoded`: its batches may be (`encoding.py`), since what follows reads them so.
    """

    relation: Relation
    columns: tuple[Attribute, ...]
    name: tuple[str, ...]
    filters: tuple[Expression, ...]
    limit: int | None
    splits: tuple[Split, ...]
    considered: int = 0
    pruned: int = 0
    shares: tuple[tuple[int, int], ...] = ()
    encoded: bool = False

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    @property
    def partitions(self) -> int:
        """How many tasks share the splits."""
        return max(1, len(self.shares))

    @property
    def request(self) -> ScanRequest:
        """What the source is asked for."""
        return ScanRequest(tuple(column.name for column in self.columns), self.filters, self.limit, self.encoded)

    def morsels(self, run: Execution) -> Sequence[Morsel]:
        splits = self.splits
        if self.shares:
            start, stop = self.shares[run.partition] if run.partition < len(self.shares) else (0, 0)
            splits = splits[start:stop]
        elif run.partition > 0:
            splits = ()
        run.task.metrics.add(self.id, "row_groups", len(splits))
        columns = run.state(
            (self.id, "columns"), partial(ColumnScan, self.id, self.relation, self.columns, self.filters, run)
        )
        if self.limit is None and provides(self.relation, Columnar):
            relation = cast(Columnar, self.relation)
            return [partial(self._warm, relation, split, columns, run) for split in splits]
        return [partial(self._read, split, columns, run) for split in splits]

    def _warm(self, relation: Columnar, split: Split, columns: ColumnScan, run: Execution) -> Iterator[pa.RecordBatch]:
        """What the scan before has made of a split, if it is still there."""
        found = columns.warm(relation.version(split), relation.pin, self.encoded)
        return self._read(split, columns, run) if found is None else found

    def _read(self, split: Split, columns: ColumnScan, run: Execution) -> Iterator[pa.RecordBatch]:
        for batch in self._batches(split, columns, run):
            # encoded columns have buffers of their own; what part of larger ones a batch is costs more to find out
            size = batch.get_total_buffer_size() if self.encoded else batch.nbytes
            run.task.metrics.add(self.id, "bytes", size)
            run.task.metrics.progress(batch.num_rows, size)
            yield batch

    def _batches(self, split: Split, columns: ColumnScan, run: Execution) -> Iterator[pa.RecordBatch]:
        request = self.request
        if provides(self.relation, Columnar) and self.limit is None:
            relation, first = cast(Columnar, self.relation), columns.first
            narrow = relation.columns_of(split, first) if first else None
            few = columns.few(narrow, self.encoded) if narrow is not None else None
            if few is not None:
                return few
            found = relation.columns_of(split, request.columns)
            if found is not None:
                return columns.batches(found, relation.version(split), self.encoded)
            if relation.pin:
                run.task.metrics.add(self.id, NOT_PINNED, split.bytes or 0)
        return self.relation.read(split, request)

    def details(self, name: Name | None) -> str:
        text = f"{'.'.join(self.name[-1:]) or self.relation.description} {texts(self.columns, name)}"
        text += f" filters={texts(self.filters, name)}" if self.filters else ""
        text += f" limit={self.limit}" if self.limit is not None else ""
        text += f" splits={len(self.splits)}"
        return text + (f" pruned={self.pruned} of {self.considered}" if self.pruned else "")


def shares(splits: Sequence[Split], partitions: int) -> tuple[tuple[int, int], ...]:
    """Consecutive splits for each of `partitions` tasks, about the same bytes each."""
    weights = [split.bytes or split.rows or 1 for split in splits]
    total, spent, start = sum(weights), 0, 0
    found = []
    for partition in range(partitions):
        stop = start
        while stop < len(splits) and (spent + weights[stop] / 2 <= total * (partition + 1) / partitions):
            spent += weights[stop]
            stop += 1
        if partition == partitions - 1:
            stop = len(splits)
        found.append((start, stop))
        start = stop
    return tuple(found)
