"""INSERT INTO and INSERT OVERWRITE, TRUNCATE TABLE.

The rows of the query are cast to the columns of the table (`assign`), written below a hidden folder beside the table's, and
then published (`publish`): a failed statement leaves nothing, and readers never see half of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from engine.catalog.tables import CATALOG, Table
from engine.commands.assign import Assignment, by_name
from engine.commands.cache import refresh
from engine.commands.context import DONE, Context
from engine.commands.defaults import Defaults, with_defaults
from engine.commands.partition_spec import Spec, partition_spec
from engine.commands.publish import publish
from engine.commands.staging import staging
from engine.errors import AnalysisError, Unsupported, quoted
from engine.expressions.base import Literal
from engine.kernels.literals import literal_scalar
from engine.logical.commands import InsertInto, InsertMany, InsertTarget, TruncateTable
from engine.logical.plan import LogicalPlan, Scan
from engine.query import Query
from engine.sources.filescan import FileRelation
from engine.sources.write import write_files
from engine.types import StructField, StructType
from engine.types.arrow import to_arrow
from engine.types.char import schema_without_lengths

Make = Callable[[pa.RecordBatch], pa.Array]


def insert(command: InsertInto, context: Context) -> LogicalPlan:
    """INSERT INTO | OVERWRITE [TABLE] t [PARTITION (...)] [(columns) | BY NAME] query."""
    target = command.target
    table = context.table(target.table, "INSERT")
    if table.buckets is not None:
        raise Unsupported("INSERT into a table that is CLUSTERED BY", target.origin)
    schema = context.catalog.schema_of(table)
    spec = partition_spec(target.partition, table, schema, context, target.origin)
    if target.if_not_exists and spec.exists(table):
        return DONE
    defaults = Defaults(table, context)
    expected = _expected(target, schema, spec, context)
    query = context.subquery(with_defaults(command.query, expected, defaults))
    if target.overwrite:
        _refuse_own_rows(query, table)
    makers = _Columns(target, table, spec, defaults, context).makers(schema, expected, query.schema)
    _write(table, schema, _stored(query, makers, schema), spec, target.overwrite, context)
    refresh((CATALOG, table.database, table.name), context)
    return DONE


def insert_many(command: InsertMany, context: Context) -> LogicalPlan:
    """FROM t INSERT ... INSERT ..."""
    for each in command.inserts:
        insert(each, context)
    return DONE


def _expected(target: InsertTarget, schema: StructType, spec: Spec, context: Context) -> tuple[StructField, ...]:
    """The columns that the query gives values for, in its order. Raises for names that the table does not have, or twice."""
    fold = context.catalog.fold
    free = {fold(field.name): field for field in schema.fields if fold(field.name) not in spec.static}
    if target.columns is None:
        return tuple(free.values())
    found: list[StructField] = []
    for name in target.columns:
        if fold(name) in {fold(field.name) for field in found}:
            raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(fold(name))})
        if fold(name) not in free:
            parameters = {"objectName": quoted(name), "proposal": ", ".join(quoted(f.name) for f in free.values())}
            raise AnalysisError("UNRESOLVED_COLUMN.WITH_SUGGESTION", parameters, target.origin)
        found.append(free[fold(name)])
    return tuple(found)


def _refuse_own_rows(query: Query, table: Table) -> None:
    """Raises UNSUPPORTED_OVERWRITE.TABLE for a query that reads what it would replace."""
    plans = [query.analyzed]
    for plan in plans:
        plans += plan.plans
        for scan in plan.collect(Scan):
            if isinstance(scan.relation, FileRelation) and table.location in scan.relation.listing.asked:
                raise AnalysisError("UNSUPPORTED_OVERWRITE.TABLE", {"table": quoted(_full(table))})


class _Columns:
    """How each column of a table is made of the columns of the query."""

    def __init__(self, target: InsertTarget, table: Table, spec: Spec, defaults: Defaults, context: Context) -> None:
        conf = context.session.conf
        self.target, self.table, self.spec, self.defaults = target, table, spec, defaults
        self.fold = context.catalog.fold
        policy = conf.value("spark.sql.storeAssignmentPolicy")
        limits = not conf.value("spark.sql.legacy.charVarcharAsString")
        self.assignment = Assignment(_full(table), policy, conf.get("spark.sql.session.timeZone"), limits)

    def makers(self, schema: StructType, expected: Sequence[StructField], given: StructType) -> list[Make]:
        """One function for each column of the table. Raises where the query's columns do not fit: too many, too few, of
        other types."""
        places = self._by_name(expected, given) if self.target.by_name else self._by_position(schema, expected, given)
        made: list[Make] = []
        for field in schema.fields:
            name = self.fold(field.name)
            place = places.get(name)
            if place is not None:
                made.append(self._assigned(field, given.fields[place], place))
            else:
                made.append(self._constant(field, self.spec.static.get(name) or self.defaults.value(field)))
        return made

    def _by_position(self, schema: StructType, expected: Sequence[StructField], given: StructType) -> dict[str, int]:
        if len(given) != len(expected):
            columns = schema.fields if self.spec.static and self.target.columns is None else expected
            parameters = {
                "tableName": quoted(_full(self.table)),
                "tableColumns": _names([field.name for field in columns]),
                "dataColumns": _names(given.names),
            }
            if self.spec.static and self.target.columns is None:
                static = [field.name for field in schema.fields if self.fold(field.name) in self.spec.static]
                parameters["staticPartCols"] = _names(static)
                raise AnalysisError("INSERT_PARTITION_COLUMN_ARITY_MISMATCH", parameters)
            kind = "TOO_MANY" if len(given) > len(expected) else "NOT_ENOUGH"
            raise AnalysisError(f"INSERT_COLUMN_ARITY_MISMATCH.{kind}_DATA_COLUMNS", parameters)
        return {self.fold(field.name): place for place, field in enumerate(expected)}

    def _by_name(self, expected: Sequence[StructField], given: StructType) -> dict[str, int]:
        table = quoted(_full(self.table))
        if len(given) > len(expected):
            columns = {"tableColumns": _names([f.name for f in expected]), "dataColumns": _names(given.names)}
            raise AnalysisError("INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS", {"tableName": table} | columns)
        wanted = {self.fold(field.name) for field in expected}
        places: dict[str, int] = {}
        for place, name in enumerate(given.names):
            if self.fold(name) in places:
                self.assignment.refuse("AMBIGUOUS_COLUMN_NAME", (name,))
            places[self.fold(name)] = place
        extra = [name for name in given.names if self.fold(name) not in wanted]
        if extra:
            parameters = {"tableName": table, "extraColumns": _names(extra)}
            raise AnalysisError("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", parameters)
        return places

    def _constant(self, field: StructField, value: Literal) -> Make:
        fit = self.assignment.converter(value.dataType, field.dataType, field.name)
        kind = to_arrow(value.dataType)
        # pyarrow makes no array of the null of a list
        constant = pa.nulls(1, kind) if value.value is None else pa.array([literal_scalar(value)], kind)
        scalar = fit(constant)[0]
        return lambda batch: pa.repeat(scalar, batch.num_rows)

    def _assigned(self, field: StructField, given: StructField, place: int) -> Make:
        source = given.dataType
        arrange = isinstance(source, StructType) and self.target.by_name
        if arrange:
            empty = pa.array([], to_arrow(source))
            source = by_name(empty, source, field.dataType, self.fold)[1]
        self.assignment.check(source, field.dataType, (field.name,))
        convert = self.assignment.converter(source, field.dataType, field.name)

        def make(batch: pa.RecordBatch) -> pa.Array:
            array = batch.column(place)
            return convert(by_name(array, given.dataType, field.dataType, self.fold)[0] if arrange else array)

        return make


def _stored(query: Query, makers: Sequence[Make], schema: StructType) -> Iterator[pa.RecordBatch]:
    """The rows of the query as the table keeps them."""
    for batch in query.batches():
        if batch.num_rows:
            yield pa.RecordBatch.from_arrays([make(batch) for make in makers], names=schema.names)


def _write(
    table: Table,
    schema: StructType,
    rows: Iterator[pa.RecordBatch],
    spec: Spec,
    overwrite: bool,
    context: Context,
) -> None:
    location = Path(table.location).resolve()
    zone = context.session.conf.get("spark.sql.session.timeZone")
    with staging(location) as staged:
        plain = schema_without_lengths(schema)
        count = write_files(rows, plain, staged, table.format, dict(table.options), table.partitioned_by, zone)
        if not overwrite:
            if count:
                publish(staged, location)
            return
        dynamic = context.session.conf.value("spark.sql.sources.partitionOverwriteMode") == "DYNAMIC"
        if dynamic and table.partitioned_by and len(spec.static) < len(table.partitioned_by):
            publish(staged, location, _outside(staged, len(table.partitioned_by)))
        else:
            if spec.static and len(spec.static) == len(table.partitioned_by):
                staged.joinpath(*spec.directories).mkdir(parents=True, exist_ok=True)
            publish(staged, location, spec.keeps)


def _outside(staged: Path, depth: int) -> Callable[[tuple[str, ...]], bool]:
    """Keeps the partitions that get no new files."""
    written = {path.relative_to(staged).parts for path in staged.glob("/".join("*" * depth))}
    return lambda parts: parts[:depth] not in written


def truncate(command: TruncateTable, context: Context) -> LogicalPlan:
    """TRUNCATE TABLE t [PARTITION (...)]: the rows go, the table and its partitions stay."""
    table = context.table(command.table, "TRUNCATE TABLE")
    if not table.managed:
        name = {"tableIdentWithDB": quoted(_full(table))}
        raise AnalysisError("_LEGACY_ERROR_TEMP_1266", name)
    schema = context.catalog.schema_of(table)
    spec = partition_spec(command.partition, table, schema, context, command.origin, whole=False)
    location = Path(table.location).resolve()
    with staging(location) as staged:
        for directory in spec.existing(table):
            staged.joinpath(*directory).mkdir(parents=True, exist_ok=True)
        publish(staged, location, spec.keeps)
    refresh((CATALOG, table.database, table.name), context)
    return DONE


def _full(table: Table) -> tuple[str, ...]:
    return CATALOG, table.database, table.name


def _names(names: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in names)
