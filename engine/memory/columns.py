"""Columns that were decoded, kept for the next query: the pieces of a column of one split, as scans give them on.

    pool budget (MemoryPool)
    ├─ reservations of operators       come first: the cache gives way before a reservation fails
    └─ ColumnCache                     what is left, up to `flint.columnCache.size`

A key names a version of a file, so what a replaced file held is never found and grows old. The least recently used goes
first, but nothing of the job that asks for room: a scan of more than there is room for keeps its beginning, instead of
driving itself out just before it comes round again. What a CACHE TABLE has read is pinned by its number: it stays as long as
that statement counts (jobs are told which do), or until operators need the memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from engine.config import typed
from engine.memory.limits import total_memory

Pieces = tuple[pa.Array, ...]
PINS = "flint.columnCache.pins"
"""No setting, but what a job is told beside the settings."""
_SHARE = 5


@dataclass
class _Entry:
    pieces: Pieces
    size: int
    job: int
    pin: int
    hits: int = 0


@dataclass(frozen=True)
class CachedColumn:
    """What `ColumnCache.contents` tells of one entry."""

    key: Hashable
    rows: int
    bytes: int
    hits: int
    pin: int


class ColumnCache:
    """At most `limit` bytes of columns, and no more than `room()`. Thread-safe."""

    def __init__(self, room: Callable[[], int]) -> None:
        self.limit = 0
        self.held = 0
        self._room = room
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._pins: frozenset[int] = frozenset()
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def get(self, key: Hashable, job: int, pin: int = 0) -> Pieces | None:
        """The pieces kept under `key`, None if there are none; pinned from now on if `pin` is a number."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            entry.job, entry.pin = job, pin or entry.pin
            entry.hits += 1
            return entry.pieces

    def put(self, key: Hashable, pieces: Sequence[pa.Array], job: int, pin: int = 0) -> bool:
        """Keeps `pieces` if there is room, or older ones can make some; whether it does."""
        size = memory_of(pieces)
        with self._lock:
            old = self._entries.pop(key, None)
            if old is not None:
                self.held -= old.size
                pin = pin or old.pin
            if not self._make_room(size, job, pin):
                return False
            self._entries[key] = _Entry(tuple(pieces), size, job, pin)
            self.held += size
            return True

    def keep_pins(self, pins: Collection[int]) -> None:
        """Forgets what was pinned by numbers that are not among `pins`."""
        if pins == self._pins:
            return
        with self._lock:
            self._pins = frozenset(pins)
            gone = [key for key, entry in self._entries.items() if entry.pin and entry.pin not in pins]
            self._drop(self.held, gone)

    def give_way(self, size: int) -> None:
        """Forgets at least `size` bytes, or all: the least recently used first, pinned ones last."""
        with self._lock:
            size -= self._drop(size, [key for key, entry in self._entries.items() if not entry.pin])
            self._drop(size, list(self._entries))

    def resize(self, limit: int) -> None:
        """Sets `limit`; what is above it and not pinned is forgotten."""
        if limit == self.limit:
            return
        with self._lock:
            self.limit = limit
            self._drop(self.held - limit, [key for key, entry in self._entries.items() if not entry.pin])

    def contents(self) -> list[CachedColumn]:
        """What is kept, the least recently used first."""
        with self._lock:
            return [
                CachedColumn(key, sum(map(len, entry.pieces)), entry.size, entry.hits, entry.pin)
                for key, entry in self._entries.items()
            ]

    def _make_room(self, size: int, job: int, pin: int) -> bool:
        most = min(self.limit, self._room())
        excess = self.held + size - most
        if excess <= 0:
            return True
        old = [key for key, each in self._entries.items() if not each.pin and (each.job != job or pin)]
        if size > most or sum(self._entries[key].size for key in old) < excess:
            return False
        self._drop(excess, old)
        return True

    def _drop(self, size: int, keys: Iterable[Hashable]) -> int:
        """Forgets `keys` in turn until `size` bytes are free; gives how many are."""
        freed = 0
        for key in keys:
            if freed >= size:
                break
            freed += self._entries.pop(key).size
        self.held -= freed
        return freed


def cache_limit(conf: Mapping[str, str]) -> int:
    """Bytes of columns that one executor may keep by `flint.columnCache.size`, which is shared out; 0 if switched off."""
    if not typed(conf, "flint.columnCache.enabled"):
        return 0
    configured: int | None = typed(conf, "flint.columnCache.size")
    size = total_memory() // _SHARE if configured is None else configured
    return size // max(1, typed(conf, "spark.executor.instances") or 1)


def pins_of(relations: Iterable[object]) -> str:
    """What jobs are told: the numbers by which columns of `relations` are pinned."""
    return " ".join(str(pin) for each in relations if (pin := getattr(each, "pin", 0)))


def live_pins(conf: Mapping[str, str]) -> frozenset[int]:
    """The numbers of the CACHE TABLE statements that count for a job."""
    return frozenset(map(int, conf.get(PINS, "").split()))


def memory_of(pieces: Sequence[pa.Array]) -> int:
    """The bytes of all buffers that `pieces` hold, each counted once, however many pieces are slices of it."""
    sizes: dict[int, int] = {}
    for piece in pieces:
        arrays = [piece, piece.dictionary] if pa.types.is_dictionary(piece.type) else [piece]
        for array in arrays:
            sizes.update((buffer.address, buffer.size) for buffer in array.buffers() if buffer is not None)
    return sum(sizes.values())
