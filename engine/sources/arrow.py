"""Rows in the driver's memory: tables that users register, and cached tables.

Only the splits carry rows: a plan that is shipped to executors holds the schema and a key. Cached tables are loaded
when their splits are first asked for.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import field
from typing import Any

import pyarrow as pa

from engine.errors import AnalysisError, quoted
from engine.lazy import pc
from engine.logical.relation import ColumnStatistics, ScanRequest, Split, Splits, TableStatistics
from engine.records import dataclass
from engine.sources.filescan import BATCH_ROWS, fit, record_batch
from engine.types import StructType
from engine.types.arrow import from_arrow_schema

_keys = itertools.count(1)


class Rows:
    """Batches that are there, or are loaded at the first use, once."""

    def __init__(self, load: Callable[[], list[pa.RecordBatch]] | None, batches: list[pa.RecordBatch] | None) -> None:
        self._load = load
        self._batches = batches
        self._lock = threading.Lock()

    @property
    def loaded(self) -> bool:
        """Whether the batches are there."""
        return self._batches is not None

    def get(self) -> list[pa.RecordBatch]:
        """The batches."""
        with self._lock:
            if self._batches is None:
                self._batches = self._load() if self._load is not None else []
                self._load = None
            return self._batches


@dataclass(frozen=True, eq=False)
class ArrowRelation:
    """Batches in memory, in engine types. `key` makes it unlike any other; `rows` stay in the driver."""

    schema: StructType
    title: str = "in memory"
    key: int = field(default_factory=lambda: next(_keys))
    rows: Rows | None = None

    @staticmethod
    def of(table: pa.Table | pa.RecordBatch, title: str = "in memory") -> ArrowRelation:
        """The rows of an Arrow table of the user. Raises TypeError for a type that SQL does not have."""
        schema = from_arrow_schema(table.schema)
        for name in schema.names:
            if schema.names.count(name) > 1:
                raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(name)})
        batches = table.to_batches() if isinstance(table, pa.Table) else [table]
        fitted = [_fitted(batch, schema, title) for batch in batches]
        return ArrowRelation(schema, title, rows=Rows(None, fitted))

    @staticmethod
    def lazy(schema: StructType, load: Callable[[], list[pa.RecordBatch]], title: str) -> ArrowRelation:
        """Rows that `load` gives when they are first needed: batches of `schema` in engine types."""
        return ArrowRelation(schema, title, rows=Rows(load, None))

    @property
    def description(self) -> str:
        """The title."""
        return self.title

    def identity(self) -> Hashable:
        """The key: the rows never change."""
        return "arrow", self.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrowRelation) and other.key == self.key

    def __hash__(self) -> int:
        return hash(("arrow", self.key))

    def __getstate__(self) -> dict[str, Any]:
        return {"schema": self.schema, "title": self.title, "key": self.key, "rows": None}

    def batches(self) -> list[pa.RecordBatch]:
        """All rows; only in the driver."""
        return self.rows.get() if self.rows is not None else []

    def statistics(self) -> TableStatistics:
        """Exact once loaded; columns are looked at when they are asked for."""
        if self.rows is None or not self.rows.loaded:
            return TableStatistics()
        batches = self.rows.get()
        size = sum(batch.nbytes for batch in batches)
        return TableStatistics(sum(b.num_rows for b in batches), size, _Columns(self.schema, batches))

    def splits(self, request: ScanRequest) -> Splits:
        """Pieces of at most 128k rows with only the columns that are needed."""
        splits: list[Split] = []
        left = request.limit if request.limit is not None and not request.filters else None
        for batch in self.batches():
            for start in range(0, batch.num_rows, BATCH_ROWS):
                if left is not None and left <= 0:
                    break
                piece = _project(batch.slice(start, BATCH_ROWS), self.schema, request.columns)
                left = None if left is None else left - piece.num_rows
                splits.append(Split(piece, piece.num_rows, piece.nbytes))
        return Splits(tuple(splits), len(splits))

    def read(self, split: Split, request: ScanRequest) -> Iterator[pa.RecordBatch]:
        """The rows that the split carries."""
        batch: pa.RecordBatch = split.payload
        limited = request.limit is not None and not request.filters
        yield batch.slice(0, request.limit) if limited else batch


def _fitted(batch: pa.RecordBatch, schema: StructType, title: str) -> pa.RecordBatch:
    columns = [fit(column, f, title) for column, f in zip(batch.columns, schema.fields, strict=True)]
    return record_batch(columns, schema.fields, batch.num_rows)


def _project(batch: pa.RecordBatch, schema: StructType, columns: tuple[str, ...]) -> pa.RecordBatch:
    places = {f.name: place for place, f in enumerate(schema.fields)}
    fields = [schema.fields[places[name]] for name in columns]
    return record_batch([batch.column(places[name]) for name in columns], fields, batch.num_rows)


class _Columns(Mapping[str, ColumnStatistics]):
    """Statistics of columns in memory, each computed when it is asked for."""

    def __init__(self, schema: StructType, batches: list[pa.RecordBatch]) -> None:
        self._names = {f.name: place for place, f in enumerate(schema.fields)}
        self._batches = batches
        self._known: dict[str, ColumnStatistics] = {}

    def __getitem__(self, name: str) -> ColumnStatistics:
        if name not in self._known:
            self._known[name] = self._compute(self._names[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _compute(self, place: int) -> ColumnStatistics:
        chunks = [batch.column(place) for batch in self._batches]
        rows = sum(len(chunk) for chunk in chunks)
        if not rows:
            return ColumnStatistics(0, 0)
        column = pa.chunked_array(chunks)
        width = column.nbytes / rows
        if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
            return ColumnStatistics(None, column.null_count, average_bytes=width)
        bounds = pc.min_max(column)
        least, most = (_python(bounds[key]) for key in ("min", "max"))
        return ColumnStatistics(pc.count_distinct(column).as_py(), column.null_count, least, most, width)


def _python(value: pa.Scalar) -> Any:
    """A bound as `Literal` holds it."""
    if pa.types.is_timestamp(value.type) or pa.types.is_duration(value.type):
        return value.value
    return value.as_py()
