"""ALTER TABLE, ALTER VIEW and their like: one statement with one of several actions."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.expressions.base import Expression
from engine.logical.commands import Command
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedRelation
from engine.tree.node import node
from engine.types import DataType, StructField

Pairs = tuple[tuple[str, str], ...]
Partition = tuple[tuple[str, Expression | None], ...]


class RenameTo(NamedTuple):
    """RENAME TO name."""

    name: tuple[str, ...]


class SetProperties(NamedTuple):
    """SET TBLPROPERTIES."""

    properties: Pairs


class UnsetProperties(NamedTuple):
    """UNSET TBLPROPERTIES."""

    keys: tuple[str, ...]
    if_exists: bool


class SetOptions(NamedTuple):
    """SET SERDEPROPERTIES: options of the files."""

    options: Pairs


class SetLocation(NamedTuple):
    """SET LOCATION: the files are elsewhere."""

    path: str


class AddedColumn(NamedTuple):
    """A column of ADD COLUMNS. `position` is "FIRST", the name of a column (AFTER), or ""."""

    name: tuple[str, ...]
    field: StructField
    default: tuple[Expression, str] | None = None
    position: str = ""


class AddColumns(NamedTuple):
    """ADD COLUMNS; with `replace`, in the place of those there are."""

    columns: tuple[AddedColumn, ...]
    replace: bool = False


class RenameColumn(NamedTuple):
    """RENAME COLUMN."""

    name: tuple[str, ...]
    to: str


class DropColumns(NamedTuple):
    """DROP COLUMNS."""

    names: tuple[tuple[str, ...], ...]
    if_exists: bool


class ColumnChange(NamedTuple):
    """ALTER COLUMN of one column: what is None stays. `default` is "" for DROP DEFAULT; `renamed` and `type` together are the
    older form CHANGE old new TYPE."""

    name: tuple[str, ...]
    type: DataType | None = None
    comment: str | None = None
    nullable: bool | None = None
    default: tuple[Expression, str] | str | None = None
    position: str = ""
    renamed: str = ""


class ChangeColumns(NamedTuple):
    """ALTER COLUMN."""

    changes: tuple[ColumnChange, ...]


class AddPartitions(NamedTuple):
    """ADD PARTITION, with the place of each ("" for its own)."""

    partitions: tuple[tuple[Partition, str], ...]
    if_not_exists: bool


class DropPartitions(NamedTuple):
    """DROP PARTITION."""

    partitions: tuple[Partition, ...]
    if_exists: bool


class RenamePartition(NamedTuple):
    """PARTITION a RENAME TO PARTITION b."""

    partition: Partition
    to: Partition


class RecoverPartitions(NamedTuple):
    """RECOVER PARTITIONS, MSCK REPAIR: partitions are found anew."""


class SetComment(NamedTuple):
    """COMMENT ON; None takes the comment away."""

    comment: str | None


class ViewQuery(NamedTuple):
    """ALTER VIEW ... AS query, with its text."""

    query: LogicalPlan
    text: str


class ViewSchema(NamedTuple):
    """ALTER VIEW ... WITH SCHEMA mode."""

    mode: str


@node
class AlterTable(Command):
    """ALTER `kind` ("table" or "view") ... `action`, one of the classes above."""

    table: UnresolvedRelation
    kind: str
    action: Any


@node
class AlterDatabase(Command):
    """ALTER DATABASE ... SET DBPROPERTIES; with `comment`, COMMENT ON DATABASE."""

    name: tuple[str, ...]
    properties: Pairs
    comment: str | None = None


@node
class CreateTableLike(Command):
    """CREATE TABLE name LIKE table."""

    name: tuple[str, ...]
    table: UnresolvedRelation
    if_not_exists: bool
    using: str
    location: str
    properties: Pairs
