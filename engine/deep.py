"""Threads with room for deep trees, and work that is given up at once.

Trees are walked by recursion, and a statement written by a program may be nested some thousand levels deep: more than the
thread of a user, who may be deep in calls already, has room for. So planning and tasks run in threads of their own with a
large stack (address space: only what is used takes memory), and Python's limit is raised while there are such threads.

Tasks and their pipelines run in threads that stay for more of them (`begin`): to start one takes longer than many a pipeline.
Planning in a thread of its own has a second use: whoever waits for it can stop waiting, for Ctrl-C, a cancel or a time limit,
whatever the planner is doing.
"""

from __future__ import annotations

import contextvars
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_ROOM = ((512 << 20, 200_000), (64 << 20, 20_000), (0, 1_000))
"""Bytes of stack (0: the usual size) and Python frames that fit: one takes up to 2 KB where C code is in between. The next is
tried where the system does not give so much address space."""
_POLL_SECONDS = 0.05
_AGAIN_SECONDS = 0.2
_IDLE_SECONDS = 10.0

_sizing = threading.Lock()
_lock = threading.Lock()
_room = 0
_running = 0
_usual_limit = 0


class DeepThread(threading.Thread):
    """A thread in which recursion may go deep."""

    def start(self) -> None:
        global _room
        while True:
            with _sizing:  # the size is a setting of the process: for the next thread
                before = threading.stack_size(_ROOM[_room][0])
                try:
                    return super().start()
                except RuntimeError:  # no room for the stack
                    if _room + 1 == len(_ROOM):
                        raise
                    _room += 1
                finally:
                    threading.stack_size(before)

    def run(self) -> None:
        _raise_limit()
        try:
            super().run()
        finally:
            _restore_limit()


class _Helper(DeepThread):
    """A deep thread that does one piece of work after the other, and ends when there was none for a while."""

    def __init__(self) -> None:
        super().__init__(name="flint-helper", daemon=True)
        self.inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        while True:
            try:
                work = self.inbox.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with _helpers:
                    if self in _idle:
                        _idle.remove(self)
                        return
                continue  # somebody has just taken it: there is work on its way
            _raise_limit()
            try:
                work()
            finally:
                _restore_limit()
            del work


def begin(work: Callable[[], object]) -> Callable[[], object]:
    """Runs `work`, which raises nothing, in a deep thread; what is given waits for its end."""
    done = threading.Lock()
    done.acquire()
    with _helpers:
        found = _idle.pop() if _idle else None
    helper = found or _Helper()

    def attempt() -> None:
        try:
            contextvars.Context().run(work)
            with _helpers:
                _idle.append(helper)
        finally:
            done.release()

    helper.inbox.put(attempt)
    return done.acquire


def _forget_helpers() -> None:
    global _helpers
    _helpers = threading.Lock()
    _idle.clear()


_helpers = threading.Lock()
_idle: list[_Helper] = []
os.register_at_fork(after_in_child=_forget_helpers)


class _PlanningThread(DeepThread):
    """One that somebody waits for in `planned`."""


def with_room(work: Callable[[], T]) -> T:
    """What `work` gives, in a deep thread. Raises what `work` raises."""
    doing = _Planning(work)
    begin(doing.run)()
    return doing.result()


def planned(work: Callable[[], T], check: Callable[[], object]) -> T:
    """What `work` gives, in a deep thread. Meanwhile `check` is called now and then: what it raises ends the waiting, and
    the work soon after. Work that is part of such work needs no other thread: one waits and checks already. Raises what
    `work` raises."""
    if isinstance(threading.current_thread(), _PlanningThread):
        return work()
    planning = _Planning(work)
    thread = _PlanningThread(target=planning.run, name="flint-plan", daemon=True)
    thread.start()
    try:
        while not planning.done.wait(_POLL_SECONDS):
            check()
    except BaseException:  # KeyboardInterrupt as well
        planning.give_up(thread)
        raise
    return planning.result()


class _GivenUp(BaseException):
    """Ends work that nobody waits for; no handler of errors on its way may take it for one."""


class _Planning(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self.done = threading.Event()
        self._work = work
        self._value: T
        self._error: BaseException | None = None
        self._over = False
        self._ending = threading.Lock()

    def run(self) -> None:
        try:
            try:
                self._value = self._work()
            except BaseException as error:  # handed to the one who waits
                self._error = error
            with self._ending:
                self._over = True
        except _GivenUp:
            self._over = True
            return
        self.done.set()

    def give_up(self, thread: threading.Thread) -> None:
        _keep_quiet()
        threading.Thread(target=self._end, args=(thread,), name="flint-give-up", daemon=True).start()

    def _end(self, thread: threading.Thread) -> None:
        """Raises _GivenUp in the thread; again where it arose in a finalizer, which Python lets pass."""
        import ctypes  # here: rarely needed, and slow to import

        raised: Any = ctypes.py_object(_GivenUp)
        while thread.is_alive() and thread.ident is not None:
            with self._ending:
                if self._over or self._error is not None:
                    return
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), raised)
            thread.join(_AGAIN_SECONDS)

    def result(self) -> T:
        if self._error is not None:
            error, self._error = self._error, None  # it holds frames that hold this object
            raise error
        return self._value


def _keep_quiet() -> None:
    """Python tells of what was raised in finalizers; _GivenUp is no news."""
    told = sys.unraisablehook
    if getattr(told, "knows_given_up", False):
        return

    def tell(problem: sys.UnraisableHookArgs) -> None:
        if not issubclass(problem.exc_type, _GivenUp):
            told(problem)

    tell.knows_given_up = True  # type: ignore[attr-defined]
    sys.unraisablehook = tell


def _raise_limit() -> None:
    global _running, _usual_limit
    with _lock:
        if _running == 0:
            _usual_limit = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_usual_limit, _ROOM[_room][1]))
        _running += 1


def _restore_limit() -> None:
    global _running
    with _lock:
        _running -= 1
        if _running == 0:
            sys.setrecursionlimit(_usual_limit)
