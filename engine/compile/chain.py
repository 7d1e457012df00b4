"""Runs chains of operators as compiled code, and falls back to the interpreted operators wherever there is none.

A chain whose sink takes rows from code runs whole in one function. Else its first steps do, as many as there is code for, and
give batches to the rest. A batch for which an expression has no value is given to the interpreted operators, which
raise the error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain as joined
from typing import Any, Protocol, cast, runtime_checkable

import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.code import enabled
from engine.compile.prepared import prepared
from engine.compile.program import MOST_ROWS, NAME, SinkCode
from engine.compile.sinks.build import EncodedRows
from engine.compile.sinks.columns import ColumnsBuffers, ColumnsCode
from engine.compile.steps import steps_of
from engine.compile.variants import Variant, Variants, worthwhile
from engine.config import typed
from engine.errors import ExecutionError, InternalError
from engine.physical.aggregate import AggregateExec
from engine.physical.built_rows import BuiltRowsExec
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.filter import FilterExec
from engine.physical.group_limit import GroupLimitExec
from engine.physical.join import JoinExec
from engine.physical.materialize import MaterializeExec
from engine.physical.operator import Operator, Sink, Streaming
from engine.physical.pipeline import Chain
from engine.physical.project import ProjectExec
from engine.physical.scan import ScanExec
from engine.physical.union import UnionExec
from engine.physical.window import WindowExec
from engine.protocols import provides

_FEW_ROWS = 1 << 14
"""Rows in one call: of chains in which rows may become many at first, and of others; and about as many as may come out."""


@runtime_checkable
class CompiledSink(Sink, Protocol):
    """A sink that takes rows from code, besides batches."""

    def code(self) -> SinkCode | None:
        """What writes it, made anew for each variant; None where it has no code."""

    def bind(self, local: Any, code: SinkCode, frame: FrameWords) -> None:
        """Prepares a thread's frame for calls."""

    def called(self, local: Any, code: SinkCode, frame: FrameWords) -> None:
        """After each call of the code."""


def compiled(chain: Chain, sink: Sink, run: Execution) -> CompiledChain | None:
    """The chain as code, None where it stays as it is: nothing in it has code, it has few rows, or it was switched off."""
    if chain.tail or not enabled(run):
        return None
    rows = expected_rows(chain.source)
    if rows is not None and rows + _built_rows(chain, run) < typed(run.task.conf, "flint.compile.minRows"):
        return None
    found = CompiledChain(chain, sink, run)
    return found if found.promises else None


def expected_rows(source: Operator) -> float | None:
    """How many rows a source will give, as far as it is known."""
    if isinstance(source, ScanExec):
        known = [split.rows for split in source.splits]
        return None if any(rows is None for rows in known) else float(sum(rows or 0 for rows in known))
    return source.estimated_rows


def _built_rows(chain: Chain, run: Execution) -> int:
    """How many rows the joins of a chain have built: without code they would be put in order first."""
    joins = [step.join if isinstance(step, BuiltRowsExec) else step for step in chain.steps]
    return sum(join.built_state(run).columns.rows for join in joins if isinstance(join, JoinExec))


