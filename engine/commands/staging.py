"""A table's files are written beside their place and moved there when they are whole.

The folder in between is named after the process that writes it: what a killed one left is removed by the next statement
that writes there.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.commands.publish import exchange, locked
from engine.errors import ExecutionError

_NAME = re.compile(r"_(?:temporary|old)-(?P<host>.+)-(?P<process>\d+)-[0-9a-f]{32}")


class Taken(Exception):
    """Something else lies at the place where files are to be moved."""


@contextmanager
def staging(location: Path) -> Iterator[Path]:
    """A new folder beside `location`, on the same disk, gone afterwards unless it was moved.

    Raises ExecutionError SPILL_DISK_FULL for a disk that is full or may not be written.
    """
    staged = location.parent / _hidden()
    try:
        staged.mkdir(parents=True)
        sweep(location.parent)
        yield staged
    except OSError as error:
        setting = "spark.sql.warehouse.dir"
        parameters = {"directory": str(location.parent), "reason": error.strerror or str(error), "setting": setting}
        raise ExecutionError("SPILL_DISK_FULL", parameters) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def move(staged: Path, location: Path) -> None:
    """Puts `staged` where nothing is yet. Raises Taken if there are files: another statement was faster."""
    try:
        staged.rename(location)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise Taken from error
        raise


def swap(staged: Path, location: Path) -> None:
    """Puts `staged` where a table's files are; those that were there go."""
    with locked(location):
        exchange(staged, location)


def is_empty(path: Path) -> bool:
    """Whether nothing is there, or a folder without anything in it."""
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def sweep(directory: Path) -> None:
    """Removes what processes of this machine left that are no more."""
    for entry in directory.iterdir():
        match = _NAME.fullmatch(entry.name)
        if match is not None and match["host"] == socket.gethostname() and not _runs(int(match["process"])):
            shutil.rmtree(entry, ignore_errors=True)


def _hidden() -> str:
    return f"_temporary-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex}"


def _runs(process: int) -> bool:
    with suppress(PermissionError):  # another user's: it runs
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
