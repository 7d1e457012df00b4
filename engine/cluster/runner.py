"""The inside of an executor, the same in a worker process and in this one: runs tasks, each in a thread of its own.

A task gets a context made of what the executor has (threads, memory, directory, values shared within the job) and
ends in exactly one `TaskDone`, whatever the program did.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.cluster.output import TaskOutput
from engine.cluster.rundir import job_directory, result_stem
from engine.deep import begin
from engine.errors import Cancelled, ClusterError, ExecutionError, FlintError, InternalError
from engine.memory.limits import Budget
from engine.memory.pool import SETTING, MemoryPool, TaskMemory, show_bytes
from engine.physical.task import CancelToken, SharedValues, TaskContext
from engine.schedule.backend import Report, TaskDone, TaskLaunch, TaskProgress
from engine.schedule.stage import TaskProgram

_PROGRESS_SECONDS = 0.1


class TaskRunner:
    """One executor of `cores` threads and a `budget`, with files under `directory()`; tells `report` what
    happens.
    """

    def __init__(
        self, cores: int, budget: Budget, directory: Callable[[], Path], report: Callable[[Report], None]
    ) -> None:
        self.cores = cores
        self.memory = MemoryPool(budget.bytes, budget.share)
        self._directory = directory
        self._report = report
        self._running: dict[int, tuple[TaskContext, TaskOutput]] = {}
        self._shared: dict[int, SharedValues] = {}
        self._condition = threading.Condition()
        self._reporter: threading.Thread | None = None
        self._stopped = False

    def launch(self, task: TaskLaunch, program: TaskProgram) -> None:
        """Starts a task in a thread."""
        cancel = CancelToken()
        output = TaskOutput(task, cancel, lambda: result_stem(self._directory(), task.job_id), self._report)
        with self._condition:
            shared = self._shared.setdefault(task.job_id, SharedValues())
        context = TaskContext(
            job_id=task.job_id,
            stage_id=task.stage_id,
            partition=task.partition,
            attempt=task.attempt,
            threads=self.cores,
            conf=task.conf,
            memory=TaskMemory(self.memory, task.partition),
            directory=lambda: job_directory(self._directory(), task.job_id),
            inputs=task.inputs,
            output=output,
            shared=shared,
            cancel=cancel,
        )
        with self._condition:
            self._running[task.task_id] = context, output
            if self._reporter is None:
                self._reporter = threading.Thread(target=self._tell_progress, name="flint-progress", daemon=True)
                self._reporter.start()
            self._condition.notify_all()
        begin(partial(self._run, task, program, context, output))

    def cancel(self, task_id: int) -> None:
        """Asks a task to stop; what has ended already is no matter."""
        with self._condition:
            running = self._running.get(task_id)
        if running is not None:
            running[0].cancel.set()

    def acknowledge(self, task_id: int) -> None:
        """Passes on that the consumer has read a streamed batch."""
        with self._condition:
            running = self._running.get(task_id)
        if running is not None:
            running[1].acknowledge()

    def forget(self, job_id: int) -> None:
        """Drops what the tasks of a job shared."""
        with self._condition:
            self._shared.pop(job_id, None)

    def stop(self) -> None:
        """Asks all tasks to stop and ends the progress thread."""
        with self._condition:
            self._stopped = True
            contexts = [context for context, _ in self._running.values()]
            self._condition.notify_all()
        for context in contexts:
            context.cancel.set()

    def _run(self, task: TaskLaunch, program: TaskProgram, context: TaskContext, output: TaskOutput) -> None:
        started = time.monotonic()
        error: FlintError | None = None
        result = None
        try:
            program.run(task.partition, context)
            context.cancel.check()
            result = output.finish()
            if context.writer is not None:
                result = context.writer.commit()
        except BaseException as raised:  # whatever ends a task is told to the driver, also SystemExit in a function
            error = Cancelled() if context.cancel.is_set else _told(raised, self.memory)
        output.close()
        context.close()
        with self._condition:
            self._running.pop(task.task_id, None)
        metrics = context.metrics
        rows = metrics.rows if result is None else result.rows
        done = TaskDone(
            task_id=task.task_id,
            error=error,
            output=result,
            seconds=time.monotonic() - started,
            rows=output.rows or rows,
            bytes=metrics.bytes,
            peak_memory=context.memory.peak,
            metrics=metrics.values,
        )
        self._report(done)

    def _tell_progress(self) -> None:
        """Reports the counters of running tasks that have moved, ten times a second."""
        told: dict[int, tuple[int, int]] = {}
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._stopped or self._running)
                if self._stopped:
                    return
                current = {task_id: context.metrics for task_id, (context, _) in self._running.items()}
            counts = {task_id: (metrics.rows, metrics.bytes) for task_id, metrics in current.items()}
            for task_id, (rows, size) in counts.items():
                if told.get(task_id, (0, 0)) != (rows, size):
                    self._report(TaskProgress(task_id, rows, size))
            told = counts
            time.sleep(_PROGRESS_SECONDS)


def _told(raised: BaseException, memory: MemoryPool) -> FlintError:
    """The error the user hears: a typed one as it is, anything else as our fault with the traceback for the log."""
    if isinstance(raised, FlintError):
        if not raised.details:
            raised.details = "".join(traceback.format_exception(raised))
        return raised
    details = "".join(traceback.format_exception(raised))
    if isinstance(raised, MemoryError):
        values = {"operator": "A task", "needed": "memory", "limit": show_bytes(memory.budget), "setting": SETTING}
        return ClusterError("OUT_OF_MEMORY", values, details=details)
    if isinstance(raised, RecursionError):
        return ExecutionError("FAILED_TO_PARSE_TOO_COMPLEX", details=details)
    return InternalError(f"{type(raised).__name__}: {raised}", details=details)
