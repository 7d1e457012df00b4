"""Joins on any condition: every pair is looked at, some at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from engine.kernels.buffers import Ints, Mask
from engine.physical.batches import Columns
from engine.physical.execution import Execution
from engine.physical.join import PAIRS, Built, JoinExec, Matcher
from engine.tree.node import node


@node
class NestedLoopJoinExec(JoinExec):
    """All pairs for which `condition` is true."""

    @property
    def title(self) -> str:
        return "NestedLoopJoin" if self.condition is not None else "CartesianProduct"

    def index(self, built: Columns, run: Execution) -> None:  # noqa: ARG002
        return None

    def matcher(self, built: Built, run: Execution) -> Matcher:  # noqa: ARG002
        return _AllPairs(built.columns.rows)


class _AllPairs:
    """Each row with each of `built` rows."""

    def __init__(self, built: int) -> None:
        self.built = built

    def pairs(self, batch: pa.RecordBatch) -> Iterator[tuple[Ints, Ints]]:
        if self.built == 0:
            return
        width = min(self.built, PAIRS)
        height = max(1, PAIRS // width)
        for top in range(0, batch.num_rows, height):
            rows = np.arange(top, min(top + height, batch.num_rows), dtype=np.int64)
            for start in range(0, self.built, width):
                others = np.arange(start, min(start + width, self.built), dtype=np.int64)
                yield np.repeat(rows, len(others)), np.tile(others, len(rows))

    def hits(self, batch: pa.RecordBatch) -> Mask | None:
        return np.full(batch.num_rows, self.built > 0)
