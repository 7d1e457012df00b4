"""The cache of decoded columns: its budget, what goes first, and that operators come first."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.memory.columns import ColumnCache, cache_limit, memory_of
from engine.memory.limits import total_memory
from engine.memory.pool import MemoryPool, TaskMemory


def column(size: int) -> list[pa.Array]:
    """A column of `size` bytes in two pieces."""
    return [pa.array(np.zeros(size // 2, np.int8)), pa.array(np.zeros(size - size // 2, np.int8))]


def names(cache: ColumnCache) -> list[Any]:
    return [each.key for each in cache.contents()]


def cache_of(limit: int, room: int = 1 << 40) -> ColumnCache:
    cache = ColumnCache(lambda: room)
    cache.resize(limit)
    return cache


def test_the_least_recently_used_goes_first() -> None:
    cache = cache_of(300)
    for job, key in enumerate("abc"):
        assert cache.put(key, column(100), job)
    assert cache.get("a", 3) is not None and cache.get("z", 3) is None
    assert cache.put("d", column(100), 4)
    assert names(cache) == ["c", "a", "d"] and cache.held == 300
    assert cache.put("e", column(150), 5)
    assert names(cache) == ["d", "e"] and cache.held == 250
    assert [each.hits for each in cache.contents()] == [0, 0]


def test_a_scan_does_not_drive_itself_out() -> None:
    cache = cache_of(300)
    for job in range(3):
        kept = [place for place in range(10) if cache.get(place, job) or cache.put(place, column(100), job)]
        assert kept == [0, 1, 2]


def test_what_is_too_large_drives_nothing_out() -> None:
    cache = cache_of(300)
    cache.put("a", column(100), 1)
    assert not cache.put("b", column(400), 2)
    assert names(cache) == ["a"]


def test_a_column_put_twice_counts_once() -> None:
    cache = cache_of(300)
    cache.put("a", column(100), 1)
    cache.put("a", column(120), 1)
    assert cache.held == 120 and len(cache.contents()) == 1


def test_pinned_columns_stay() -> None:
    cache = cache_of(100)
    cache.put("a", column(100), 1, 5)
    cache.put("b", column(100), 1)
    assert cache.get("b", 1, 6) and cache.get("c", 1, 6) is None
    for job, key in enumerate("cde", 2):
        assert cache.put(key, column(100), job)
    assert names(cache) == ["a", "b", "e"]
    assert cache.put("f", column(100), 9, 5) and cache.put("g", column(100), 9)
    assert names(cache) == ["a", "b", "f", "g"] and cache.held == 400
    cache.keep_pins({5})
    cache.resize(0)
    assert names(cache) == ["a", "f"] and cache.held == 200
    cache.give_way(1)
    assert names(cache) == ["f"]
    cache.keep_pins(set())
    assert cache.held == 0


def test_pinned_columns_fill_the_room_and_drive_out_others_but_not_one_another() -> None:
    cache = cache_of(200, room=400)
    for key in "ab":
        assert cache.put(key, column(100), 1)
    assert [cache.put(key, column(100), 1, 5) for key in "cdefg"] == [True, True, True, True, False]
    assert names(cache) == ["c", "d", "e", "f"]
    assert not cache.put("a", column(100), 2), "nor do others drive them out"
    assert not cache.put("x", column(100), 2, 6) and cache.held == 400


def test_a_smaller_limit_forgets() -> None:
    cache = cache_of(300)
    for job, key in enumerate("abc"):
        cache.put(key, column(100), job)
    cache.resize(100)
    assert names(cache) == ["c"]
    cache.resize(0)
    assert cache.held == 0 and not cache.put("a", column(1), 1)


def test_the_cache_gives_way_before_a_reservation_fails() -> None:
    pool = MemoryPool(1000, share=1.0)
    pool.columns.resize(800)
    for job, key in enumerate("abcdefgh"):
        pool.columns.put(key, column(100), job)
    with TaskMemory(pool, 0).reservation("Sort") as reservation:
        reservation.grow(200)
        assert pool.columns.held == 800
        reservation.grow(450)
        assert pool.columns.held <= 350 and names(pool.columns)[-1] == "h"
        assert not pool.columns.put("i", column(400), 9), "operators come first"
        assert not reservation.try_grow(400) and pool.columns.held > 0, "in vain: nothing is forgotten"
        reservation.grow(350)
        assert pool.columns.held == 0
    assert pool.columns.put("i", column(400), 9)


def test_slices_of_one_buffer_count_once() -> None:
    whole = pa.array(np.zeros(1000, np.int64))
    assert memory_of([whole[:500], whole[500:]]) == 8000
    words = pa.array(["a", "b", None] * 100).dictionary_encode()
    assert memory_of([words[:100], words[100:]]) == memory_of([words])


def test_the_budget_is_shared_out() -> None:
    assert cache_limit({}) == total_memory() // 5
    conf = {"flint.columnCache.size": "1g", "spark.executor.instances": "4"}
    assert cache_limit(conf) == 1 << 28
    assert cache_limit(conf | {"flint.columnCache.enabled": "false"}) == 0
    assert cache_limit(conf | {"flint.columnCache.size": "0"}) == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_budget_is_kept_whatever_happens(seed: int) -> None:
    rng = random.Random(seed)
    pool = MemoryPool(1000)
    pool.columns.resize(600)
    task = TaskMemory(pool, 0)
    reservations = [task.reservation(str(place)) for place in range(3)]
    for job in range(2000):
        match rng.randrange(4):
            case 0:
                pool.columns.put(rng.randrange(20), column(rng.randint(1, 300)), job // 10, int(rng.random() < 0.1))
            case 1:
                pool.columns.get(rng.randrange(20), job // 10)
            case 2:
                rng.choice(reservations).try_grow(rng.randint(1, 400))
            case 3:
                rng.choice(reservations).shrink(rng.randint(1, 400))
        held = sum(each.bytes for each in pool.columns.contents())
        assert held == pool.columns.held
        assert pool.columns._loose.held <= 600
        assert pool.used + held <= pool.budget
