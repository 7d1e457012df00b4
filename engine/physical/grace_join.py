"""Joins of sides on disk (a grace hash join): both are split by a hash of their keys, and partition by partition joined.

The streamed side is split as it comes, so nothing comes out before its end: all output is the join's tail. A partition of
the built side that does not fit is split again, with that of the streamed side; what has one key for most of its rows is
joined in pieces.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

import pyarrow as pa

from engine.logical.plan import JoinType
from engine.memory.spill import PARTITIONS
from engine.physical.execution import Execution
from engine.physical.join import JoinExec, Whole
from engine.physical.operator import Morsel
from engine.physical.partitioned import Keyed, Partitioned
from engine.physical.piecewise_join import build_bytes, join_in_pieces


class SpilledJoin(Protocol):
    """A join whose built side is on disk."""

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        """The output for the batches of one thread, as far as it is known then."""

    def tail(self, run: Execution) -> Sequence[Morsel]:
        """The rest, when all threads have ended."""


class SplitJoin:
    """A SpilledJoin by keys; `whole` is what is known of all of `built`."""

    def __init__(self, join: JoinExec, built: Partitioned, whole: Whole, run: Execution) -> None:
        self._join = join
        self._built = built
        self._whole = whole
        self._run = run
        self._lock = threading.Lock()

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        """Puts the batches on disk; gives nothing."""
        writer = self._streamed(run).writer()
        for batch in batches:
            writer.add(batch)
        writer.flush()
        yield from ()

    def tail(self, run: Execution) -> Sequence[Morsel]:
        """The output, a morsel for each partition."""
        streamed = self._streamed(run)
        found = [place for place in range(PARTITIONS) if self._matters(self._built, streamed, place)]
        return [partial(self._pair, self._built, streamed, place, run) for place in found]

    def _streamed(self, run: Execution) -> Partitioned:
        """The streamed side: a run's own, since each level of a recursion has another."""
        return run.state((self._join.id, "streamed"), lambda: Partitioned(_streamed_rows(self._join), run))

    def _matters(self, built: Partitioned, streamed: Partitioned, place: int) -> bool:
        """Whether a partition can have any output."""
        known, other = built.file.rows(place), streamed.file.rows(place)
        return bool((known and other) or (known and self._join.has_tail) or (other and _keeps_unmatched(self._join)))

    def _pair(self, built: Partitioned, streamed: Partitioned, place: int, run: Execution) -> Iterator[pa.RecordBatch]:
        join = self._join
        batches = list(built.batches(place))
        size = sum(build_bytes(join, batch) for batch in batches)
        rows = partial(streamed.batches, place)
        with run.task.memory.reservation(join.title) as reservation:
            fits = reservation.try_grow(size)
            reservation.release()
            if not fits and built.splits(size):
                deeper = built.split(place)
                if len(deeper.filled()) > 1:
                    yield from self._split(deeper, streamed.split(place), run)
                    return
                deeper.close()
            if not join.in_pieces:
                reservation.grow(size)
            yield from join_in_pieces(join, batches, rows, self._whole, reservation, run)

    def _split(self, built: Partitioned, streamed: Partitioned, run: Execution) -> Iterator[pa.RecordBatch]:
        """The output for a partition that was split again."""
        for place in range(PARTITIONS):
            if self._matters(built, streamed, place):
                yield from self._pair(built, streamed, place, run)
        built.close()
        streamed.close()


def built_rows(join: JoinExec) -> Keyed:
    """How the built side is split."""
    dropping = not join.has_tail
    return Keyed(join.id, join.built[0].output, join.split_keys(True), join.apart(), dropping)


def _streamed_rows(join: JoinExec) -> Keyed:
    dropping = not _keeps_unmatched(join)
    return Keyed(join.id, join.streamed.output, join.split_keys(False), join.apart(), dropping)


def _keeps_unmatched(join: JoinExec) -> bool:
    """Whether streamed rows come out that have no match."""
    return join.keeps_streamed or (join.type in (JoinType.ANTI, JoinType.EXISTENCE) and join.build == "right")
