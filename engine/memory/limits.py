"""What the machine and its container allow: memory, and whether the kernel has been killing for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.config import typed
from engine.records import dataclass

_SHARE = 0.6
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Budget:
    """What an executor may use: bytes, and the share of them that operators fill before they write to disk."""

    bytes: int
    share: float


def executor_budget(conf: Mapping[str, str], executors: int) -> Budget:
    """The budget of one of `executors`."""
    return Budget(executor_memory(conf, executors), typed(conf, "spark.memory.fraction"))


def executor_memory(conf: Mapping[str, str], executors: int) -> int:
    """Budget in bytes of one of `executors`: spark.executor.memory, else an even share of 60 % of what there is."""
    configured: int | None = typed(conf, "spark.executor.memory")
    return configured or int(total_memory() * _SHARE) // max(executors, 1)


def total_memory() -> int:
    """Bytes this process may use: the machine's memory, or less where a cgroup (a container) says so."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    texts = [_text(path) for path in (_CGROUP / "memory" / "memory.limit_in_bytes", *_limit_files("memory.max"))]
    return min([total, *(int(text) for text in texts if text.isdecimal())])


def available_cores() -> int:
    """Cores this process may use: those it may run on, or fewer where a cgroup gives a share of their time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for path in _limit_files("cpu.max"):
        quota, _, period = _text(path).partition(" ")
        if quota.isdecimal() and period.isdecimal():
            cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def oom_kills() -> int:
    """How many processes the kernel has killed for lack of memory since boot; 0 where it does not tell."""
    lines = _text(Path("/proc/vmstat")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _limit_files(name: str) -> list[Path]:
    """The files of this name in this process' cgroup (version 2) and its ancestors."""
    own = next((line[3:] for line in _text(Path("/proc/self/cgroup")).splitlines() if line.startswith("0::")), None)
    if own is None:
        return []
    folder = _CGROUP / own.lstrip("/")
    return [each / name for each in (folder, *folder.parents) if each.is_relative_to(_CGROUP)]


def _text(path: Path) -> str:
    """What a file of the kernel says; nothing where there is none (another system, another version)."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
