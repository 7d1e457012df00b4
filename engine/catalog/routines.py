"""The functions in SQL of a session: its temporary ones, and those that the catalog keeps.

They have names of their own, apart from those of tables. A name of one part is looked up among the temporary ones first.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.catalog.tables import CATALOG, Routine, Store
from engine.errors import AnalysisError, quoted

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog

SESSION = ("session",), ("system", "session")
"""What may stand before the name of a temporary function."""


class Routines:
    """Methods may be called from several threads."""

    def __init__(self, catalog: Catalog, store: Store) -> None:
        self._catalog = catalog
        self._store = store
        self._temporary: dict[str, Routine] = {}
        self._lock = threading.RLock()

    def find(self, parts: Sequence[str], database: str | None = None) -> Routine | None:
        """The function that `parts` name, None if there is none (or no such database)."""
        names = tuple(part.lower() for part in parts)
        if len(names) == 1 or names[:-1] in SESSION:
            found = self._temporary.get(names[-1])
            if found is not None or len(names) > 1:
                return found
            return self._store.routine(database or self._catalog.current_database, names[0])
        names = names[1:] if names[0] == CATALOG else names
        return self._store.routine(*names) if len(names) == 2 else None

    def names(self, database: str | None = None) -> list[str]:
        """The full names of the temporary functions, and of those of a database."""
        where = database or self._catalog.current_database
        kept = [f"{CATALOG}.{where}.{name}" for name in self._store.routines(where)]
        return [*sorted(self._temporary), *kept]

    def put(self, routine: Routine, *, replace: bool, if_not_exists: bool) -> None:
        """Keeps a function. Raises AnalysisError ROUTINE_ALREADY_EXISTS."""
        with self._lock:
            if routine.database:
                done = self._store.put_routine(routine, replace=replace)
            else:
                done = replace or routine.name not in self._temporary
                if done:
                    self._temporary[routine.name] = routine
            self._catalog.changed()
        if not done and not if_not_exists:
            kinds = {"newRoutineType": "routine", "existingRoutineType": "routine"}
            raise AnalysisError("ROUTINE_ALREADY_EXISTS", {"routineName": quoted(routine.parts[-2:]), **kinds})

    def remove(self, routine: Routine) -> None:
        """Forgets a function."""
        with self._lock:
            if routine.database:
                self._store.remove_routine(routine.database, routine.name)
            else:
                self._temporary.pop(routine.name, None)
            self._catalog.changed()
