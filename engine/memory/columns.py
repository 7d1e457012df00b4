"""Columns that were decoded, kept for the next query: the pieces of a column of one split, as scans give them on.

    pool budget (MemoryPool)
    ├─ reservations of operators       come first: the cache gives way before a reservation fails
    └─ ColumnCache                     what is left
       ├─ pinned by CACHE TABLE        all of that, if need be
       └─ what queries have read       up to `flint.columnCache.size`

A key names a version of a file, so what a replaced file held is never found and grows old. The least recently used goes
first, but nothing of the job that asks for room: a scan of more than there is room for keeps its beginning, instead of
driving itself out just before it comes round again. What a CACHE TABLE has read is pinned by its number: it stays as long as
that statement counts (jobs are told which do), or until operators need the memory. Pinned columns drive out others, and never
one another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence

import pyarrow as pa

from engine.config import typed
from engine.memory.dictionaries import SmallDictionaries
from engine.memory.limits import total_memory
from engine.memory.warm_batches import WarmBatches
from engine.records import dataclass

Pieces = tuple[pa.Array, ...]
PINS = "flint.columnCache.pins"
"""No setting, but what a job is told beside the settings."""
_SHARE = 5
_MOST_BATCHES = 1 << 14


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
    """No more than `room()` bytes of columns, at most `limit` of them not pinned. Thread-safe."""

    def __init__(self, room: Callable[[], int]) -> None:
        self.limit = 0
        self.dictionaries = SmallDictionaries()
        self._room = room
        self._loose = _Kept()
        self._pinned = _Kept()
        self._pins: frozenset[int] = frozenset()
        self._batches: dict[Hashable, WarmBatches] = {}
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes of all columns that are kept."""
        return self._loose.held + self._pinned.held

    def __contains__(self, key: Hashable) -> bool:
        return key in self._loose.entries or key in self._pinned.entries

    def get(self, key: Hashable, job: int, pin: int = 0) -> Pieces | None:
        """The pieces kept under `key`, None if there are none; pinned from now on if `pin` is a number."""
        with self._lock:
            entry = self._taken(key)
            if entry is None:
                return None
            entry.job, entry.pin = job, pin or entry.pin
            entry.hits += 1
            self._add(key, entry)
            return entry.pieces

    def batches(self, key: Hashable, job: int, pin: int = 0) -> WarmBatches | None:
        """What was kept under `key`, if its columns are still there: they are used once more."""
        with self._lock:
            found = self._batches.get(key)
            for column in found.columns if found is not None else ():
                if pin:
                    self._pin(column, job, pin)
                elif not self._loose.used(column, job):
                    self._pinned.used(column, job)
            return found

    def keep_batches(self, key: Hashable, made: WarmBatches) -> None:
        """Keeps batches of columns, if those are kept."""
        with self._lock:
            if all(column in self for column in made.columns):
                if len(self._batches) >= _MOST_BATCHES:
                    self._batches.clear()
                self._batches[key] = made

    def put(self, key: Hashable, pieces: Sequence[pa.Array], job: int, pin: int = 0) -> bool:
        """Keeps `pieces` if there is room, or older ones can make some; whether it does."""
        size = memory_of(pieces)
        with self._lock:
            old = self._taken(key)
            if old is not None:
                self._batches.clear()
            pin = pin or (old.pin if old is not None else 0)
            if not self._make_room(size, job, pin):
                return False
            self._add(key, _Entry(tuple(pieces), size, job, pin))
            return True

    def keep_pins(self, pins: Collection[int]) -> None:
        """Forgets what was pinned by numbers that are not among `pins`."""
        if pins == self._pins:
            return
        with self._lock:
            self._pins = frozenset(pins)
            self._drop(
                self._pinned, self.held, [key for key, entry in self._pinned.entries.items() if entry.pin not in pins]
            )

    def give_way(self, size: int) -> None:
        """Forgets at least `size` bytes, or all: the least recently used first, pinned ones last."""
        with self._lock:
            size -= self._drop(self._loose, size, list(self._loose.entries))
            self._drop(self._pinned, size, list(self._pinned.entries))

    def resize(self, limit: int) -> None:
        """Sets `limit`; what is above it and not pinned is forgotten."""
        if limit == self.limit:
            return
        with self._lock:
            self.limit = limit
            self._drop(self._loose, self._loose.held - limit, list(self._loose.entries))

    def contents(self) -> list[CachedColumn]:
        """What is kept, pinned ones first, of each the least recently used first."""
        with self._lock:
            return [
                CachedColumn(key, sum(map(len, entry.pieces)), entry.size, entry.hits, entry.pin)
                for kept in (self._pinned, self._loose)
                for key, entry in kept.entries.items()
            ]

    def _pin(self, key: Hashable, job: int, pin: int) -> None:
        entry = self._taken(key)
        assert entry is not None, "batches go before their columns"
        entry.job, entry.pin = job, pin
        entry.hits += 1
        self._add(key, entry)

    def _taken(self, key: Hashable) -> _Entry | None:
        return self._loose.pop(key) or self._pinned.pop(key)

    def _add(self, key: Hashable, entry: _Entry) -> None:
        (self._pinned if entry.pin else self._loose).add(key, entry)

    def _make_room(self, size: int, job: int, pin: int) -> bool:
        excess = self.held + size - self._room()
        if not pin:
            if size > self.limit:
                return False
            excess = max(excess, self._loose.held + size - self.limit)
        old, freed = [], 0
        for key, entry in self._loose.entries.items():
            if freed >= excess or (entry.job == job and not pin):
                break  # what follows was used even later
            old.append(key)
            freed += entry.size
        if freed < excess:
            return False
        self._drop(self._loose, excess, old)
        return True

    def _drop(self, kept: _Kept, size: int, keys: Iterable[Hashable]) -> int:
        freed = kept.drop(size, keys)
        if freed:
            self._batches.clear()
        return freed


class _Kept:
    """Entries in the order of their last use, and the sum of their sizes."""

    def __init__(self) -> None:
        self.entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self.held = 0

    def add(self, key: Hashable, entry: _Entry) -> None:
        """As the last used."""
        self.entries[key] = entry
        self.held += entry.size

    def used(self, key: Hashable, job: int) -> bool:
        """Makes an entry the last used, if it is there; whether it is."""
        entry = self.entries.get(key)
        if entry is None:
            return False
        entry.job = job
        entry.hits += 1
        self.entries.move_to_end(key)
        return True

    def pop(self, key: Hashable) -> _Entry | None:
        """Takes an entry out, if it is there."""
        entry = self.entries.pop(key, None)
        self.held -= entry.size if entry is not None else 0
        return entry

    def drop(self, size: int, keys: Iterable[Hashable]) -> int:
        """Forgets `keys` in turn until `size` bytes are free; gives how many are."""
        freed = 0
        for key in keys:
            if freed >= size:
                break
            freed += self.entries.pop(key).size
        self.held -= freed
        return freed


def cache_limit(conf: Mapping[str, str]) -> int:
    """Bytes of columns that one executor may keep without pins, its part of `flint.columnCache.size`; 0 if switched off."""
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
