"""Ctrl-C while something runs.

Python tells only the main thread about Ctrl-C, and only between two of its own steps: inside a long call into Arrow it
would not notice. So a statement runs on a thread of its own while the main thread waits, which can be interrupted at
any time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE = 5.0
_REPEAT = 0.05
_LOOK = 0.2


class Interrupted(Exception):
    """The user stopped the statement. `finished` is false if its thread has not ended and was left behind."""

    def __init__(self, finished: bool) -> None:
        super().__init__("interrupted")
        self.finished = finished


class _Work(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self.done = threading.Event()
        self.error: BaseException | None = None
        self._work = work
        self._result: list[T] = []

    def run(self) -> None:
        try:
            self._result.append(self._work())
        except BaseException as error:  # handed to the waiting thread, which raises it
            self.error = error
        finally:
            self.done.set()

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return self._result[0]


def interruptible(work: Callable[[], T], cancel: Callable[[], None]) -> T:
    """The result of `work`; raises what it raises, or Interrupted after Ctrl-C.

    On Ctrl-C `cancel` is called until the work has ended (a statement that is only starting may not see the first).
    A second Ctrl-C, or five seconds, and the work is left to end on its own.
    """
    task = _Work(work)
    try:
        threading.Thread(target=task.run, name="flint-statement", daemon=True).start()
        while not task.done.wait(_LOOK):  # a signal that arrives just before the wait would not end it
            pass
    except KeyboardInterrupt:
        raise Interrupted(_stopped(task.done, cancel)) from None
    return task.result()


def _stopped(done: threading.Event, cancel: Callable[[], None]) -> bool:
    try:
        for _ in range(int(_PATIENCE / _REPEAT)):
            cancel()
            if done.wait(_REPEAT):
                return True
    except KeyboardInterrupt:
        return done.is_set()
    return False
