"""What the machine and its container allow: memory, and whether the kernel has been killing for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.config import typed

_SHARE = 0.6
_CGROUP = Path("/sys/fs/cgroup")


def executor_memory(conf: Mapping[str, str], executors: int) -> int:
    """Budget in bytes of one of `executors`: spark.executor.memory, else an even share of 60 % of what there is."""
    configured: int | None = typed(conf, "spark.executor.memory")
    return configured or int(total_memory() * _SHARE) // max(executors, 1)


def total_memory() -> int:
    """Bytes this process may use: the machine's memory, or less where a cgroup (a container) says so."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [_number(path) for path in _limit_files()]
    return min([total, *(limit for limit in limits if limit)])


def oom_kills() -> int:
    """How many processes the kernel has killed for lack of memory since boot; 0 where it does not tell."""
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:
        return 0  # not Linux
    return 0


def _limit_files() -> list[Path]:
    """Where the limits of this process' cgroup and its ancestors are, for version 2 and version 1."""
    try:
        entries = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    files = [_CGROUP / "memory" / "memory.limit_in_bytes"]
    for entry in entries:
        if entry.startswith("0::"):
            folder = _CGROUP / entry[3:].lstrip("/")
            files += [
                parent / "memory.max" for parent in (folder, *folder.parents) if _CGROUP in (parent, *parent.parents)
            ]
    return files


def _number(path: Path) -> int:
    try:
        text = path.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() else 0
