"""What one side of a join tells the scan of the other while the query runs: which values can find a partner at all.

Whoever builds a join's table calls `add_filter` once it is complete, before the pipeline of the other side starts. The scan
then leaves out pieces by the statistics of the source, before it reads them, and by the values of the filters' columns,
before it reads the others. Rows that cannot match may still come: the join decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.kernels.buffers import fixed_values, valid
from engine.lazy import cached_property
from engine.physical.execution import Execution
from engine.records import dataclass

_TABLE_RANGE = 1 << 24
"""Values from a range no wider than this are looked up in a table of so many bytes; of others only the range counts."""

_PARTS_BITS = 12
"""Statistics are compared with so many equal parts of the range, a power of two."""


@dataclass(frozen=True, eq=False)
class RuntimeFilter:
    """Lets rows pass whose `column` (by position in the scan's output) is a whole number, as encoded columns hold them, from
    `least` to `most`, and, where `values` are given, is among them. Nulls do not pass."""

    column: int
    least: int
    most: int
    values: npt.NDArray[Any] | None = None

    @staticmethod
    def of(column: int, values: npt.NDArray[Any]) -> RuntimeFilter:
        """The filter that lets just `values` through (a numpy array of whole numbers, in any order), or their range if that is
        wide."""
        if not len(values):
            return RuntimeFilter(column, 1, 0)
        least, most = int(values.min()), int(values.max())
        return RuntimeFilter(column, least, most, None if most - least >= _TABLE_RANGE else values)

    @cached_property
    def table(self) -> npt.NDArray[np.bool_] | None:
        """For each number from `least` to `most` whether it is among the values. Only rows that are not in memory yet are worth
        it."""
        return self._there(0)

    @cached_property
    def _parts(self) -> npt.NDArray[np.bool_] | None:
        """The same for parts of the range, 2 ** `_part_bits` numbers each."""
        return self._there(self._part_bits)

    @property
    def _part_bits(self) -> int:
        return max(0, (self.most - self.least).bit_length() - _PARTS_BITS)

    def _there(self, bits: int) -> npt.NDArray[np.bool_] | None:
        if self.values is None:
            return None
        found = np.zeros((self.most - self.least >> bits) + 1, np.bool_)
        found[self.values.astype(np.int64, copy=False) - self.least >> bits] = True
        return found

    def may_pass(self, bounds: tuple[int, int] | None) -> bool:
        """Whether a value within `bounds`, None if unknown, may pass."""
        if bounds is None:
            return self.least <= self.most
        least, most = max(bounds[0], self.least), min(bounds[1], self.most)
        if least > most:
            return False
        if self._parts is None:
            return True
        first, last = (edge - self.least >> self._part_bits for edge in (least, most))
        return bool(self._parts[first : last + 1].any())

    def passing(self, array: pa.Array) -> npt.NDArray[np.bool_]:
        """Which values of an encoded column pass; those of one that is not encoded may."""
        if not pa.types.is_signed_integer(array.type):
            return np.ones(len(array), np.bool_)
        values = fixed_values(array)
        inside = (values >= self.least) & (values <= self.most)
        present = valid(array)
        if present is not None:
            inside &= present
        if self.table is not None:
            places = np.flatnonzero(inside)
            inside[places] = self.table[values[places].astype(np.int64) - self.least]
        return inside


def add_filter(run: Execution, scan: int, found: RuntimeFilter) -> None:
    """Gives the scan operator with the id `scan` one more filter, in this task."""
    filters_of(run, scan).append(found)


def filters_of(run: Execution, scan: int) -> list[RuntimeFilter]:
    """The filters of the scan operator with the id `scan`, as they are now."""
    return run.state((scan, "runtime filters"), list[RuntimeFilter])
