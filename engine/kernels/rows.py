"""Rows on which expressions are evaluated, and values of them: arrays, or scalars for constants.

`Rows.where` gives the rows that reach a branch; their columns are filtered when they are read and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.kernels.context import EvalContext
from engine.lazy import pc
from engine.types import DataType
from engine.types.arrow import to_arrow

Datum: TypeAlias = pa.Array | pa.Scalar
"""A value for each row, or one for all."""


class Rows:
    """`length` rows whose columns are made by `column` when first asked for."""

    __slots__ = ("_column", "_columns", "length")

    def __init__(self, length: int, column: Callable[[int], pa.Array]) -> None:
        self.length = length
        self._column = column
        self._columns: dict[int, pa.Array] = {}

    def column(self, index: int) -> pa.Array:
        """The column at `index`."""
        found = self._columns.get(index)
        if found is None:
            found = self._columns[index] = self._column(index)
        return found

    def where(self, mask: pa.BooleanArray) -> Rows:
        """The rows for which `mask` is true."""
        return Rows(pc.sum(mask, min_count=0).as_py(), lambda index: self.column(index).filter(mask))

    def take(self, indices: pa.Array) -> Rows:
        """The rows at `indices`, which may repeat."""
        return Rows(len(indices), lambda index: self.column(index).take(indices))


Node: TypeAlias = Callable[[Rows], Datum]
"""A compiled expression."""


class Compiler(Protocol):
    """What the families of kernels need of the compiler (`engine.kernels.evaluate`)."""

    context: EvalContext

    def compile(self, expression: Expression) -> Node:
        """The node that evaluates `expression`."""

    def with_columns(self, columns: Sequence[Attribute]) -> Compiler:
        """A compiler for rows that have `columns` before those of this one."""

    @property
    def width(self) -> int:
        """How many columns the rows have."""


Compile: TypeAlias = Callable[[Any, Compiler], Node]
"""Compiles expressions of one class."""


def rows_of(batch: pa.RecordBatch, types: Mapping[int, pa.DataType]) -> Rows:
    """The rows of `batch`; columns become of the engine's `types`, by position (dictionaries are decoded)."""
    return Rows(batch.num_rows, lambda index: as_type(batch.column(index), types[index]))


def as_type(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    """`array` in the engine's own form of the same values: dictionaries decoded, large offsets made small."""
    if array.type == wanted:
        return array
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if array.type == wanted else array.cast(wanted)


def is_scalar(datum: Datum) -> bool:
    """Whether it is one value for all rows."""
    return isinstance(datum, pa.Scalar)


def as_array(datum: Datum, length: int) -> pa.Array:
    """The value for each of `length` rows."""
    if not isinstance(datum, pa.Scalar):
        return datum
    if not datum.is_valid:
        return pa.nulls(length, datum.type)
    return one(datum) if length == 1 else pa.repeat(datum, length)


def one(scalar: pa.Scalar) -> pa.Array:
    """The array of one row that holds `scalar`."""
    return pa.repeat(scalar, 1) if scalar.is_valid else pa.nulls(1, scalar.type)


def valid(array: pa.Array) -> np.ndarray[Any, Any]:
    """Which rows are not null, as numpy booleans."""
    if array.null_count == 0:
        return np.ones(len(array), dtype=bool)
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False))


def numpy_values(array: pa.Array) -> np.ndarray[Any, Any]:
    """The values of a fixed-width primitive array without copying; those of null rows are arbitrary.

    Dates become int32 days; timestamps and durations int64 microseconds. Booleans become numpy booleans (copied).
    """
    kind = array.type
    if pa.types.is_boolean(kind):
        return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False))
    buffer = array.buffers()[1]
    width: Any = {8: np.int8, 16: np.int16, 32: np.int32, 64: np.int64}[kind.bit_width]
    if pa.types.is_floating(kind):
        width = {32: np.float32, 64: np.float64}[kind.bit_width]
    if buffer is None or len(array) == 0:
        return np.zeros(len(array), dtype=width)
    return np.frombuffer(buffer, dtype=width, count=len(array) + array.offset)[array.offset :]


def from_numpy(
    values: np.ndarray[Any, Any], wanted: pa.DataType, is_valid: np.ndarray[Any, Any] | None = None
) -> pa.Array:
    """The array of `values` with nulls where not `is_valid`; integers are reinterpreted as dates, timestamps, durations."""
    missing = None if is_valid is None or is_valid.all() else ~is_valid
    plain = pa.array(values, mask=missing)
    if plain.type == wanted:
        return plain
    if plain.type.bit_width == wanted.bit_width and pa.types.is_integer(plain.type):
        return plain.view(wanted)
    return plain.cast(wanted)


def validity_buffer(is_valid: np.ndarray[Any, Any]) -> pa.Buffer | None:
    """The bitmap of non-null rows for `pa.Array.from_buffers`; None where all are."""
    return None if is_valid.all() else pa.py_buffer(np.packbits(is_valid, bitorder="little"))


def from_rows(values: Sequence[Any], data_type: DataType) -> pa.Array:
    """The array of Python values, one a row."""
    return pa.array(values, to_arrow(data_type))


def first_true(mask: pa.Array) -> int:
    """The first row for which `mask` is true; -1 if there is none."""
    found: int = pc.index(mask, True).as_py()
    return found


def any_true(mask: Datum) -> bool:
    """Whether `mask` is true for any row."""
    return bool(pc.any(mask).as_py())
