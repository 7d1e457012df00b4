"""CREATE TABLE, with columns, over files, or AS SELECT.

The rows of AS SELECT are written below a hidden folder and moved to their place at the end, and only then does the
catalog know the table: what is half written is never seen, and a failed statement leaves nothing.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

from engine.catalog.catalog import already_exists
from engine.catalog.lineage import schema_of_query
from engine.catalog.tables import CATALOG, Database, Entry, Table
from engine.commands.context import DONE, Context
from engine.commands.databases import remove_directory
from engine.commands.defaults import as_pairs
from engine.commands.staging import Taken, is_empty, move, staging, swap
from engine.errors import AnalysisError, FlintError, Unsupported, quoted, suggestions
from engine.logical.alter import CreateTableLike
from engine.logical.commands import CreateTable
from engine.logical.plan import LogicalPlan
from engine.sources.base import format_named, heeded, open_relation
from engine.sources.files import local_path
from engine.sources.filescan import FileRelation, nullable
from engine.sources.write import write_files
from engine.types import StructField, StructType
from engine.types.char import schema_without_lengths


def create_table(command: CreateTable, context: Context) -> LogicalPlan:
    """CREATE [OR REPLACE] TABLE."""
    catalog = context.catalog
    database, name = catalog.target(command.name)
    known = catalog.find((CATALOG, database.name, name))
    if known is not None and not (command.replace and isinstance(known, Table)):
        if command.if_not_exists:
            return DONE
        raise already_exists((CATALOG, database.name, name))
    table = _described(command, database, name, context)
    if command.query is not None:
        if command.buckets is not None:
            raise Unsupported("CLUSTERED BY of CREATE TABLE ... AS", command.origin)
        _as_select(command, table, known, context)
        return DONE
    entry = _with_schema(command, table, context)
    if table.managed:
        _claim(table, known)
        _clear(Path(table.location))
    catalog.put(entry, replace=command.replace, if_not_exists=command.if_not_exists)
    _forget(table, known)
    return DONE


def _described(command: CreateTable, database: Database, name: str, context: Context) -> Table:
    options = {key: value for key, value in command.options if key.lower() != "path"}
    path = command.location or next((value for key, value in command.options if key.lower() == "path"), "")
    provider = command.using or context.session.conf.get("spark.sql.sources.default")
    return Table(
        database.name,
        name,
        format_named(provider).name,
        local_path(path) if path else str(Path(database.location) / name),
        partitioned_by=command.partitioned_by,
        options=tuple(sorted(options.items())),
        managed=not path,
        comment=command.comment,
        properties=tuple(sorted(command.properties)),
        created=time.time(),
        buckets=command.buckets,
    )


def _with_schema(command: CreateTable, table: Table, context: Context) -> Table:
    """The table with its columns: those given, partition columns last, or those of the files."""
    conf = context.session.conf.mapping()
    if command.columns_schema is not None:
        table = replace(table, defaults=as_pairs(command.columns_schema, command.defaults, "CREATE TABLE", context))
        # as in Spark, tables of files do not keep NOT NULL
        schema = nullable(_partitions_last(command.columns_schema, table, context))
        _check_buckets(table, schema, context)
        options = heeded(table.format, dict(table.options))
        open_relation(table.format, [table.location], options, schema_without_lengths(schema), conf)  # checks both
        return _replaced(table, schema, table.partitioned_by)
    if table.managed:
        hint = "Name the columns, CREATE TABLE t (a INT, ...), or the files: LOCATION '...'."
        raise AnalysisError("UNABLE_TO_INFER_SCHEMA", {"format": table.format}, hint=hint)
    relation = open_relation(table.format, [table.location], dict(table.options), None, conf)
    names = tuple(relation.listing.columns.names) if isinstance(relation, FileRelation) else ()
    if table.partitioned_by and [n.lower() for n in table.partitioned_by] != [n.lower() for n in names]:
        parameters = {"path": table.location, "distinctPartColLists": f"{', '.join(names) or '(none)'} in the folders"}
        raise AnalysisError("CONFLICTING_PARTITION_COLUMN_NAMES", parameters)
    return _replaced(table, relation.schema, names)


def _check_buckets(table: Table, schema: StructType, context: Context) -> None:
    if table.buckets is None:
        return
    count, columns, order = table.buckets
    if not 0 < count <= _MOST_BUCKETS:
        raise AnalysisError("INVALID_BUCKET_COUNT", {"bucketingMaxBuckets": _MOST_BUCKETS, "numBuckets": count})
    names = {context.catalog.fold(name) for name in schema.names}
    for name in (*columns, *order):
        if context.catalog.fold(name) not in names:
            parameters = {
                "colType": "bucket",
                "colName": quoted(name),
                "tableName": quoted((CATALOG, table.database, table.name)),
                "tableCols": ", ".join(quoted(each) for each in schema.names),
            }
            raise AnalysisError("COLUMN_NOT_DEFINED_IN_TABLE", parameters)


def create_like(command: CreateTableLike, context: Context) -> LogicalPlan:
    """CREATE TABLE LIKE: the columns and partitions of another table or view; of a table also its format and options."""
    catalog = context.catalog
    source = catalog.find(command.table.parts)
    if source is None:
        raise catalog.not_found(command.table.parts, command.table.origin)
    database, name = catalog.target(command.name)
    if catalog.find((CATALOG, database.name, name)) is not None:
        if command.if_not_exists:
            return DONE
        raise already_exists((database.name, name))
    known = source if isinstance(source, Table) else None
    provider = command.using or (known.format if known else context.session.conf.get("spark.sql.sources.default"))
    table = Table(
        database.name,
        name,
        format_named(provider).name,
        local_path(command.location) if command.location else str(Path(database.location) / name),
        schema=nullable(context.catalog.schema_of(source)),
        partitioned_by=known.partitioned_by if known else (),
        options=known.options if known and not command.using else (),
        managed=not command.location,
        comment=known.comment if known else "",
        properties=tuple(sorted(command.properties)),
        created=time.time(),
        defaults=known.defaults if known else (),
        buckets=known.buckets if known else None,
    )
    if table.managed:
        _claim(table, None)
        _clear(Path(table.location))
    catalog.put(table)
    return DONE


_MOST_BUCKETS = 100_000


def _replaced(table: Table, schema: StructType, partitioned_by: tuple[str, ...]) -> Table:
    return replace(table, schema=schema, partitioned_by=partitioned_by)


def _partitions_last(schema: StructType, table: Table, context: Context) -> StructType:
    """The columns with those of PARTITIONED BY at the end. Raises for one that there is not, or twice."""
    fold, partitioned_by = context.catalog.fold, table.partitioned_by
    fields: dict[str, StructField] = {}
    for field in schema.fields:
        if fold(field.name) in fields:
            raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(field.name)})
        fields[fold(field.name)] = field
    for place, name in enumerate(partitioned_by):
        if fold(name) not in fields:
            parameters = {
                "colType": "partition",
                "colName": quoted(name),
                "tableName": quoted((CATALOG, table.database, table.name)),
                "tableCols": ", ".join(quoted(each) for each in schema.names),
            }
            near = suggestions(name, schema.names)
            raise AnalysisError(
                "COLUMN_NOT_DEFINED_IN_TABLE", parameters, hint=f"Did you mean {near[0]}?" if near else ""
            )
        if fold(name) in map(fold, partitioned_by[:place]):
            raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(fold(name))})
        if fields[fold(name)].dataType.children:
            kind = {"type": f'"{fields[fold(name)].dataType.sql}"'}
            raise AnalysisError("INVALID_PARTITION_COLUMN_DATA_TYPE", kind)
    if partitioned_by and len(partitioned_by) == len(fields):
        raise AnalysisError("ALL_PARTITION_COLUMNS_NOT_ALLOWED", {})
    last = [fold(name) for name in partitioned_by]
    return StructType((*(f for n, f in fields.items() if n not in last), *(fields[n] for n in last)))


def _as_select(command: CreateTable, table: Table, known: Entry | object | None, context: Context) -> None:
    assert command.query is not None
    query = context.subquery(command.query)
    found = schema_of_query(query.analyzed, context.catalog.find)
    schema = nullable(_partitions_last(found, table, context))  # files promise nothing
    _claim(table, known)
    with staging(Path(table.location)) as staged:
        zone = context.session.conf.get("spark.sql.session.timeZone")
        options = dict(table.options)
        write_files(query.batches(), query.schema, staged, table.format, options, table.partitioned_by, zone)
        if _same_place(table, known):
            swap(staged, Path(table.location))
        else:
            try:
                move(staged, Path(table.location))
            except Taken:
                raise _taken(table) from None
    entry = _replaced(table, schema, table.partitioned_by)
    try:
        done = context.catalog.put(entry, replace=command.replace, if_not_exists=command.if_not_exists)
    except FlintError:
        remove_directory(table.location)  # someone else was first with the name
        raise
    if done:
        _forget(table, known)
    else:
        remove_directory(table.location)


def _claim(table: Table, known: object | None) -> None:
    """Raises LOCATION_ALREADY_EXISTS where files of something else lie: only a table's own are ever replaced."""
    if not _same_place(table, known) and not is_empty(Path(table.location)):
        raise _taken(table)


def _same_place(table: Table, known: object | None) -> bool:
    return isinstance(known, Table) and known.location == table.location


def _forget(table: Table, known: object | None) -> None:
    """Removes the files of a managed table that was replaced by one in another place."""
    if isinstance(known, Table) and known.managed and known.location != table.location:
        remove_directory(known.location)


def _clear(location: Path) -> None:
    """Makes an empty folder of a table's; the files of the one it replaces go."""
    if location.exists():
        shutil.rmtree(location)
    location.mkdir(parents=True)


def _taken(table: Table) -> AnalysisError:
    name = quoted((CATALOG, table.database, table.name))
    return AnalysisError("LOCATION_ALREADY_EXISTS", {"identifier": name, "location": table.location})
