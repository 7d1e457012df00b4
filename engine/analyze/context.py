"""What analysis is given beside the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Protocol

from engine.expressions.base import Expression, Literal, Mode
from engine.logical.hints import Hints
from engine.logical.plan import LogicalPlan
from engine.logical.relation import Relation
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.analyze.routines import Routines


class Catalog(Protocol):
    """The part of a catalog that analysis asks. Implemented by engine.catalog."""

    def resolve(self, parts: tuple[str, ...]) -> Any:
        """What a name stands for: ResolvedTable, ResolvedView or ResolvedTempView. Raises TABLE_OR_VIEW_NOT_FOUND."""

    def open_file(self, format: str | None, path: str) -> Relation:
        """A file, folder or glob as a relation; the format from the suffix if None, then CSV is sniffed."""

    def evolve(self, view: Any, plan: LogicalPlan) -> None:
        """Keeps the columns that a view has now."""

    def routine(self, parts: tuple[str, ...], database: str | None = None) -> Any:
        """The function in SQL that a name stands for, seen from `database` (None: the current one), or None."""


class NamedValues(Protocol):
    """The session's variables, as analysis asks for them. Implemented by engine.catalog.variables."""

    def value(self, parts: tuple[str, ...]) -> tuple[Literal, tuple[str, ...]] | None:
        """The value that a name begins with, and the fields that it goes on with; None for no variable."""


@dataclass(frozen=True)
class AnalyzerContext:
    """`parse` turns the text of a view into a plan; `parameters` are the values of `:name` and `?` (by number); `frozen` names
    the statement that keeps the plan, in which variables may not be read, since they change. `hints` are noted,
    `routines` are the functions in SQL met so far."""

    catalog: Catalog
    parse: Callable[[str], LogicalPlan]
    ansi: bool = True
    allow_precision_loss: bool = True
    case_sensitive: bool = False
    time_zone: str = "UTC"
    group_by_ordinal: bool = True
    group_by_aliases: bool = True
    order_by_ordinal: bool = True
    regex_columns: bool = False
    reserved_keywords: bool = False
    cte_precedence: str = "CORRECTED"
    parameters: Mapping[str | int, Expression] = field(default_factory=dict)
    variables: NamedValues | None = None
    frozen: str = ""
    hints: Hints = field(default_factory=Hints)
    routines: Routines | None = None

    @property
    def mode(self) -> Mode:
        """What arithmetic and casts do where there is no result."""
        return Mode.ANSI if self.ansi else Mode.LEGACY

    def inside_view(self, database: str, settings: Mapping[str, str]) -> AnalyzerContext:
        """How the text of a view is analyzed: where it was made, under the settings it was made with."""
        return replace(self.under(settings), catalog=_InDatabase(self.catalog, database))

    def under(self, settings: Mapping[str, str]) -> AnalyzerContext:
        """How a text that is kept for the session is analyzed: under the settings it was made with."""
        ansi = settings.get("spark.sql.ansi.enabled", str(self.ansi)).lower() == "true"
        return replace(self, ansi=ansi, parameters={}, variables=None)


@dataclass(frozen=True)
class _InDatabase:
    """A catalog seen from another current database."""

    catalog: Catalog
    database: str

    def resolve(self, parts: tuple[str, ...]) -> Any:
        return self.catalog.resolve((self.database, *parts) if len(parts) == 1 else parts)

    def open_file(self, format: str | None, path: str) -> Relation:
        return self.catalog.open_file(format, path)

    def evolve(self, view: Any, plan: LogicalPlan) -> None:
        self.catalog.evolve(view, plan)

    def routine(self, parts: tuple[str, ...], database: str | None = None) -> Any:
        return self.catalog.routine(parts, database or self.database)
