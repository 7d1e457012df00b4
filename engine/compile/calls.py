"""Which compiled code the threads of an executor are in, told by a file that outlives the executor.

A crash ends the process, so nothing in it can say what crashed. Before each call a thread writes the name of the code into
a slot of a shared mapping, and wipes it after: the kernel keeps the pages whatever becomes of the process. The driver reads
the file of a worker that a signal ended (`crashed_code`) and puts that code in quarantine.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

_SLOTS = 256
_SLOT_BYTES = 512
_EMPTY = bytes(_SLOT_BYTES)


class CallRecord:
    """The slots of one process; without a `path` nobody will read them. A thread with no slot left is not recorded."""

    def __init__(self, path: Path | None = None) -> None:
        self._slots: mmap.mmap | bytearray = bytearray(_SLOTS * _SLOT_BYTES) if path is None else _mapped(path)
        self._free = [slot * _SLOT_BYTES for slot in range(_SLOTS)]

    @contextmanager
    def calling(self, name: bytes) -> Iterator[None]:
        """Inside, this thread is in the code of that name (`name_of`)."""
        try:
            slot = self._free.pop()
        except IndexError:
            yield
            return
        self._slots[slot : slot + _SLOT_BYTES] = name
        try:
            yield
        finally:
            self._slots[slot : slot + _SLOT_BYTES] = _EMPTY
            self._free.append(slot)


def name_of(key: str, folder: Path | None) -> bytes:
    """The name of code: its key, and the folder of the object cache it may be in."""
    named = f"{key}\0{folder or ''}".encode()
    return (named if len(named) < _SLOT_BYTES else key.encode()).ljust(_SLOT_BYTES, b"\0")


def crashed_code(path: Path) -> dict[str, Path | None]:
    """The code a dead process was in: keys, each with the folder it may be cached in."""
    try:
        content = path.read_bytes()
    except OSError:
        return {}
    found: dict[str, Path | None] = {}
    for start in range(0, len(content), _SLOT_BYTES):
        key, _, folder = content[start : start + _SLOT_BYTES].rstrip(b"\0").partition(b"\0")
        if key:
            found[key.decode()] = Path(os.fsdecode(folder)) if folder else None
    return found


def _mapped(path: Path) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, _SLOTS * _SLOT_BYTES)
        return mmap.mmap(descriptor, _SLOTS * _SLOT_BYTES)
    finally:
        os.close(descriptor)


_record = CallRecord()


def record_calls(path: Path) -> None:
    """Writes the calls of this process to `path` from now on."""
    global _record
    _record = CallRecord(path)


def calling(name: bytes) -> AbstractContextManager[None]:
    """Inside, this thread is in the code of that name."""
    return _record.calling(name)
