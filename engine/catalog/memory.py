"""A catalog's entries in memory: gone with the session (their files are not)."""

from __future__ import annotations

import threading

from engine.catalog.tables import DEFAULT, Database, Entry, Routine, View


class MemoryStore:
    """Keeps entries in dictionaries. `warehouse` is the folder of managed tables; only writing one makes it."""

    def __init__(self, warehouse: str) -> None:
        self._lock = threading.RLock()
        self._version = 0
        self._databases = {DEFAULT: Database(DEFAULT, warehouse, "default database")}
        self._entries: dict[str, dict[str, Entry]] = {DEFAULT: {}}
        self._routines: dict[tuple[str, str], Routine] = {}

    def version(self) -> int:
        """The number of changes so far."""
        return self._version

    def databases(self) -> list[str]:
        """All names, sorted."""
        with self._lock:
            return sorted(self._databases)

    def database(self, name: str) -> Database | None:
        """A database by name."""
        return self._databases.get(name)

    def add_database(self, database: Database) -> bool:
        """Keeps it; False if there already was one."""
        with self._lock:
            if database.name in self._databases:
                return False
            self._databases[database.name] = database
            self._entries[database.name] = {}
            self._version += 1
            return True

    def change_database(self, database: Database) -> None:
        """Keeps it in the place of that of its name."""
        with self._lock:
            self._databases[database.name] = database
            self._version += 1

    def remove_database(self, name: str) -> None:
        """Forgets it and its entries."""
        with self._lock:
            self._databases.pop(name, None)
            self._entries.pop(name, None)
            self._routines = {key: routine for key, routine in self._routines.items() if key[0] != name}
            self._version += 1

    def names(self, database: str) -> list[tuple[str, bool]]:
        """The entries of a database, sorted: name, and whether it is a view."""
        with self._lock:
            return sorted((name, isinstance(entry, View)) for name, entry in self._entries.get(database, {}).items())

    def entry(self, database: str, name: str) -> Entry | None:
        """An entry by name."""
        return self._entries.get(database, {}).get(name)

    def put(self, entry: Entry, *, replace: bool) -> bool:
        """Keeps it; False if there is one already and `replace` is not set."""
        with self._lock:
            entries = self._entries[entry.database]
            if entry.name in entries and not replace:
                return False
            entries[entry.name] = entry
            self._version += 1
            return True

    def remove(self, database: str, name: str) -> bool:
        """Forgets it; False if there was none."""
        with self._lock:
            found = self._entries.get(database, {}).pop(name, None)
            self._version += found is not None
            return found is not None

    def routines(self, database: str) -> list[str]:
        """The names of the functions of a database, sorted."""
        with self._lock:
            return sorted(name for where, name in self._routines if where == database)

    def routine(self, database: str, name: str) -> Routine | None:
        """A function by name."""
        return self._routines.get((database, name))

    def put_routine(self, routine: Routine, *, replace: bool) -> bool:
        """Keeps it; False if there is one already and `replace` is not set."""
        key = routine.database, routine.name
        with self._lock:
            if key in self._routines and not replace:
                return False
            self._routines[key] = routine
            self._version += 1
            return True

    def remove_routine(self, database: str, name: str) -> bool:
        """Forgets it; False if there was none."""
        with self._lock:
            self._version += 1
            return self._routines.pop((database, name), None) is not None
