"""What the scheduler does with each message; runs in its thread only.

An executor runs one task at a time, which uses all of its threads; a task that waits for its consumer lends its
executor to other jobs. Free executors go to the job with the fewest running tasks. `retry` says what a failure means.
"""

from __future__ import annotations

import itertools
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import field

from engine.compile.object_cache import Quarantined
from engine.errors import Cancelled, FlintError, InternalError
from engine.events import (
    LOGGER,
    CodeCrashed,
    EventBus,
    ExecutorAdded,
    ExecutorRemoved,
    JobEnded,
    JobStarted,
    Progress,
    StageCompleted,
    StageSubmitted,
    TaskEnded,
    TaskStarted,
)
from engine.records import dataclass
from engine.schedule import retry
from engine.schedule.backend import (
    Backend,
    ClusterDown,
    ExecutorDown,
    ExecutorUp,
    Report,
    Status,
    TaskBatch,
    TaskDone,
    TaskLaunch,
    TaskProgress,
)
from engine.schedule.metrics import stage_metrics
from engine.schedule.state import Attempt, JobRun, StageRun
from engine.shuffle.store import FetchFailed

_HELD_BYTES = 8 << 20
_STREAMED_BYTES = 32 << 20
_KEPT_READERS = 1 << 16


@dataclass
class _Executor:
    """An executor that is up, with its attempts by task id."""

    running: dict[int, Attempt] = field(default_factory=dict)

    def free_for(self, job: JobRun) -> bool:
        """Whether a task of `job` may start here."""
        return all(attempt.stalled and attempt.job is not job for attempt in self.running.values())


