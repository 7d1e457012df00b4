"""Deep threads that stay for more work: one is used again, errors come back, and Python's limit is as before when they idle."""

from __future__ import annotations

import sys
import threading

import pytest

from engine.deep import begin, with_room


def deep(levels: int) -> int:
    return 0 if levels == 0 else 1 + deep(levels - 1)


def test_work_has_room_and_the_limit_is_restored() -> None:
    before = sys.getrecursionlimit()
    assert with_room(lambda: deep(5_000)) == 5_000
    assert sys.getrecursionlimit() == before


def test_errors_come_back_and_the_thread_goes_on() -> None:
    seen: list[int] = []
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 // 0)
    for _ in range(20):
        with_room(lambda: seen.append(threading.get_ident()))
    assert len(seen) == 20 and len(set(seen)) < 20


def test_work_at_the_same_time_has_threads_of_its_own() -> None:
    meet = threading.Barrier(3, timeout=10)
    ends = [begin(meet.wait) for _ in range(2)]
    meet.wait()
    for end in ends:
        end()
