"""Joins with the nearest row: the right side is sorted once, each batch of the left finds its rows in it by halving."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from engine.expressions.base import Expression
from engine.expressions.sql import Name, sql
from engine.kernels.asof import AsOfTable
from engine.kernels.buffers import Ints, Mask
from engine.physical.batches import Columns
from engine.physical.execution import Execution
from engine.physical.join import Built, JoinExec, Matcher
from engine.physical.keys import key_arrays
from engine.tree.node import node


@node
class AsOfJoinExec(JoinExec):
    """Of the rows of `right` whose `right_keys` equal the `left_keys` and for which `left_at operator right_at` holds, the one
    with the nearest value. `broadcast`: the right side is sent whole to every task, else both are split by the keys."""

    left_keys: tuple[Expression, ...]
    right_keys: tuple[Expression, ...]
    left_at: Expression
    right_at: Expression
    operator: str
    broadcast: bool

    @property
    def title(self) -> str:
        return "BroadcastAsOfJoin" if self.broadcast else "AsOfJoin"

    def split_keys(self, built: bool) -> tuple[Expression, ...]:
        return self.right_keys if built else self.left_keys

    @property
    def in_pieces(self) -> bool:
        return False  # the nearest row of all is wanted

    @property
    def row_bytes(self) -> int:
        return 48

    def index(self, built: Columns, run: Execution) -> AsOfTable:
        *keys, at = key_arrays((*self.right_keys, self.right_at), built, self.built[0].output, run)
        return AsOfTable(keys, at, self.operator)

    def matcher(self, built: Built, run: Execution) -> Matcher:
        return _Nearest(self, built.index, run)

    def details(self, name: Name | None) -> str:
        equal = [f"{sql(a, name)} = {sql(b, name)}" for a, b in zip(self.left_keys, self.right_keys, strict=True)]
        nearest = f"{sql(self.left_at, name)} {self.operator} {sql(self.right_at, name)}"
        return f"[{', '.join([*equal, nearest])}] {super().details(name)}"


class _Nearest:
    """Looks up batches, with the kernels of one thread."""

    def __init__(self, join: AsOfJoinExec, table: AsOfTable, run: Execution) -> None:
        self.table = table
        self.kernels = run.compile_all((*join.left_keys, join.left_at), join.left.output)

    def pairs(self, batch: pa.RecordBatch) -> Iterator[tuple[Ints, Ints]]:
        *keys, at = [kernel(batch) for kernel in self.kernels]
        found = self.table.find(keys, at)
        rows = np.flatnonzero(found >= 0)
        yield rows, found[rows]

    def hits(self, batch: pa.RecordBatch) -> Mask | None:  # noqa: ARG002 - asked of joins that keep no pairs
        return None
