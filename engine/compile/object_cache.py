"""Object code kept in files between processes, so that a shape of plan that was compiled once starts at once.

The folder is ours alone (mode 0700), else there is no cache. An entry is a SHA-256 and the code it was made of: LLVM would end
the process for code that was cut short, so nothing is handed to it unchecked. Entries are used in the order of their
modification time, the oldest go first. Code that crashed a worker is put in quarantine by its key and never loaded again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from engine.errors import InternalError

_LIMIT_BYTES = 64 << 20
_SUFFIX = ".object"
_CRASHED = ".crashed"
_PART = ".part"
_STALE_SECONDS = 3600


@lru_cache
def _in(base: str | None) -> Path:
    return (Path(base) if base else Path("~/.cache").expanduser()) / "flint" / "objects"


def default_folder() -> Path:
    """Where object code is kept: in the user's cache."""
    return _in(os.environ.get("XDG_CACHE_HOME"))


class Quarantined(InternalError):
    """The code has ended a process before, in this session or another one; interpreted operators do its work. A task that
    it ends is run again without compiled code."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Code {key} has ended a process before.")
        self.key = key

    def __reduce__(self) -> tuple[type[Quarantined], tuple[str]]:
        return Quarantined, (self.key,)


_known: set[str] = set()


def keep_away(keys: Iterable[str]) -> None:
    """Tells this process of code that has ended another one, wherever that is cached."""
    _known.update(keys)


def crashed_before(key: str) -> bool:
    """Whether this process was told to keep away from that code."""
    return key in _known


class ObjectCache:
    """Code by key (`llvm.py` makes keys of the code's text and everything that shapes it). Safe among processes."""

    def __init__(self, folder: Path, limit: int = _LIMIT_BYTES) -> None:
        self.folder = folder
        self.limit = limit
        self.usable = _own(folder)

    def get(self, key: str) -> bytes | None:
        """The code, None where there is none or it was damaged."""
        if not self.usable:
            return None
        path = self.folder / (key + _SUFFIX)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return content[32:]

    def put(self, key: str, code: bytes) -> None:
        """Keeps the code; a full disk is no error."""
        if not self.usable:
            return
        temporary = self.folder / f"{key}.{os.getpid()}{_PART}"
        try:
            temporary.write_bytes(hashlib.sha256(code).digest() + code)
            temporary.replace(self.folder / (key + _SUFFIX))
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            return
        self._shrink()

    def quarantine(self, key: str) -> None:
        """Never again: running this code ended a process."""
        with suppress(OSError):
            (self.folder / (key + _CRASHED)).touch()
            (self.folder / (key + _SUFFIX)).unlink()

    def is_quarantined(self, key: str) -> bool:
        """Whether code of that key has ended a process."""
        return self.usable and (self.folder / (key + _CRASHED)).exists()

    def _shrink(self) -> None:
        """Removes what was used longest ago, and what killed processes left half written."""
        try:
            entries = [(entry.stat(), Path(entry.path)) for entry in os.scandir(self.folder)]
        except OSError:
            return
        stale = time.time() - _STALE_SECONDS
        total = sum(each.st_size for each, path in entries if path.suffix == _SUFFIX)
        for each, path in sorted(entries, key=lambda entry: entry[0].st_mtime_ns):
            if path.suffix == _SUFFIX and total > self.limit:
                total -= each.st_size
            elif path.suffix != _PART or each.st_mtime > stale:
                continue
            with suppress(OSError):
                path.unlink()


def _own(folder: Path) -> bool:
    """Whether the folder is there, ours, and closed to others; makes it where it is not."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077 == 0
