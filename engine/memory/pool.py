"""The account of an executor's memory: operators reserve before they hold, and give back.

    MemoryPool           one per executor: the budget
    └─ TaskMemory        one per task: what is left over at its end is given back
       └─ Reservation    one per breaker (hash table, sort, collected batches)

Only what breakers keep is reserved; batches on their way are bounded by the pipelines, and what those and temporary columns
take is the part of the budget that holders who can do without memory (`try_grow`) leave free.

Who needs more is given it in this order: what is free; what decoded columns (`columns.py`) hold; what idle holders, the
largest first, put on disk (`Reservation.gives_way`). After that `try_grow` says no, and its caller puts its own on disk;
`grow` raises.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import lru_cache
from types import TracebackType
from typing import Self

import pyarrow as pa

from engine.errors import ClusterError
from engine.memory.columns import ColumnCache

SETTING = "spark.executor.memory"
SHARE = 0.75
_MUCH = 64 << 20


class MemoryPool:
    """`budget` bytes for all tasks of an executor, of which who can spill, and the decoded columns in what they leave, fill
    only `share`. Thread-safe."""

    def __init__(self, budget: int, share: float = SHARE) -> None:
        self.budget = budget
        self.share = share
        self.used = 0
        self.peak = 0
        self.columns = ColumnCache(lambda: int(self.budget * self.share) - self.used)
        self._lock = threading.Lock()

    def try_take(self, size: int, share: float = 1.0) -> bool:
        """Takes `size` bytes (negative gives back) unless that `share` of the budget would be exceeded."""
        excess = self.used + self.columns.held + size - int(self.budget * self.share)
        if size > 0 and excess > 0 and self.used + size <= self.budget * share:
            self.columns.give_way(excess)
        with self._lock:
            if size > 0 and self.used + size > self.budget * share:
                return False
            self.used += size
            self.peak = max(self.peak, self.used)
            return True

    def give_back(self) -> None:
        """Between jobs: returns to the system what allocators keep of memory that is free, if there may be much of it."""
        peak, self.peak = self.peak, self.used
        pa.default_memory_pool().release_unused()
        trim = _trim()
        if peak - self.used > _MUCH and trim is not None:
            trim(0)


@lru_cache
def _trim() -> Callable[[int], int] | None:
    """malloc_trim, where the C library has it: arrays of numpy are its."""
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


class TaskMemory:
    """The part of a task: hands out reservations and closes what the task left open."""

    def __init__(self, pool: MemoryPool, partition: int) -> None:
        self.pool = pool
        self.partition = partition
        self.peak = 0
        self._held = 0
        self._lock = threading.Lock()
        self._asking = threading.RLock()
        self._idle: list[tuple[Reservation, Callable[[], None]]] = []

    def reservation(self, operator: str) -> Reservation:
        """An empty reservation; `operator` is what errors call its holder."""
        return Reservation(self, operator)

    def try_take(self, size: int, share: float = 1.0) -> bool:
        """Takes from the pool for this task (negative gives back, at most what the task holds)."""
        if size > 0 and not self.pool.try_take(size, share):  # without the lock: what gives way gives back through it
            return False
        with self._lock:
            if size <= 0:
                size = max(size, -self._held)
                self.pool.try_take(size)
            self._held += size
            self.peak = max(self.peak, self._held)
        return True

    def take(self, size: int, share: float, least: int) -> bool:
        """Takes, after idle holders of more than `least` bytes have given way where that is needed. One thread asks at a
        time; the others find the room it has made."""
        if self.try_take(size, share):
            return True
        with self._asking:
            while not self.try_take(size, share):
                with self._lock:
                    place = max(range(len(self._idle)), key=lambda n: self._idle[n][0].size, default=-1)
                    if place < 0 or self._idle[place][0].size <= least:
                        return False
                    _, give_way = self._idle.pop(place)
                give_way()
        return True

    def add_idle(self, holder: Reservation, give_way: Callable[[], None]) -> None:
        """Keeps in mind that a holder can put what it has on disk."""
        with self._lock:
            self._idle.append((holder, give_way))

    def remove_idle(self, holder: Reservation) -> None:
        """Forgets it again."""
        with self._lock:
            self._idle = [each for each in self._idle if each[0] is not holder]

    def close(self) -> None:
        """Gives back everything, at the end of the task."""
        with self._lock:
            held, self._held = self._held, 0
            self._idle.clear()
        self.pool.try_take(-held)


class Reservation:
    """Bytes one operator holds in one task. A context manager; thread-safe."""

    def __init__(self, memory: TaskMemory, operator: str) -> None:
        self._memory = memory
        self._operator = operator
        self._lock = threading.Lock()
        self.size = 0

    def try_grow(self, size: int) -> bool:
        """Reserves `size` more bytes if they are there; a holder that can spill asks this way. Others that are idle give
        way only if they hold more than this one."""
        return self._grow(size, self._memory.pool.share, self.size)

    def grow_freely(self, size: int) -> bool:
        """Reserves `size` more bytes if nobody has to give way for them."""
        pool = self._memory.pool
        free = int(pool.budget * pool.share) - pool.used - pool.columns.held
        if size > free or not self._memory.try_take(size, pool.share):
            return False
        with self._lock:
            self.size += size
        return True

    def grow(self, size: int) -> None:
        """Reserves `size` more bytes. Raises ClusterError (OUT_OF_MEMORY) naming operator, partition and setting."""
        if self._grow(size, 1.0, 0):
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

    def gives_way(self, spill: Callable[[], None]) -> None:
        """Until `stays`, others may have `spill` called, once and by any thread: it puts what is held on disk and shrinks."""
        self._memory.add_idle(self, spill)

    def stays(self) -> None:
        """What is held is in use from now on. A `spill` that runs meanwhile is the holder's to wait for."""
        self._memory.remove_idle(self)

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
        self.stays()
        self.shrink(self.size)

    def _grow(self, size: int, share: float, least: int) -> bool:
        if not self._memory.take(size, share, least):
            return False
        with self._lock:
            self.size += size
        return True

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
