"""Batches made of warm columns, kept as they are: a scan that finds all columns of a split in the cache gives the same batches
as the scan before, so whoever has looked at one (`engine/compile/prepared.py`) need not do so again.

They own nothing: the columns are those of the cache, which forgets all of these batches whenever it forgets a column.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import field

import pyarrow as pa

from engine.records import dataclass

Bounds = tuple[int, int] | None


@dataclass
class WarmBatches:
    """The batches of one split. `columns` are the keys of what they consist of; `find_bounds` knows the bounds of a column."""

    columns: Sequence[Hashable]
    batches: Sequence[pa.RecordBatch]
    find_bounds: Callable[[str], Bounds]
    _bounds: dict[str, Bounds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = [batch.get_total_buffer_size() for batch in self.batches]

    def bounds(self, column: str) -> Bounds:
        """Between which numbers the values of a column are; None if that is not known."""
        if column not in self._bounds:
            self._bounds[column] = self.find_bounds(column)
        return self._bounds[column]
