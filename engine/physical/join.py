"""What all joins share: one side is built, the other streams; candidate pairs are filtered, counted as matches, and emitted.

pairs            INNER, CROSS and every outer join
streamed rows    with or without a match: SEMI, ANTI, EXISTENCE, and the outer joins that keep the streamed side
built rows       the same for the built side, after the last batch of all threads (`tail`)
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name, sql
from engine.kernels.buffers import Ints, Mask
from engine.lazy import cached_property
from engine.logical.plan import JoinType
from engine.physical.batches import BATCH_ROWS, Columns, batch_of, nulls
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Operator, Sink, Streaming
from engine.records import dataclass
from engine.tree.node import node

if TYPE_CHECKING:
    from engine.physical.grace_join import SpilledJoin

PAIRS = 1 << 17
"""How many candidate pairs are looked at together."""

PAIRED = (JoinType.INNER, JoinType.CROSS, JoinType.LEFT, JoinType.RIGHT, JoinType.FULL)

Side = Literal["left", "right"]


class Matcher(Protocol):
    """Finds the rows of the built side that may match rows of a batch."""

    def pairs(self, batch: pa.RecordBatch) -> Iterator[tuple[Ints, Ints]]:
        """Pairs as (row of the batch, row of the built side), some at a time."""

    def hits(self, batch: pa.RecordBatch) -> Mask | None:
        """Which rows of the batch have a pair, where that is known without making them."""


@dataclass
class Built:
    """The built side, or a part of it. `matched` marks its rows that had a match, where that is asked for; `index` is the
    join's own, made when rows are first looked up without code. `whole` is what is known of all built rows. `spilled`: the
    rows are on disk, and no pair is found here; that is settled once it is `in_use`."""

    columns: Columns
    index: Any = None
    matched: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))
    lock: threading.Lock = field(default_factory=threading.Lock)
    whole: Whole | None = None
    spilled: SpilledJoin | None = None
    in_use: bool = False


@dataclass(frozen=True)
class Whole:
    """How many rows the built side has, and whether a key is null that matches nothing."""

    rows: int
    nulls: bool


@node
class JoinExec(Streaming):
    """Pairs of rows of `left` and `right`; the side `build` is held, the other streams. `condition` is what else must hold of
    a pair. `columns` are those of the join's output that are needed above."""

    left: Operator
    right: Operator
    type: JoinType
    build: Side
    condition: Expression | None
    exists: Attribute | None
    columns: tuple[Attribute, ...]

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    @property
    def streamed(self) -> Operator:
        return self.right if self.build == "left" else self.left

    @property
    def built(self) -> tuple[Operator, ...]:
        return (self.left if self.build == "left" else self.right,)

    @property
    def ordered(self) -> bool:
        return False

    @property
    def keeps_streamed(self) -> bool:
        """Whether streamed rows without a match come out, with nulls."""
        outer = JoinType.LEFT if self.build == "right" else JoinType.RIGHT
        return self.type in (outer, JoinType.FULL)

    @property
    def has_tail(self) -> bool:
        outer = JoinType.RIGHT if self.build == "right" else JoinType.LEFT
        if self.type in (JoinType.SEMI, JoinType.ANTI, JoinType.EXISTENCE):
            return self.build == "left"
        return self.type in (outer, JoinType.FULL)

    @property
    def may_have_tail(self) -> bool:
        return True

    def build_sink(self, run: Execution) -> Sink:
        # loaded here because it builds on this module
        from engine.physical.join_build import BuildSink

        return BuildSink(self, run)

    def split_keys(self, built: bool) -> tuple[Expression, ...]:  # noqa: ARG002 - for joins that have keys
        """The keys by which a side can be split where memory does not suffice."""
        return ()

    def apart(self) -> tuple[bool, ...]:
        """Which of these keys match nothing when they are null."""
        return (True,) * len(self.split_keys(True))

    @property
    def in_pieces(self) -> bool:
        """Whether pairs can be found in one piece of the built side after the other."""
        return True

    @property
    def row_bytes(self) -> int:
        """About what `index` takes for a built row, beyond its columns."""
        return 0

    @abstractmethod
    def index(self, built: Columns, run: Execution) -> Any:
        """What `matcher` needs of the built side, made once."""

    @abstractmethod
    def matcher(self, built: Built, run: Execution) -> Matcher:
        """The pairs of a thread."""

    def built_state(self, run: Execution) -> Built:
        """What the build has left; from now on it stays where it is."""
        built: Built = run.state((self.id, "built"), lambda: Built(EncodedColumns([], self.built[0].output)))
        with built.lock:
            built.in_use = True
        return built

    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        built = self.built_state(run)
        if built.spilled is not None:
            yield from built.spilled.stream(batches, run)
            return
        with built.lock:
            if built.index is None:
                built.index = self.index(built.columns, run)
        join = BatchJoin(self, built, self.matcher(built, run), run)
        for batch in batches:
            yield from join.batches(batch)

    def tail(self, run: Execution) -> Sequence[Morsel]:
        built = self.built_state(run)
        if built.spilled is not None:
            return built.spilled.tail(run)
        return tail_morsels(self, built) if self.has_tail else []

    def details(self, name: Name | None) -> str:
        text = f"{self.type.value} build={self.build}"
        return text + (f" {sql(self.condition, name)}" if self.condition is not None else "")


