"""What to do when an attempt did not succeed: run it again, make lost input anew, or give up with one clear error.

its executor died       again, at most spark.task.maxFailures times, unless rows of it have reached the consumer;
                        without compiled code where the executor crashed
it needs code that has crashed   again, without compiled code
its input is lost       the lost map outputs again, then it again; when a map stage may split its rows otherwise the
                        second time, all of it and everything that read it
anything else           the statement's fault or ours: never again
"""

from __future__ import annotations

from engine.compile.object_cache import Quarantined
from engine.config import typed
from engine.errors import ClusterError, FlintError
from engine.schedule.backend import ExecutorDown
from engine.schedule.state import Attempt, JobRun, StageRun
from engine.shuffle.store import FetchFailed

_DELIVERED = "rows of its result had been delivered already and cannot be taken back"


def executor_lost(attempt: Attempt, down: ExecutorDown) -> FlintError | None:
    """Puts the task of a dead executor back; returns the error when there is no point."""
    run, partition = attempt.stage, attempt.task.partition
    if not down.expected:
        run.failures[partition] += 1
    if down.crashed:
        run.interpreted.add(partition)
    if attempt.delivered or run.failures[partition] >= max_failures(attempt.job):
        reason = f"{down.reason}; {_DELIVERED}" if attempt.delivered else down.reason
        values = {"times": run.failures[partition], "stage": run.stage.stage_id, "reason": reason}
        return ClusterError("EXECUTOR_LOST", values, details=down.details)
    run.requeue(partition)
    return None


def fetch_failed(attempt: Attempt, error: FetchFailed) -> tuple[list[Attempt], FlintError | None]:
    """Puts the task and the map outputs it missed back; returns attempts to abandon, and the error when we give up."""
    job, file = attempt.job, error.file
    attempt.stage.requeue(attempt.task.partition)
    parent = job.stages.get(file.stage_id)
    if parent is None or attempt.delivered:
        return [], error
    current = parent.done.get(file.partition)
    if current is None or current.output is None or current.output.file != file:
        return [], None  # made anew already
    for partition in {file.partition, *_missing(parent)}:
        parent.failures[partition] += 1
        if parent.failures[partition] >= max_failures(job):
            return [], error
        parent.requeue(partition)
    return ([], None) if parent.stage.deterministic else _roll_back(job, parent, error)


def quarantined(attempt: Attempt, error: Quarantined) -> FlintError | None:
    """Puts a task back that needs code which must not run: without compiled code it does not ask for it."""
    run, partition = attempt.stage, attempt.task.partition
    if attempt.delivered or partition in run.interpreted:
        return error
    run.interpreted.add(partition)
    run.requeue(partition)
    return None


def max_failures(job: JobRun) -> int:
    """How often one task may fail through no fault of its own: spark.task.maxFailures."""
    return int(typed(job.job.conf, "spark.task.maxFailures"))


def _missing(run: StageRun) -> list[int]:
    """Partitions whose map file is not there: asked at once, else each would be found by a failure of its own."""
    ends = ((partition, end.output) for partition, end in run.done.items())
    return [p for p, output in ends if output and not (output.file.index.exists() and output.file.data.exists())]


def _roll_back(job: JobRun, parent: StageRun, error: FetchFailed) -> tuple[list[Attempt], FlintError | None]:
    abandoned = parent.reset()
    for run in job.descendants(parent.stage.stage_id):
        if run.stage.output == "result" and (run.done or any(one.delivered for one in run.running.values())):
            lost = {"stage": parent.stage.stage_id, "reason": f"{error.reason}; {_DELIVERED}"}
            return abandoned, ClusterError("FETCH_FAILED", lost, details=error.details)
        abandoned += run.reset()
    return abandoned, None
