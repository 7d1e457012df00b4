"""The event loop that runs jobs: one thread, one inbox; what to do with a message is `dispatch`'s.

submit / cancel  ─┐                   ┌─▶ launch, cancel, forget   (the cluster)
cluster reports  ─┼─▶ inbox ─▶ dispatch ┼─▶ result queues            (the consumers)
deadlines        ─┘                   └─▶ events
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial

from engine.errors import Cancelled, ClusterError, FlintError, InternalError
from engine.events import EventBus
from engine.schedule.backend import Backend, Report
from engine.schedule.dispatch import Dispatcher
from engine.schedule.results import JobHandle, ResultQueue
from engine.schedule.stage import Job
from engine.schedule.state import JobRun

LOGGER = logging.getLogger("flint")
_STOP_SECONDS = 5.0

Message = Callable[[], object]


class Scheduler:
    """Runs jobs on a cluster. All methods may be called from any thread."""

    def __init__(self, backend: Backend, events: EventBus | None = None) -> None:
        self.events = events or EventBus()
        self._backend = backend
        self._dispatcher = Dispatcher(backend, self.events)
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._owner = os.getpid()

    def start(self) -> None:
        """Starts the loop and the cluster, without waiting for either. `submit` does so too."""
        with self._lock:
            if self._thread is not None or self._stopped:
                return
            # A daemon, so that a program that never says stop() still ends; atexit then cleans up.
            self._thread = threading.Thread(target=self._loop, name="flint-scheduler", daemon=True)
            self._thread.start()
            atexit.register(self.stop)
        self._inbox.put(self._start_backend)

    def submit(
        self,
        job: Job,
        timeout: float | None = None,
        setting: str = "spark.sql.statementTimeout",
        limit: float | None = None,
    ) -> JobHandle:
        """Runs `job`; its result comes through the handle. After `timeout` seconds it ends in QUERY_TIMEOUT, which
        names `setting` and `limit` (the timeout, where planning has not used some of it). Raises Cancelled after `stop`,
        and in a fork of the process."""
        self.start()
        expired = ClusterError("QUERY_TIMEOUT", {"seconds": f"{limit or timeout or 0:g}", "setting": setting})
        partitions = max((stage.partitions for stage in job.stages if stage.output == "result"), default=0)
        results = ResultQueue(partitions, on_room=lambda: self._inbox.put(_nothing))
        run = JobRun(job, results, time.monotonic(), timeout, expired)
        if os.getpid() != self._owner:
            raise Cancelled(hint="This process is a fork of the one the session belongs to: make a session here.")
        with self._lock:
            if self._stopped:
                raise Cancelled(hint="The session was stopped.")
            self._inbox.put(partial(self._dispatcher.submit, run))
        return JobHandle(
            job.job_id, results, lambda reason: self._inbox.put(partial(self._dispatcher.end, run, reason))
        )

    def cancel_all(self, reason: FlintError | None = None) -> None:
        """Cancels every job; their readers get `reason`."""
        self._inbox.put(partial(self._dispatcher.end_all, reason or Cancelled()))

    def stop(self) -> None:
        """Cancels every job, ends the loop and the cluster. Waits until nothing is left; may be called twice."""
        with self._lock:
            thread, stopped = self._thread, self._stopped
            self._stopped = True
        if thread is None or stopped or os.getpid() != self._owner:  # a fork runs the exit handlers of its parent
            return
        atexit.unregister(self.stop)
        self.cancel_all()
        self._inbox.put(None)
        thread.join(_STOP_SECONDS)
        self._backend.stop()

    def _start_backend(self) -> None:
        try:
            self._dispatcher.executors = self._backend.start(self._receive)
        except FlintError as error:
            self._dispatcher.broken(error)

    def _receive(self, report: Report) -> None:
        self._inbox.put(partial(self._dispatcher.report, report))

    def _loop(self) -> None:
        while True:
            try:
                message = self._inbox.get(timeout=self._dispatcher.seconds_to_deadline())
            except queue.Empty:
                message = _nothing
            if message is None:
                return
            try:
                message()
                self._dispatcher.expire()
                self._dispatcher.assign()
            except Exception as error:
                LOGGER.debug("The scheduler failed; its jobs end.", exc_info=True)
                self._dispatcher.end_all(InternalError(f"scheduler: {error}", details=traceback.format_exc()))


def _nothing() -> None:
    """A message that only makes the loop look again."""
