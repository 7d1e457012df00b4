"""The bookkeeping of running jobs: which partitions are pending, running, done. No threads, no clock, no cluster."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field

import pyarrow as pa

from engine.errors import FlintError
from engine.records import dataclass
from engine.schedule.backend import TaskDone, TaskLaunch
from engine.schedule.results import ResultQueue
from engine.schedule.stage import Job, Stage
from engine.shuffle.store import MapFile


@dataclass
class Attempt:
    """A task that was sent to an executor and has not ended. `held` are batches that count if it succeeds, `delivered`
    that some have left already, `stalled` that its consumer is behind, `abandoned` that its outcome does not matter."""

    task: TaskLaunch
    job: JobRun
    stage: StageRun
    executor_id: str
    started: float
    held: list[pa.RecordBatch] = field(default_factory=list)
    delivered: bool = False
    stalled: bool = False
    abandoned: bool = False


class StageRun:
    """Progress of one stage: every partition is pending, running or done; those `interpreted` run without compiled code,
    those `preferred` would like to run on the executor that is named."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.preferred = dict(stage.preferred)
        self.pending = list(range(stage.partitions))
        self.running: dict[int, Attempt] = {}
        self.done: dict[int, TaskDone] = {}
        self.attempts: Counter[int] = Counter()
        self.failures: Counter[int] = Counter()
        self.interpreted: set[int] = set()
        self.highest = -1
        self.submitted: float | None = None
        self._files: tuple[MapFile, ...] | None = None

    @property
    def complete(self) -> bool:
        """Whether every partition is done."""
        return len(self.done) == self.stage.partitions

    @property
    def files(self) -> tuple[MapFile, ...]:
        """The map files of a complete shuffle stage, by map partition."""
        if self._files is None:
            ends = (self.done[partition] for partition in sorted(self.done))
            self._files = tuple(end.output.file for end in ends if end.output is not None)
        return self._files

    def take(self, executor_id: str, alive: set[str]) -> int | None:
        """The pending partition to run next on an executor, lowest first, those that prefer it before others.

        One that prefers another living executor is taken when nothing else is left: no executor idles for a wish.
        """
        if not self.pending:
            return None
        choice = self.pending[0]
        if self.preferred:
            ranked = ((self._rank(partition, executor_id, alive), partition) for partition in self.pending)
            choice = min(ranked)[1]
        self.pending.remove(choice)
        heapq.heapify(self.pending)
        self.highest = max(self.highest, choice)
        return choice

    def requeue(self, partition: int) -> None:
        """A running or done partition has to run (again)."""
        self.running.pop(partition, None)
        if self.done.pop(partition, None) is not None:
            self._files = None
            self.submitted = None
        heapq.heappush(self.pending, partition)

    def finish(self, partition: int, end: TaskDone) -> None:
        """A running partition is done."""
        self.running.pop(partition, None)
        self.done[partition] = end
        self._files = None

    def reset(self) -> list[Attempt]:
        """Everything has to run again; returns the attempts whose outcome does not matter any more."""
        attempts = list(self.running.values())
        self.running.clear()
        self.done.clear()
        self.pending = list(range(self.stage.partitions))
        self.submitted = None
        self._files = None
        return attempts

    def _rank(self, partition: int, executor_id: str, alive: set[str]) -> int:
        wish = self.preferred.get(partition)
        return 0 if wish == executor_id else 1 if wish not in alive else 2


class JobRun:
    """A job with its stages and its result. `timeout` seconds after `started` it ends in `expired`."""

    def __init__(
        self, job: Job, queue: ResultQueue, started: float, timeout: float | None, expired: FlintError
    ) -> None:
        self.job = job
        self.queue = queue
        self.started = started
        self.deadline = None if timeout is None else started + timeout
        self.expired = expired
        self.stages = {stage.stage_id: StageRun(stage) for stage in job.stages}
        self.running: dict[int, Attempt] = {}
        self.ended = False

    @property
    def complete(self) -> bool:
        """Whether the result is there: its stage is done, or all stages of a job without one."""
        results = [run for run in self.stages.values() if run.stage.output == "result"]
        return all(run.complete for run in results or self.stages.values())

    def ready(self, run: StageRun) -> bool:
        """Whether the parents of a stage are complete."""
        return all(self.stages[parent].complete for parent in run.stage.parents)

    def runnable(self) -> Iterator[StageRun]:
        """Stages with tasks that may start now, in order. Results wait while too much of them is unread; one that has
        to run again does not, since an ordered reader may wait for it."""
        for run in self.stages.values():
            if not run.pending or not self.ready(run):
                continue
            if run.stage.output == "result" and self.queue.full and run.pending[0] > run.highest:
                continue
            yield run

    def conf_of(self, run: StageRun, partition: int) -> Mapping[str, str]:
        """The settings an attempt sees."""
        conf = self.job.conf
        return {**conf, "flint.compile.enabled": "false"} if partition in run.interpreted else conf

    def inputs(self, run: StageRun) -> dict[int, tuple[MapFile, ...]]:
        """The map files a task of a stage reads."""
        return {parent: self.stages[parent].files for parent in run.stage.parents}

    def descendants(self, stage_id: int) -> list[StageRun]:
        """The stages that read a stage, directly or through others."""
        reached = {stage_id}
        found = []
        for run in self.stages.values():
            if reached.intersection(run.stage.parents):
                reached.add(run.stage.stage_id)
                found.append(run)
        return found
