"""Executors as processes of this machine, and the thread that talks to them.

    driver ── cluster thread ──┬── zygote ─ fork ─▶ workers
                               └── one socket pair per worker

One thread owns all sockets and all state below; calls from elsewhere are commands in its queue. A worker's death is
seen as end of file on its socket, its signal is told by the zygote, and a new worker takes its place. Executors have
numbers that are not used again.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import selectors
import socket
import threading
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.cluster.process import ENGINE_FOLDER, Zygote, crashed, describe_end, log_tail
from engine.cluster.programs import pickled
from engine.cluster.rundir import RunDirectory, calls_file
from engine.cluster.wire import VERSION, Acknowledge, Cancel, Channel, Exited, Forget, Hello, Run, Setup
from engine.compile.calls import crashed_code
from engine.compile.object_cache import ObjectCache
from engine.config import typed
from engine.deep import with_room
from engine.errors import ClusterError, FlintError, InternalError
from engine.memory.limits import available_cores, executor_budget, oom_kills
from engine.records import dataclass
from engine.schedule.backend import (
    GRACE_SECONDS,
    ClusterDown,
    ExecutorDown,
    ExecutorUp,
    Report,
    TaskBatch,
    TaskDone,
    TaskLaunch,
)
from engine.schedule.stage import TaskProgram

LOGGER = logging.getLogger("flint")
_HELLO_SECONDS = 60.0
_STATUS_SECONDS = 0.3
_START_FAILURES = 3


@dataclass
class _Worker:
    """A worker process: `up` once it said hello, `ending` once we asked for its end, `code` once it has ended."""

    executor_id: str
    channel: Channel
    oom_kills: int
    up: bool = False
    ending: str = ""
    code: int | None = None
    tasks: set[int] = field(default_factory=set)
    programs: set[tuple[int, int]] = field(default_factory=set)


class LocalCluster:
    """spark.executor.instances workers with spark.executor.cores threads each, files under spark.local.dir."""

    def __init__(self, conf: Mapping[str, str]) -> None:
        self.executors: int = typed(conf, "spark.executor.instances") or 1
        self.cores: int = typed(conf, "spark.executor.cores") or max(1, available_cores() // self.executors)
        self._budget = executor_budget(conf, self.executors)
        self._directory = RunDirectory(conf.get("spark.local.dir", ""))
        self._report: Callable[[Report], None] = _unheard
        self._commands: deque[Callable[[], None]] = deque()
        self._waker, self._wakeup = socket.socketpair()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._selector = selectors.DefaultSelector()
        self._zygote: Zygote | None = None
        self._workers: dict[str, _Worker] = {}
        self._pickles: dict[tuple[int, int], bytes] = {}
        self._quarantined: dict[str, None] = {}
        self._start_failures = 0
        self._stopping = False
        self._owner = os.getpid()
        self._thread = threading.Thread(target=self._serve, name="flint-cluster", daemon=True)
        _CLUSTERS.add(self)

    # -- the five methods of a backend

    def start(self, report: Callable[[Report], None]) -> int:
        """Begins to start the workers and to sweep what dead drivers left; waits for neither."""
        self._report = report
        self._thread.start()
        return self.executors

    def launch(self, executor_id: str, task: TaskLaunch, program: TaskProgram) -> None:
        """Pickles the program, once a stage, and sends the task."""
        key = (task.job_id, task.stage_id)
        if key not in self._pickles:
            try:
                self._pickles[key] = with_room(partial(pickled, program))
            except Exception as error:
                raise InternalError(f"The program of stage {task.stage_id} cannot be sent: {error}") from error
        self._command(partial(self._launch, executor_id, task, self._pickles[key]))

    def cancel(self, task_id: int) -> None:
        """Asks the task to stop and, if it does not, ends and replaces its executor."""
        self._command(partial(self._cancel, task_id))

    def forget(self, job_id: int) -> None:
        """Drops the job's programs here and in the workers, and its files."""
        for key in [key for key in self._pickles if key[0] == job_id]:
            del self._pickles[key]
        self._command(partial(self._forget, job_id))

    def stop(self) -> None:
        """Ends the workers and removes the run directory."""
        if os.getpid() != self._owner:
            return
        self._stopping = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._close()
        self._directory.remove()

    # -- commands, in the cluster's thread

    def _launch(self, executor_id: str, task: TaskLaunch, program: bytes) -> None:
        worker = self._workers.get(executor_id)
        if worker is None or worker.ending:  # its end has been or will be reported, with this task still on it
            return
        key = (task.job_id, task.stage_id)
        worker.tasks.add(task.task_id)
        self._send(worker, Run(task, None if key in worker.programs else program))
        worker.programs.add(key)

    def _cancel(self, task_id: int) -> None:
        worker = next((worker for worker in self._workers.values() if task_id in worker.tasks), None)
        if worker is not None:
            self._send(worker, Cancel(task_id))
            self._after(GRACE_SECONDS, partial(self._end_if_running, worker, task_id))

    def _end_if_running(self, worker: _Worker, task_id: int) -> None:
        if task_id in worker.tasks:
            self._end(worker, "it was ended because a cancelled task did not stop")

    def _acknowledge(self, worker: _Worker, task_id: int) -> None:
        if task_id in worker.tasks:
            self._send(worker, Acknowledge(task_id))

    def _forget(self, job_id: int) -> None:
        for worker in self._workers.values():
            worker.programs = {key for key in worker.programs if key[0] != job_id}
            if worker.up:
                self._send(worker, Forget(job_id))
        self._directory.forget_job(job_id)

    # -- workers come and go

    def _spawn(self) -> None:
        if self._zygote is None:
            self._zygote = Zygote(self._directory.path / "zygote.log")
            self._watch(self._zygote.channel, self._zygote)
        executor_id = str(next(self._numbers))
        log = self._directory.path / f"executor-{executor_id}.log"
        worker = _Worker(executor_id, self._zygote.spawn(executor_id, log), oom_kills())
        self._workers[executor_id] = worker
        self._watch(worker.channel, worker)
        setup = Setup(executor_id, self.cores, self._budget, str(self._directory.path), tuple(self._quarantined))
        self._send(worker, setup)
        self._after(_HELLO_SECONDS, partial(self._end_if_silent, worker))

    def _end_if_silent(self, worker: _Worker) -> None:
        if not worker.up and worker.executor_id in self._workers:
            self._end(worker, f"it did not start within {_HELLO_SECONDS:.0f} s")

    def _end(self, worker: _Worker, reason: str) -> None:
        """Kills a worker; a new one starts at once, its end is reported when it has ended."""
        if worker.ending or worker.executor_id not in self._workers:
            return
        worker.ending = reason
        if self._zygote is not None:
            self._zygote.kill(worker.executor_id)
        self._lost(worker)

    def _hello(self, worker: _Worker, hello: Hello) -> None:
        if (hello.version, Path(hello.engine_file).parent) != (VERSION, ENGINE_FOLDER):
            reason = f"it loaded {hello.engine_file} (version {hello.version}), not that of {ENGINE_FOLDER} ({VERSION})"
            self._broken(reason, "")
            return
        worker.up = True
        self._start_failures = 0
        self._report(ExecutorUp(worker.executor_id, self.cores, hello.pid))

    def _ended(self, worker: _Worker) -> None:
        """End of file: the worker is dead or dying. How, the zygote says in a moment."""
        self._unwatch(worker.channel)
        if worker.code is None and self._zygote is not None:
            self._after(_STATUS_SECONDS, partial(self._lost, worker))
        else:
            self._lost(worker)

    def _exited(self, exited: Exited) -> None:
        worker = self._workers.get(exited.executor_id)
        if worker is None:
            return
        worker.code = exited.code
        if worker.channel.closed:
            self._lost(worker)

    def _lost(self, worker: _Worker) -> None:
        """Reports the end of a worker, once, and starts another."""
        if self._workers.pop(worker.executor_id, None) is None:
            return
        self._unwatch(worker.channel)
        log = log_tail(self._directory.path / f"executor-{worker.executor_id}.log")
        reason = worker.ending or describe_end(worker.code, oom_kills() > worker.oom_kills)
        if worker.up:
            self._report(self._down(worker, reason, log))
        else:
            self._start_failures += 1
        if self._start_failures >= _START_FAILURES:
            self._broken(reason, log or log_tail(self._directory.path / "zygote.log"))
        else:
            self._spawn()

    def _down(self, worker: _Worker, reason: str, log: str) -> ExecutorDown:
        """What is reported of a worker's end; compiled code that it crashed in is kept away from all that follow."""
        if worker.ending or not crashed(worker.code):
            return ExecutorDown(worker.executor_id, reason, bool(worker.ending), log)
        found = crashed_code(calls_file(self._directory.path, worker.executor_id))
        for key, folder in found.items():
            self._quarantined[key] = None
            if folder is not None:
                ObjectCache(folder).quarantine(key)
        return ExecutorDown(worker.executor_id, reason, False, log, True, tuple(found))

    def _broken(self, reason: str, details: str) -> None:
        self._report(ClusterDown(ClusterError("EXECUTOR_START_FAILED", {"reason": reason}, details=details)))

    # -- the thread

    def _serve(self) -> None:
        self._wakeup.setblocking(False)
        self._selector.register(self._wakeup, selectors.EVENT_READ, None)
        try:
            for _ in range(self.executors):
                self._spawn()
            threading.Thread(target=self._directory.sweep, name="flint-sweep", daemon=True).start()
            while not self._stopping:
                self._turn()
        except FlintError as error:
            self._report(ClusterDown(error))
        except Exception as error:
            if self._stopping or not threading.main_thread().is_alive():
                return  # the interpreter is ending, which refuses new threads and processes
            LOGGER.debug("The cluster's thread failed.", exc_info=True)
            self._report(ClusterDown(InternalError(f"cluster: {error}", details=traceback.format_exc())))
        finally:
            self._close()

    def _turn(self) -> None:
        """Waits for something to happen and acts on it."""
        timeout = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
        for key, mask in self._selector.select(timeout):
            if key.data is None:
                self._drain_wakeups()
            elif mask & selectors.EVENT_WRITE:
                self._flush(key.data)
            if key.data is not None and mask & selectors.EVENT_READ:
                self._hear(key.data)
        while self._commands:
            self._commands.popleft()()
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def _hear(self, peer: _Worker | Zygote) -> None:
        if peer.channel.closed:
            return
        try:
            for message in peer.channel.receive():
                if isinstance(peer, Zygote):
                    self._exited(message)
                else:
                    self._heard(peer, message)
        except EOFError:
            if isinstance(peer, Zygote):
                self._unwatch(peer.channel)
                peer.end()
                self._zygote = None  # the next worker starts another
            else:
                self._ended(peer)

    def _heard(self, worker: _Worker, message: Any) -> None:
        match message:
            case Hello():
                self._hello(worker, message)
                return
            case TaskDone(task_id):
                worker.tasks.discard(task_id)
            case TaskBatch(task_id, streamed=True):
                release = partial(self._command, partial(self._acknowledge, worker, task_id))
                message = replace(message, release=release)
        self._report(message)

    def _send(self, worker: _Worker, message: object) -> None:
        worker.channel.send(message)
        self._flush(worker)

    def _flush(self, peer: _Worker | Zygote) -> None:
        """Sends what waits, and asks to be told when there is room for the rest."""
        if peer.channel.closed:
            return
        peer.channel.flush()
        mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.channel.pending else 0)
        self._selector.modify(peer.channel.socket, mask, peer)

    def _watch(self, channel: Channel, peer: _Worker | Zygote) -> None:
        self._selector.register(channel.socket, selectors.EVENT_READ, peer)

    def _unwatch(self, channel: Channel) -> None:
        if not channel.closed:
            self._selector.unregister(channel.socket)
            channel.close()

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(_ORDER), action))

    def _command(self, action: Callable[[], None]) -> None:
        self._commands.append(action)
        self._wake()

    def _wake(self) -> None:
        try:
            self._waker.send(b"x", socket.MSG_DONTWAIT)
        except OSError:
            return  # full: it will wake anyhow; closed: it has ended

    def _drain_wakeups(self) -> None:
        try:
            self._wakeup.recv(4096)
        except BlockingIOError:
            return

    def _close(self) -> None:
        """Ends all processes and closes all descriptors."""
        idle = not any(worker.up for worker in self._workers.values())
        for worker in self._workers.values():
            worker.channel.close()
        self._workers.clear()
        if self._zygote is not None:
            self._zygote.end(idle)
        for end in (self._selector, self._wakeup, self._waker):
            end.close()

    def let_go(self) -> None:
        """In a fork of the driver: closes its copies, so that workers and the lock end with the driver itself."""
        for worker in self._workers.values():
            worker.channel.socket.close()
        if self._zygote is not None:
            self._zygote.channel.socket.close()
        self._directory.let_go()


def _unheard(report: Report) -> None:
    LOGGER.debug("A report before the start: %s", report)


_ORDER = itertools.count()
_CLUSTERS: weakref.WeakSet[LocalCluster] = weakref.WeakSet()


def _let_go_after_fork() -> None:
    for cluster in list(_CLUSTERS):
        cluster.let_go()


os.register_at_fork(after_in_child=_let_go_after_fork)
