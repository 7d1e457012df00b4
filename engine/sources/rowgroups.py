"""Reads row groups of Parquet files in the forms of `engine/physical/encoding.py`.

Texts stay the codes of their dictionary where the footer says that the whole chunk is coded: pyarrow would make a new
dictionary of other chunks, which takes three times as long as their texts. What the footer says is only a choice of the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from engine.physical.encoding import coded, encoded, min_max
from engine.sources.files import DataFile, read_error
from engine.sources.filescan import BATCH_ROWS, fit
from engine.sources.footers import Footer, open_file
from engine.sources.texts import is_text
from engine.types import STRING, DecimalType, StructField
from engine.types.arrow import from_arrow, to_arrow

WHOLE_ROWS = 2 * BATCH_ROWS
"""Row groups of at most so many rows are read at once; larger ones batch by batch."""


class RowGroupColumns:
    """Some columns of one row group: of those stored as whole numbers, and read as the type that they have, the numbers; of
    texts in a dictionary the codes; the rest as ever."""

    def __init__(self, file: DataFile, known: Footer, group: int, fields: Sequence[StructField]) -> None:
        self._file = file
        self._known = known
        self._group = group
        self._fields = fields
        self._names = [known.column(field.name) for field in fields]
        wanted = {name: field.dataType for name, field in zip(self._names, fields, strict=True) if name is not None}
        same = {name for name, data_type in wanted.items() if _own_type(known, name) == data_type}
        self._stored = known.plain[1] & same
        self._ordinary = [name for name in wanted if name in known.plain[1] and name not in same]
        self._rest = [name for name in wanted if name not in self._ordinary]
        self._texts = [name for name in same if wanted[name] == STRING and self._is_coded(name)]
        self._dictionaries: dict[str, pa.Array] = {}

    def batches(self) -> Iterator[list[pa.Array]]:
        """The columns, in pieces of at most BATCH_ROWS rows. Raises what pyarrow raises, and FAILED_READ_FILE."""
        for batch in self._batches():
            arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
            yield [
                pa.nulls(batch.num_rows, to_arrow(field.dataType))
                if name is None
                else self._encoded(arrays[name], field, name)
                for field, name in zip(self._fields, self._names, strict=True)
            ]

    def _batches(self) -> Iterator[pa.RecordBatch]:
        metadata, _ = self._known.plain
        if not self._ordinary and self._known.rows(self._group) > WHOLE_ROWS:
            with open_file(self._file, metadata, self._texts) as reader:
                yield from reader.iter_batches(BATCH_ROWS, [self._group], columns=self._rest, use_threads=False)
            return
        table = self._read(metadata, self._rest)
        if self._ordinary:
            other = self._read(self._known.metadata, self._ordinary)
            table = pa.table([*table.columns, *other.columns], names=[*table.column_names, *other.column_names])
        yield from table.unify_dictionaries().to_batches(BATCH_ROWS)

    def _read(self, metadata: Any, names: Sequence[str]) -> pa.Table:
        with open_file(self._file, metadata, self._texts) as reader:
            return reader.read_row_group(self._group, columns=names, use_threads=False)

    def _is_coded(self, name: str) -> bool:
        chunk = self._known.chunk(self._group, name)
        return chunk is not None and chunk.dictionary_coded

    def _encoded(self, array: pa.Array, field: StructField, name: str) -> pa.Array:
        if pa.types.is_dictionary(array.type):
            return self._coded(array, name)
        if not is_text(array):
            raise _not_text(self._file, name)
        if name not in self._stored:
            array = fit(array, field, self._file.path)
        found = encoded(array, field.dataType, self._known.bits(name))
        if isinstance(field.dataType, DecimalType) and pa.types.is_integer(found.type):
            self._check_digits(found, field.dataType, name)
        return found

    def _coded(self, array: pa.DictionaryArray, name: str) -> pa.Array:
        """Codes in one dictionary for all batches of the row group: the same buffers."""
        last = self._dictionaries.get(name)
        dictionary = array.dictionary
        if last is None or not dictionary.equals(last):
            if not is_text(dictionary):
                raise _not_text(self._file, name)
            last = self._dictionaries[name] = dictionary
        return coded(array.indices, last)

    def _check_digits(self, array: pa.Array, data_type: DecimalType, name: str) -> None:
        limit = 10**data_type.precision
        if 1 << array.type.bit_width - 1 <= limit:
            return
        least, most = min_max(array)
        if least is not None and most is not None and (least <= -limit or most >= limit):
            reason = f"The file is corrupt: the column `{name}` holds numbers of more digits than {data_type} has."
            raise read_error(self._file.path, reason)


def _own_type(known: Footer, name: str) -> Any:
    try:
        return from_arrow(known.arrow_schema.field(name).type)
    except (TypeError, ValueError):
        return None


def _not_text(file: DataFile, name: str) -> Exception:
    return read_error(file.path, f"The file is corrupt: the column `{name}` holds bytes that are not UTF-8 text.")
