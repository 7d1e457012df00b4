"""What a value depends on that differs from one run of a statement to the next: the clock, the user, chance.

Whoever reads one of these while a statement is planned says so with `read_moment`; a plan in which that went on is not kept
for other runs (`engine/plan_cache.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_read: ContextVar[set[str] | None] = ContextVar("read_moment", default=None)


@contextmanager
def watched() -> Iterator[set[str]]:
    """Within it, what is read of the moment is gathered in the set that it gives."""
    found: set[str] = set()
    before = _read.set(found)
    try:
        yield found
    finally:
        _read.reset(before)


def read_moment(what: str) -> None:
    """Notes that `what` ("clock", "user", "chance") was read."""
    found = _read.get()
    if found is not None:
        found.add(what)
