"""The protocol between the scheduler and a cluster: five calls one way, reports the other way.

A cluster is told what to run where and reports what became of it, from any of its threads, through the one callable it
was started with. It decides nothing: which task, which executor and whether to try again is the scheduler's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal, Protocol

import pyarrow as pa

from engine.errors import FlintError
from engine.physical.task import MetricKey
from engine.records import dataclass
from engine.schedule.stage import TaskProgram
from engine.shuffle.store import MapFile, MapOutput

GRACE_SECONDS = 0.4  # from a cancel to the end of an executor: in all less than the 0.5 s users are promised


@dataclass(frozen=True)
class TaskLaunch:
    """One attempt to run. `task_id` is unique among all attempts; `inputs` are the map files of the parent stages.

    Result batches of up to `held_bytes` in all travel with the end of the task. Beyond that they go to a file, or, when
    `streamed`, straight to the consumer with at most that many bytes unread.
    """

    task_id: int
    job_id: int
    stage_id: int
    partition: int
    attempt: int
    conf: Mapping[str, str]
    inputs: Mapping[int, tuple[MapFile, ...]]
    streamed: bool
    held_bytes: int


@dataclass(frozen=True)
class ExecutorUp:
    """An executor can take tasks."""

    executor_id: str
    cores: int
    pid: int


@dataclass(frozen=True)
class ExecutorDown:
    """An executor is gone with its running tasks. `expected` when the cluster ended it, as asked. `crashed`: by a fault of
    its own, while it was in the compiled code of those `keys`."""

    executor_id: str
    reason: str
    expected: bool
    details: str = ""
    crashed: bool = False
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterDown:
    """No executor can be started any more."""

    error: FlintError


@dataclass(frozen=True)
class TaskProgress:
    """Totals of input worked off by a running task."""

    task_id: int
    rows: int
    bytes: int


@dataclass(frozen=True)
class TaskBatch:
    """A batch of the result. A held one counts only if its task succeeds; a streamed one is the consumer's at once,
    who calls `release` when it was read."""

    task_id: int
    batch: pa.RecordBatch
    streamed: bool = False
    release: Callable[[], None] = field(default=lambda: None, compare=False)


@dataclass(frozen=True)
class TaskDone:
    """The end of a task that ran. `error` is None when it succeeded; `output` its map file, or its spooled result."""

    task_id: int
    error: FlintError | None = None
    output: MapOutput | None = None
    seconds: float = 0.0
    rows: int = 0
    bytes: int = 0
    peak_memory: int = 0
    metrics: Mapping[MetricKey, float] = field(default_factory=dict)


Report = ExecutorUp | ExecutorDown | ClusterDown | TaskProgress | TaskBatch | TaskDone


class Backend(Protocol):
    """A cluster. Calls return at once and come from the scheduler's thread, except `start` and `stop`."""

    def start(self, report: Callable[[Report], None]) -> int:
        """Begins to start executors without waiting for them; returns how many there will be. Once."""

    def launch(self, executor_id: str, task: TaskLaunch, program: TaskProgram) -> None:
        """Sends a task of a stage with that `program`. Raises FlintError when the program cannot be sent; a dead
        executor is reported, not raised.
        """

    def cancel(self, task_id: int) -> None:
        """Stops a task: its `TaskDone` comes soon, or its executor is ended and replaced (ExecutorDown, expected)."""

    def forget(self, job_id: int) -> None:
        """Frees what executors and disks hold for a job that has no running task any more."""

    def stop(self) -> None:
        """Ends everything and leaves nothing behind. May be called twice."""


Status = Literal["succeeded", "failed", "cancelled", "lost", "fetch_failed"]
