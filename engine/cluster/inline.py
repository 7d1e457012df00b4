"""An executor in this process: threads, no worker. For tests, and for queries too small to be worth a round trip.

A crash in a task is a crash of the caller. A task that does not stop when asked cannot be killed here: its thread is
left to itself and a new executor takes its place. Programs are shared, not copied.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from engine.cluster.rundir import RunDirectory
from engine.cluster.runner import TaskRunner
from engine.config import typed
from engine.memory.limits import available_cores, executor_budget
from engine.schedule.backend import GRACE_SECONDS, ExecutorDown, ExecutorUp, Report, TaskBatch, TaskDone, TaskLaunch
from engine.schedule.stage import TaskProgram


class InlineCluster:
    """`executors` executors (1) of `cores` threads each, all in this process."""

    def __init__(self, conf: Mapping[str, str] | None = None, executors: int = 1, cores: int = 0) -> None:
        conf = conf or {}
        self.executors = executors
        self.cores = cores or typed(conf, "spark.executor.cores") or available_cores()
        self._budget = executor_budget(conf, executors)
        self._directory = RunDirectory(conf.get("spark.local.dir", ""))
        self._runners: dict[str, TaskRunner] = {}
        self._places: dict[int, str] = {}
        self._numbers = itertools.count(1)
        self._report: Callable[[Report], None] = lambda _: None
        self._stopped = False

    def start(self, report: Callable[[Report], None]) -> int:
        """Executors are there at once: `inline-1` and so on."""
        self._report = report
        for _ in range(self.executors):
            self._add()
        return self.executors

    def launch(self, executor_id: str, task: TaskLaunch, program: TaskProgram) -> None:
        """Runs the task in a thread."""
        self._places[task.task_id] = executor_id
        self._runners[executor_id].launch(task, program)

    def cancel(self, task_id: int) -> None:
        """Sets the task's flag."""
        if (runner := self._runner_of(task_id)) is not None:
            runner.cancel(task_id)
            timer = threading.Timer(GRACE_SECONDS, self._replace, (task_id,))
            timer.daemon = True
            timer.start()

    def forget(self, job_id: int) -> None:
        """Drops shared values and files."""
        for runner in list(self._runners.values()):
            runner.forget(job_id)
        self._directory.forget_job(job_id)

    def stop(self) -> None:
        """Asks tasks to stop and removes the files."""
        self._stopped = True
        for runner in list(self._runners.values()):
            runner.stop()
        self._directory.remove()

    def _add(self) -> None:
        executor_id = f"inline-{next(self._numbers)}"
        self._runners[executor_id] = TaskRunner(self.cores, self._budget, lambda: self._directory.path, self._pass_on)
        self._report(ExecutorUp(executor_id, self.cores, 0))

    def _replace(self, task_id: int) -> None:
        """A cancelled task has not stopped: its executor is given up."""
        executor_id = self._places.pop(task_id, None)
        if executor_id is None or self._stopped or self._runners.pop(executor_id, None) is None:
            return
        self._report(ExecutorDown(executor_id, "a cancelled task did not stop", expected=True))
        self._add()

    def _runner_of(self, task_id: int) -> TaskRunner | None:
        return self._runners.get(self._places.get(task_id, ""))

    def _pass_on(self, message: Report) -> None:
        if isinstance(message, TaskBatch) and message.streamed:
            message = replace(message, release=partial(self._release, message.task_id))
        elif isinstance(message, TaskDone):
            self._places.pop(message.task_id, None)
        self._report(message)

    def _release(self, task_id: int) -> None:
        if (runner := self._runner_of(task_id)) is not None:
            runner.acknowledge(task_id)
