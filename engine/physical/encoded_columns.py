"""Columns of collected batches that may be encoded, joined into one array each: compiled code reads them as they are,
interpreted operators decoded.

The batches of one input may come in different forms: read from encoded pages, computed, or through an exchange. A column
takes the narrowest form that holds all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from engine.expressions.base import Attribute
from engine.kernels.buffers import fixed_values, valid
from engine.lazy import cached_property, pc
from engine.physical.batches import Columns, arrow_types, batch_of, joined, narrow
from engine.physical.encoding import coded, decoded_column, encoded, is_number
from engine.types import DataType
from engine.types.arrow import to_arrow


class EncodedColumns(Columns):
    """All rows of some batches of `attributes`. `encoded` are the columns as they are kept. With `emptying` a list of
    batches is left empty, so that no more than one column is in memory twice."""

    def __init__(
        self, batches: Sequence[pa.RecordBatch], attributes: Sequence[Attribute], emptying: bool = False
    ) -> None:
        self.attributes = tuple(attributes)
        self.rows = sum(batch.num_rows for batch in batches)
        self.types = arrow_types(attributes)
        chunks = [[batch.column(place) for batch in batches] for place in range(len(self.types))]
        if emptying and isinstance(batches, list):
            batches.clear()
        self.encoded = [_contiguous(chunks.pop(0), attribute.dataType) for attribute in attributes]

    @cached_property
    def arrays(self) -> list[pa.Array]:
        """The columns in the engine's Arrow types."""
        return [self._decoded(place, array) for place, array in enumerate(self.encoded)]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.encoded)

    def kept(self, place: int) -> pa.Array:
        return self.encoded[place]

    def kept_column(self, place: int, rows: pa.Array) -> pa.Array:
        """The values of one column at `rows`, in the form in which it is kept."""
        found = pc.take(self.encoded[place], rows, boundscheck=False)
        return self._decoded(place, found) if _is_wide(found.type) else found

    def kept_slice(self, place: int, start: int, length: int) -> pa.Array:
        """Consecutive values of one column, in the form in which it is kept."""
        found = self.encoded[place].slice(start, length)
        return self._decoded(place, found) if _is_wide(found.type) else found

    def whole(self, place: int) -> pa.Array:
        return self._decoded(place, self.encoded[place])

    def column(self, place: int, rows: pa.Array) -> pa.Array:
        return self._decoded(place, pc.take(self.encoded[place], rows, boundscheck=False))

    def slice(self, start: int, length: int) -> pa.RecordBatch:
        length = max(0, min(length, self.rows - start))
        return batch_of([self._decoded(n, each.slice(start, length)) for n, each in enumerate(self.encoded)], length)

    def _decoded(self, place: int, array: pa.Array) -> pa.Array:
        if _is_wide(array.type):
            return narrow(array, self.types[place])
        return decoded_column(array, self.attributes[place].dataType)


def _is_wide(kind: pa.DataType) -> bool:
    """Whether texts have 64-bit offsets, which all rows together may need."""
    return bool(pa.types.is_large_string(kind) or pa.types.is_large_binary(kind))


def _contiguous(arrays: list[pa.Array], data_type: DataType) -> pa.Array:
    """One array of all rows."""
    if arrays and all(pa.types.is_dictionary(array.type) for array in arrays):
        return _one_dictionary(arrays)
    if len({array.type for array in arrays}) > 1:
        arrays = _alike(arrays, data_type)
    return joined(arrays, arrays[0].type if arrays else to_arrow(data_type))


def _alike(arrays: list[pa.Array], data_type: DataType) -> list[pa.Array]:
    """The same columns in one form."""
    if is_number(data_type):
        numbers = [encoded(array, data_type) for array in arrays]
        if all(pa.types.is_integer(array.type) for array in numbers):
            widest = max((array.type for array in numbers), key=lambda kind: kind.bit_width)
            return [array.cast(widest) for array in numbers]
    return [decoded_column(array, data_type) for array in arrays]


def _one_dictionary(arrays: list[pa.Array]) -> pa.Array:
    """Texts by the codes of one dictionary; as texts where it would be as large as they are."""
    if len(arrays) == 1:
        return arrays[0]
    dictionaries = {_identity(array): array.dictionary for array in arrays}
    if len(dictionaries) > 1 and sum(map(len, dictionaries.values())) * 2 > sum(map(len, arrays)):
        return joined([array.dictionary_decode() for array in arrays], arrays[0].type.value_type)
    every = pa.concat_arrays(list(dictionaries.values())).unique()
    places = {key: pc.index_in(each, every).cast(pa.int32()).to_numpy() for key, each in dictionaries.items()}
    codes = []
    for array in arrays:
        present = valid(array.indices)
        found = places[_identity(array)][fixed_values(array.indices)]
        codes.append(pa.array(found, mask=None if present is None else ~present))
    return coded(pa.concat_arrays(codes), every)


def _identity(array: pa.Array) -> tuple[int, int, int]:
    dictionary = array.dictionary
    return dictionary.buffers()[1].address, dictionary.offset, len(dictionary)
