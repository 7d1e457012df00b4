"""Reads row groups of Parquet files column by column, in the forms of `engine/physical/encoding.py`.

Columns stored as whole numbers, and read as the type that they have, come as those numbers; texts stay the codes of their
dictionary where the footer says that the whole chunk is coded: pyarrow would make a new dictionary of other chunks, which
takes three times as long as their texts. What a footer says is only a choice of the way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from io import FileIO
from typing import Any

import pyarrow as pa

from engine.compile.page_code import PageCode
from engine.expressions.base import Attribute, Expression
from engine.logical.relation import MayPass, Split
from engine.logical.row_ranges import Pieces, RowRanges
from engine.memory.dictionaries import SmallDictionaries
from engine.physical.encoding import coded, encoded, is_number
from engine.sources.coded_chunks import CodedChunk
from engine.sources.files import DataFile, check_unchanged, read_error, reason_of
from engine.sources.filescan import BATCH_ROWS, FilePart, FileRelation, check_digits, constant, fit
from engine.sources.footers import READ_FAILURES, Footer, footer, open_file
from engine.sources.pruning import Bounds, exclusion
from engine.sources.texts import is_text
from engine.types import STRING, DecimalType, StructField

WHOLE_BYTES = 128 << 20
"""Row groups of which more is to be read are read batch by batch, and are not kept."""


class RowGroup:
    """Columns of one row group of a relation."""

    def __init__(self, relation: FileRelation, split: Split) -> None:
        part: FilePart = split.payload
        self._file: DataFile = part.file
        self._group: int = part.piece
        self._known = footer(part.file)
        self.rows = self._known.rows(part.piece)
        self.pin = relation.pin
        self.pages_skipped = 0
        self._fields = {field.name: field for field in relation.schema.fields}
        partitions = [field.name for field in relation.listing.columns.fields]
        self._values = dict(zip(partitions, part.file.values, strict=False))

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether the columns may be held at once."""
        return sum(map(self.size, columns)) <= WHOLE_BYTES

    def size(self, column: str) -> int:
        """Bytes of the decoded column, as far as the footer tells."""
        name = self._name(column)
        chunk = self._known.chunk(self._group, name) if name is not None else None
        return max(8 * self.rows, self._known.bytes(self._group, [column]) if chunk is None else chunk.size)

    def key(self, column: str) -> Hashable | None:
        """File with size and time, row group, column, and the type it is read as."""
        name = self._name(column)
        file = self._file
        return None if name is None else (file.path, file.size, file.mtime, self._group, name, self._type(column))

    def bounds(self, column: str) -> tuple[int, int] | None:
        """From the statistics of the footer."""
        known = self._known.bounds(self._group, self._fields[column]) if self._is_plain(column) else None
        return None if known is None else self._numbers(column, known)

    def _is_plain(self, column: str) -> bool:
        """Whether a column is of whole numbers that are read as they are stored."""
        name, data_type = self._name(column), self._type(column)
        return name is not None and is_number(data_type) and self._known.own_type(name) == data_type

    def _numbers(self, column: str, found: Bounds) -> tuple[int, int] | None:
        if found.minimum is None:
            return None
        data_type = self._type(column)
        scale = data_type.scale if isinstance(data_type, DecimalType) else 0
        least, most = (int(Decimal(bound).scaleb(scale)) for bound in (found.minimum, found.maximum))
        return least, most

    def by_pages(
        self, filters: Sequence[Expression], runtime: Sequence[tuple[str, MayPass]]
    ) -> tuple[RowRanges, RowRanges] | None:
        """The rows of pages of which the file's page index does not say that none passes the filters, or what joins tell of
        columns; None where it says nothing. Raises FAILED_READ_FILE if the file changed."""
        used = [({each.name for each in condition.collect(Attribute)}, condition) for condition in filters]
        by_filters = [(names.pop(), _filter_test(condition)) for names, condition in used if len(names) == 1]
        by_joins = [(column, self._join_test(column, each)) for column, each in runtime if self._is_plain(column)]
        columns = {column for column, _ in [*by_filters, *by_joins]}
        chunks = [self._known.chunk(self._group, self._name(column) or "") for column in columns]
        if not any(chunk is not None and chunk.index is not None for chunk in chunks):
            return None
        check_unchanged(self._file)
        with open(self._file.path, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path takes longer than its file
            return self._passing(by_filters, stream), self._passing(by_joins, stream)

    def _passing(self, tests: Sequence[tuple[str, Callable[[Bounds], bool]]], stream: FileIO) -> RowRanges:
        found = RowRanges(((0, self.rows),))
        for column, test in tests:
            pages = self._known.pages(self._group, self._fields[column], stream) if self._name(column) else []
            if pages:
                found &= RowRanges.of([(start, stop) for start, stop, bounds in pages if test(bounds)], 1)
        return found

    def _join_test(self, column: str, may_pass: MayPass) -> Callable[[Bounds], bool]:
        return lambda bounds: not bounds.all_null and may_pass(self._numbers(column, bounds))

    def read(
        self,
        columns: Sequence[str],
        code: PageCode | None = None,
        wanted: RowRanges | None = None,
        dictionaries: SmallDictionaries | None = None,
    ) -> list[Pieces]:
        """The columns. Raises FAILED_READ_FILE if the file changed or its pages are corrupt."""
        stored = [column for column in columns if self._name(column) is not None]
        found = self._checked(stored, code, wanted, dictionaries)
        return [found[column] if column in found else self._constant(column, wanted) for column in columns]

    def _checked(
        self,
        columns: Sequence[str],
        code: PageCode | None,
        wanted: RowRanges | None,
        dictionaries: SmallDictionaries | None,
    ) -> dict[str, Pieces]:
        """Columns that the file has; its failures, and a file that is not the one that was listed, as errors."""
        file = self._file
        if not columns:
            return {}
        check_unchanged(file)
        try:
            found = self._decoded(columns, code, wanted, dictionaries) if code is not None else {}
            rest = [column for column in columns if column not in found]
            if rest:
                reader = Chunks(file, self._known, self._group, [self._fields[column] for column in rest])
                found |= dict(zip(rest, reader.whole(), strict=True))
        except READ_FAILURES as error:
            check_unchanged(file)
            raise read_error(file.path, reason_of(error, "The file is corrupt")) from error
        check_unchanged(file)
        for pieces in found.values():
            if sum(map(len, pieces)) != self.rows:
                raise wrong_rows(file, self.rows, sum(map(len, pieces)))
        if wanted is not None:
            whole = RowRanges(((0, self.rows),))
            found = {column: wanted.pieces(pieces, whole) for column, pieces in found.items()}
        return found

    def _decoded(
        self,
        columns: Sequence[str],
        code: PageCode,
        wanted: RowRanges | None = None,
        dictionaries: SmallDictionaries | None = None,
    ) -> dict[str, Pieces]:
        """Those columns that compiled code knows how to decode."""
        chunks: dict[str, CodedChunk] = {}
        for column in columns:
            name, data_type = self._name(column) or "", self._type(column)
            if self._known.own_type(name) == data_type:
                chunk = CodedChunk.of(self._file, self._known, self._group, name, data_type)
                chunks |= {column: chunk} if chunk is not None else {}
        if not chunks:
            return {}
        found: dict[str, Pieces] = {}
        with open(self._file.path, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path takes longer than its file
            for column, chunk in chunks.items():
                exchanged = partial(dictionaries.exchanged, column) if dictionaries is not None else None
                array = chunk.read(stream, code, wanted, exchanged)
                if array is not None:
                    found[column] = tuple(array.slice(start, BATCH_ROWS) for start in range(0, len(array), BATCH_ROWS))
                    self.pages_skipped += chunk.pages_skipped
        return found

    def _constant(self, column: str, wanted: RowRanges | None) -> Pieces:
        field, value = self._fields[column], self._values.get(column)
        ranges = wanted or RowRanges(((0, self.rows),))
        return tuple(constant(value, field, size) for _, size in ranges.cut())

    def _name(self, column: str) -> str | None:
        """The column's name in the file; None if it has none, or a directory gives the value."""
        return None if column in self._values else self._known.column(column)

    def _type(self, column: str) -> Any:
        return self._fields[column].dataType


def _filter_test(condition: Expression) -> Callable[[Bounds], bool]:
    is_out = exclusion([condition])
    return lambda bounds: not is_out(lambda _: bounds)


def wrong_rows(file: DataFile, expected: int, found: int) -> Exception:
    """A row group that has not as many rows as the footer says."""
    return read_error(file.path, f"The file is corrupt: a row group of {expected} rows holds {found}.")


class Chunks:
    """Some columns that a row group has, read by pyarrow. Raises what pyarrow raises, and FAILED_READ_FILE."""

    def __init__(self, file: DataFile, known: Footer, group: int, fields: Sequence[StructField]) -> None:
        self._file = file
        self._known = known
        self._group = group
        self._fields = {name: field for field in fields if (name := known.column(field.name)) is not None}
        same = [name for name, field in self._fields.items() if known.own_type(name) == field.dataType]
        self._stored = known.plain[1].intersection(same)
        self._ordinary = [name for name in self._fields if name in known.plain[1] and name not in same]
        self._rest = [name for name in self._fields if name not in self._ordinary]
        self._texts = [name for name in same if self._fields[name].dataType == STRING and self._is_coded(name)]
        self._dictionaries: dict[str, pa.Array] = {}

    def whole(self) -> list[Pieces]:
        """All rows of each column in pieces of BATCH_ROWS."""
        columns = self._read(self._known.plain[0], self._rest) | self._read(self._known.metadata, self._ordinary)
        return [tuple(self._pieces(columns[name], field, name)) for name, field in self._fields.items()]

    def batches(self) -> Iterator[list[pa.Array]]:
        """The columns batch by batch, for row groups that are too large to be read at once."""
        metadata = self._known.plain[0]
        if self._ordinary:  # then all of them: two readers would not cut their batches alike
            metadata, self._stored = self._known.metadata, frozenset()
        with open_file(self._file, metadata, self._texts) as reader:
            for batch in reader.iter_batches(BATCH_ROWS, [self._group], columns=list(self._fields), use_threads=False):
                yield [self._encoded(batch.column(name), field, name) for name, field in self._fields.items()]

    def _read(self, metadata: Any, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        if not names:
            return {}
        with open_file(self._file, metadata, self._texts) as reader:
            table = reader.read_row_group(self._group, columns=names, use_threads=False)
        return dict(zip(table.column_names, table.unify_dictionaries().columns, strict=True))

    def _pieces(self, column: pa.ChunkedArray, field: StructField, name: str) -> Iterator[pa.Array]:
        for start in range(0, len(column), BATCH_ROWS):
            piece = column.slice(start, BATCH_ROWS)
            yield self._encoded(piece.chunk(0) if piece.num_chunks == 1 else piece.combine_chunks(), field, name)

    def _is_coded(self, name: str) -> bool:
        chunk = self._known.chunk(self._group, name)
        return chunk is not None and chunk.dictionary_coded

    def _encoded(self, array: pa.Array, field: StructField, name: str) -> pa.Array:
        if pa.types.is_dictionary(array.type):
            return self._coded(array, name)
        if not is_text(array):
            raise _not_text(self._file, name)
        if name not in self._stored:
            return encoded(fit(array, field, self._file.path), field.dataType, self._known.bits(name))
        found = encoded(array, field.dataType, self._known.bits(name))
        if isinstance(field.dataType, DecimalType):
            check_digits(found, field, self._file.path)
        return found

    def _coded(self, array: pa.DictionaryArray, name: str) -> pa.Array:
        """Codes in one dictionary for all pieces of the row group: the same buffers."""
        last = self._dictionaries.get(name)
        dictionary = array.dictionary
        if last is None or not dictionary.equals(last):
            if not is_text(dictionary):
                raise _not_text(self._file, name)
            last = self._dictionaries[name] = dictionary
        return coded(array.indices, last)


def _not_text(file: DataFile, name: str) -> Exception:
    return read_error(file.path, f"The file is corrupt: the column `{name}` holds bytes that are not UTF-8 text.")
