"""An executor in this process: threads, no worker. For tests, and for queries too small to be worth a round trip.

A task that does not stop when asked cannot be killed here; a crash in it is a crash of the caller. Programs are shared,
not copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from engine.cluster.rundir import RunDirectory
from engine.cluster.runner import TaskRunner
from engine.config import typed
from engine.memory.limits import executor_memory
from engine.physical.task import default_threads
from engine.schedule.backend import ExecutorUp, Report, TaskBatch, TaskDone, TaskLaunch
from engine.schedule.stage import TaskProgram


class InlineCluster:
    """`executors` executors (1) of `cores` threads each, all in this process."""

    def __init__(self, conf: Mapping[str, str] | None = None, executors: int = 1, cores: int = 0) -> None:
        conf = conf or {}
        self.executors = executors
        self.cores = cores or typed(conf, "spark.executor.cores") or default_threads()
        self._budget = executor_memory(conf, executors)
        self._directory = RunDirectory(conf.get("spark.local.dir", ""))
        self._runners: dict[str, TaskRunner] = {}
        self._places: dict[int, TaskRunner] = {}

    def start(self, report: Callable[[Report], None]) -> int:
        """Executors are there at once: `inline-1` and so on."""
        for number in range(1, self.executors + 1):
            runner = TaskRunner(self.cores, self._budget, lambda: self._directory.path, partial(self._pass_on, report))
            self._runners[f"inline-{number}"] = runner
            report(ExecutorUp(f"inline-{number}", self.cores, 0))
        return self.executors

    def launch(self, executor_id: str, task: TaskLaunch, program: TaskProgram) -> None:
        """Runs the task in a thread."""
        self._places[task.task_id] = self._runners[executor_id]
        self._runners[executor_id].launch(task, program)

    def cancel(self, task_id: int) -> None:
        """Sets the task's flag."""
        if (runner := self._places.get(task_id)) is not None:
            runner.cancel(task_id)

    def forget(self, job_id: int) -> None:
        """Drops shared values and files."""
        for runner in self._runners.values():
            runner.forget(job_id)
        self._directory.forget_job(job_id)

    def stop(self) -> None:
        """Asks tasks to stop and removes the files."""
        for runner in self._runners.values():
            runner.stop()
        self._directory.remove()

    def _pass_on(self, report: Callable[[Report], None], message: Report) -> None:
        if isinstance(message, TaskBatch) and message.streamed:
            message = replace(message, release=partial(self._release, message.task_id))
        elif isinstance(message, TaskDone):
            self._places.pop(message.task_id, None)
        report(message)

    def _release(self, task_id: int) -> None:
        if (runner := self._places.get(task_id)) is not None:
            runner.acknowledge(task_id)