class CompiledChain:
    """One chain into one sink, for all threads of a task."""

    def __init__(self, chain: Chain, sink: Sink, run: Execution) -> None:
        self.run = run
        self.sink = sink
        self.chain = Chain(_encoded(chain.source), chain.steps)
        self.operators = compilable(chain, run)
        whole = len(self.operators) == len(chain.steps)
        has_code = whole and provides(sink, CompiledSink)
        self._sink_code = cast(CompiledSink, sink).code if has_code else _no_code
        self.variants = Variants(chain.source.output, self.operators, self._sink_code, run)

    @property
    def promises(self) -> bool:
        """Whether code may do something here: into the sink, or in a step that computes."""
        return self._sink_code() is not None or any(map(worthwhile, self.operators))

    @property
    def passes(self) -> bool:
        """Whether the source's batches go on as they are, to a sink that takes them encoded."""
        return not self.chain.steps and isinstance(self.sink, EncodedRows) and self.sink.keeps_all

    @property
    def multiplies(self) -> bool:
        """Whether more rows may come out than went in."""
        return any(not isinstance(operator, FilterExec | ProjectExec | UnionExec) for operator in self.operators)

    @property
    def owner(self) -> int:
        """The operator whose time the compiled code's is."""
        return self.operators[-1].id if self.operators else self.chain.source.id

    def stream(self, batches: Iterator[pa.RecordBatch], local: Any) -> Iterator[pa.RecordBatch]:
        """Runs a thread's batches through the chain; gives what the sink must still be given."""
        if self.passes:
            yield from batches
            return
        first = next(batches, None)
        if first is None:
            return
        self.variants.variant(prepared(first).forms)
        level = self.variants.level
        assert level is not None, "settled by the first batch"
        thread = _Thread(self, local)
        run = thread.swallow if level.whole else thread.passed
        rest: Iterator[pa.RecordBatch] = (out for batch in joined((first,), batches) for out in run(batch))
        for step in self.chain.steps[level.steps :]:
            rest = self._counted(step, step.stream(rest, self.run))
        yield from rest

    def interpreted(self, batch: pa.RecordBatch, steps: int) -> Iterator[pa.RecordBatch]:
        """What the first `steps` operators make of a batch."""
        batches: Iterator[pa.RecordBatch] = iter((decoded(batch, self.variants.attributes),))
        for operator in self.chain.steps[:steps]:
            batches = operator.stream(batches, self.run)
        return batches

    def _counted(self, step: Operator, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in batches:
            rows += batch.num_rows
            yield batch
        self.run.task.metrics.add(step.id, "rows", rows)


def _no_code() -> None:
    """Of a sink that takes batches, or comes after operators without code."""


def compilable(chain: Chain, run: Execution) -> tuple[Streaming, ...]:
    """The first steps of a chain, as far as they are of kinds that have code."""
    return chain.steps[: len(steps_of(chain.source.output, chain.steps, run))]


def _encoded(source: Operator) -> Operator:
    """The source with batches as code likes them."""
    if not isinstance(source, AggregateExec | GroupLimitExec | MaterializeExec | ScanExec | WindowExec):
        return source
    made = replace(source, encoded=True)
    made.__dict__["id"] = source.id
    return made


class _Thread:
    """One thread's part of a compiled chain: its frames."""

    def __init__(self, owner: CompiledChain, local: Any) -> None:
        self.owner = owner
        self.local = local
        self._frames: dict[int, FrameWords] = {}
        self._buffers: dict[int, ColumnsBuffers] = {}
        self._made: list[pa.RecordBatch] = []
        self._step = _FEW_ROWS if owner.multiplies else MOST_ROWS
        self._raises: set[int] = set()
        """Variants for which kernels have raised an error beforehand: most likely they would again."""

    def swallow(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Runs a batch into the sink; without code for it, gives what the sink must be given."""
        owner, sink = self.owner, cast(CompiledSink, self.owner.sink)
        variant = owner.variants.variant(prepared(batch).forms)
        if variant is None or id(variant) in self._raises:
            yield from owner.interpreted(batch, len(owner.operators))
            return
        frame = self._frames.get(id(variant))
        if frame is None:
            frame = self._frames[id(variant)] = FrameWords(variant.program, owner.run)
            sink.bind(self.local, variant.program.sink, frame)
        if not self._bound(variant, frame, batch):
            yield from owner.interpreted(batch, len(owner.operators))
            return
        for start, stop in self._slices(batch):
            if not self._call(variant, frame, start, stop):
                elsewhere = (
                    sink.local()
                )  # what is added there is for the error alone, which the steps or the sink raise
                for out in owner.interpreted(batch.slice(start, stop - start), variant.level.steps):
                    sink.add(elsewhere, out)
                raise InternalError("Compiled code found an error that the operators it stands for do not find.")
            sink.called(self.local, variant.program.sink, frame)

    def passed(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """What comes out of the compiled steps for a batch."""
        owner = self.owner
        variant = owner.variants.variant(prepared(batch).forms)
        if variant is None or id(variant) in self._raises:
            level = owner.variants.level
            assert level is not None
            yield from owner.interpreted(batch, level.steps)
            return
        frame = self._frames.get(id(variant))
        if frame is None:
            frame = self._frames[id(variant)] = FrameWords(variant.program, owner.run)
            code = variant.program.sink
            assert isinstance(code, ColumnsCode)
            self._buffers[id(variant)] = ColumnsBuffers(code, frame, self._made.append)
        if not self._bound(variant, frame, batch):
            yield from owner.interpreted(batch, variant.level.steps)
            return
        for start, stop in self._slices(batch):
            self._made.clear()
            if self._call(variant, frame, start, stop):
                self._buffers[id(variant)].finish()
                yield from tuple(self._made)
            else:
                yield from owner.interpreted(batch.slice(start, stop - start), variant.level.steps)

    def _bound(self, variant: Variant, frame: FrameWords, batch: pa.RecordBatch) -> bool:
        """Binds a batch. Not where a kernel raises for a row beforehand: it may be one that never gets there, so the operators
        that the code stands for must tell."""
        try:
            frame.inputs.bind(batch)
        except ExecutionError:
            if not variant.program.inputs.may_raise:
                raise
            self._raises.add(id(variant))
            return False
        return True

    def _slices(self, batch: pa.RecordBatch) -> Iterator[tuple[int, int]]:
        """Ranges of rows for each call: many, as long as they do not become too many more: what comes out is held until the
        call returns, and only then the task may end early."""
        start = 0
        while start < batch.num_rows:
            self.owner.run.check()
            stop = min(start + self._step, batch.num_rows)
            yield start, stop
            start = stop

    def _call(self, variant: Variant, frame: FrameWords, start: int, stop: int) -> bool:
        """Runs the code; whether each expression had a value."""
        with variant.code.calling():
            done = frame.call(variant.code.addresses[NAME], start, stop)
        metrics, counts = self.owner.run.task.metrics, frame.counts()
        for operator, rows in counts.items():
            metrics.add(operator, "rows", rows)
        most = max(counts.values(), default=0)
        self._step = max(self._step // 2, 1) if most > MOST_ROWS else min(2 * self._step, MOST_ROWS)
        return done
