"""Joins on equal keys: the built side becomes a table (`kernels/joins.py`), each batch of the other looks up in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from engine.expressions.base import Expression
from engine.expressions.sql import Name, sql
from engine.kernels.buffers import Ints, Mask, valid
from engine.kernels.joins import JoinTable
from engine.physical.batches import Columns
from engine.physical.execution import Execution
from engine.physical.join import PAIRS, Built, JoinExec, Matcher, Whole
from engine.physical.keys import key_arrays
from engine.tree.node import node


@node
class HashJoinExec(JoinExec):
    """`left_keys` equal `right_keys`, pair by pair; those `null_safe` by `<=>`. `broadcast`: the built side is sent whole to
    every task, else both are split by the keys. `null_aware`: NOT IN, where a null on either side counts as a match."""

    left_keys: tuple[Expression, ...] = ()
    right_keys: tuple[Expression, ...] = ()
    null_safe: tuple[bool, ...] = ()
    null_aware: bool = False
    broadcast: bool = False

    @property
    def title(self) -> str:
        return "BroadcastHashJoin" if self.broadcast else "HashJoin"

    def keys(self, built: bool) -> tuple[Expression, ...]:
        """The keys of the built or of the streamed side."""
        return self.left_keys if (self.build == "left") == built else self.right_keys

    def split_keys(self, built: bool) -> tuple[Expression, ...]:
        return self.keys(built)

    def apart(self) -> tuple[bool, ...]:
        return tuple(not safe for safe in self.null_safe)

    @property
    def row_bytes(self) -> int:
        return 48

    def index(self, built: Columns, run: Execution) -> JoinTable:
        return JoinTable(self.key_columns(built, run), built.rows, self.null_safe)

    def key_columns(self, built: Columns, run: Execution) -> list[pa.Array]:
        """The keys of all built rows."""
        return key_arrays(self.keys(True), built, self.built[0].output, run)

    def matcher(self, built: Built, run: Execution) -> Matcher:
        return _HashMatcher(self, built, run)

    def details(self, name: Name | None) -> str:
        pairs = [
            f"{sql(left, name)} {'<=>' if safe else '='} {sql(right, name)}"
            for left, right, safe in zip(self.left_keys, self.right_keys, self.null_safe, strict=True)
        ]
        return f"[{', '.join(pairs)}] {super().details(name)}" + (" null aware" if self.null_aware else "")


class _HashMatcher:
    """Looks up keys of batches, with the kernels of one thread."""

    def __init__(self, join: HashJoinExec, built: Built, run: Execution) -> None:
        self.join = join
        self.table: JoinTable = built.index
        self.whole = built.whole or Whole(built.columns.rows, self.table.rows_kept < built.columns.rows)
        self.kernels = run.compile_all(join.keys(False), join.streamed.output)

    def pairs(self, batch: pa.RecordBatch) -> Iterator[tuple[Ints, Ints]]:
        keys = [kernel(batch) for kernel in self.kernels]
        found = self.table.lookup(keys, batch.num_rows)
        yield from self.table.pairs(found, keys, PAIRS)

    def hits(self, batch: pa.RecordBatch) -> Mask | None:
        if self.join.null_aware:
            return self._not_in(batch)
        if not self.table.exact:
            return None
        keys = [kernel(batch) for kernel in self.kernels]
        return self.table.lookup(keys, batch.num_rows).hit

    def _not_in(self, batch: pa.RecordBatch) -> Mask:
        """Which rows are equal, or may be for all that is known, to a built row."""
        rows = batch.num_rows
        if self.whole.rows == 0:
            return np.zeros(rows, np.bool_)
        if self.whole.nulls:
            return np.ones(rows, np.bool_)
        keys = [kernel(batch) for kernel in self.kernels]
        matched = np.zeros(rows, np.bool_)
        for streamed, _ in self.table.pairs(self.table.lookup(keys, rows), keys, PAIRS):
            matched[streamed] = True
        present = valid(keys[0])
        return matched if present is None else matched | ~present
