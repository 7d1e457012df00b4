"""CREATE, DROP, DESCRIBE DATABASE; USE; and DROP of tables and views."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.catalog.catalog import valid_name
from engine.catalog.tables import CATALOG, GLOBAL_TEMP, Database, Entry, Table, TempView
from engine.commands.context import DONE, Context, answer
from engine.errors import AnalysisError, ExecutionError, Unsupported, quoted, suggestions
from engine.events import redact
from engine.logical.commands import CreateDatabase, DescribeDatabase, Drop, Use
from engine.logical.plan import LogicalPlan
from engine.sources.files import local_path


def create_database(command: CreateDatabase, context: Context) -> LogicalPlan:
    """CREATE DATABASE: its folder is made with the first table."""
    catalog = context.catalog
    name = catalog.database_part(command.name)
    valid_name(name)
    if name == GLOBAL_TEMP:
        raise AnalysisError("SCHEMA_ALREADY_EXISTS", {"schemaName": quoted(name)})
    location = local_path(command.location) if command.location else str(Path(catalog.warehouse) / f"{name}.db")
    database = Database(name, location, command.comment, command.properties)
    catalog.create_database(database, command.if_not_exists)
    return DONE


def use(command: Use, context: Context) -> LogicalPlan:
    """USE database; USE spark_catalog."""
    if command.kind == "catalog":
        if [context.catalog.fold(part) for part in command.name] != [CATALOG]:
            near = suggestions(command.name[-1], [CATALOG])
            hint = f"Did you mean {near[0]}?" if near else f"The only catalog is {CATALOG}."
            raise AnalysisError("CATALOG_NOT_FOUND", {"catalogName": quoted(command.name)}, hint=hint)
        return DONE
    context.catalog.use(command.name)
    return DONE


def describe_database(command: DescribeDatabase, context: Context) -> LogicalPlan:
    """DESCRIBE DATABASE [EXTENDED]."""
    database = context.catalog.database(context.catalog.database_part(command.name))
    rows = [
        ("Catalog Name", CATALOG),
        ("Namespace Name", database.name),
        ("Comment", database.comment),
        ("Location", database.location),
    ]
    if command.extended:
        shown = ", ".join(f"({key},{value})" for key, value in sorted(redact(dict(database.properties)).items()))
        rows.append(("Properties", f"({shown})" if shown else ""))
    return answer(("info_name", "info_value"), rows)


def drop(command: Drop, context: Context) -> LogicalPlan:
    """DROP TABLE, VIEW or DATABASE."""
    if command.kind == "database":
        _drop_database(command, context)
        return DONE
    found = context.catalog.find(command.name)
    if found is None:
        if not command.if_exists:
            raise context.catalog.not_found(command.name)
        return DONE
    is_view = not isinstance(found, Table)
    # as in Spark, DROP TABLE takes a temporary view too
    if is_view != (command.kind == "view") and not (isinstance(found, TempView) and command.kind == "table"):
        needed, actual, other = ("VIEW", "TABLE", "DROP TABLE") if not is_view else ("TABLE", "VIEW", "DROP VIEW")
        parameters = {
            "operation": f"DROP {command.kind.upper()}",
            "requiredType": needed,
            "objectName": quoted(command.name),
            "foundType": actual,
            "alternative": other,
        }
        raise AnalysisError("WRONG_COMMAND_FOR_OBJECT_TYPE", parameters)
    context.catalog.remove(found)
    if isinstance(found, Table) and found.managed:
        remove_directory(found.location)
    return DONE


def _drop_database(command: Drop, context: Context) -> None:
    catalog = context.catalog
    name = catalog.database_part(command.name)
    if name not in catalog.databases():
        if command.if_exists:
            return
        catalog.database(name)  # raises SCHEMA_NOT_FOUND with the nearest names
    if name == "default":
        raise Unsupported("DROP of the database `default`")
    entries: list[Entry] = catalog.entries(name)
    if entries and not command.cascade:
        raise AnalysisError("SCHEMA_NOT_EMPTY", {"schemaName": quoted(name)})
    for entry in entries:
        catalog.remove(entry)
        if isinstance(entry, Table) and entry.managed:
            remove_directory(entry.location)
    database = catalog.database(name)
    catalog.drop_database(name)
    folder = Path(database.location)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def remove_directory(path: str) -> None:
    """Removes the files of a managed table. Raises ExecutionError FAILED_READ_FILE if that is not allowed."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return  # a table that never had a file
    except OSError as error:
        reason = f"Its files cannot be removed: {error.strerror}."
        raise ExecutionError("FAILED_READ_FILE", {"path": path, "reason": reason}) from error
