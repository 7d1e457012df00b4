"""The memory account: what is reserved, refused, given back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.errors import ClusterError
from engine.memory import limits
from engine.memory.pool import MemoryPool, TaskMemory, show_bytes


def test_reservations_count_against_one_budget() -> None:
    pool = MemoryPool(1000)
    first, second = TaskMemory(pool, 0), TaskMemory(pool, 1)
    join, sort = first.reservation("HashJoin"), second.reservation("Sort")
    join.grow(600)
    assert not sort.try_grow(500)
    assert (sort.size, pool.used) == (0, 600)
    with pytest.raises(ClusterError) as error:
        sort.grow(500)
    assert error.value.message_parameters["operator"] == "Sort of partition 1"
    join.resize(100)
    sort.resize(900)
    assert (pool.used, pool.peak, first.peak, second.peak) == (1000, 1000, 600, 900)
    sort.release()
    assert (sort.size, pool.used) == (0, 100)


def test_the_end_of_a_task_gives_back_what_it_left() -> None:
    pool = MemoryPool(1000)
    task = TaskMemory(pool, 0)
    with task.reservation("Sort") as kept:
        kept.grow(10)
        left = task.reservation("HashAggregate")
        left.grow(500)
    assert pool.used == 500
    task.close()
    left.shrink(500)
    assert pool.used == 0


def test_threads_do_not_lose_bytes() -> None:
    pool = MemoryPool(10_000)
    task = TaskMemory(pool, 0)

    def work() -> None:
        own = task.reservation("Sort")
        for _ in range(500):
            own.grow(3)
            own.shrink(2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pool.used == 2000


def test_the_budget_is_the_setting_or_a_share() -> None:
    assert limits.executor_memory({"spark.executor.memory": "2g"}, 4) == 2 << 30
    whole = limits.executor_memory({}, 1)
    assert 0 < whole < limits.total_memory()
    assert limits.executor_memory({}, 2) == whole // 2


def test_a_container_limits_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("1048576\n")
    (tmp_path / "free").write_text("max\n")
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    monkeypatch.setattr(limits, "_limit_files", lambda name: [tmp_path / "free", tmp_path / name, tmp_path / "no"])
    assert limits.total_memory() == 1 << 20
    assert limits.available_cores() == 1


@pytest.mark.parametrize(
    ("size", "shown"), [(5, "5 bytes"), (1536, "1.5 KiB"), (3 << 20, "3.0 MiB"), (5 << 30, "5.0 GiB")]
)
def test_sizes_are_shown_for_people(size: int, shown: str) -> None:
    assert show_bytes(size) == shown
