"""Plans of statements that were run, for when they are run again.

A plan is used again if nothing that made it has changed: the text and its parameters, the settings, the current namespace,
the catalog (tables, views, temporary views, functions), the session's variables, where relative paths begin, and every file
that it reads (path, size, time, listing). What is read of the moment (clock, user, chance) is bound anew for each run: a plan
that holds such a value is planned again. Rows are never kept.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import FlintError
from engine.kernels.context import EvalContext
from engine.lazy import cached_property
from engine.logical.hints import Hints
from engine.logical.plan import LogicalPlan, Scan
from engine.logical.relation import Relation
from engine.physical.operator import Operator
from engine.physical.scan import ScanExec
from engine.records import dataclass
from engine.sources.files import DataFile, check_unchanged
from engine.sources.filescan import FilePart, FileRelation

if TYPE_CHECKING:
    from engine.expressions.base import Expression
    from engine.schedule.stage import Stage
    from engine.session import Session

LONGEST_TEXT = 100_000
"""Longer statements are loads of VALUES: hardly repeated, and their plans are large."""


@dataclass(frozen=True)
class Key:
    """What was known before the statement was read. `statement` and `settings` find a plan; `versions` must be the same."""

    statement: Hashable
    settings: Hashable
    versions: Hashable


@dataclass(frozen=True)
class Planned:
    """What planning a statement gave. `optimized` and what follows are None where they hold something of the moment."""

    parsed: LogicalPlan
    analyzed: LogicalPlan
    hints: Hints
    optimized: LogicalPlan | None = None
    physical: Operator | None = None
    stages: tuple[Stage, ...] = ()
    is_small: bool = False

    def is_current(self) -> bool:
        """Whether all its files are as they were when it was made."""
        try:
            if not all(each.is_current() for each in self._relations):
                return False
            for file in self._listed_late:
                check_unchanged(file)
        except FlintError:  # files that are gone or may not be listed: planning says so
            return False
        return True

    @cached_property
    def _relations(self) -> list[FileRelation]:
        found = dict.fromkeys(scan.relation for scan in self.analyzed.collect(Scan))
        return [each for each in found if isinstance(each, FileRelation)]

    @cached_property
    def _listed_late(self) -> list[DataFile]:
        """Files of partitions, which are listed when splits are made."""
        found: dict[DataFile, None] = {}
        for scan in self.physical.collect(ScanExec) if self.physical is not None else ():
            relation: Relation = scan.relation
            if isinstance(relation, FileRelation) and relation.listing.directories:
                parts = (split.payload for split in scan.splits)
                found.update(dict.fromkeys(part.file for part in parts if isinstance(part, FilePart)))
        return list(found)


def key_of(session: Session, text: str, parameters: Mapping[str, Expression] | Sequence[Expression]) -> Key:
    """The key of a statement as the session is now."""
    given = sorted(parameters.items()) if isinstance(parameters, Mapping) else parameters
    catalog = session.catalog
    # values by their text: 0.0 equals -0.0, and need not give the same
    statement = (text, repr(given) if given else "")
    variables = repr(session.variables.found) if session.variables.found else ""
    where = (catalog.current_catalog, catalog.current_database, os.getcwd(), os.environ.get("HOME"))  # noqa: PTH109
    return Key(statement, (tuple(session.conf.all().items()), where), (catalog.version, variables))


def bound(stages: tuple[Stage, ...], evaluation: EvalContext) -> tuple[Stage, ...]:
    """Stages for one more run, at another moment."""
    return tuple(replace(stage, program=replace(stage.program, evaluation=evaluation)) for stage in stages)  # type: ignore[type-var]


class PlanCache:
    """The plans of a session, at most `size` of them; the one not used for longest goes first. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[Key, Planned]] = OrderedDict()
        self._lock = threading.Lock()
        self._versions: Hashable = None
        self.hits = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Key) -> Planned | None:
        """The plan kept under `key`, None if there is none or a file has changed."""
        place = (key.statement, key.settings)
        with self._lock:
            self._drop_outdated(key)
            found = self._kept.get(place)
            if found is None:
                return None
            self._kept.move_to_end(place)
        if not found[1].is_current():
            with self._lock:
                self._kept.pop(place, None)
            return None
        self.hits += 1
        return found[1]

    def keep(self, key: Key, planned: Planned, size: int) -> None:
        """Keeps a plan."""
        if len(str(key.statement)) > LONGEST_TEXT:
            return
        with self._lock:
            self._drop_outdated(key)
            self._kept[key.statement, key.settings] = (key, planned)
            while len(self._kept) > size:
                self._kept.popitem(last=False)

    def _drop_outdated(self, key: Key) -> None:
        """Plans from before a change of the catalog go at once: they may hold rows of what was dropped."""
        if key.versions != self._versions:
            self._versions = key.versions
            self._kept = OrderedDict(
                (place, each) for place, each in self._kept.items() if each[0].versions == key.versions
            )
