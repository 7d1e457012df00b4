"""ALTER TABLE of partitions: they are the directories of the table's folder, so adding one makes an empty directory."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.catalog.tables import Table
from engine.commands.context import Context
from engine.commands.partition_spec import partition_spec, whole_spec
from engine.commands.publish import locked
from engine.errors import AnalysisError, Unsupported, quoted
from engine.logical.alter import AddPartitions, DropPartitions, RecoverPartitions, RenamePartition


def add_partitions(table: Table, action: AddPartitions, context: Context) -> Table:
    """ADD [IF NOT EXISTS] PARTITION."""
    if any(location for _, location in action.partitions):
        raise Unsupported("LOCATION of a partition", hint="Partitions lie in the table's own folder.")
    specs = [whole_spec(table, each, context) for each, _ in action.partitions]
    known = [spec for spec in specs if spec.exists(table)]
    if known and not action.if_not_exists:
        shown = {"partitionList": ", ".join(spec.shown() for spec in known), "tableName": _name(table)}
        raise AnalysisError("PARTITIONS_ALREADY_EXIST", shown)
    with locked(Path(table.location)):
        for spec in specs:
            Path(table.location).joinpath(*spec.directories).mkdir(parents=True, exist_ok=True)
    return table


def drop_partitions(table: Table, action: DropPartitions, context: Context) -> Table:
    """DROP [IF EXISTS] PARTITION: each is named with all of its columns."""
    schema = context.catalog.schema_of(table)
    specs = [partition_spec(each, table, schema, context, None, whole=False) for each in action.partitions]
    whole = len(table.partitioned_by)
    missing = [spec for spec in specs if len(spec.static) < whole or not spec.exists(table)]
    if missing and not action.if_exists:
        shown = {"partitionList": ", ".join(spec.shown() for spec in missing), "tableName": _name(table)}
        raise AnalysisError("PARTITIONS_NOT_FOUND", shown)
    with locked(Path(table.location)):
        for spec in [each for each in specs if each not in missing]:
            for directory in spec.existing(table):
                shutil.rmtree(Path(table.location).joinpath(*directory))
    return table


def rename_partition(table: Table, action: RenamePartition, context: Context) -> Table:
    """PARTITION a RENAME TO PARTITION b."""
    old, new = whole_spec(table, action.partition, context), whole_spec(table, action.to, context)
    if not old.exists(table):
        raise AnalysisError("PARTITIONS_NOT_FOUND", {"partitionList": old.shown(), "tableName": _name(table)})
    if new.exists(table):
        raise AnalysisError("PARTITIONS_ALREADY_EXIST", {"partitionList": new.shown(), "tableName": _name(table)})
    with locked(Path(table.location)):
        target = Path(table.location).joinpath(*new.directories)
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(table.location).joinpath(*old.directories).rename(target)
    return table


def recover_partitions(table: Table, _action: RecoverPartitions, _context: Context) -> Table:
    """RECOVER PARTITIONS, MSCK REPAIR TABLE: directories are the partitions, so only what is cached is forgotten."""
    if not table.partitioned_by:
        raise AnalysisError(
            "NOT_A_PARTITIONED_TABLE", {"operation": "MSCK REPAIR TABLE", "tableIdentWithDB": _name(table)}
        )
    return table


def _name(table: Table) -> str:
    return quoted((table.database, table.name))
