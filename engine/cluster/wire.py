"""What goes between the driver and its workers: frames over inherited socket pairs, and nothing else ever unpickled.

A frame is a kind (1 byte), a length (8 bytes) and a body: a pickled message, or the task id of a result batch
followed by an Arrow IPC stream. The driver's side never blocks (one thread serves all workers), a worker's side does.
"""

from __future__ import annotations

import pickle
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from engine.memory.limits import Budget
from engine.records import dataclass
from engine.schedule.backend import TaskBatch, TaskLaunch

VERSION = 1
HEADER = struct.Struct("<BQ")
MESSAGE, BATCH = 1, 2
FORK_VARIABLE = "FLINT_FORK"  # in the environment of the zygote: whether it may fork workers
_BATCH_HEAD = struct.Struct("<QB7x")  # keeps what follows aligned
_READ_BYTES = 8 << 20
_MOST_PIECES = 512  # of one call of the system


@dataclass(frozen=True)
class Hello:
    """A worker's first words: both sides must have loaded the same engine."""

    version: int
    engine_file: str
    python: tuple[int, int]
    pid: int


@dataclass(frozen=True)
class Setup:
    """The driver's first words: what the executor has, and compiled code that has ended others."""

    executor_id: str
    cores: int
    budget: Budget
    directory: str
    quarantined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """A task to run; `program` is pickled, and left out when this worker has had it for this stage."""

    task: TaskLaunch
    program: bytes | None


@dataclass(frozen=True)
class Cancel:
    """A task to stop."""

    task_id: int


@dataclass(frozen=True)
class Acknowledge:
    """The consumer has read one streamed batch of a task."""

    task_id: int


@dataclass(frozen=True)
class Forget:
    """A job is over: drop its programs and shared values."""

    job_id: int


@dataclass(frozen=True)
class Spawn:
    """To the zygote: start a worker on the descriptor that comes along; stderr goes to `log`."""

    executor_id: str
    log: str


@dataclass(frozen=True)
class Kill:
    """To the zygote: end a worker now."""

    executor_id: str


@dataclass(frozen=True)
class Exited:
    """From the zygote: how a worker ended, as subprocess.Popen.returncode tells it (negative: a signal)."""

    executor_id: str
    code: int


def frame(message: object) -> bytes:
    """A message as bytes."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(MESSAGE, len(body)) + body


def batch_frame(report: TaskBatch) -> list[Any]:
    """A result batch as pieces to send one after another; its columns are not copied."""
    pieces = _Pieces()
    with pa.ipc.new_stream(pa.PythonFile(pieces, mode="w"), report.batch.schema) as stream:
        stream.write_batch(report.batch)
    head = _BATCH_HEAD.pack(report.task_id, report.streamed)
    return [HEADER.pack(BATCH, len(head) + pieces.size) + head, *pieces.written]


class _Pieces:
    """A file for pyarrow that keeps what is written to it: buffers as they are, and the small things between them joined."""

    closed = False

    def __init__(self) -> None:
        self.written: list[Any] = []
        self.size = 0

    def write(self, data: Any) -> int:
        """Keeps bytes or a buffer."""
        self.size += len(data)
        if isinstance(data, bytes) and self.written and isinstance(self.written[-1], bytes):
            self.written[-1] += data
        else:
            self.written.append(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Stays readable."""


def decode(kind: int, body: pa.Buffer) -> Any:
    """The message or TaskBatch of a frame; a batch points into `body`."""
    if kind == MESSAGE:
        return pickle.loads(body)
    task_id, streamed = _BATCH_HEAD.unpack_from(body)
    with pa.ipc.open_stream(body.slice(_BATCH_HEAD.size)) as stream:
        return TaskBatch(task_id, stream.read_next_batch(), bool(streamed))


class BlockingChannel:
    """A worker's end. `send` may be called by many threads, `receive` by one."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lock = threading.Lock()

    def send(self, message: object) -> None:
        """Sends a message or TaskBatch. Raises OSError when the driver is gone."""
        pieces = batch_frame(message) if isinstance(message, TaskBatch) else [frame(message)]
        with self._lock:
            self._send_all([memoryview(piece).cast("B") for piece in pieces])

    def _send_all(self, pieces: list[memoryview]) -> None:
        while pieces:
            sent = self._socket.sendmsg(pieces[:_MOST_PIECES])
            while pieces and sent >= pieces[0].nbytes:
                sent -= pieces.pop(0).nbytes
            if sent:
                pieces[0] = pieces[0][sent:]

    def receive(self) -> Any:
        """The next message. Raises EOFError when the driver is gone."""
        kind, length = HEADER.unpack(self._exactly(HEADER.size))
        return decode(kind, self._exactly(length))

    def _exactly(self, length: int) -> pa.Buffer:
        body = pa.allocate_buffer(length)
        view = memoryview(body)
        while view.nbytes:
            try:
                count = self._socket.recv_into(view)
            except ConnectionError:
                count = 0
            if count == 0:
                raise EOFError
            view = view[count:]
        return body


class Channel:
    """The driver's end: never blocks. Owned by one thread."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.closed = False
        end.setblocking(False)
        self._out: deque[memoryview] = deque()
        self._body = pa.allocate_buffer(HEADER.size)
        self._view = memoryview(self._body)
        self._kind = 0  # 0: a header is being read

    def send(self, message: object) -> None:
        """Queues a message and sends what the socket takes; the rest goes with `flush`."""
        if not self.closed:
            self._out.append(memoryview(frame(message)))
            self.flush()

    @property
    def pending(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    def flush(self) -> None:
        """Sends what the socket takes. A peer that is gone is noticed by `receive`."""
        while self._out:
            try:
                count = self.socket.send(self._out[0])
            except BlockingIOError:
                return
            except OSError:
                self._out.clear()
                return
            self._out[0] = self._out[0][count:]
            if not self._out[0].nbytes:
                self._out.popleft()

    def receive(self) -> Iterator[Any]:
        """The messages that are complete, a bounded number of bytes at a time. Raises EOFError when the peer is
        gone.
        """
        budget = _READ_BYTES
        while budget > 0:
            if self._view.nbytes:
                try:
                    count = self.socket.recv_into(self._view)
                except BlockingIOError:
                    return
                except OSError:
                    count = 0
                if count == 0:
                    raise EOFError
                budget -= count
                self._view = self._view[count:]
            if not self._view.nbytes:
                kind, body = self._kind, self._body
                if kind == 0:
                    self._kind, length = HEADER.unpack(body)
                    self._expect(length)
                else:
                    self._kind = 0
                    self._expect(HEADER.size)
                    yield decode(kind, body)

    def close(self) -> None:
        """Ends the connection; the peer sees end of file."""
        self.closed = True
        self._out.clear()
        self.socket.close()

    def _expect(self, length: int) -> None:
        self._body = pa.allocate_buffer(length)
        self._view = memoryview(self._body)
