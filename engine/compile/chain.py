"""Runs chains of operators as compiled code: decides how far a chain can be compiled, keeps the variants of its program for the
forms that batches come in, and falls back to the interpreted operators wherever there is no code.

A chain whose sink takes rows from code runs whole in one function. Else its first steps do, as many as there is code for, and
give batches to the rest. A batch for which an expression has no value is given to the interpreted operators, which
raise the error.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain as joined
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.forms import Form, forms_of
from engine.compile.object_cache import default_folder
from engine.compile.program import NAME, CannotWrite, Program, SinkCode, Step, write
from engine.compile.sinks.columns import ColumnsBuffers, ColumnsCode
from engine.compile.steps import step_of
from engine.config import typed
from engine.errors import InternalError
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Sink, Streaming
from engine.physical.pipeline import Chain
from engine.physical.scan import ScanExec

_MOST_VARIANTS = 8


@runtime_checkable
class CompiledSink(Protocol):
    """A sink that takes rows from code, besides batches."""

    def code(self) -> SinkCode | None:
        """What writes it, made anew for each variant; None where it has no code."""

    def bind(self, local: Any, code: SinkCode, frame: FrameWords) -> None:
        """Prepares a thread's frame for calls."""

    def called(self, local: Any, code: SinkCode, frame: FrameWords) -> None:
        """After each call of the code."""


@dataclass
class _Variant:
    """A program for batches of certain forms. `steps` of the chain are in it; `whole`: its sink, too."""

    program: Program
    code: Any
    steps: int
    whole: bool


def compiled(chain: Chain, sink: Sink, run: Execution) -> CompiledChain | None:
    """The chain as code, None where it stays as it is: nothing in it has code, it has few rows, or it was switched off."""
    if chain.tail or not enabled(run):
        return None
    steps: list[Step] = []
    for operator in chain.steps:
        step = step_of(operator, run)
        if step is None:
            break
        steps.append(step)
    direct = len(steps) == len(chain.steps) and isinstance(sink, CompiledSink) and sink.code() is not None
    if not direct and not any(worthwhile(step.operator) for step in steps):
        return None
    rows = expected_rows(chain.source)
    if rows is not None and rows < typed(run.task.conf, "flint.compile.minRows"):
        return None
    return CompiledChain(chain, steps, sink, run, direct)


def enabled(run: Execution) -> bool:
    """Whether there is code at all here."""
    return bool(typed(run.task.conf, "flint.compile.enabled")) and _has_llvm()


@lru_cache
def _has_llvm() -> bool:
    return importlib.util.find_spec("llvmlite") is not None


def worthwhile(operator: Operator) -> bool:
    """Whether a step does something for rows: one that only picks columns does not."""
    return bool(operator.expressions) and any(each.children for each in operator.expressions)


def expected_rows(source: Operator) -> float | None:
    """How many rows a source will give, as far as it is known."""
    if isinstance(source, ScanExec):
        known = [split.rows for split in source.splits]
        return None if any(rows is None for rows in known) else float(sum(rows or 0 for rows in known))
    return source.estimated_rows


