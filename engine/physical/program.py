"""What a task of a stage does: it runs the queries in expressions, then the stage's pipelines, and hands the rows on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import pyarrow as pa

from engine.kernels.context import EvalContext
from engine.physical.execution import Execution
from engine.physical.operator import Morsel, Sink
from engine.physical.pipeline import Pipeline
from engine.physical.run import run_pipelines
from engine.physical.subqueries import QueryPipelines, substituted
from engine.physical.task import TaskContext


class Output(Protocol):
    """Where the rows of a stage go."""

    def sink(self, run: Execution) -> Sink:
        """Takes the rows of one task."""


@dataclass(frozen=True)
class ResultOutput:
    """To the driver."""

    def sink(self, run: Execution) -> Sink:
        return CallbackSink(run.task.emit)


@dataclass(frozen=True)
class StageProgram:
    """The work of one stage: `queries` first, each before those that hold it, then `pipelines` into `output`."""

    pipelines: tuple[Pipeline, ...]
    queries: tuple[QueryPipelines, ...] = ()
    output: Output = field(default_factory=ResultOutput)
    evaluation: EvalContext = field(default_factory=EvalContext)

    def run(self, partition: int, task: TaskContext) -> None:
        """Computes one partition. Raises what its operators raise."""
        run = Execution(task, replace(self.evaluation, partition=partition))
        values: dict[int, Sequence[pa.RecordBatch]] = {}
        for query in self.queries:
            found: list[pa.RecordBatch] = []
            run_pipelines(substituted(query.pipelines, values), run, partial(CallbackSink, found.append))
            values[query.id] = found
        pipelines = substituted(self.pipelines, values) if self.queries else self.pipelines
        run_pipelines(pipelines, run, lambda: self.output.sink(run))


class CallbackSink:
    """Hands each batch to a function, one at a time."""

    def __init__(self, take: Callable[[pa.RecordBatch], Any]) -> None:
        self._take = take
        self._lock = threading.Lock()

    def local(self) -> None:
        return None

    def add(self, local: None, batch: pa.RecordBatch) -> None:  # noqa: ARG002
        with self._lock:
            self._take(batch)

    def combine(self, local: None) -> None:
        pass

    def finish(self) -> Sequence[Morsel]:
        return []
