"""What a job cost, per stage and operator, from the metrics of the attempts that counted."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field

from engine.physical.task import MetricKey
from engine.records import dataclass
from engine.schedule.backend import TaskDone


@dataclass(frozen=True)
class Summary:
    """One metric over the tasks of a stage that have it; min, median and max are per task and show skew."""

    total: float
    minimum: float
    median: float
    maximum: float
    tasks: int


@dataclass(frozen=True)
class StageMetrics:
    """A stage: tasks done, rows and bytes it wrote, and its operators' metrics by (operator id, name).

    `seconds` and `peak_memory` (bytes) are per task.
    """

    stage_id: int
    tasks: int
    rows: int
    bytes: int
    seconds: Summary
    peak_memory: Summary
    operators: Mapping[MetricKey, Summary] = field(default_factory=dict)


def summarize(values: Iterable[float]) -> Summary:
    """The summary of per-task values."""
    numbers = sorted(values)
    if not numbers:
        return Summary(0, 0, 0, 0, 0)
    return Summary(sum(numbers), numbers[0], statistics.median(numbers), numbers[-1], len(numbers))


def stage_metrics(stage_id: int, tasks: Iterable[TaskDone]) -> StageMetrics:
    """The metrics of a stage whose partitions ended in `tasks` (one attempt each)."""
    done = list(tasks)
    operators: defaultdict[MetricKey, list[float]] = defaultdict(list)
    for task in done:
        for key, value in task.metrics.items():
            operators[key].append(value)
    return StageMetrics(
        stage_id=stage_id,
        tasks=len(done),
        rows=sum(task.rows for task in done),
        bytes=sum(task.output.bytes if task.output else 0 for task in done),
        seconds=summarize(task.seconds for task in done),
        peak_memory=summarize(task.peak_memory for task in done),
        operators={key: summarize(values) for key, values in operators.items()},
    )
