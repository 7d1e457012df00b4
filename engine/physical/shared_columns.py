"""Columns that several scans of one task read, kept from the first of them to the last: `lineitem l1 ... lineitem l2`.

This is for what the cache of decoded columns does not keep, because it is full or switched off. Nothing here outlives the
task, and operators that need the memory are given all of it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Sequence

from engine.logical.relation import Relation
from engine.memory.columns import Pieces, memory_of
from engine.memory.pool import TaskMemory

_SHARE = 20
"""At most this part of the budget is used."""


class SharedColumns:
    """What scans, each a relation and names of columns, may leave for those that come later. Thread-safe."""

    def __init__(self, scans: Sequence[tuple[Relation, Sequence[str]]], memory: TaskMemory) -> None:
        several = Counter(relation for relation, _ in scans)
        self._readers = Counter(
            (relation, column) for relation, columns in scans if several[relation] > 1 for column in columns
        )
        self._kept: dict[Hashable, tuple[Pieces, int]] = {}
        self._reservation = memory.reservation("Scan")
        self._limit = int(memory.pool.budget * memory.pool.share) // _SHARE
        self._lock = threading.Lock()

    def starts(self, relation: Relation, columns: Sequence[str]) -> frozenset[str]:
        """Notes that a scan of the relation starts to read `columns`; gives those that others will read after it."""
        if not self._readers:
            return frozenset()
        with self._lock:
            self._readers.subtract((relation, column) for column in columns)
            return frozenset(column for column in columns if self._readers[relation, column] > 0)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable, last: bool) -> Pieces | None:
        """What an earlier scan has left under `key`; it is forgotten after the `last` one."""
        if not self._kept:
            return None
        with self._lock:
            found = self._kept.pop(key, None) if last else self._kept.get(key)
        if found is None:
            return None
        if last:
            self._reservation.shrink(found[1])
        return found[0]

    def put(self, key: Hashable, pieces: Pieces) -> None:
        """Leaves pieces for later scans, if that takes memory from nobody."""
        size = memory_of(pieces)
        if self._reservation.size + size > self._limit or not self._reservation.grow_freely(size):
            return
        with self._lock:
            first = not self._kept
            self._kept[key] = pieces, size
        if first:
            self._reservation.stays()
            self._reservation.gives_way(self.forget)

    def forget(self) -> None:
        """Gives back all memory."""
        with self._lock:
            self._kept.clear()
        self._reservation.release()
