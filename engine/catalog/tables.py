"""What a catalog holds, as data; and how its stores are asked."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from engine.logical.plan import LogicalPlan
from engine.logical.relation import Relation
from engine.records import dataclass
from engine.sources.analyzed import TableFacts
from engine.types import DataType, StructType

CATALOG = "spark_catalog"
DEFAULT = "default"
GLOBAL_TEMP = "global_temp"

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Buckets: TypeAlias = tuple[int, tuple[str, ...], tuple[str, ...]]
"""Their number, the columns that tell them apart, the columns that rows are sorted by in each."""


@dataclass(frozen=True)
class Database:
    """A namespace. `location` is where its managed tables lie, an absolute path."""

    name: str
    location: str
    comment: str = ""
    properties: Pairs = ()


@dataclass(frozen=True)
class Table:
    """Files under a name. `schema` holds partition columns last; None means: inferred from the files at each use.

    `managed` tables lie below the warehouse and go when they are dropped. `created` is in seconds since 1970. `defaults` are
    columns with the text of their DEFAULT. `statistics` are those of ANALYZE TABLE, perhaps of files
    that are no more.
    """

    database: str
    name: str
    format: str
    location: str
    schema: StructType | None = None
    partitioned_by: tuple[str, ...] = ()
    options: Pairs = ()
    managed: bool = True
    comment: str = ""
    properties: Pairs = ()
    created: float = 0.0
    defaults: Pairs = ()
    buckets: Buckets | None = None
    statistics: TableFacts | None = None

    @property
    def kind(self) -> str:
        """As DESCRIBE EXTENDED calls it."""
        return "MANAGED" if self.managed else "EXTERNAL"


@dataclass(frozen=True)
class View:
    """A query under a name, kept as text and analyzed at each use, with the `settings` it was made under.

    `columns` are pairs of name and comment, empty for the query's own names; `schema` is what it gave when it was made, from
    the query's columns `names`; `current` is the database its names are looked up in. `mode` says what happens when the
    query's columns change: BINDING, COMPENSATION, TYPE EVOLUTION, EVOLUTION, or "" (not said).
    """

    database: str
    name: str
    text: str
    schema: StructType
    columns: Pairs = ()
    current: str = DEFAULT
    settings: Pairs = ()
    comment: str = ""
    properties: Pairs = ()
    created: float = 0.0
    names: tuple[str, ...] = ()
    mode: str = "COMPENSATION"

    kind = "VIEW"


@dataclass(frozen=True)
class TempView:
    """An analyzed plan under a name, for the session only. `text` is the query as written, "" for users' relations; `names` are
    the query's columns, `current` the database it was made in, `columns` pairs of name and comment."""

    name: str
    plan: LogicalPlan
    text: str = ""
    comment: str = ""
    is_global: bool = False
    current: str = DEFAULT
    names: tuple[str, ...] = ()
    columns: Pairs = ()

    kind = "TEMPORARY"


Entry: TypeAlias = Table | View
"""What stores keep under the names of tables."""


@dataclass(frozen=True)
class Routine:
    """A function in SQL, kept as the text of its body and analyzed at each use, as a view is. `database` "": temporary.

    `schema` are its parameters, `defaults` texts of expressions by parameter. `returns` is its type, of a function in FROM
    (`is_table`) the columns. `is_query`: the body is a query. `reads`: it reads tables. `current` and `settings` as of views.
    """

    database: str
    name: str
    text: str
    schema: StructType
    returns: DataType
    is_table: bool = False
    is_query: bool = False
    defaults: Pairs = ()
    current: str = DEFAULT
    settings: Pairs = ()
    comment: str = ""
    deterministic: bool = True
    reads: bool = False
    created: float = 0.0

    @property
    def parts(self) -> tuple[str, ...]:
        """Its name in full."""
        return (CATALOG, self.database, self.name) if self.database else (self.name,)


@dataclass(frozen=True)
class ResolvedTable:
    """A name that stands for `relation`; `name` in full. `padded` are columns of type CHAR with their lengths."""

    relation: Relation
    name: tuple[str, ...]
    padded: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ResolvedView:
    """A name that stands for a query."""

    view: View
    name: tuple[str, ...]


@dataclass(frozen=True)
class ResolvedTempView:
    """A name that stands for an analyzed plan; a plan met twice needs fresh ids."""

    plan: LogicalPlan
    name: tuple[str, ...]


Resolved: TypeAlias = ResolvedTable | ResolvedView | ResolvedTempView


@dataclass(frozen=True)
class Listed:
    """A row of SHOW TABLES."""

    database: str
    name: str
    is_temporary: bool
    is_view: bool


class Store(Protocol):
    """Where databases and entries are kept. Names come folded (lower case unless case matters). Thread-safe."""

    def version(self) -> int:
        """Changes whenever something kept does, also from other processes."""

    def databases(self) -> list[str]:
        """All names, sorted; always with `default`."""

    def database(self, name: str) -> Database | None:
        """A database by name."""

    def add_database(self, database: Database) -> bool:
        """Keeps it; False if there already was one."""

    def change_database(self, database: Database) -> None:
        """Keeps it in the place of that of its name."""

    def remove_database(self, name: str) -> None:
        """Forgets it and its entries."""

    def names(self, database: str) -> list[tuple[str, bool]]:
        """The entries of a database, sorted: name, and whether it is a view."""

    def entry(self, database: str, name: str) -> Entry | None:
        """An entry by name."""

    def routines(self, database: str) -> list[str]:
        """The names of the functions of a database, sorted."""

    def routine(self, database: str, name: str) -> Routine | None:
        """A function by name."""

    def put_routine(self, routine: Routine, *, replace: bool) -> bool:
        """Keeps it; False if there is one already and `replace` is not set."""

    def remove_routine(self, database: str, name: str) -> bool:
        """Forgets it; False if there was none."""

    def put(self, entry: Entry, *, replace: bool) -> bool:
        """Keeps it; False if there is one already and `replace` is not set."""

    def remove(self, database: str, name: str) -> bool:
        """Forgets it; False if there was none."""
