"""Where the batches of a result task go, so that a consumer never sees rows of an attempt that may be run again.

    held      up to `held_bytes`: kept in the executor and sent with the end of the task
    spooled   more than that, with several executors: a file of the attempt, read by the driver when the task is done
    streamed  more than that, with one executor: sent at once, a bounded number of bytes unread; rows that have left
              cannot be taken back, so the death of the executor then ends the query with a clear error

One executor has one task for the whole result: spooling it would delay the first row to the end of the query.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from engine.physical.task import CancelToken
from engine.schedule.backend import TaskBatch, TaskLaunch
from engine.shuffle.store import MapFile, MapOutput
from engine.shuffle.writer import ShuffleWriter


class TaskOutput:
    """The result batches of one attempt; `emit` may be called by many threads. `stem()` begins the name of a spooled file."""

    def __init__(
        self,
        task: TaskLaunch,
        cancel: CancelToken,
        stem: Callable[[], Path],
        send: Callable[[TaskBatch], None],
    ) -> None:
        self.rows = 0
        self._cancel = cancel
        self._task = task
        self._stem = stem
        self._send = send
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self._spool: ShuffleWriter | None = None
        self._streaming = False
        self._unread: deque[int] = deque()
        self._condition = threading.Condition()

    def emit(self, batch: pa.RecordBatch) -> None:
        """Takes a batch. Raises Cancelled while waiting, ClusterError when the spool cannot be written."""
        if batch.num_rows == 0:
            return
        with self._condition:
            self.rows += batch.num_rows
            size = batch.nbytes
            overflow = self._spool is None and not self._streaming and self._held_bytes + size > self._task.held_bytes
            if overflow:
                self._overflow()
            if self._streaming:
                self._stream(batch, size)
            elif self._spool is None:
                self._held.append(batch)
                self._held_bytes += size
        if self._spool is not None:
            self._spool.write(0, batch)

    def finish(self) -> MapOutput | None:
        """Sends what is held, or completes the spooled file and returns it. At the end of a task that succeeded."""
        for batch in self._held:
            self._send(TaskBatch(self._task.task_id, batch))
        self._held = []
        return None if self._spool is None else self._spool.commit()

    def close(self) -> None:
        """Drops what was not finished."""
        self._held = []
        if self._spool is not None:
            self._spool.abandon()

    def acknowledge(self) -> None:
        """The consumer has read the oldest streamed batch."""
        with self._condition:
            if self._unread:
                self._unread.popleft()
            self._condition.notify_all()

    def _overflow(self) -> None:
        """Leaves the held state; the condition is held."""
        if self._task.streamed:
            self._streaming = True
            for batch in self._held:
                self._stream(batch, batch.nbytes)
        else:
            task = self._task
            stem = f"{self._stem()}-{task.stage_id}-{task.partition}-{task.attempt}"
            self._spool = ShuffleWriter(MapFile(task.stage_id, task.partition, task.attempt, stem), 1)
            for batch in self._held:
                self._spool.write(0, batch)
        self._held = []

    def _stream(self, batch: pa.RecordBatch, size: int) -> None:
        """Sends when the consumer is not too far behind; the condition is held, which keeps batches in order."""
        while self._unread and sum(self._unread) + size > self._task.held_bytes:
            self._condition.wait(0.05)  # wakes to look at the token
            self._cancel.check()
        self._unread.append(size)
        self._send(TaskBatch(self._task.task_id, batch, streamed=True))