class Layout:
    """Where the output columns of a join come from: a place in the streamed or the built side, or the EXISTENCE flag."""

    def __init__(self, join: JoinExec) -> None:
        self.streamed = join.streamed.output
        self.built = join.built[0].output
        from_streamed = {column.id: place for place, column in reversed(list(enumerate(self.streamed)))}
        from_built = {column.id: place for place, column in reversed(list(enumerate(self.built)))}
        self.sources: list[tuple[str, int]] = []
        for column in join.columns:
            if column.id in from_streamed:
                self.sources.append(("streamed", from_streamed[column.id]))
            elif column.id in from_built:
                self.sources.append(("built", from_built[column.id]))
            else:
                self.sources.append(("exists", 0))
        self.built_places = sorted({place for side, place in self.sources if side == "built"})
        self.streamed_places = sorted({place for side, place in self.sources if side == "streamed"})

    def batch(
        self,
        rows: int,
        streamed: Callable[[int], pa.Array],
        built: Callable[[int], pa.Array],
        exists: pa.Array | None = None,
    ) -> pa.RecordBatch:
        """A batch of the output, of columns by place in each side."""
        columns = [
            exists if side == "exists" else streamed(place) if side == "streamed" else built(place)
            for side, place in self.sources
        ]
        return batch_of(columns, rows)


def tail_morsels(join: JoinExec, built: Built) -> Sequence[Morsel]:
    """What follows the last batch: the built rows with or without a match."""
    rows, layout = tail_rows(join, built), Layout(join)
    starts = range(0, len(rows), BATCH_ROWS)
    return [partial(_tail, layout, built, rows[start : start + BATCH_ROWS]) for start in starts]


def tail_rows(join: JoinExec, built: Built) -> Ints:
    """The numbers of the built rows that follow."""
    wanted = built.matched if join.type is JoinType.SEMI else ~built.matched
    if join.type is JoinType.EXISTENCE:
        wanted = np.ones(len(built.matched), np.bool_)
    return np.flatnonzero(wanted)


def _tail(layout: Layout, built: Built, rows: Ints) -> Iterator[pa.RecordBatch]:
    yield tail_batch(layout, built, rows)


def tail_batch(layout: Layout, built: Built, rows: Ints) -> pa.RecordBatch:
    """The join's rows for built rows of those numbers."""
    wanted = pa.array(rows)
    missing = nulls(layout.streamed, len(rows))
    exists = pa.array(built.matched[rows]) if len(built.matched) else None
    return layout.batch(
        len(rows), lambda place: missing[place], lambda place: built.columns.column(place, wanted), exists
    )


