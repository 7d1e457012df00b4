"""A catalog's entries in a folder on disk, shared by several processes.

    spark-warehouse/
        orders/part-00000-....parquet       files of the managed table default.orders
        sales.db/items/...                  of sales.items
        _flint/default/orders.table.json    what the catalog knows of it
        _flint/default/twice.function.json
        _flint/sales/_database.json

The folder is made by the first thing kept in it. A file is written under a temporary name and then renamed or linked,
so what is read is always whole; nothing is ever unpickled.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from pathlib import Path
from urllib.parse import quote, unquote

from engine.catalog.encoding import from_json, to_json
from engine.catalog.tables import DEFAULT, Database, Entry, Routine, Table, View
from engine.errors import ExecutionError

METADATA = "_flint"
DATABASE_FILE = "_database.json"
SUFFIXES = {".table.json": False, ".view.json": True}
"""Of entries, and whether they are views."""
ROUTINE_SUFFIX = ".function.json"


class FolderStore:
    """Keeps each entry in a file of its own below `warehouse`/_flint. Reads the disk at each call."""

    def __init__(self, warehouse: str) -> None:
        self._warehouse = Path(warehouse)
        self._root = self._warehouse / METADATA
        self._lock = threading.RLock()
        self._changes = 0

    def version(self) -> int:
        """Changes with every change made here, and with those of other processes as the disk's clock tells them."""
        total = self._changes
        for directory in (self._root, *self._directories()):
            if directory.is_dir():
                total += directory.stat().st_mtime_ns
        return total

    def databases(self) -> list[str]:
        """All names, sorted."""
        return sorted({DEFAULT, *(unquote(directory.name) for directory in self._directories())})

    def database(self, name: str) -> Database | None:
        """A database by name."""
        file = self._directory(name) / DATABASE_FILE
        if not file.exists():
            return Database(DEFAULT, str(self._warehouse), "default database") if name == DEFAULT else None
        found = _read(file)
        return found if isinstance(found, Database) else None

    def add_database(self, database: Database) -> bool:
        """Keeps it; False if there already was one."""
        if database.name == DEFAULT:
            return False
        self._changes += 1
        return _write(self._directory(database.name) / DATABASE_FILE, database, replace=False)

    def change_database(self, database: Database) -> None:
        """Keeps it in the place of that of its name."""
        self._changes += 1
        _write(self._directory(database.name) / DATABASE_FILE, database, replace=True)

    def remove_database(self, name: str) -> None:
        """Forgets it and its entries."""
        self._changes += 1
        shutil.rmtree(self._directory(name), ignore_errors=True)

    def names(self, database: str) -> list[tuple[str, bool]]:
        """The entries of a database, sorted: name, and whether it is a view."""
        directory = self._directory(database)
        found = []
        for file in directory.iterdir() if directory.is_dir() else ():
            for suffix, is_view in SUFFIXES.items():
                if file.name.endswith(suffix) and not file.name.startswith("."):
                    found.append((unquote(file.name.removesuffix(suffix)), is_view))
        return sorted(found)

    def entry(self, database: str, name: str) -> Entry | None:
        """An entry by name. Raises ExecutionError FAILED_READ_FILE if its file is not as it should be."""
        for suffix in SUFFIXES:
            file = self._file(database, name, suffix)
            if file.exists():
                found = _read(file)
                return found if isinstance(found, Table | View) else None
        return None

    def put(self, entry: Entry, *, replace: bool) -> bool:
        """Keeps it; False if there is one already and `replace` is not set."""
        own, other = (".view.json", ".table.json") if isinstance(entry, View) else (".table.json", ".view.json")
        with self._lock:
            self._changes += 1
            if not replace and self._file(entry.database, entry.name, other).exists():
                return False
            done = _write(self._file(entry.database, entry.name, own), entry, replace=replace)
            if done:
                self._file(entry.database, entry.name, other).unlink(missing_ok=True)
            return done

    def remove(self, database: str, name: str) -> bool:
        """Forgets it; False if there was none."""
        self._changes += 1
        files = [self._file(database, name, suffix) for suffix in SUFFIXES]
        known = [file for file in files if file.exists()]
        for file in known:
            file.unlink(missing_ok=True)
        return bool(known)

    def routines(self, database: str) -> list[str]:
        """The names of the functions of a database, sorted."""
        directory = self._directory(database)
        files = directory.iterdir() if directory.is_dir() else ()
        return sorted(
            unquote(file.name.removesuffix(ROUTINE_SUFFIX))
            for file in files
            if file.name.endswith(ROUTINE_SUFFIX) and not file.name.startswith(".")
        )

    def routine(self, database: str, name: str) -> Routine | None:
        """A function by name. Raises as `entry`."""
        file = self._file(database, name, ROUTINE_SUFFIX)
        found = _read(file) if file.exists() else None
        return found if isinstance(found, Routine) else None

    def put_routine(self, routine: Routine, *, replace: bool) -> bool:
        """Keeps it; False if there is one already and `replace` is not set."""
        with self._lock:
            self._changes += 1
            return _write(self._file(routine.database, routine.name, ROUTINE_SUFFIX), routine, replace=replace)

    def remove_routine(self, database: str, name: str) -> bool:
        """Forgets it; False if there was none."""
        self._changes += 1
        file = self._file(database, name, ROUTINE_SUFFIX)
        known = file.exists()
        file.unlink(missing_ok=True)
        return known

    def _directories(self) -> list[Path]:
        return [each for each in self._root.iterdir() if each.is_dir()] if self._root.is_dir() else []

    def _directory(self, database: str) -> Path:
        return self._root / _file_name(database)

    def _file(self, database: str, name: str, suffix: str) -> Path:
        return self._directory(database) / (_file_name(name) + suffix)


def _file_name(name: str) -> str:
    """A name that is safe as a file's: no separators, nothing hidden."""
    return quote(name, safe=" ").replace(".", "%2E").replace("_", "%5F") if name[:1] in "._" else quote(name, safe=" ")


def _read(file: Path) -> Entry | Database | Routine:
    try:
        return from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"The catalog's entry cannot be read: {error}."
        raise ExecutionError("FAILED_READ_FILE", {"path": str(file), "reason": reason}) from error


def _write(file: Path, entry: Entry | Database | Routine, *, replace: bool) -> bool:
    """Writes whole or not at all; False if the file is there and `replace` is not set (decided by the file system)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.parent / f".{uuid.uuid4().hex}"
    try:
        temporary.write_text(json.dumps(to_json(entry), indent=1), encoding="utf-8")
        if replace:
            temporary.replace(file)
            return True
        try:
            os.link(temporary, file)
        except FileExistsError:
            return False
        return True
    finally:
        temporary.unlink(missing_ok=True)
