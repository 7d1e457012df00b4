"""The directory of one run: map files, spooled results, logs of executors. Nothing of it outlives its owner for long.

    <spark.local.dir>/flint-run-<user id>-<random>/      mode 0700
        owner.lock                                       held by flock as long as the owner lives
        job-<n>/                                         map files and spill, removed with the job
        result-<n>-*                                     spooled results, removed as they are read
        executor-<id>.log                                what an executor wrote to stderr
        executor-<id>.calls                              the compiled code its threads are in

The lock is the truth about who lives: the kernel drops it with the process, however that ended. Whoever starts next
removes the directories whose lock can be had. A directory gets its final name only once its lock is held.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.shuffle.appended import disk_error

_PREFIX = f"flint-run-{os.getuid()}-"
_NEW_PREFIX = f"flint-new-{os.getuid()}-"
_LOCK = "owner.lock"
_SETTLED_SECONDS = 60.0


class RunDirectory:
    """Made on first use under `parent` ("" for the temp dir); `remove` it at the end."""

    def __init__(self, parent: str = "") -> None:
        self._parent = Path(parent).absolute() if parent else None
        self._owner = os.getpid()
        self._path: Path | None = None
        self._descriptor = -1
        self._mutex = threading.Lock()

    @property
    def path(self) -> Path:
        """The directory. Raises ClusterError (SPILL_DISK_FULL) when it cannot be made."""
        with self._mutex:
            if self._path is None:
                try:
                    self._path, self._descriptor = _create(self._parent or Path(tempfile.gettempdir()))
                except OSError as error:
                    disk_error(self._parent or Path("the temporary folder"), error)
            return self._path

    @property
    def made(self) -> bool:
        """Whether the directory is there."""
        return self._path is not None

    def forget_job(self, job_id: int) -> None:
        """Removes the files of a job, except spooled results that are still to be read."""
        if self._path is None:
            return
        shutil.rmtree(job_directory(self._path, job_id), ignore_errors=True)
        for partial in self._path.glob(f"{result_stem(self._path, job_id).name}-*.tmp"):
            partial.unlink(missing_ok=True)

    def remove(self) -> None:
        """Removes all of it and drops the lock. Only in the process that made it; others (forked) just let go."""
        with self._mutex:
            if self._path is not None and os.getpid() == self._owner:
                shutil.rmtree(self._path, ignore_errors=True)
            self._path = None
            self._close()

    def let_go(self) -> None:
        """Closes this process' copy of the lock, for a fork of the owner: else it would keep the directory alive."""
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def sweep(self) -> list[Path]:
        """Removes what owners left who are dead; returns what was removed."""
        return [
            path
            for path in _candidates(self._parent or Path(tempfile.gettempdir()))
            if path != self._path and _remove_orphan(path)
        ]


def job_directory(base: Path, job_id: int) -> Path:
    """Where a job's map files and spilled data are."""
    return base / f"job-{job_id}"


def result_stem(base: Path, job_id: int) -> Path:
    """How the names of a job's spooled results begin."""
    return base / f"result-{job_id}"


def calls_file(base: Path, executor_id: str) -> Path:
    """Where an executor notes the compiled code its threads are in (`compile/calls.py`)."""
    return base / f"executor-{executor_id}.calls"


def _create(parent: Path) -> tuple[Path, int]:
    parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=_NEW_PREFIX, dir=parent))
    descriptor = os.open(new / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    path = parent / (_PREFIX + new.name.removeprefix(_NEW_PREFIX))
    new.rename(path)
    return path, descriptor


def _candidates(parent: Path) -> Iterator[Path]:
    """Directories of this user's runs; links and other people's are none of our business."""
    try:
        entries = list(os.scandir(parent))
    except OSError:
        return
    for entry in entries:
        if not entry.name.startswith((_PREFIX, _NEW_PREFIX)):
            continue
        with suppress(OSError):  # swept by someone else meanwhile
            status = entry.stat(follow_symlinks=False)
            settled = entry.name.startswith(_PREFIX) or time.time() - status.st_mtime > _SETTLED_SECONDS
            if entry.is_dir(follow_symlinks=False) and status.st_uid == os.getuid() and settled:
                yield Path(entry.path)


def _remove_orphan(path: Path) -> bool:
    try:
        descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        descriptor = -1  # its owner died between removing the lock and the directory
    except OSError:
        return False
    try:
        if descriptor >= 0:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
        return not path.exists()
    except BlockingIOError:
        return False  # its owner lives
    finally:
        if descriptor >= 0:
            os.close(descriptor)
