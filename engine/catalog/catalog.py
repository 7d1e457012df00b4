"""What a session asks about names: which table, view or file one stands for, and which there are.

Names have one to three parts: [[catalog.]database.]name; the only catalog is `spark_catalog`. A name of one part is
looked up among the temporary views first. Names are matched without case and kept in lower case unless
spark.sql.caseSensitive. Methods may be called from several threads.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.catalog.folder import FolderStore
from engine.catalog.hints import file_hint, format_hint, format_inside, is_empty_directory
from engine.catalog.lineage import schema_of_query
from engine.catalog.memory import MemoryStore
from engine.catalog.patterns import matching
from engine.catalog.routines import Routines
from engine.catalog.tables import (
    CATALOG,
    DEFAULT,
    GLOBAL_TEMP,
    Database,
    Entry,
    Listed,
    Resolved,
    ResolvedTable,
    ResolvedTempView,
    ResolvedView,
    Store,
    Table,
    TempView,
    View,
)
from engine.errors import AnalysisError, Position, quoted, suggestions
from engine.expressions.base import Attribute
from engine.logical.plan import LogicalPlan, Scan
from engine.logical.relation import Relation
from engine.sources.base import FORMATS, format_of, heeded, is_format, open_relation
from engine.sources.filescan import FileRelation
from engine.types import CharType, StructType
from engine.types.char import schema_without_lengths


class Catalog:
    """The names of one session. `conf` is read at each use; `store` keeps what outlives the session."""

    def __init__(self, conf: Mapping[str, str] | None = None, store: Store | None = None) -> None:
        self._conf: Mapping[str, str] = conf if conf is not None else {}
        self.warehouse = os.path.abspath(  # noqa: PTH100 - Path.resolve would follow links
            self._conf.get("spark.sql.warehouse.dir", "spark-warehouse").removeprefix("file:")
        )
        self._store: Store = store if store is not None else self._default_store()
        self._temporary: dict[str, TempView] = {}
        self._global: dict[str, TempView] = {}
        self._cached: dict[tuple[str, ...], Relation] = {}
        self._lock = threading.RLock()
        self._changes = 0
        self.routines = Routines(self, self._store)
        self.routine = self.routines.find
        self.current_catalog = CATALOG
        self.current_database = DEFAULT

    def _default_store(self) -> Store:
        if self._conf.get("spark.sql.catalogImplementation", "folder") == "in-memory":
            return MemoryStore(self.warehouse)
        return FolderStore(self.warehouse)

    @property
    def version(self) -> int:
        """A number that changes with every change, also those of other processes to the same folder."""
        return self._changes + self._store.version()

    # Resolution

    def resolve(self, parts: tuple[str, ...], position: Position | None = None) -> Resolved:
        """What `parts` name. Raises AnalysisError TABLE_OR_VIEW_NOT_FOUND with the nearest names, and what opening its
        files raises."""
        found = self.find(parts)
        if found is None:
            if len(parts) == 2 and is_format(parts[0]):
                if not parts[1]:
                    raise AnalysisError("INVALID_EMPTY_LOCATION", {"location": ""}, position)
                return ResolvedTable(self.open_file(parts[0], parts[1]), parts)
            raise self.not_found(parts, position)
        name = self._full_name(found)
        cached = self._cached.get(name)
        if cached is not None:
            return ResolvedTable(cached, name)
        if isinstance(found, TempView):
            return ResolvedTempView(self.refreshed(found.plan), name)
        if isinstance(found, View):
            return ResolvedView(found, name)
        return ResolvedTable(self.open_table(found), name, self._padded(found))

    def _padded(self, table: Table) -> tuple[tuple[str, int], ...]:
        if table.schema is None or self._conf.get("spark.sql.legacy.charVarcharAsString", "false").lower() == "true":
            return ()
        return tuple((f.name, f.dataType.length) for f in table.schema.fields if isinstance(f.dataType, CharType))

    def find(self, parts: tuple[str, ...]) -> Entry | TempView | None:
        """The entry that `parts` name, None if there is none (or no such database)."""
        names = tuple(self.fold(part) for part in parts)
        if len(names) == 3 and names[0] == CATALOG:
            names = names[1:]
        with self._lock:
            if len(names) == 1:
                return self._temporary.get(names[0]) or self._store.entry(self.current_database, names[0])
            if len(names) == 2:
                if names[0] == GLOBAL_TEMP:
                    return self._global.get(names[1])
                return self._store.entry(*names)
        return None

    def open_table(self, table: Table) -> Relation:
        """The rows of a table's files."""
        schema = None if table.schema is None else schema_without_lengths(table.schema)
        options = heeded(table.format, dict(table.options))
        found = open_relation(table.format, [table.location], options, schema, self._conf)
        return found.with_facts(table.statistics) if isinstance(found, FileRelation) else found

    def refreshed(self, plan: LogicalPlan) -> LogicalPlan:
        """An analyzed plan over the tables and files of now: what a temporary view stands for.

        Raises AnalysisError TABLE_OR_VIEW_NOT_FOUND or PATH_NOT_FOUND for what is gone, INCOMPATIBLE_VIEW_SCHEMA_CHANGE
        for a table that lost a column the plan reads.
        """

        def again(node: Any) -> Any:
            if isinstance(node, Scan) and isinstance(node.relation, FileRelation):
                found = self._again(node, node.relation)
                return node if found == node.relation else replace(node, relation=found)
            return node.map_children(again) if node.has(Scan) else node

        return again(plan)  # type: ignore[no-any-return]

    def _again(self, scan: Scan, relation: FileRelation) -> Relation:
        if len(scan.name) != 3 or scan.name[0] != CATALOG:
            return relation.relisted()
        entry = self.find(scan.name)
        if not isinstance(entry, Table):
            raise self.not_found(scan.name)
        found = self.open_table(entry)
        known = {field.name: field.dataType for field in found.schema.fields}
        for column in scan.columns:
            if known.get(column.name) != column.dataType:
                parameters = {
                    "colName": quoted(column.name),
                    "table": quoted(scan.name),
                    "actualCols": ", ".join(known),
                }
                raise AnalysisError("INCOMPATIBLE_VIEW_SCHEMA_CHANGE", parameters)
        return found

    def open_file(
        self, format: str | None, path: str, options: Mapping[str, str] | None = None, schema: StructType | None = None
    ) -> Relation:
        """The rows of a file, directory or glob: as `format` (Spark's defaults), or for None as the suffix says, CSV
        sniffed.

        Raises AnalysisError UNKNOWN_DATASOURCE, PATH_NOT_FOUND or UNABLE_TO_INFER_SCHEMA, ExecutionError
        FAILED_READ_FILE.
        """
        given = dict(options or {})
        if format is not None:
            return open_relation(format, [path], given, schema, self._conf)
        by_suffix = format_of(path)
        known = by_suffix.name if by_suffix is not None else format_inside(path)
        if known is None:
            self._must_exist(path)
            hint = f"Name the format, as in parquet.`{path}`. Known formats: {', '.join(FORMATS)}."
            if is_empty_directory(path):
                hint = "There are no files with data there."
            raise AnalysisError("UNABLE_TO_INFER_SCHEMA", {"format": f"'{path}'"}, hint=hint)
        if known == "csv":
            given.setdefault("sniff", "true")
        return open_relation(known, [path], given, schema, self._conf)

    def _must_exist(self, path: str) -> None:
        # opened as text only to get PATH_NOT_FOUND with the nearest names
        open_relation("text", [path], {}, None, self._conf)

    def not_found(self, parts: tuple[str, ...], position: Position | None = None) -> AnalysisError:
        """TABLE_OR_VIEW_NOT_FOUND with what may have been meant."""
        near = suggestions(parts[-1], self._candidates(parts))
        hint = format_hint(parts) or file_hint(parts)
        if near and not hint:
            hint = f"Did you mean one of the following? [{', '.join(near)}]."
        return AnalysisError("TABLE_OR_VIEW_NOT_FOUND", {"relationName": quoted(parts)}, position, hint=hint)

    def _candidates(self, parts: tuple[str, ...]) -> list[str]:
        if len(parts) > 1 and self._store.database(self.fold(parts[-2])) is not None:
            return [name for name, _ in self._store.names(self.fold(parts[-2]))]
        return [*self._temporary, *(name for name, _ in self._store.names(self.current_database))]

    # Listing

    def databases(self, pattern: str | None = None) -> list[str]:
        """The databases whose names match Spark's `pattern` (* and |), sorted."""
        return matching(self._store.databases(), pattern)

    def listed(self, database: str | None = None, pattern: str | None = None) -> list[Listed]:
        """Tables and views of a database (the current one), then temporary views, whose names match, sorted."""
        where = self.fold(database) if database is not None else self.current_database
        with self._lock:
            if where == GLOBAL_TEMP:
                kept = [Listed(GLOBAL_TEMP, name, True, True) for name in sorted(self._global)]
            else:
                self.database(where)
                kept = [Listed(where, name, False, view) for name, view in self._store.names(where)]
            kept += [Listed("", name, True, True) for name in sorted(self._temporary)]
        chosen = set(matching([each.name for each in kept], pattern))
        return [each for each in kept if each.name in chosen]

    def database(self, name: str) -> Database:
        """A database. Raises AnalysisError SCHEMA_NOT_FOUND with the nearest names."""
        found = self._store.database(self.fold(name))
        if found is None:
            near = suggestions(name, self._store.databases())
            hint = f"Did you mean {near[0]}?" if near else ""
            raise AnalysisError("SCHEMA_NOT_FOUND", {"schemaName": quoted((CATALOG, name))}, hint=hint)
        return found

    def schema_of(self, entry: Entry | TempView) -> StructType:
        """The columns of an entry."""
        if isinstance(entry, TempView):
            return entry.plan.schema
        if isinstance(entry, Table):
            return entry.schema or self.open_table(entry).schema
        return entry.schema

    # Changes

    def use(self, parts: Sequence[str]) -> None:
        """Makes a database current. Raises AnalysisError SCHEMA_NOT_FOUND."""
        names = [self.fold(part) for part in parts]
        if names == [CATALOG]:
            self.current_database = DEFAULT if self._store.database(CATALOG) is None else CATALOG
        else:
            self.current_database = self.database(self.database_part(parts)).name
        self.changed()

    def database_part(self, parts: Sequence[str]) -> str:
        """The database of a name that is one: db or spark_catalog.db. Raises AnalysisError SCHEMA_NOT_FOUND."""
        if len(parts) == 1 or (len(parts) == 2 and self.fold(parts[0]) == CATALOG):
            return self.fold(parts[-1])
        raise AnalysisError("SCHEMA_NOT_FOUND", {"schemaName": quoted(parts)})

    def target(self, parts: Sequence[str]) -> tuple[Database, str]:
        """Where something called `parts` is to be made: its database and its name."""
        names = [self.fold(part) for part in parts]
        valid_name(names[-1])
        if len(names) == 3 and names[0] == CATALOG:
            names = names[1:]
        if len(names) > 2:
            raise AnalysisError("SCHEMA_NOT_FOUND", {"schemaName": quoted(parts[:-1])})
        return self.database(names[0] if len(names) == 2 else self.current_database), names[-1]

    def create_database(self, database: Database, if_not_exists: bool = False) -> None:
        """Adds a database. Raises AnalysisError SCHEMA_ALREADY_EXISTS."""
        if not self._store.add_database(database) and not if_not_exists:
            raise AnalysisError("SCHEMA_ALREADY_EXISTS", {"schemaName": quoted(database.name)})

    def change_database(self, database: Database) -> None:
        """Keeps a database in the place of that of its name."""
        self._store.change_database(database)
        self.changed()

    def drop_database(self, name: str) -> None:
        """Forgets a database and all in it."""
        self._store.remove_database(self.fold(name))
        if self.current_database == self.fold(name):
            self.current_database = DEFAULT
        self.changed()

    def entries(self, database: str) -> list[Entry]:
        """The tables and views of a database."""
        found = (self._store.entry(database, name) for name, _ in self._store.names(database))
        return [entry for entry in found if entry is not None]

    def put(self, entry: Entry, *, replace: bool = False, if_not_exists: bool = False) -> bool:
        """Keeps a table or view; False if there is one and `if_not_exists`. Raises TABLE_OR_VIEW_ALREADY_EXISTS."""
        done = self._store.put(entry, replace=replace)
        if not done and not if_not_exists:
            raise already_exists((CATALOG, entry.database, entry.name))
        if done:
            self.uncache((CATALOG, entry.database, entry.name))
        return done

    def evolve(self, view: View, plan: LogicalPlan) -> None:
        """Keeps the columns that a view has now: one that takes those of its query (WITH SCHEMA ... EVOLUTION)."""
        schema = schema_of_query(plan, self.find)
        if view.mode != "EVOLUTION":  # its columns have names and comments of their own
            known = {field.name: field.comment for field in view.schema.fields}
            schema = StructType(tuple(replace(f, comment=known.get(f.name, f.comment)) for f in schema.fields))
        if schema.fields != view.schema.fields:
            names = tuple(schema.names) if view.mode == "EVOLUTION" else view.names
            self.put(replace(view, schema=schema, names=names), replace=True)

    def remove(self, entry: Entry | TempView) -> None:
        """Forgets a table or a view of any kind."""
        with self._lock:
            if isinstance(entry, TempView):
                (self._global if entry.is_global else self._temporary).pop(entry.name, None)
            else:
                self._store.remove(entry.database, entry.name)
            self.uncache(self._full_name(entry))
            self.changed()

    def create_temp_view(self, view: TempView, *, replace: bool = False, if_not_exists: bool = False) -> bool:
        """Keeps a temporary view; False if there is one and `if_not_exists`.

        Raises AnalysisError TEMP_TABLE_OR_VIEW_ALREADY_EXISTS.
        """
        view = _renamed(view, self.fold(view.name))
        with self._lock:
            views = self._global if view.is_global else self._temporary
            if view.name in views and not replace:
                if if_not_exists:
                    return False
                raise AnalysisError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", {"relationName": quoted(view.name)})
            views[view.name] = view
            self.uncache(self._full_name(view))
            self.changed()
        return True

    def register(self, name: str, relation: Relation) -> None:
        """Makes `relation` a temporary view, replacing one of that name."""
        columns = tuple(Attribute(field.name, field.dataType, field.nullable) for field in relation.schema.fields)
        self.create_temp_view(TempView(name, Scan(relation, columns, (name,))), replace=True)

    # Cached tables: a relation in memory stands in for a name

    def cache(self, parts: tuple[str, ...], relation: Relation) -> None:
        """Lets `relation` stand in for what `parts` name."""
        with self._lock:
            self._cached[self.full_name(parts)] = relation
            self.changed()

    def uncache(self, name: tuple[str, ...]) -> bool:
        """Ends that for the full name; False if it was not cached."""
        with self._lock:
            found = self._cached.pop(name, None)
            self._changes += found is not None
            return found is not None

    def clear_cache(self) -> None:
        """Ends that for all names."""
        with self._lock:
            self._cached.clear()
            self.changed()

    def cached(self) -> dict[tuple[str, ...], Relation]:
        """What relations stand in for full names, by name."""
        with self._lock:
            return dict(sorted(self._cached.items()))

    def is_cached(self, name: tuple[str, ...]) -> bool:
        """Whether a relation stands in for the full name."""
        return name in self._cached

    def full_name(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """The full name of what `parts` name. Raises TABLE_OR_VIEW_NOT_FOUND."""
        found = self.find(parts)
        if found is None:
            raise self.not_found(parts)
        return self._full_name(found)

    def _full_name(self, entry: Entry | TempView) -> tuple[str, ...]:
        if isinstance(entry, TempView):
            return (GLOBAL_TEMP, entry.name) if entry.is_global else (entry.name,)
        return CATALOG, entry.database, entry.name

    def changed(self) -> None:
        """Notes a change, for `version`."""
        with self._lock:
            self._changes += 1

    def fold(self, name: str) -> str:
        """A name as it is kept and compared."""
        return name if self._conf.get("spark.sql.caseSensitive", "false") == "true" else name.lower()


def valid_name(name: str) -> None:
    """Raises AnalysisError INVALID_SCHEMA_OR_RELATION_NAME for what cannot name something kept: it is a folder too."""
    if re.fullmatch(r"\w+", name) is None:
        raise AnalysisError("INVALID_SCHEMA_OR_RELATION_NAME", {"name": quoted(name)})


def already_exists(name: tuple[str, ...]) -> AnalysisError:
    """TABLE_OR_VIEW_ALREADY_EXISTS."""
    return AnalysisError("TABLE_OR_VIEW_ALREADY_EXISTS", {"relationName": quoted(name)})


def _renamed(view: TempView, name: str) -> TempView:
    return view if view.name == name else replace(view, name=name)
