"""Rows on their way between tasks: how they are split when a stage ends, and how the next one reads them.

`ExchangeExec` stands in the plan; when stages are cut, what is below becomes a stage that ends in a `ShuffleOutput`, and a
`ShuffleReadExec` takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name
from engine.kernels.buffers import Ints
from engine.kernels.grouping import hash_rows
from engine.lazy import cached_property
from engine.physical.execution import Execution, Kernel
from engine.physical.operator import Morsel, Operator, Sink, Source, texts
from engine.records import dataclass
from engine.tree.node import TreeNode, node


@node
class Split(TreeNode):
    """How rows are split into shuffle partitions."""

    @property
    def partitions(self) -> int:
        """Into how many."""
        return 1

    @property
    def deterministic(self) -> bool:
        """Whether equal input is split alike each time."""
        return True

    def details(self, name: Name | None) -> str:  # noqa: ARG002 - for splits that print columns
        """What EXPLAIN says of it."""
        return type(self).__name__.lower()


@node
class Single(Split):
    """All rows to one task."""


@node
class Broadcast(Split):
    """All rows to every task."""


@node
class HashSplit(Split):
    """Rows with equal `keys` to one of `count` tasks."""

    keys: tuple[Expression, ...]
    count: int

    @property
    def partitions(self) -> int:
        return self.count

    def details(self, name: Name | None) -> str:
        return f"hash {texts(self.keys, name)} into {self.count}"


@node
class RoundRobin(Split):
    """Rows evenly to `count` tasks."""

    count: int

    @property
    def partitions(self) -> int:
        return self.count

    @property
    def deterministic(self) -> bool:
        return False

    def details(self, name: Name | None) -> str:  # noqa: ARG002 - it reads no columns
        return f"round robin into {self.count}"


@node
class Kept(Split):
    """Rows stay in the partition they are in, of `count`: for what several stages read."""

    count: int

    @property
    def partitions(self) -> int:
        return self.count

    def details(self, name: Name | None) -> str:  # noqa: ARG002 - it reads no columns
        return f"kept in {self.count}"


@node
class ExchangeExec(Operator):
    """The rows of `child` as `columns`, by position, split anew among tasks."""

    split: Split
    columns: tuple[Attribute, ...]
    child: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    @property
    def ordered(self) -> bool:
        return False

    @property
    def title(self) -> str:
        return "BroadcastExchange" if isinstance(self.split, Broadcast) else "ShuffleExchange"

    def details(self, name: Name | None) -> str:
        return "" if isinstance(self.split, Broadcast) else self.split.details(name)


@node
class ShuffleReadExec(Source):
    """What stage `stage_id` wrote for this task (`mode` own, of `partitions`), or for every task (all)."""

    stage_id: int
    mode: Literal["own", "all"]
    partitions: int
    columns: tuple[Attribute, ...]

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    def morsels(self, run: Execution) -> Sequence[Morsel]:
        if self.mode == "all":
            return run.task.read_shuffle(self.stage_id, [0])
        if run.partition >= self.partitions:
            return []
        return run.task.read_shuffle(self.stage_id, [run.partition])

    def details(self, name: Name | None) -> str:
        return f"stage {self.stage_id} {texts(self.columns, name)}"


@dataclass(frozen=True)
class ShuffleOutput:
    """The end of a stage whose rows have the columns `columns`, split by `split`."""

    split: Split
    columns: tuple[Attribute, ...]

    def sink(self, run: Execution) -> Sink:
        """Takes the rows of one task."""
        return ShuffleSink(self, run)


class _Splitter(Protocol):
    """Says for each row of a batch which shuffle partition it goes to."""

    def __call__(self, batch: pa.RecordBatch) -> Ints: ...


class ShuffleSink:
    """Splits batches and writes them into the map file of the task."""

    def __init__(self, output: ShuffleOutput, run: Execution) -> None:
        self.output = output
        self.run = run
        self.writer = run.task.shuffle_writer(output.split.partitions)

    def local(self) -> _Splitter | None:
        split = self.output.split
        if isinstance(split, HashSplit) and split.count > 1:
            return _ByHash(self.run.compile_all(split.keys, self.output.columns), split.count)
        if isinstance(split, RoundRobin) and split.count > 1:
            return _InTurn(split.count, self.run.partition)
        return None

    def add(self, local: _Splitter | None, batch: pa.RecordBatch) -> None:
        if local is None:
            place = self.run.partition if isinstance(self.output.split, Kept) else 0
            self.writer.write(place, batch)
            return
        owners = local(batch)
        order = np.argsort(owners, kind="stable")
        counts = np.bincount(owners, minlength=self.output.split.partitions)
        sorted_batch = batch.take(pa.array(order))
        start = 0
        for partition, count in enumerate(counts.tolist()):
            if count:
                self.writer.write(partition, sorted_batch.slice(start, count))
                start += count

    def combine(self, local: _Splitter | None) -> None:
        """Nothing is left in a thread: all of it is written."""

    def finish(self) -> Sequence[Morsel]:
        self.writer.commit()
        return []


class _ByHash:
    def __init__(self, kernels: Sequence[Kernel], count: int) -> None:
        self.kernels = kernels
        self.count = np.uint64(count)

    def __call__(self, batch: pa.RecordBatch) -> Ints:
        hashes = hash_rows([kernel(batch) for kernel in self.kernels], batch.num_rows)
        return (hashes % self.count).astype(np.int64)


class _InTurn:
    def __init__(self, count: int, start: int) -> None:
        self.count = count
        self.next = start

    def __call__(self, batch: pa.RecordBatch) -> Ints:
        owners = (np.arange(batch.num_rows, dtype=np.int64) + self.next) % self.count
        self.next += batch.num_rows
        return owners
