"""What a running task is given: its place in the job, and everything it may ask of its executor.

A `TaskProgram` (engine/schedule/stage.py) gets a `TaskContext` and nothing else. The same context works in a worker
process, in a thread of the driver, and with no cluster at all (`TaskContext.local`, for tests of operators).
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import pyarrow as pa

from engine.errors import Cancelled, InternalError
from engine.memory.limits import total_memory
from engine.memory.pool import SHARE, MemoryPool, TaskMemory
from engine.memory.spill import PARTITIONS, SpillFile
from engine.shuffle.appended import disk_error
from engine.shuffle.reader import Morsel, read_morsels
from engine.shuffle.store import MapFile
from engine.shuffle.writer import ShuffleWriter

Value = TypeVar("Value")
MetricKey = tuple[int, str]


class CancelToken:
    """Says to stop. Loops call `check()` once a batch: an attribute read when there is nothing to do."""

    def __init__(self) -> None:
        self.is_set = False
        self._condition = threading.Condition()

    def check(self) -> None:
        """Raises Cancelled once `set` was called."""
        if self.is_set:
            raise Cancelled()

    def set(self) -> None:
        """Asks to stop, for good."""
        with self._condition:
            self.is_set = True
            self._condition.notify_all()

    def wait(self, seconds: float) -> bool:
        """Sleeps `seconds` or until `set`, whichever is first; returns `is_set`."""
        with self._condition:
            self._condition.wait_for(lambda: self.is_set, seconds)
        return self.is_set


class TaskMetrics:
    """Counters of one task. Thread-safe; call per batch, not per row."""

    def __init__(self) -> None:
        self.rows = 0
        self.bytes = 0
        self._values: defaultdict[MetricKey, float] = defaultdict(int)
        self._lock = threading.Lock()

    def add(self, operator_id: int, name: str, value: int | float) -> None:
        """Adds to the metric `name` of an operator: rows, bytes, batches, seconds ("time"), row_groups."""
        with self._lock:
            self._values[operator_id, name] += value

    def progress(self, rows: int, bytes: int) -> None:
        """Counts input that was worked off; the driver hears the totals about every 100 ms."""
        with self._lock:
            self.rows += rows
            self.bytes += bytes

    @property
    def values(self) -> dict[MetricKey, float]:
        """A copy of all counters, by operator id and name."""
        with self._lock:
            return dict(self._values)


class SharedValues:
    """What the tasks of one job have in common on one executor: each value is built once, by whoever asks first."""

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}
        self._building: set[Hashable] = set()
        self._condition = threading.Condition()

    def get(self, key: Hashable, build: Callable[[], Value], cancel: CancelToken) -> Value:
        """The value of `key`. Others wait while one builds; if that one fails, the next builds again."""
        with self._condition:
            while key in self._building:
                self._condition.wait(0.05)  # wakes to look at the token
                cancel.check()
            if key in self._values:
                found: Value = self._values[key]
                return found
            self._building.add(key)
        try:
            value = build()
            with self._condition:
                self._values[key] = value
        finally:
            with self._condition:
                self._building.discard(key)
                self._condition.notify_all()
        return value


class ResultOutput(Protocol):
    """Where the batches of a result stage go."""

    def emit(self, batch: pa.RecordBatch) -> None:
        """Takes a batch, waiting while the consumer is behind. Raises Cancelled, or ClusterError for a full disk."""


class CollectedOutput:
    """Keeps emitted batches in a list."""

    def __init__(self) -> None:
        self.batches: list[pa.RecordBatch] = []
        self._lock = threading.Lock()

    def emit(self, batch: pa.RecordBatch) -> None:
        """Appends `batch`."""
        with self._lock:
            self.batches.append(batch)


class TaskContext:
    """One attempt at one partition of a stage, and the services of its executor.

    `threads` is how many threads the program should use; `conf` the job's settings; `cancel` must be checked once a
    batch; `memory` hands out reservations. `emitted` (only with `TaskContext.local`) is what a result program emitted.
    """

    def __init__(
        self,
        *,
        job_id: int,
        stage_id: int,
        partition: int,
        attempt: int,
        threads: int,
        conf: Mapping[str, str],
        memory: TaskMemory,
        directory: Callable[[], Path],
        inputs: Mapping[int, Sequence[MapFile]],
        output: ResultOutput,
        shared: SharedValues,
        cancel: CancelToken | None = None,
    ) -> None:
        self.job_id = job_id
        self.stage_id = stage_id
        self.partition = partition
        self.attempt = attempt
        self.threads = threads
        self.conf = conf
        self.cancel = cancel or CancelToken()
        self.metrics = TaskMetrics()
        self.memory = memory
        self.writer: ShuffleWriter | None = None
        self._directory = directory
        self._inputs = inputs
        self._output = output
        self._shared = shared
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._spill: Path | None = None
        self._spilled: list[SpillFile] = []
        self._numbers = itertools.count(1)

    def shuffle_writer(self, partitions: int) -> ShuffleWriter:
        """The writer of this attempt's map file, with so many shuffle partitions. `commit()` it at the end; once a
        task.

        Raises ClusterError (SPILL_DISK_FULL) naming directory and setting."""
        if self.writer is not None:
            raise InternalError(f"Stage {self.stage_id} asks for a second shuffle writer in one task.")
        stem = self._directory() / f"stage-{self.stage_id}-map-{self.partition}-attempt-{self.attempt}"
        self.writer = ShuffleWriter(MapFile(self.stage_id, self.partition, self.attempt, str(stem)), partitions)
        return self.writer

    def read_shuffle(self, stage_id: int, partitions: Sequence[int]) -> list[Morsel]:
        """Callables that each give an iterator over the batches of one piece of the shuffle `partitions` of a parent
        stage.

        Pieces are in order of map partition and at most some MiB large; together they are the input. May raise
        FetchFailed here or while iterating: let it pass, the scheduler makes the lost piece anew."""
        if stage_id not in self._inputs:
            raise InternalError(f"Stage {self.stage_id} reads stage {stage_id}, which is not its parent.")
        self.cancel.check()
        return read_morsels(self._inputs[stage_id], partitions)

    def emit(self, batch: pa.RecordBatch) -> None:
        """Sends rows of the result to the driver; waits while too many bytes are on their way. Thread-safe."""
        self.cancel.check()
        self._output.emit(batch)

    def shared(self, key: Hashable, build: Callable[[], Value]) -> Value:
        """The value of `key` for this job on this executor, built by the first task that asks; freed with the job.

        What `build` keeps in memory outlives this task: it should be reserved by each task that uses it, or be
        small.
        """
        return self._shared.get(key, build, self.cancel)

    def spill_dir(self) -> Path:
        """A directory of this attempt, mode 0700, removed at its end. Raises ClusterError (SPILL_DISK_FULL)."""
        path = self._directory() / f"spill-{self.stage_id}-{self.partition}-{self.attempt}"
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            path.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            disk_error(path, error)
        self._spill = path
        return path

    def spill(self, operator_id: int, partitions: int = PARTITIONS) -> SpillFile:
        """A new file for what an operator cannot hold, closed at the latest with this attempt; its metrics count it.
        Raises ClusterError (SPILL_DISK_FULL)."""
        path = self.spill_dir() / f"{operator_id}-{next(self._numbers)}"
        file = SpillFile(path, partitions, partial(self.metrics.add, operator_id, "spill_bytes"))
        self.metrics.add(operator_id, "spill_files", 1)
        self._spilled.append(file)
        return file

    @classmethod
    def local(
        cls,
        partition: int = 0,
        threads: int = 1,
        conf: Mapping[str, str] | None = None,
        inputs: Mapping[int, Sequence[MapFile]] | None = None,
        *,
        stage_id: int = 0,
        budget: int | None = None,
        share: float = SHARE,
    ) -> TaskContext:
        """A context without a cluster, for tests: a context manager that removes its files when it ends.

        `inputs` are map files by parent stage (`writer.commit().file` of other contexts); `budget` is in bytes, of which
        operators fill `share`."""
        temporary = tempfile.TemporaryDirectory(prefix="flint-task-", ignore_cleanup_errors=True)
        pool = MemoryPool(total_memory() if budget is None else budget, share)
        task = cls(
            job_id=0,
            stage_id=stage_id,
            partition=partition,
            attempt=0,
            threads=threads,
            conf=conf or {},
            memory=TaskMemory(pool, partition),
            directory=lambda: Path(temporary.name),
            inputs=inputs or {},
            output=CollectedOutput(),
            shared=SharedValues(),
        )
        task._temporary = temporary
        return task

    @property
    def emitted(self) -> list[pa.RecordBatch]:
        """The batches emitted so far in a `TaskContext.local`."""
        if not isinstance(self._output, CollectedOutput):
            raise InternalError("Emitted batches have left this task.")
        return self._output.batches

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the attempt: uncommitted output, spilled files and reservations are given back."""
        self.memory.close()
        for file in self._spilled:
            file.close()
        if self.writer is not None:
            self.writer.abandon()
        if self._spill is not None:
            shutil.rmtree(self._spill, ignore_errors=True)
        if self._temporary is not None:
            with suppress(OSError):
                self._temporary.cleanup()
