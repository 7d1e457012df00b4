"""What a task of a stage does: it runs the queries in expressions, then the stage's pipelines, and hands the rows on."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Protocol

from engine.kernels.context import EvalContext
from engine.logical.relation import Columnar
from engine.physical.emit import EmitSink
from engine.physical.execution import Execution
from engine.physical.lifetimes import Lifetimes
from engine.physical.operator import Sink
from engine.physical.pipeline import Pipeline, QueryPipelines
from engine.physical.scan import ScanExec
from engine.physical.shared_columns import SharedColumns
from engine.physical.subqueries import run_with_queries
from engine.physical.task import TaskContext
from engine.protocols import provides
from engine.records import dataclass


class Output(Protocol):
    """Where the rows of a stage go."""

    def sink(self, run: Execution) -> Sink:
        """Takes the rows of one task."""


@dataclass(frozen=True)
class ResultOutput:
    """To the driver."""

    def sink(self, run: Execution) -> Sink:
        return EmitSink(run.task.emit, run)


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
        queries = [pipeline for query in self.queries for pipeline in query.pipelines]
        run.lifetimes = Lifetimes([*queries, *self.pipelines])
        sources = [chain.source for pipeline in (*queries, *self.pipelines) for chain in pipeline.chains]
        scans = [each for each in sources if isinstance(each, ScanExec) and provides(each.relation, Columnar)]
        run.shared = SharedColumns([(scan.relation, scan.request.columns) for scan in scans], task.memory)
        try:
            run_with_queries(self.queries, self.pipelines, run, lambda: self.output.sink(run))
        finally:
            run.close()