class Dispatcher:
    """The jobs and executors of one scheduler. `executors` is how many there should be."""

    def __init__(self, backend: Backend, events: EventBus) -> None:
        self.executors = 1
        self._backend = backend
        self._events = events
        self._jobs: dict[int, JobRun] = {}
        self._up: dict[str, _Executor] = {}
        self._attempts: dict[int, Attempt] = {}
        self._task_ids = itertools.count(1)
        self._broken: FlintError | None = None
        self._readers: OrderedDict[Hashable, str] = OrderedDict()

    def submit(self, run: JobRun) -> None:
        """A new job."""
        if run.queue.ended:  # cancelled before it got here
            return
        job = run.job
        self._jobs[job.job_id] = run
        for stage in run.stages.values():
            known = {part: self._readers[key] for part, key in stage.stage.reads.items() if key in self._readers}
            stage.preferred = known | stage.preferred
        tasks = {stage.stage_id: stage.partitions for stage in job.stages}
        self._events.publish(JobStarted(query_id=job.query_id, job_id=job.job_id, tasks=tasks))
        if self._broken is not None:
            self.end(run, self._broken)
        else:
            self._advance(run)

    def end(self, run: JobRun, error: FlintError | None) -> None:
        """A job is over: its reader hears at once, its tasks are stopped, its files go when the last of them has."""
        if run.ended or run.job.job_id not in self._jobs:
            return
        run.ended = True
        run.queue.metrics = {
            stage_id: stage_metrics(stage_id, one.done.values()) for stage_id, one in run.stages.items()
        }
        for task_id in run.running:
            self._backend.cancel(task_id)
        told = run.queue.error or error  # a reader that cancelled has ended its queue already
        self._events.publish(
            JobEnded(
                query_id=run.job.query_id,
                job_id=run.job.job_id,
                seconds=time.monotonic() - run.started,
                error="" if told is None else told.condition,
            )
        )
        run.queue.end(error)
        self._forget_if_idle(run)

    def end_all(self, error: FlintError) -> None:
        """Every job is over."""
        for run in list(self._jobs.values()):
            self.end(run, error)

    def broken(self, error: FlintError) -> None:
        """No executor will come up any more."""
        self._broken = error
        self.end_all(error)

    def seconds_to_deadline(self) -> float | None:
        """How long until the first job runs out of time."""
        deadlines = [run.deadline for run in self._jobs.values() if run.deadline is not None and not run.ended]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def expire(self) -> None:
        """Ends the jobs whose time is over."""
        now = time.monotonic()
        for run in list(self._jobs.values()):
            if run.deadline is not None and now >= run.deadline and not run.ended:
                self.end(run, run.expired)

    def assign(self) -> None:
        """Sends tasks to free executors while there are both."""
        while any(self._assign_one(executor_id) for executor_id in list(self._up)):
            pass

    def report(self, report: Report) -> None:
        """Something happened in the cluster."""
        match report:
            case TaskBatch():
                self._batch(report)
            case TaskProgress(task_id, rows, size):
                self._progress(task_id, rows, size)
            case TaskDone():
                self._done(report)
            case ExecutorUp(executor_id, cores, pid):
                self._up[executor_id] = _Executor()
                self._events.publish(ExecutorAdded(executor_id=executor_id, cores=cores, pid=pid))
            case ExecutorDown():
                self._down(report)
            case ClusterDown(error):
                self.broken(error)

    def _assign_one(self, executor_id: str) -> bool:
        """Starts one task on an executor; false when it is busy or there is none."""
        executor = self._up[executor_id]
        jobs = [run for run in self._jobs.values() if not run.ended and executor.free_for(run)]
        for run in sorted(jobs, key=lambda job: len(job.running)):
            for stage in run.runnable():
                partition = stage.take(executor_id, set(self._up))
                if partition is not None:
                    self._launch(executor_id, run, stage, partition)
                    return True
        return False

    def _launch(self, executor_id: str, run: JobRun, stage: StageRun, partition: int) -> None:
        streamed = stage.stage.output == "result" and self.executors == 1
        task = TaskLaunch(
            task_id=next(self._task_ids),
            job_id=run.job.job_id,
            stage_id=stage.stage.stage_id,
            partition=partition,
            attempt=stage.attempts[partition],
            conf=run.conf_of(stage, partition),
            inputs=run.inputs(stage),
            streamed=streamed,
            held_bytes=_STREAMED_BYTES if streamed else _HELD_BYTES,
        )
        stage.attempts[partition] += 1
        if partition in stage.stage.reads:
            self._remember(stage.stage.reads[partition], executor_id)
        attempt = Attempt(task, run, stage, executor_id, time.monotonic())
        stage.running[partition] = run.running[task.task_id] = self._attempts[task.task_id] = attempt
        self._up[executor_id].running[task.task_id] = attempt
        self._events.publish(
            TaskStarted(
                query_id=run.job.query_id,
                job_id=task.job_id,
                stage_id=task.stage_id,
                partition=partition,
                attempt=task.attempt,
                executor_id=executor_id,
            )
        )
        try:
            self._backend.launch(executor_id, task, stage.stage.program)
        except FlintError as error:
            self._drop(attempt)
            self.end(run, error)

    def _remember(self, key: Hashable, executor_id: str) -> None:
        """Notes who reads what: its columns stay warm there."""
        self._readers[key] = executor_id
        self._readers.move_to_end(key)
        if len(self._readers) > _KEPT_READERS:
            self._readers.popitem(last=False)

    def _batch(self, report: TaskBatch) -> None:
        attempt = self._attempts.get(report.task_id)
        if attempt is None or attempt.abandoned or attempt.job.ended:
            report.release()
        elif report.streamed:
            attempt.delivered = True
            results = attempt.job.queue
            results.put(attempt.task.partition, report.batch, report.release)
            attempt.stalled = results.waiting_bytes >= attempt.task.held_bytes // 2
        else:
            attempt.held.append(report.batch)

    def _progress(self, task_id: int, rows: int, size: int) -> None:
        attempt = self._attempts.get(task_id)
        if attempt is not None and not attempt.abandoned:
            task = attempt.task
            self._events.publish(
                Progress(
                    query_id=attempt.job.job.query_id,
                    job_id=task.job_id,
                    stage_id=task.stage_id,
                    partition=task.partition,
                    attempt=task.attempt,
                    rows=rows,
                    bytes=size,
                )
            )

    def _done(self, report: TaskDone) -> None:
        attempt = self._attempts.get(report.task_id)
        if attempt is None:
            return
        self._drop(attempt)
        error = report.error
        self._publish_end(attempt, _status(error), "" if error is None else error.message)
        if attempt.abandoned or attempt.job.ended:
            if report.output is not None and attempt.stage.stage.output == "result":
                report.output.file.remove()
            self._forget_if_idle(attempt.job)
        elif error is None:
            self._succeeded(attempt, report)
        elif isinstance(error, FetchFailed):
            abandoned, failure = retry.fetch_failed(attempt, error)
            self._abandon(abandoned)
            self._continue(attempt.job, failure)
        elif isinstance(error, Quarantined):
            self._continue(attempt.job, retry.quarantined(attempt, error))
        else:
            self.end(attempt.job, error)

    def _succeeded(self, attempt: Attempt, report: TaskDone) -> None:
        run, stage, partition = attempt.job, attempt.stage, attempt.task.partition
        if stage.stage.output == "shuffle" and report.output is None:
            self.end(run, InternalError(f"A task of shuffle stage {stage.stage.stage_id} wrote no map output."))
            return
        stage.finish(partition, report)
        if stage.stage.output == "result":
            for batch in attempt.held:
                run.queue.put(partition, batch)
            if report.output is not None:
                run.queue.put_file(partition, report.output.file, report.output.bytes)
            run.queue.finish(partition)
        if stage.complete:
            self._stage_completed(run, stage)
        self._advance(run)

    def _stage_completed(self, run: JobRun, stage: StageRun) -> None:
        metrics = stage_metrics(stage.stage.stage_id, stage.done.values())
        run.queue.metrics = {**run.queue.metrics, stage.stage.stage_id: metrics}
        self._events.publish(
            StageCompleted(
                query_id=run.job.query_id,
                job_id=run.job.job_id,
                stage_id=stage.stage.stage_id,
                seconds=time.monotonic() - (stage.submitted or run.started),
                rows=metrics.rows,
                bytes=metrics.bytes,
            )
        )

    def _advance(self, run: JobRun) -> None:
        """Announces stages that have become ready; ends the job when its result is there."""
        if run.complete:
            self.end(run, None)
            return
        for stage in run.stages.values():
            if stage.submitted is None and not stage.complete and run.ready(stage):
                stage.submitted = time.monotonic()
                self._events.publish(
                    StageSubmitted(
                        query_id=run.job.query_id,
                        job_id=run.job.job_id,
                        stage_id=stage.stage.stage_id,
                        tasks=len(stage.pending) + len(stage.running),
                    )
                )

    def _continue(self, run: JobRun, failure: FlintError | None) -> None:
        if failure is not None:
            self.end(run, failure)
        else:
            self._advance(run)

    def _down(self, report: ExecutorDown) -> None:
        executor = self._up.pop(report.executor_id, _Executor())
        self._events.publish(
            ExecutorRemoved(executor_id=report.executor_id, reason=report.reason, expected=report.expected)
        )
        for attempt in list(executor.running.values()):
            self._drop(attempt)
            stopped = attempt.abandoned or attempt.job.ended
            self._publish_end(attempt, "cancelled" if stopped else "lost", report.reason)
            if report.crashed:
                self._tell_crash(attempt, report)
            if stopped:
                self._forget_if_idle(attempt.job)
            else:
                self._continue(attempt.job, retry.executor_lost(attempt, report))

    def _tell_crash(self, attempt: Attempt, report: ExecutorDown) -> None:
        query_id = attempt.job.job.query_id
        LOGGER.warning("Query %s: executor %s is gone, %s.", query_id, report.executor_id, report.reason)
        self._events.publish(CodeCrashed(query_id=query_id, keys=report.keys, reason=report.reason))

    def _abandon(self, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            attempt.abandoned = True
            self._backend.cancel(attempt.task.task_id)

    def _drop(self, attempt: Attempt) -> None:
        """The attempt runs no more."""
        task_id = attempt.task.task_id
        self._attempts.pop(task_id, None)
        attempt.job.running.pop(task_id, None)
        if (executor := self._up.get(attempt.executor_id)) is not None:
            executor.running.pop(task_id, None)

    def _forget_if_idle(self, run: JobRun) -> None:
        if run.ended and not run.running and self._jobs.pop(run.job.job_id, None) is not None:
            self._backend.forget(run.job.job_id)

    def _publish_end(self, attempt: Attempt, status: Status, reason: str) -> None:
        task = attempt.task
        self._events.publish(
            TaskEnded(
                query_id=attempt.job.job.query_id,
                job_id=task.job_id,
                stage_id=task.stage_id,
                partition=task.partition,
                attempt=task.attempt,
                executor_id=attempt.executor_id,
                status=status,
                seconds=time.monotonic() - attempt.started,
                reason=reason,
            )
        )


def _status(error: FlintError | None) -> Status:
    match error:
        case None:
            return "succeeded"
        case Cancelled():
            return "cancelled"
        case FetchFailed():
            return "fetch_failed"
    return "failed"