class BatchJoin:
    """Joins batches of one thread."""

    def __init__(self, join: JoinExec, built: Built, matcher: Matcher, run: Execution) -> None:
        self.join = join
        self.built = built
        self.matcher = matcher
        self.run = run
        self.layout = Layout(join)
        self.emits_pairs = join.type in PAIRED
        self.marks_built = join.has_tail
        self.marks_streamed = join.keeps_streamed or (not self.emits_pairs and join.build == "right")
        self.keep = self._condition()

    def batches(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The output for one batch of the streamed side."""
        matched = np.zeros(batch.num_rows if self.marks_streamed else 0, np.bool_)
        yield from self.matches(batch, matched)
        if self.marks_streamed:
            yield from self.rest(batch, matched)

    def matches(self, batch: pa.RecordBatch, matched: Mask) -> Iterator[pa.RecordBatch]:
        """The pairs of a batch, where they come out; marks its rows that have one in `matched`, if that is asked for."""
        if not self.emits_pairs and self.keep is None and not self.marks_built:
            hits = self.matcher.hits(batch)
            if hits is not None:
                matched |= hits
                return
        for streamed, built in self.matcher.pairs(batch):
            self.run.check()
            if self.keep is not None:
                kept = self.keep(batch, streamed, built)
                streamed, built = streamed[kept], built[kept]
            if self.marks_streamed:
                matched[streamed] = True
            if self.marks_built:
                self.built.matched[built] = True
            if self.emits_pairs and len(streamed):
                yield self._pairs(batch, streamed, built)

    def _pairs(self, batch: pa.RecordBatch, streamed: Ints, built: Ints) -> pa.RecordBatch:
        built_rows = pa.array(built)
        if len(streamed) == batch.num_rows and bool((streamed == np.arange(len(streamed))).all()):
            return self.layout.batch(
                len(streamed), batch.column, lambda place: self.built.columns.column(place, built_rows)
            )
        rows = pa.array(streamed)
        return self.layout.batch(
            len(streamed),
            lambda place: batch.column(place).take(rows),
            lambda place: self.built.columns.column(place, built_rows),
        )

    def rest(self, batch: pa.RecordBatch, matched: Mask) -> Iterator[pa.RecordBatch]:
        """The rows of a batch that come out because they have a match, or have none."""
        kind = self.join.type
        if kind is JoinType.EXISTENCE:
            yield self.layout.batch(batch.num_rows, batch.column, batch.column, pa.array(matched))
            return
        wanted = matched if kind is JoinType.SEMI else ~matched
        count = int(np.count_nonzero(wanted))
        if count == 0:
            return
        chosen = batch if count == batch.num_rows else batch.take(pa.array(np.flatnonzero(wanted)))
        missing = nulls(self.layout.built, count) if self.emits_pairs else []
        yield self.layout.batch(count, chosen.column, lambda place: missing[place])

    def _condition(self) -> Callable[[pa.RecordBatch, Ints, Ints], Mask] | None:
        """The residual condition over pairs, which gathers only the columns it reads."""
        condition = self.join.condition
        if condition is None:
            return None
        streamed = [(place, c) for place, c in enumerate(self.layout.streamed) if c.id in condition.references]
        built = [(place, c) for place, c in enumerate(self.layout.built) if c.id in condition.references]
        side = self.built
        test = self.run.predicate(condition, [column for _, column in (*streamed, *built)])

        def keep(batch: pa.RecordBatch, left: Ints, right: Ints) -> Mask:
            rows, built_rows = pa.array(left), pa.array(right)
            columns = [batch.column(place).take(rows) for place, _ in streamed]
            columns += [side.columns.column(place, built_rows) for place, _ in built]
            mask = test(batch_of(columns, len(left))).fill_null(False)
            return np.asarray(mask.to_numpy(zero_copy_only=False), np.bool_)

        return keep
