"""The result of a job on its way to whoever reads it: filled by the scheduler's thread, emptied by the consumer's.

The consumer waits on a condition in its own thread, so Ctrl-C gets through; leaving the loop early, for whatever
reason, cancels the job. What waits here is bounded: held batches by the executors' limit per task, streamed ones by
acknowledgement, spooled ones are files.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from engine.errors import Cancelled, FlintError
from engine.records import dataclass
from engine.schedule.metrics import StageMetrics
from engine.shuffle.reader import read_morsels
from engine.shuffle.store import MapFile

_WAITING_BYTES = 256 << 20


@dataclass(frozen=True)
class _Item:
    """Batches of one partition: in memory, or in a file to be deleted once it is open. `release` says it was read."""

    size: int
    batch: pa.RecordBatch | None = None
    file: MapFile | None = None
    release: Callable[[], None] | None = None


class ResultQueue:
    """Batches by partition, in the order they came. Thread-safe."""

    def __init__(self, partitions: int, on_room: Callable[[], None] = lambda: None) -> None:
        self.waiting_bytes = 0
        self.error: FlintError | None = None
        self.metrics: Mapping[int, StageMetrics] = {}
        self._on_room = on_room
        self._items: list[deque[_Item]] = [deque() for _ in range(partitions)]
        self._arrivals: deque[int] = deque()
        self._finished: set[int] = set()
        self._ended = False
        self._condition = threading.Condition()  # reentrant: a dropped handle may be collected inside any of this

    @property
    def full(self) -> bool:
        """Whether no more results should be computed until some are read; `on_room` is called when that changes."""
        return self.waiting_bytes > _WAITING_BYTES

    def put(self, partition: int, batch: pa.RecordBatch, release: Callable[[], None] | None = None) -> None:
        """Adds a batch."""
        self._add(partition, _Item(batch.nbytes, batch=batch, release=release))

    def put_file(self, partition: int, file: MapFile, size: int) -> None:
        """Adds the spooled batches of a partition."""
        self._add(partition, _Item(size, file=file))

    def finish(self, partition: int) -> None:
        """Nothing more comes for `partition`."""
        with self._condition:
            self._finished.add(partition)
            self._condition.notify_all()

    def end(self, error: FlintError | None = None) -> None:
        """The job is over; with an `error`, what was not read yet is dropped. The first call counts."""
        with self._condition:
            if self._ended:
                return
            self._ended = True
            self.error = error
            if error is not None:
                self._drop()
            self._condition.notify_all()

    def close(self) -> None:
        """Nobody reads what is left."""
        with self._condition:
            self._drop()

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return self._ended

    def read(self, ordered: bool) -> Iterator[tuple[int, pa.RecordBatch]]:
        """All batches; waits for what is still to come. Raises the job's error."""
        position = 0
        while True:
            with self._condition:
                while (found := self._next(position, ordered)) is None:
                    if self.error is not None:
                        raise self.error
                    if self._ended:
                        return
                    self._condition.wait()
                position, item = found
                was_full = self.full
                self.waiting_bytes -= item.size
            if was_full and not self.full:
                self._on_room()
            if item.file is not None:
                yield from ((position, batch) for batch in _read_and_remove(item.file))
            else:
                yield position, item.batch
            if item.release is not None:
                item.release()

    def _next(self, position: int, ordered: bool) -> tuple[int, _Item] | None:
        """What to read next; the condition is held. In order, a partition is left when it is finished and empty."""
        if not ordered:
            while self._arrivals:
                partition = self._arrivals.popleft()
                if self._items[partition]:
                    return partition, self._items[partition].popleft()
            return None
        while position < len(self._items):
            if self._items[position]:
                return position, self._items[position].popleft()
            if position not in self._finished:
                return None
            position += 1
        return None

    def _add(self, partition: int, item: _Item) -> None:
        with self._condition:
            if self._ended:
                _discard(item)
                return
            self._items[partition].append(item)
            self._arrivals.append(partition)
            self.waiting_bytes += item.size
            self._condition.notify_all()

    def _drop(self) -> None:
        for items in self._items:
            while items:
                _discard(items.popleft())
        self._arrivals.clear()
        self.waiting_bytes = 0


class JobHandle:
    """A submitted job, for the one who wants its result. Dropping the handle cancels the job."""

    def __init__(self, job_id: int, queue: ResultQueue, cancel: Callable[[FlintError], None]) -> None:
        self.job_id = job_id
        self._queue = queue
        self._cancel = cancel

    def batches(self, ordered: bool = False) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The result as (partition, batch), while it is being computed; in order of partition if `ordered`. Read once.

        Raises the job's error. Closing the iterator before its end, or an exception while waiting, cancels the job.
        """
        try:
            yield from self._queue.read(ordered)
        finally:
            self.cancel()

    def wait(self) -> None:
        """Waits for the end of the job and discards its result. Raises the job's error."""
        for _ in self.batches():
            pass

    def cancel(self, reason: FlintError | None = None) -> None:
        """Ends the job if it is still running: readers get `reason` (a Cancelled by default). Returns at once."""
        if not self._queue.ended:
            reason = reason or Cancelled()
            self._queue.end(reason)
            self._cancel(reason)
        self._queue.close()

    @property
    def done(self) -> bool:
        """Whether the job is over, well or not."""
        return self._queue.ended

    @property
    def error(self) -> FlintError | None:
        """What ended the job, None while it runs and when it went well."""
        return self._queue.error

    @property
    def metrics(self) -> Mapping[int, StageMetrics]:
        """Metrics by stage id: of finished stages while the job runs, of all when it is over."""
        return self._queue.metrics

    def __del__(self) -> None:
        self.cancel()


def _read_and_remove(file: MapFile) -> Iterator[pa.RecordBatch]:
    """The batches of a spooled result. The file is deleted after the last of them; those still held stay readable."""
    try:
        for morsel in read_morsels([file], [0]):
            yield from morsel()
    finally:
        file.remove()


def _discard(item: _Item) -> None:
    if item.file is not None:
        item.file.remove()
    if item.release is not None:
        item.release()
