"""Runs the pipelines of a task: threads pull morsels from one queue, each with generators of its own, into one shared sink.

The first error wins: the other threads stop at their next batch. One thread runs in the caller, without a queue's cost.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pyarrow as pa

from engine.compile.chain import CompiledChain, compiled
from engine.deep import begin
from engine.errors import Cancelled
from engine.physical.built_rows import opened
from engine.physical.execution import Execution
from engine.physical.join_filters import tell_scans
from engine.physical.lifetimes import built_key, result_key
from engine.physical.operator import (
    Breaker,
    HoldingSink,
    Morsel,
    Operator,
    OrderedSink,
    RepeatingSink,
    Sink,
    Source,
    Streaming,
)
from engine.physical.pipeline import Chain, Pipeline
from engine.physical.task import TaskMetrics
from engine.protocols import provides


class Stopped(Exception):
    """Another thread of the pipeline has failed; never leaves this module."""


def run_pipelines(pipelines: Sequence[Pipeline], run: Execution, output: Callable[[], Sink]) -> None:
    """Runs `pipelines` in order; the one without a target ends in `output()`. Raises the first error of any thread."""
    for pipeline in pipelines:
        run.check()
        target = pipeline.target
        sink = output() if target is None else _sink(target, pipeline.build, run)
        run_pipeline(pipeline, run, sink)
        if pipeline.repeated is not None:
            assert isinstance(sink, RepeatingSink), "only loops repeat"
            sink.repeat(pipeline.repeated)
        for key in run.lifetimes.ended(pipeline):
            run.release(key)
        started = time.perf_counter()
        found = sink.finish()
        if target is not None:
            run.task.metrics.add(target.id, "time", time.perf_counter() - started)
            key = built_key(target) if pipeline.build else result_key(target)
            if not pipeline.build:
                run.results[key] = found
            if provides(sink, HoldingSink):
                run.holds[key] = cast(HoldingSink, sink).release


def run_pipeline(pipeline: Pipeline, run: Execution, sink: Sink) -> None:
    """Runs all chains of a pipeline into `sink`, which is not finished here."""
    numbers = itertools.count()
    group: list[Chain] = []
    for chain in pipeline.chains:
        if chain.tail and group:
            _run_group(group, pipeline, run, sink, numbers)
            group = []
        group.append(chain)
    _run_group(group, pipeline, run, sink, numbers)


def _sink(target: Operator, build: bool, run: Execution) -> Sink:
    assert isinstance(target, Breaker | Streaming)
    if build:
        return target.build_sink(run)
    assert isinstance(target, Breaker)
    return target.sink(run)


def _run_group(chains: list[Chain], pipeline: Pipeline, run: Execution, sink: Sink, numbers: Iterator[int]) -> None:
    tails: dict[int, Sequence[Morsel]] = {}
    entered = []
    for chain in chains:
        begun, rows = opened(chain, run) if chain.tail else (chain, None)
        if rows is None or rows:
            entered.append(begun)
        if rows:
            tails[id(begun)] = rows
    had_tails, chains = any(chain.tail for chain in chains), entered
    if had_tails and not chains:
        return  # few joins have rows that follow
    tell_scans(chains, run)
    codes = [compiled(chain, sink, run) for chain in chains]
    found = [tails.get(id(chain)) for chain in chains]
    chains = [chain if code is None else code.chain for chain, code in zip(chains, codes, strict=True)]
    morsels = [_morsels(c.source, run) if tail is None else tail for c, tail in zip(chains, found, strict=True)]
    queues = [_Queue(each, numbers) for each in morsels]
    threads = 1 if pipeline.ordered else min(run.task.threads, max(1, sum(queue.size for queue in queues)))
    group = _Group(list(zip(chains, codes, queues, strict=True)), pipeline.target, run, sink)
    if threads == 1:
        group.work()
    else:
        ends = [begin(group.work) for _ in range(threads - 1)]
        group.work()
        for end in ends:
            end()
    for code in codes:
        if code is not None:
            run.task.metrics.add(code.owner, "compile", code.variants.seconds)
    if group.error is not None:
        raise group.error


def _morsels(source: Operator, run: Execution) -> Sequence[Morsel]:
    if isinstance(source, Source):
        return source.morsels(run)
    found = run.results[result_key(source)]
    return source.given(found) if isinstance(source, Breaker) else found


class _Queue:
    """Morsels of one source, handed out in order, with their numbers in the whole pipeline."""

    def __init__(self, morsels: Sequence[Morsel], numbers: Iterator[int]) -> None:
        self.size = len(morsels)
        self._morsels = iter(morsels)
        self._numbers = numbers
        self._lock = threading.Lock()

    def take(self) -> tuple[int, Morsel] | None:
        """The next morsel, None at the end."""
        with self._lock:
            morsel = next(self._morsels, None)
            return None if morsel is None else (next(self._numbers), morsel)


class _Group:
    """The threads that work off some chains of a pipeline together."""

    def __init__(
        self,
        chains: list[tuple[Chain, CompiledChain | None, _Queue]],
        target: Operator | None,
        run: Execution,
        sink: Sink,
    ) -> None:
        self.error: BaseException | None = None
        self._chains = chains
        self._target = target
        self._run = run
        self._sink = sink
        self._lock = threading.Lock()

    def work(self) -> None:
        """One thread's part; keeps its error for the others and the caller."""
        try:
            local = self._sink.local()
            for chain, code, queue in self._chains:
                self._drain(chain, code, queue, local)
            self._sink.combine(local)
        except Stopped:
            return
        except BaseException as error:  # whatever it is, the caller raises it
            with self._lock:
                if self.error is None or isinstance(self.error, Cancelled):
                    self.error = error
            self._run.failed = True

    def _drain(self, chain: Chain, code: CompiledChain | None, queue: _Queue, local: Any) -> None:
        source = Measured(chain.source.id, self._pull(queue, local), None)
        measured = [source]
        if code is not None:
            measured.append(Measured(code.owner, code.stream(source, local), source, counts=False))
        for step in chain.steps if code is None else ():
            measured.append(Measured(step.id, step.stream(measured[-1], self._run), measured[-1]))
        metrics = self._run.task.metrics
        spent = 0.0
        try:
            for batch in measured[-1]:
                self._check()
                if batch.num_rows:
                    started = time.perf_counter()
                    self._sink.add(local, batch)
                    spent += time.perf_counter() - started
        finally:
            for each in measured:
                each.report(metrics)
            if self._target is not None:
                metrics.add(self._target.id, "time", spent)

    def _pull(self, queue: _Queue, local: Any) -> Iterator[pa.RecordBatch]:
        begin = cast(OrderedSink, self._sink).begin if provides(self._sink, OrderedSink) else None
        while (taken := queue.take()) is not None:
            number, morsel = taken
            if begin is not None:
                begin(local, number)
            for batch in morsel():
                self._check()
                yield batch

    def _check(self) -> None:
        self._run.check()
        if self.error is not None:
            raise Stopped


class Measured:
    """Batches on their way out of an operator, counted, with the time it took without that of the operators below."""

    def __init__(
        self, operator_id: int, batches: Iterator[pa.RecordBatch], below: Measured | None, counts: bool = True
    ) -> None:
        self.rows = 0
        self.count = 0
        self.seconds = 0.0
        self._operator_id = operator_id
        self._batches = batches
        self._below = below
        self._counts = counts

    def __iter__(self) -> Measured:
        return self

    def __next__(self) -> pa.RecordBatch:
        started = time.perf_counter()
        try:
            batch = next(self._batches)
        finally:
            self.seconds += time.perf_counter() - started
        self.rows += batch.num_rows
        self.count += 1
        return batch

    def report(self, metrics: TaskMetrics) -> None:
        """Adds what was counted to the metrics of the operator."""
        if self._counts:
            metrics.add(self._operator_id, "rows", self.rows)
            metrics.add(self._operator_id, "batches", self.count)
        metrics.add(self._operator_id, "time", self.seconds - (self._below.seconds if self._below else 0.0))
