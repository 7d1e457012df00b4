"""The sink at the end of a query: batches leave in the order of the morsels they were made of, whichever thread made them.

The batches of the oldest unfinished morsel leave at once; those of later ones wait, up to a limit, then their threads do.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from engine.physical.execution import Execution
from engine.physical.operator import Morsel
from engine.records import dataclass

_WAITING_BYTES = 64 << 20
_WAKE_SECONDS = 0.05


@dataclass
class _Local:
    """The number of the morsel a thread works at; -1 before the first."""

    number: int = -1


class EmitSink:
    """Hands batches to `take`, one at a time and in order."""

    def __init__(self, take: Callable[[pa.RecordBatch], Any], run: Execution) -> None:
        self._take = take
        self._run = run
        self._next = 0
        self._done: set[int] = set()
        self._waiting: defaultdict[int, list[pa.RecordBatch]] = defaultdict(list)
        self._bytes = 0
        self._condition = threading.Condition()

    def local(self) -> _Local:
        return _Local()

    def begin(self, local: _Local, number: int) -> None:
        """Numbers are given out in the order of the source, without gaps."""
        self.combine(local)
        local.number = number

    def add(self, local: _Local, batch: pa.RecordBatch) -> None:
        size = batch.nbytes
        with self._condition:
            while local.number != self._next and self._bytes + size > _WAITING_BYTES:
                self._run.check()
                if self._run.failed:
                    return
                self._condition.wait(_WAKE_SECONDS)
            if local.number == self._next:
                self._take(batch)
            else:
                self._waiting[local.number].append(batch)
                self._bytes += size

    def combine(self, local: _Local) -> None:
        """Ends the thread's morsel, and lets out what waited for it."""
        if local.number < 0:
            return
        with self._condition:
            self._done.add(local.number)
            local.number = -1
            while self._next in self._done:
                self._done.discard(self._next)
                self._next += 1
                for batch in self._waiting.pop(self._next, []):
                    self._bytes -= batch.nbytes
                    self._take(batch)
            self._condition.notify_all()

    def finish(self) -> Sequence[Morsel]:
        return []
