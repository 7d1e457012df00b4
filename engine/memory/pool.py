"""The account of an executor's memory: operators reserve before they hold, and give back.

    MemoryPool           one per executor: the budget
    └─ TaskMemory        one per task: what is left over at its end is given back
       └─ Reservation    one per breaker (hash table, sort, collected batches)

Only what breakers keep is reserved; batches on their way are bounded by the pipelines. Decoded columns (`columns.py`) take
what is left of the budget, and give way before a reservation fails.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from engine.errors import ClusterError
from engine.memory.columns import ColumnCache

SETTING = "spark.executor.memory"


class MemoryPool:
    """`budget` bytes for all tasks of an executor. Thread-safe."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        self.peak = 0
        self.columns = ColumnCache(lambda: self.budget - self.used)
        self._lock = threading.Lock()

    def try_take(self, size: int) -> bool:
        """Takes `size` bytes (negative gives back) unless the budget would be exceeded."""
        excess = self.used + self.columns.held + size - self.budget
        if size > 0 and excess > 0 and self.used + size <= self.budget:
            self.columns.give_way(excess)
        with self._lock:
            if size > 0 and self.used + size > self.budget:
                return False
            self.used += size
            self.peak = max(self.peak, self.used)
            return True


class TaskMemory:
    """The part of a task: hands out reservations and closes what the task left open."""

    def __init__(self, pool: MemoryPool, partition: int) -> None:
        self.pool = pool
        self.partition = partition
        self.peak = 0
        self._held = 0
        self._lock = threading.Lock()

    def reservation(self, operator: str) -> Reservation:
        """An empty reservation; `operator` is what errors call its holder."""
        return Reservation(self, operator)

    def try_take(self, size: int) -> bool:
        """Takes from the pool for this task (negative gives back, at most what the task holds)."""
        with self._lock:
            size = max(size, -self._held)
            if not self.pool.try_take(size):
                return False
            self._held += size
            self.peak = max(self.peak, self._held)
        return True

    def close(self) -> None:
        """Gives back everything, at the end of the task."""
        with self._lock:
            held, self._held = self._held, 0
        self.pool.try_take(-held)


class Reservation:
    """Bytes one operator holds in one task. A context manager; thread-safe."""

    def __init__(self, memory: TaskMemory, operator: str) -> None:
        self._memory = memory
        self._operator = operator
        self._lock = threading.Lock()
        self.size = 0

    def try_grow(self, size: int) -> bool:
        """Reserves `size` more bytes if they are there; a holder that can spill asks this way."""
        if not self._memory.try_take(size):
            return False
        with self._lock:
            self.size += size
        return True

    def grow(self, size: int) -> None:
        """Reserves `size` more bytes. Raises ClusterError (OUT_OF_MEMORY) naming operator, partition and setting."""
        if self.try_grow(size):
            return
        raise ClusterError(
            "OUT_OF_MEMORY",
            {
                "operator": f"{self._operator} of partition {self._memory.partition}",
                "needed": show_bytes(size),
                "limit": show_bytes(self._memory.pool.budget),
                "setting": SETTING,
            },
        )

    def shrink(self, size: int) -> None:
        """Gives back `size` bytes, at most what is held."""
        with self._lock:
            size = min(size, self.size)
            self.size -= size
        self._memory.try_take(-size)

    def resize(self, size: int) -> None:
        """Grows or shrinks to `size` bytes. Raises as `grow`."""
        if size > self.size:
            self.grow(size - self.size)
        else:
            self.shrink(self.size - size)

    def release(self) -> None:
        """Gives back all of it."""
        self.shrink(self.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def show_bytes(size: int) -> str:
    """A size for messages: "1.5 GiB"."""
    value = float(size)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
