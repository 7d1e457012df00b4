"""Store assignment: what INSERT casts to the types of a table's columns and what it refuses (spark.sql.storeAssignmentPolicy).

Follows Spark's TableOutputResolver and `Cast.canANSIStoreAssign`. Casts run on the batches that the query gives, so that an
overflow is told with the name of the column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError, quoted
from engine.expressions.base import Mode
from engine.kernels.casts.cast import cast_array
from engine.kernels.char import fit_lengths
from engine.records import dataclass
from engine.types import (
    ArrayType,
    DataType,
    DateType,
    DayTimeIntervalType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)
from engine.types.casts import can_cast, is_up_cast
from engine.types.char import without_lengths
from engine.types.decimals import decimal_for

Path = tuple[str, ...]
_DATETIME = (DateType, TimestampType, TimestampNTZType)
_OVERFLOWS = ("CAST_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION")


@dataclass(frozen=True)
class Assignment:
    """How values are stored: `table` is the name that errors show, `policy` ANSI, LEGACY or STRICT, `zone` the session's;
    without `limits` the lengths of CHAR and VARCHAR are not heeded."""

    table: tuple[str, ...]
    policy: str
    zone: str
    limits: bool = True

    def check(self, source: DataType, target: DataType, path: Path) -> None:
        """Raises INCOMPATIBLE_DATA_FOR_TABLE where values of `source` are not stored in a column of type `target`."""
        match source, target:
            case ArrayType(a), ArrayType(b):
                self.check(a, b, (*path, "element"))
            case MapType(key, value), MapType(other_key, other_value):
                self.check(key, other_key, (*path, "key"))
                self.check(value, other_value, (*path, "value"))
            case StructType(have), StructType(want):
                if len(have) < len(want):
                    missing = [field.name for field in want[len(have) :]]
                    self.refuse("STRUCT_MISSING_FIELDS", path, missingFields=_listed(missing))
                if len(have) > len(want):
                    extra = [field.name for field in have[len(want) :]]
                    self.refuse("EXTRA_STRUCT_FIELDS", path, extraFields=_listed(extra))
                for one, other in zip(have, want, strict=True):
                    self.check(one.dataType, other.dataType, (*path, other.name))
            case _ if not self._fits(source, target):
                kinds = {"srcType": f'"{source.sql}"', "targetType": f'"{target.sql}"'}
                self.refuse("CANNOT_SAFELY_CAST", path, **kinds)

    def refuse(self, kind: str, path: Path, **parameters: str) -> NoReturn:
        """Raises INCOMPATIBLE_DATA_FOR_TABLE for the column (or the field inside it) at `path`."""
        named = {"tableName": quoted(self.table), "colName": quoted(path)}
        raise AnalysisError(f"INCOMPATIBLE_DATA_FOR_TABLE.{kind}", named | parameters)

    def _fits(self, source: DataType, target: DataType) -> bool:
        if self.policy == "LEGACY":
            return can_cast(source, target, ansi=False)
        if self.policy == "STRICT":
            return is_up_cast(source, target)
        return can_store(source, target)

    def converter(self, source: DataType, target: DataType, column: str) -> Callable[[pa.Array], pa.Array]:
        """Arrays of `source` as those of `target`. It raises CAST_OVERFLOW_IN_TABLE_INSERT for a number that does not fit."""
        mode = Mode.LEGACY if self.policy == "LEGACY" else Mode.ANSI
        plain = without_lengths(target)

        def convert(array: pa.Array) -> pa.Array:
            try:
                found = cast_array(array, source, plain, mode, self.zone)
                return fit_lengths(found, target) if self.limits else found
            except ExecutionError as error:
                if error.condition not in _OVERFLOWS:
                    raise
                raise _overflow(error, source, plain, column) from error

        return convert


def can_store(source: DataType, target: DataType) -> bool:
    """Spark's `Cast.canANSIStoreAssign` of types that are not nested."""
    if source == target or isinstance(source, NullType):
        return True
    if isinstance(target, StringType):
        return not source.children
    for family in (NumericType, _DATETIME, DayTimeIntervalType, YearMonthIntervalType):
        if isinstance(source, family) and isinstance(target, family):
            return True
    return False


def _overflow(error: ExecutionError, source: DataType, target: DataType, column: str) -> ExecutionError:
    """The error with the place of the cast that overflowed: the one between the two types that it names."""
    leaves = list(_leaves(source, target, (column,)))
    told = error.message_parameters
    named = [
        each
        for each in leaves
        if (f'"{each[0].sql}"', f'"{each[1].sql}"') == (told.get("sourceType"), told.get("targetType"))
    ]
    one, other, path = (named or [each for each in leaves if decimal_for(each[1]) is not None] or leaves)[0]
    parameters = {"sourceType": f'"{one.sql}"', "targetType": f'"{other.sql}"', "columnName": quoted(path)}
    return ExecutionError("CAST_OVERFLOW_IN_TABLE_INSERT", parameters)


def _leaves(source: DataType, target: DataType, path: Path) -> Iterator[tuple[DataType, DataType, Path]]:
    """The pairs of types that are cast, with where they are."""
    match source, target:
        case ArrayType(a), ArrayType(b):
            yield from _leaves(a, b, (*path, "element"))
        case MapType(key, value), MapType(other_key, other_value):
            yield from _leaves(key, other_key, (*path, "key"))
            yield from _leaves(value, other_value, (*path, "value"))
        case StructType(have), StructType(want):
            for one, other in zip(have, want, strict=True):
                yield from _leaves(one.dataType, other.dataType, (*path, other.name))
        case _ if source != target:
            yield source, target, path


def _listed(names: list[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def by_name(
    array: pa.Array, source: DataType, target: DataType, fold: Callable[[str], str]
) -> tuple[pa.Array, DataType]:
    """A column with the fields of its structs in the order in which `target` names them; others come last."""
    if not isinstance(source, StructType) or not isinstance(target, StructType):
        return array, source
    wanted = {fold(field.name): place for place, field in enumerate(target.fields)}
    order = sorted(range(len(source)), key=lambda n: wanted.get(fold(source.fields[n].name), len(wanted)))
    columns, fields = [], []
    for number in order:
        field = source.fields[number]
        place = wanted.get(fold(field.name))
        inner = target.fields[place].dataType if place is not None else field.dataType
        column, kind = by_name(array.field(number), field.dataType, inner, fold)
        columns.append(column)
        fields.append(StructField(field.name, kind, field.nullable))
    if tuple(fields) == source.fields:
        return array, source
    kept = [pa.field(f.name, c.type) for f, c in zip(fields, columns, strict=True)]
    return pa.StructArray.from_arrays(columns, fields=kept, mask=array.is_null()), StructType(tuple(fields))
