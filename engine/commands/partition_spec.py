"""PARTITION (a = 1, b): which partitions of a table a statement means."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from engine.catalog.tables import CATALOG, Table
from engine.commands.constants import evaluate
from engine.commands.context import Context
from engine.commands.details import storage
from engine.errors import AnalysisError, FlintError, Position, quoted
from engine.expressions.base import Expression, Literal
from engine.kernels.char import fit_lengths
from engine.kernels.literals import literal_scalar
from engine.records import dataclass
from engine.sources.partitions import partition_name, partition_of
from engine.sources.write import partition_style
from engine.types import StringType, StructField, StructType
from engine.types.cells import texts
from engine.types.char import without_lengths

Partition = tuple[tuple[str, Expression | None], ...]


@dataclass(frozen=True)
class Spec:
    """Partition columns with constant values: `static` by folded name, `directories` those of the first ones in the order of
    the table (up to the first without a value), `order` all of them."""

    static: Mapping[str, Literal]
    directories: tuple[str, ...]
    order: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """Those of all values."""
        return frozenset(self.order)

    def keeps(self, parts: tuple[str, ...]) -> bool:
        """Whether the files in those directories are of no partition that is meant."""
        return not self.means(parts)

    def means(self, parts: tuple[str, ...]) -> bool:
        """Whether a file in the directories `parts` belongs to what is meant: without values, every one."""
        return self.names <= set(parts)

    def shown(self) -> str:
        """As messages show it: PARTITION (`a` = 1, `b` = x)."""
        pairs = [partition_of(directory) for directory in self.order]
        return "PARTITION (" + ", ".join(f"{quoted(pair[0])} = {pair[1]}" for pair in pairs if pair is not None) + ")"

    def texts(self) -> dict[str, str | None]:
        """The values as directories write them, by column."""
        return dict(pair for pair in map(partition_of, self.order) if pair is not None)

    def exists(self, table: Table) -> bool:
        """Whether the table has such a partition."""
        return bool(self.existing(table))

    def existing(self, table: Table) -> list[tuple[str, ...]]:
        """The directories of the table's partitions that are meant."""
        root, depth = Path(table.location), len(table.partitioned_by)
        found = [path.relative_to(root).parts for path in root.glob("/".join("*" * depth))] if depth else []
        return sorted(parts for parts in found if all(map(partition_of, parts)) and self.means(parts))


def partition_spec(
    given: tuple[tuple[str, Expression | None], ...],
    table: Table,
    schema: StructType,
    context: Context,
    origin: Position | None,
    whole: bool = True,
) -> Spec:
    """The values of PARTITION, cast to the types of their columns. Raises AnalysisError PARTITIONS_NOT_FOUND for columns that
    do not partition the table; if the `whole` specification is wanted, also for one that leaves columns out."""
    fold = context.catalog.fold
    fields = {fold(field.name): field for field in schema.fields}
    columns = {fold(name): name for name in table.partitioned_by}
    unknown = [name for name, _ in given if fold(name) not in columns]
    if unknown:
        shown = {"partitionList": ", ".join(map(quoted, unknown)), "tableName": _full(table)}
        raise AnalysisError("PARTITIONS_NOT_FOUND", shown)
    if whole and given:
        _check_whole(given, table, context)
    static: dict[str, Literal] = {}
    directories: dict[str, str] = {}
    for name, value in given:
        if value is not None:
            field = fields[fold(name)]
            try:
                static[fold(name)] = _value(value, field, context)
            except FlintError as error:
                error.position = origin
                raise
            directories[fold(name)] = _directory(field, static[fold(name)], context)
    first = itertools.takewhile(directories.__contains__, columns)
    return Spec(
        static,
        tuple(directories[name] for name in first),
        tuple(directories[name] for name in columns if name in directories),
    )


def _value(value: Expression, field: StructField, context: Context) -> Literal:
    """The value of a partition column; one of CHAR(n) is padded."""
    kind = without_lengths(field.dataType)
    found = evaluate(value, kind, context)
    if (
        kind == field.dataType
        or found.value is None
        or context.session.conf.value("spark.sql.legacy.charVarcharAsString")
    ):
        return found
    return Literal(fit_lengths(pa.array([found.value], pa.string()), field.dataType)[0].as_py(), kind)


def _directory(field: StructField, value: Literal, context: Context) -> str:
    style = partition_style(context.session.conf.get("spark.sql.session.timeZone"))
    text = texts(pa.array([literal_scalar(value)]), field.dataType, style)[0]
    if text == "" and isinstance(field.dataType, StringType):
        details = f"The spec ([{field.name}=Some()]) contains an empty partition column value"
        raise AnalysisError("INVALID_PARTITION_SPEC", {"details": details})
    return partition_name(field.name, text)


def _check_whole(given: tuple[tuple[str, Expression | None], ...], table: Table, context: Context) -> None:
    fold = context.catalog.fold
    named = {fold(name): value for name, value in given}
    if len(named) < len(table.partitioned_by):
        parameters = {
            "tableName": _full(table),
            "normalizedPartSpec": ",".join(name for name, _ in given),
            "partColNames": ",".join(table.partitioned_by),
        }
        raise AnalysisError("_LEGACY_ERROR_TEMP_1169", parameters)
    dynamic = [named[fold(name)] is None for name in table.partitioned_by]
    if dynamic != sorted(dynamic):
        raise AnalysisError("_LEGACY_ERROR_TEMP_1147", {"partColumns": f"[{','.join(table.partitioned_by)}]"})


def whole_spec(table: Table, given: Partition, context: Context) -> Spec:
    """A PARTITION clause that names one partition. Raises AnalysisError for one that leaves a column or a value out."""
    empty = [name for name, value in given if value is None]
    if empty:
        raise AnalysisError("INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE", {"partKey": quoted(empty[0])})
    schema = context.catalog.schema_of(table)
    spec = partition_spec(given, table, schema, context, None, whole=False)
    if len(spec.static) < len(table.partitioned_by):
        parameters = {
            "specKeys": ", ".join(name for name, _ in given),
            "partitionColumnNames": ", ".join(table.partitioned_by),
            "tableName": _full(table),
        }
        raise AnalysisError("_LEGACY_ERROR_TEMP_1232", parameters)
    return spec


def existing_partition(table: Table, given: Partition, context: Context) -> Spec:
    """The same, of a partition that there is. Raises AnalysisError PARTITIONS_NOT_FOUND."""
    spec = whole_spec(table, given, context)
    if not spec.exists(table):
        shown = {"partitionList": spec.shown(), "tableName": quoted((table.database, table.name))}
        raise AnalysisError("PARTITIONS_NOT_FOUND", shown)
    return spec


def partition_details(table: Table, spec: Spec) -> list[tuple[str, str]]:
    """What is known of one partition."""
    values = ", ".join(f"{name}={value}" for name, value in spec.texts().items())
    place = Path(table.location).joinpath(*spec.directories)
    made = datetime.datetime.fromtimestamp(place.stat().st_mtime, datetime.UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    rows = [("Database", table.database), ("Table", table.name), ("Partition Values", f"[{values}]")]
    rows.append(("Location", f"file:{place}"))
    rows += storage(table)[1:]
    return [*rows, ("Created Time", made), ("Last Access", "UNKNOWN")]


def _full(table: Table) -> str:
    return quoted((CATALOG, table.database, table.name))