class CompiledChain:
    """One chain into one sink, for all threads of a task."""

    def __init__(self, chain: Chain, steps: Sequence[Step], sink: Sink, run: Execution, direct: bool) -> None:
        source = chain.source
        self.chain = Chain(replace(source, encoded=True), chain.steps) if isinstance(source, ScanExec) else chain
        self.chain.source.__dict__["id"] = source.id
        self.run = run
        self.sink = sink
        self.steps = list(steps)
        self.direct = direct
        self.attributes = source.output
        self.level: tuple[int, bool] | None = None
        self._variants: dict[tuple[Form, ...], _Variant | None] = {}
        self._lock = threading.Lock()

    def stream(self, batches: Iterator[pa.RecordBatch], local: Any) -> Iterator[pa.RecordBatch]:
        """Runs a thread's batches through the chain; gives what the sink must still be given."""
        first = next(batches, None)
        if first is None:
            return
        self.variant(forms_of(first))
        assert self.level is not None
        count, whole = self.level
        thread = _Thread(self, local)
        every = joined((first,), batches)
        if whole:
            for batch in every:
                yield from thread.swallow(batch)
            return
        rest: Iterator[pa.RecordBatch] = (out for batch in every for out in thread.passed(batch))
        for step in self.chain.steps[count:]:
            rest = self._counted(step, step.stream(rest, self.run))
        yield from rest

    @property
    def owner(self) -> int:
        """The operator whose time the compiled code's is."""
        return self.steps[-1].operator.id if self.steps else self.chain.source.id

    def _counted(self, step: Operator, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in batches:
            rows += batch.num_rows
            yield batch
        self.run.task.metrics.add(step.id, "rows", rows)

    def variant(self, forms: tuple[Form, ...]) -> _Variant | None:
        """The program for batches of these forms, None where there is none."""
        with self._lock:
            if forms not in self._variants:
                full = len(self._variants) >= _MOST_VARIANTS
                self._variants[forms] = None if full else self._written(forms)
            return self._variants[forms]

    def interpreted(self, batch: pa.RecordBatch, steps: int) -> Iterator[pa.RecordBatch]:
        """What the first `steps` operators make of a batch."""
        batches: Iterator[pa.RecordBatch] = iter((decoded(batch, self.attributes),))
        for operator in self.chain.steps[:steps]:
            assert isinstance(operator, Streaming)
            batches = operator.stream(batches, self.run)
        return batches

    def _written(self, forms: tuple[Form, ...]) -> _Variant | None:
        count, whole = self.level if self.level is not None else (len(self.steps), self.direct)
        started = time.perf_counter()
        while True:
            steps = [_fresh(step, self.run) for step in self.steps[:count]]
            try:
                program = write(self.attributes, forms, steps, self._sink_code(steps, whole))
            except CannotWrite as reason:
                if self.level is not None or (count == 0 and not whole):
                    self.level = self.level or (0, False)
                    return None
                self._explain(reason)
                count, whole = min(reason.steps, count if whole else count - 1), False
                while count and not worthwhile(self.steps[count - 1].operator):
                    count -= 1
                if count == 0:
                    self.level = (0, False)
                    return None
                continue
            self.level = (count, whole)
            code = self._compiler().compile(program.text, [NAME], self._optimization(), improve=self._improves())
            self.run.task.metrics.add(self.owner, "compile", time.perf_counter() - started)
            return _Variant(program, code, count, whole)

    def _sink_code(self, steps: Sequence[Step], whole: bool) -> SinkCode:
        if whole:
            assert isinstance(self.sink, CompiledSink)
            code = self.sink.code()
            assert code is not None
            return code
        return ColumnsCode(steps[-1].operator.output if steps else self.attributes)

    def _explain(self, reason: CannotWrite) -> None:
        operator = self.steps[reason.steps].operator if reason.steps < len(self.steps) else None
        if operator is not None:
            self.run.task.metrics.add(operator.id, "interpreted", 1)

    def _compiler(self) -> Any:
        from engine.compile.llvm import compiler  # imports LLVM

        kept = typed(self.run.task.conf, "flint.compile.cache.enabled")
        folder = typed(self.run.task.conf, "flint.compile.cache.directory")
        return compiler((Path(folder) if folder else default_folder()) if kept else None)

    def _optimization(self) -> int:
        return 0 if typed(self.run.task.conf, "flint.compile.optimize") == "0" else 2

    def _improves(self) -> bool:
        return bool(typed(self.run.task.conf, "flint.compile.optimize") == "AUTO")


def _fresh(step: Step, run: Execution) -> Step:
    made = step_of(step.operator, run)
    assert made is not None
    return made


class _Thread:
    """One thread's part of a compiled chain: its frames."""

    def __init__(self, owner: CompiledChain, local: Any) -> None:
        self.owner = owner
        self.local = local
        self._frames: dict[int, FrameWords] = {}
        self._made: list[pa.RecordBatch] = []

    def swallow(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Runs a batch into the sink; without code for it, gives what the sink must be given."""
        owner = self.owner
        variant = owner.variant(forms_of(batch))
        if variant is None:
            yield from owner.interpreted(batch, len(owner.steps))
            return
        sink = owner.sink
        assert isinstance(sink, CompiledSink)
        frame = self._frames.get(id(variant))
        if frame is None:
            frame = self._frames[id(variant)] = FrameWords(variant.program, owner.run)
            sink.bind(self.local, variant.program.sink, frame)
        self._call(variant, frame, batch)
        sink.called(self.local, variant.program.sink, frame)

    def passed(self, batch: pa.RecordBatch) -> Sequence[pa.RecordBatch]:
        """What comes out of the compiled steps for a batch."""
        owner = self.owner
        variant = owner.variant(forms_of(batch))
        if variant is None:
            assert owner.level is not None
            return list(owner.interpreted(batch, owner.level[0]))
        frame = self._frames.get(id(variant))
        if frame is None:
            frame = self._frames[id(variant)] = FrameWords(variant.program, owner.run)
            code = variant.program.sink
            assert isinstance(code, ColumnsCode)
            self._buffers: dict[int, ColumnsBuffers] = getattr(self, "_buffers", {})
            self._buffers[id(variant)] = ColumnsBuffers(code, frame, self._made.append)
        self._made.clear()
        self._call(variant, frame, batch)
        self._buffers[id(variant)].finish()
        return tuple(self._made)

    def _call(self, variant: _Variant, frame: FrameWords, batch: pa.RecordBatch) -> None:
        frame.inputs.bind(batch)
        if not frame.call(variant.code.addresses[NAME], 0, batch.num_rows):
            for _ in self.owner.interpreted(batch, variant.steps):
                pass  # it raises what the code has found
            raise InternalError("Compiled code found an error that the operators it stands for do not find.")
        metrics = self.owner.run.task.metrics
        for operator, rows in frame.counts().items():
            metrics.add(operator, "rows", rows)
