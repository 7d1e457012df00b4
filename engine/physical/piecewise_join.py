"""Joins with one piece of the built side after the other: where it can not be split by keys, or one key has too many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from engine.kernels.buffers import Mask
from engine.memory.pool import Reservation
from engine.memory.spill import SpillFile
from engine.physical.batches import Columns, arrow_types
from engine.physical.execution import Execution
from engine.physical.join import BatchJoin, Built, JoinExec, Whole, tail_morsels
from engine.physical.operator import Morsel


class PiecewiseJoin:
    """A built side in a file, as it came. Each batch of the other side meets all of its pieces; they are views of the file."""

    def __init__(self, join: JoinExec, file: SpillFile, run: Execution) -> None:
        self._join = join
        numbers = range(len(file.chunks(0)))
        self._pieces = [built_of(join, list(file.chunk(0, number)), None, run) for number in numbers]

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        """The output for the batches of one thread."""
        joins = [BatchJoin(self._join, piece, self._join.matcher(piece, run), run) for piece in self._pieces]
        for batch in batches:
            matched = _no_match(joins[0], batch)
            for join in joins:
                run.check()
                yield from join.matches(batch, matched)
            if joins[0].marks_streamed:
                yield from joins[0].rest(batch, matched)

    def tail(self, run: Execution) -> Sequence[Morsel]:  # noqa: ARG002 - others need it
        """What follows the last batch."""
        if not self._join.has_tail:
            return []
        return [morsel for piece in self._pieces for morsel in tail_morsels(self._join, piece)]


def join_in_pieces(
    join: JoinExec,
    built: Sequence[pa.RecordBatch],
    streamed: Callable[[], Iterable[pa.RecordBatch]],
    whole: Whole,
    reservation: Reservation,
    run: Execution,
) -> Iterator[pa.RecordBatch]:
    """All output for two sets of rows: as much of `built` as can be reserved at a time meets all of `streamed`.

    Raises OUT_OF_MEMORY where a single batch cannot be reserved."""
    marks: dict[int, Mask] = {}
    rest = list(built)
    while True:
        piece = built_of(join, _piece(join, rest, reservation), whole, run)
        matching = BatchJoin(join, piece, join.matcher(piece, run), run)
        for number, batch in enumerate(streamed()):
            if number not in marks:
                marks[number] = _no_match(matching, batch)
            yield from matching.matches(batch, marks[number])
            if not rest and matching.marks_streamed:
                yield from matching.rest(batch, marks.pop(number))
        for morsel in tail_morsels(join, piece) if join.has_tail else ():
            yield from morsel()
        reservation.release()
        if not rest:
            return


def built_of(join: JoinExec, batches: list[pa.RecordBatch], whole: Whole | None, run: Execution) -> Built:
    """Some built rows with their index."""
    columns = Columns(batches, arrow_types(join.built[0].output), emptying=True)
    matched = np.zeros(columns.rows if join.has_tail else 0, np.bool_)
    return Built(columns, join.index(columns, run), matched, whole=whole)


def build_bytes(join: JoinExec, batch: pa.RecordBatch) -> int:
    """About what some built rows take with their index."""
    size: int = batch.nbytes + join.row_bytes * batch.num_rows
    return size


def _piece(join: JoinExec, rest: list[pa.RecordBatch], reservation: Reservation) -> list[pa.RecordBatch]:
    """The first of `rest`, which it takes away, for which memory could be reserved: at least one."""
    piece: list[pa.RecordBatch] = []
    while rest:
        size = build_bytes(join, rest[0])
        if not piece:
            reservation.grow(size)
        elif not reservation.try_grow(size):
            break
        piece.append(rest.pop(0))
    return piece


def _no_match(join: BatchJoin, batch: pa.RecordBatch) -> Mask:
    return np.zeros(batch.num_rows if join.marks_streamed else 0, np.bool_)
