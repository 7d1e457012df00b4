"""Reads the splits of a scan column by column: warm columns from the cache, those of filters first, the others if a row is
left to need them.

    statistics of the split, of its pages ──▶ columns of runtime filters ──▶ columns of filters ──▶ the others
       none passes: nothing is read        none passes: no more is read, few do: only pages with such rows (`reading.py`)

Looking for rows that pass costs time in this order, and pays only where whole pages of columns fall away that are not there
yet. So each test is weighed against the bytes that are still to be decoded (`row_tests.py`), and a scan watches: if no test of
the first pieces leaves out many rows, it stops to look.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import partial

import pyarrow as pa

from engine.compile.page_code import is_made, page_code
from engine.config import typed
from engine.expressions.base import Attribute, Expression
from engine.lazy import cached_property
from engine.logical.relation import Columns, Relation
from engine.logical.row_ranges import Pieces, RowRanges
from engine.memory.columns import ColumnCache, cache_limit, live_pins, memory_of
from engine.memory.warm_batches import WarmBatches
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.late_materialization import LateMaterialization
from engine.physical.reading import Reading
from engine.physical.row_tests import RowTest, row_tests
from engine.physical.runtime_filter import filters_of
from engine.physical.trial import Trial

NOT_PINNED = "bytes_not_pinned"
"""The metric that counts bytes of columns that CACHE TABLE asks for and there is no room for."""

_SHARE, _SHARE_CACHED = 0.5, 0.25
"""Where no more of the rows may pass, others are not read; the second where whole columns stay for the next query."""


class ColumnScan:
    """One task's reading of one scan, shared by its threads. `columns` are those of its batches; `operator` is its id."""

    def __init__(
        self,
        operator: int,
        relation: Relation,
        columns: Sequence[Attribute],
        filters: Sequence[Expression],
        run: Execution,
    ) -> None:
        self._operator = operator
        self._columns = columns
        self._names = [column.name for column in columns]
        self._kinds = tuple(f"{column.name} {column.dataType!r}" for column in columns)
        self._run = run
        self._metrics = run.task.metrics
        self._runtime = filters_of(run, operator)
        self._filters = [each for each in filters if each.deterministic and not each.can_raise]
        self._pages_trial, self._rows_trial = Trial(), Trial()
        self._code_rows: int = typed(run.task.conf, "flint.compile.minRows")
        limit, cache = cache_limit(run.task.conf), run.task.memory.pool.columns
        cache.resize(limit)
        cache.keep_pins(live_pins(run.task.conf))
        self._cache: ColumnCache | None = cache if limit else None
        self._shared = run.shared.starts(relation, self._names)

    def warm(self, version: Hashable, pin: int, encoded: bool) -> Iterator[pa.RecordBatch] | None:
        """The batches of a split that were kept, as far as rows may pass; None if there are none."""
        if self._cache is None:
            return None
        found = self._cache.batches((version, self._kinds), self._run.task.job_id, pin)
        if found is None:
            return None
        if not all(each.may_pass(found.bounds(self._names[each.column])) for each in self._runtime):
            self._skipped()
            return iter(())
        self._metrics.add(self._operator, "columns_warm", len(self._names))
        return self._again(found, encoded)

    def _again(self, found: WarmBatches, encoded: bool) -> Iterator[pa.RecordBatch]:
        for batch, size in zip(found.batches, found.sizes, strict=True):
            self._metrics.add(self._operator, "bytes", size)
            self._metrics.progress(batch.num_rows, size)
            yield batch if encoded else decoded(batch, self._columns)

    @cached_property
    def _few(self) -> LateMaterialization:
        """Made for the first split that is not in memory yet."""
        return LateMaterialization(self._columns, self._filters, self._run)

    @property
    def first(self) -> list[str]:
        """The columns by which to look for few rows of a split that may pass; none where that does not pay."""
        return (
            [self._names[place] for place in self._few.places] if self._rows_trial.goes_on and not self._runtime else []
        )

    def few(self, split: Columns, encoded: bool) -> Iterator[pa.RecordBatch] | None:
        """The rows of a split that pass the filters, encoded or in engine types, if they are few."""
        fetch = partial(self.fetch, split)
        found = self._few.rows(split, fetch)
        if self._rows_trial.ended(found is None) or found is None:
            return None
        if not len(found[0]):
            self._skipped()
            self._left_out("filters", split.rows)
            return iter(())
        batches = self._few.batches(split, *found, self._names, fetch)
        return batches if encoded or batches is None else (decoded(batch, self._columns) for batch in batches)

    def batches(self, split: Columns, version: Hashable, encoded: bool) -> Iterator[pa.RecordBatch]:
        """The rows of a split that may pass, encoded or in engine types."""
        if not all(each.may_pass(split.bounds(self._names[each.column])) for each in self._runtime):
            self._skipped()
            self._left_out("groups", split.rows)
            return
        reading = Reading(split, partial(self.fetch, split), _SHARE if self._cache is None else _SHARE_CACHED)
        if not self._narrow(reading):
            self._skipped()
            return
        every = range(len(self._names))
        for start in range(0, split.rows if not every else 0, BATCH_ROWS):
            yield batch_of([], min(BATCH_ROWS, split.rows - start))
        if reading.wanted is None:
            found = self._remembered(split, version, reading.columns(every))
        else:
            found = (batch_of(arrays, len(arrays[0])) for arrays in reading.batches(every))
        for batch in found:
            yield batch if encoded else decoded(batch, self._columns)

    def _remembered(self, split: Columns, version: Hashable, found: Sequence[Pieces]) -> Iterable[pa.RecordBatch]:
        """Batches of the columns of a split, and for the next query, where these are in the cache."""
        cache, keys = self._cache, [split.key(name) for name in self._names]
        if cache is None or not keys or None in keys or not all(key in cache for key in keys):
            return (batch_of(arrays, len(arrays[0])) for arrays in zip(*found, strict=True))
        made = [batch_of(arrays, len(arrays[0])) for arrays in zip(*found, strict=True)]
        cache.keep_batches((version, self._kinds), WarmBatches(keys, made, split.bounds))
        return made

    def fetch(self, split: Columns, places: Sequence[int], wanted: RowRanges | None) -> list[Pieces]:
        """Some columns of a split, or some rows of them: from the cache, or read together and kept."""
        names = [self._names[place] for place in places]
        keys = [split.key(name) for name in names]
        found = [
            None if key is None else self._kept(key, name, split, wanted) for key, name in zip(keys, names, strict=True)
        ]
        missing = [place for place, pieces in enumerate(found) if pieces is None]
        read = [place for place in missing if keys[place] is not None]
        self._metrics.add(self._operator, "columns_warm", len(names) - len(missing))
        self._metrics.add(self._operator, "columns_read", len(read))
        for place, pieces in zip(missing, self._read(split, [names[place] for place in missing], wanted), strict=True):
            key = keys[place] if wanted is None else _part_of(keys[place], wanted)
            others = wanted is None and names[place] in self._shared
            found[place] = pieces if key is None else self._keep(key, names[place], pieces, split.pin, others)
        return [pieces for pieces in found if pieces is not None]

    def _kept(self, key: Hashable, name: str, split: Columns, wanted: RowRanges | None) -> Pieces | None:
        found = self._cache.get(key, self._run.task.job_id, split.pin) if self._cache is not None else None
        found = found or self._run.shared.get(key, last=name not in self._shared)
        if wanted is None:
            return found
        if found is not None:
            return wanted.pieces(found, RowRanges(((0, split.rows),)))
        part = _part_of(key, wanted)
        return self._cache.get(part, self._run.task.job_id, split.pin) if self._cache is not None else None

    def _keep(self, key: Hashable, name: str, pieces: Pieces, pin: int, others: bool) -> Pieces:
        """Keeps what was read of a column, as far as there is room, also for other scans; gives it as it is kept."""
        pieces = self._run.task.memory.pool.columns.dictionaries.shared(name, pieces)
        if self._cache is not None and self._cache.put(key, pieces, self._run.task.job_id, pin):
            return pieces
        if pin:
            self._metrics.add(self._operator, NOT_PINNED, memory_of(pieces))
        if others:
            self._run.shared.put(key, pieces)
        return pieces

    def is_warm(self, split: Columns) -> bool:
        """Whether all columns of a split are in the cache."""
        cache = self._cache
        return cache is not None and all((key := split.key(name)) is not None and key in cache for name in self._names)

    def _read(self, split: Columns, names: Sequence[str], wanted: RowRanges | None) -> list[Pieces]:
        run = self._run
        enough = split.rows >= self._code_rows or is_made()  # what is there costs less than pyarrow even for one row
        code = run.state("page code", lambda: page_code(run)) if enough and names else None
        found = split.read(names, code, wanted, run.task.memory.pool.columns.dictionaries)
        if split.pages_skipped:
            self._metrics.add(self._operator, "pages_skipped", split.pages_skipped)
            split.pages_skipped = 0
        return found

    def _narrow(self, reading: Reading) -> bool:
        """Leaves out rows that do not pass, as far as it pays to look; whether any are left."""
        looks = self._names and (self._runtime or self._filters) and not reading.split.pin
        if not looks or self.is_warm(reading.split):
            return True
        if self._pages_trial.goes_on and not self._by_pages(reading):
            return False
        for test in self._tests:
            if test.trial.goes_on and reading.rows.rows and self._to_read(reading, test.places):
                self._by_test(reading, test)
        return reading.rows.rows > 0

    def _by_pages(self, reading: Reading) -> bool:
        """Leaves out pages by their statistics; whether any row is left."""
        runtime = [(self._names[each.column], each.may_pass) for each in self._runtime]
        known = reading.split.by_pages(self._filters, runtime)
        if known is not None:
            left_out = reading.narrow(known[0] & known[1])
            self._left_out("pages", left_out)
            self._pages_trial.ended(not left_out)
        return reading.rows.rows > 0

    @cached_property
    def _tests(self) -> list[RowTest]:
        return list(row_tests(self._columns, self._filters, self._runtime, self._run))

    def _by_test(self, reading: Reading, test: RowTest) -> None:
        """Leaves out rows that are not near to one that passes, if to find them costs less than to decode them may."""
        pieces = list(zip(*reading.columns(test.places), strict=True))
        if sum(map(test.cost, pieces)) > self._to_read(reading, test.places):
            return
        rows = reading.about(test.places, test.passing)
        left_out = reading.narrow(rows) if rows is not None else 0
        self._left_out(test.who, left_out)
        test.trial.ended(not left_out)

    def _to_read(self, reading: Reading, but: Sequence[int]) -> int:
        """About how many bytes of other columns are still to be decoded: neither read yet nor kept from before."""
        split, cache, total = reading.split, self._cache, 0
        for place, name in enumerate(self._names):
            key = None if place in but or reading.has(place) else split.key(name)
            if key is not None and (cache is None or key not in cache) and key not in self._run.shared:
                total += split.size(name)
        return total * reading.rows.rows // max(1, split.rows)

    def _left_out(self, who: str, rows: int) -> None:
        if rows:
            self._metrics.add(self._operator, f"rows_left_out_by_{who}", rows)

    def _skipped(self) -> None:
        self._metrics.add(self._operator, "row_groups_skipped", 1)


def _part_of(key: Hashable, wanted: RowRanges) -> Hashable:
    """The key of some rows of a column."""
    return (*key, wanted.ranges) if isinstance(key, tuple) else None
