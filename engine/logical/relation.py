"""What a source of rows is to plans: a schema, statistics, and splits that can be read one by one on any executor."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from engine.expressions.base import Expression
from engine.logical.row_ranges import RowRanges
from engine.records import dataclass
from engine.types import StructType

MayPass: TypeAlias = Callable[[tuple[int, int] | None], bool]
"""Whether a value may pass that is within bounds, as encoded columns hold it; None if they are not known."""


@dataclass(frozen=True)
class Histogram:
    """Bins of as many values each, `height`: least and greatest value as numbers (dates as days, instants as microseconds),
    and how many different ones."""

    height: float
    bins: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True)
class ColumnStatistics:
    """What is known of a column's values, none of it sure to be exact.

    `minimum`/`maximum` are Python values of the column's type (as in `Literal`), None if unknown.
    """

    distinct: int | None = None
    nulls: int | None = None
    minimum: Any = None
    maximum: Any = None
    average_bytes: float | None = None
    histogram: Histogram | None = None


@dataclass(frozen=True)
class TableStatistics:
    """How large a relation is: `rows` and `bytes` (uncompressed) may be estimates or None. With `exact`, reading the relation
    gives just so many rows: it counts them from the same place."""

    rows: int | None = None
    bytes: int | None = None
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)
    exact: bool = False


@dataclass(frozen=True)
class ScanRequest:
    """What a scan needs. `columns` are names in output order. `filters` are conjuncts over attributes named as columns: a
    source may use them to skip rows that cannot pass and need not apply them. With `limit` it may stop after so many rows
    per split. `encoded`: columns may come in the forms of `engine/physical/encoding.py`."""

    columns: tuple[str, ...]
    filters: tuple[Expression, ...] = ()
    limit: int | None = None
    encoded: bool = False


@dataclass(frozen=True)
class Split:
    """A piece of a relation that is read at once (a row group, a byte range): one morsel. `payload` is the source's own,
    picklable. `rows`/`bytes` are estimates for scheduling."""

    payload: Any
    rows: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Splits:
    """The splits of one scan, and what pruning did: for EXPLAIN ANALYZE and the log."""

    splits: tuple[Split, ...]
    considered: int = 0
    pruned: int = 0
    notes: str = ""


class Columns(Protocol):
    """A split that is read column by column. `pin` is the number of the CACHE TABLE that asks for it, 0 if none does."""

    rows: int
    pin: int
    pages_skipped: int
    """Counts pages that `read` did not decode, since no row of theirs was wanted."""

    def key(self, column: str) -> Hashable | None:
        """Names the rows of a column of this split for good: no other rows ever have it. None where nothing is read."""

    def size(self, column: str) -> int:
        """About how many bytes reading the column takes."""

    def read(
        self, columns: Sequence[str], code: Any = None, wanted: RowRanges | None = None, dictionaries: Any = None
    ) -> list[tuple[pa.Array, ...]]:
        """The pieces of each column, of at most some 128k rows, encoded; those of all columns are cut at the same rows.
        `code` is compiled code that may help (`engine/compile/page_code.py`); `wanted` are the rows to read, if not all;
        `dictionaries` those that row groups share (`engine/memory/dictionaries.py`), which may take the place of theirs.

        Raises as `Relation.read`."""

    def by_pages(
        self, filters: Sequence[Expression], runtime: Sequence[tuple[str, MayPass]]
    ) -> tuple[RowRanges, RowRanges] | None:
        """The rows that may pass `filters`, and what joins tell of columns, by statistics of parts of the split; None if there
        are none. Raises as `Relation.read`."""

    def bounds(self, column: str) -> tuple[int, int] | None:
        """Between which whole numbers, as they are encoded, the values are said to be; None for other columns."""


@runtime_checkable
class Columnar(Protocol):
    """A relation whose splits can be read column by column. `pin` is the number of the CACHE TABLE that asks for it, or 0."""

    @property
    def pin(self) -> int:
        """See above."""

    def version(self, split: Split) -> Hashable:
        """Names the rows of a split for good, as `Columns.key` does for one column of a given type."""

    def columns_of(self, split: Split, columns: Sequence[str]) -> Columns | None:
        """Some columns of a split; None if it is too large to be held at once, and must be read batch by batch."""


@runtime_checkable
class Relation(Protocol):
    """A source of rows: immutable, picklable, equal when its identity is."""

    @property
    def schema(self) -> StructType:
        """The columns, partition columns last."""

    @property
    def description(self) -> str:
        """One line for EXPLAIN, e.g. "parquet /data/lineitem"."""

    def identity(self) -> Hashable:
        """Changes whenever the rows may have: path, size, mtime and listing of every file."""

    def statistics(self) -> TableStatistics:
        """What is cheaply known (footers); never reads data."""

    def splits(self, request: ScanRequest) -> Splits:
        """The pieces to read, after pruning by partition values and statistics. Runs in the driver."""

    def read(self, split: Split, request: ScanRequest) -> Iterator[pa.RecordBatch]:
        """The rows of a split as batches of at most some 128k rows with exactly `request.columns`, in engine Arrow types
        or, if asked for, encoded.

        Runs in executors, on any thread. Raises ExecutionError FAILED_READ_FILE for files that are gone, changed or corrupt.
        """
