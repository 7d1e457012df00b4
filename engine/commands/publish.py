"""New files appear in a table's folder all at once: readers find the state before or the state after.

One file is moved to its place. More than one, or files that replace others, become a folder of their own beside the table's,
with links to the files that stay; then the two folders change names in one step of the file system. Writers of one table wait
for each other at that point only. A process that is killed leaves a hidden folder, which the next statement that writes there
removes (`staging.sweep`).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Keep = Callable[[tuple[str, ...]], bool]
"""Whether the files of the partition in the directories `a=1`, `b=2` ... stay; of the folder itself: ()."""

_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV)


def publish(staged: Path, location: Path, keep: Keep | None = None) -> None:
    """Adds the files below `staged`, which is laid out as `location`, to the table's folder; with `keep`, in the place of those
    that it does not keep. `staged` lies on the same disk; what is left of it is the caller's to remove."""
    with locked(location):
        files = _files(staged)
        if keep is None and len(files) <= 1:
            for file in files:
                _move(file, staged, location)
            return
        _link_tree(location, staged, keep or (lambda _: True), ())
        exchange(staged, location)


@contextmanager
def locked(location: Path) -> Iterator[None]:
    """Makes other writers of the folder wait, those of other processes too. It is made if it is not there."""
    while True:
        location.mkdir(parents=True, exist_ok=True)
        handle = os.open(location, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_at(handle, location):
                yield
                return
        finally:
            os.close(handle)


def _is_at(handle: int, location: Path) -> bool:
    """Whether the folder is still the one of that name: another writer may have changed it for a new one."""
    try:
        return os.path.samestat(os.fstat(handle), location.stat())
    except FileNotFoundError:
        return False


def exchange(one: Path, other: Path) -> None:
    """Two folders change names, in one step where the system can."""
    try:
        _rename_exchange(os.fsencode(one), os.fsencode(other))
    except OSError as error:
        if error.errno not in _NO_EXCHANGE:
            raise
        between = one.with_name(one.name + "-old")
        other.rename(between)
        one.rename(other)
        between.rename(one)


def _rename_exchange(one: bytes, other: bytes) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        failed = library.renamex_np(one, other, _EXCHANGE)
    elif hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _EXCHANGE)
    else:
        raise OSError(errno.ENOSYS, "no renameat2")
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), os.fsdecode(other))


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if not path.is_dir()]


def _move(file: Path, staged: Path, location: Path) -> None:
    """Moves a file, or the topmost directory of its partition that is not there yet: with the file in it, it appears whole."""
    moved, target = file, location / file.relative_to(staged)
    while not target.parent.exists():
        moved, target = moved.parent, target.parent
    moved.rename(target)


def _link_tree(source: Path, target: Path, keep: Keep, above: tuple[str, ...]) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                inner = (*above, entry.name)
                made = not (target / entry.name).exists()
                (target / entry.name).mkdir(exist_ok=True)
                _link_tree(Path(entry.path), target / entry.name, keep, inner)
                if made and not keep(inner) and not any((target / entry.name).iterdir()):
                    (target / entry.name).rmdir()
            elif keep(above):
                _link(Path(entry.path), target / entry.name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        shutil.copy2(source, target, follow_symlinks=False)
