"""What one side of a join tells the scan of the other while the query runs: which values can find a partner at all.

Whoever builds a join's table calls `add_filter` once it is complete, before the pipeline of the other side starts. The scan
then leaves out pieces by the statistics of the source, before it reads them, and by the values of the filters' columns,
before it reads the others. Rows that cannot match may still come: the join decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.kernels.buffers import fixed_values, valid
from engine.physical.encoding import min_max
from engine.physical.execution import Execution

_TABLE_RANGE = 1 << 24
"""Values from a range no wider than this are looked up in a table of so many bytes; of others only the range counts."""


@dataclass(frozen=True, eq=False)
class RuntimeFilter:
    """Lets rows pass whose `column` (by position in the scan's output) is a whole number, as encoded columns hold them, from
    `least` to `most`, and, where `table` is given, for which `table[value - least]` is true. Nulls do not pass."""

    column: int
    least: int
    most: int
    table: npt.NDArray[np.bool_] | None = None

    @staticmethod
    def of(column: int, values: npt.NDArray[Any]) -> RuntimeFilter:
        """The filter that lets just `values` through (a numpy array of whole numbers, in any order), or their range if that is
        wide."""
        if not len(values):
            return RuntimeFilter(column, 1, 0)
        least, most = int(values.min()), int(values.max())
        if most - least >= _TABLE_RANGE:
            return RuntimeFilter(column, least, most)
        table = np.zeros(most - least + 1, np.bool_)
        table[values.astype(np.int64, copy=False) - least] = True
        return RuntimeFilter(column, least, most, table)

    def may_pass(self, bounds: tuple[int, int] | None) -> bool:
        """Whether a value within `bounds`, None if unknown, may pass."""
        if bounds is None:
            return self.least <= self.most
        least, most = max(bounds[0], self.least), min(bounds[1], self.most)
        if least > most:
            return False
        return self.table is None or bool(self.table[least - self.least : most - self.least + 1].any())

    def any_passes(self, array: pa.Array) -> bool:
        """Whether any value of an encoded column passes; one that is not encoded may."""
        if not pa.types.is_signed_integer(array.type):
            return True
        least, most = min_max(array)
        if least is None or most is None or not self.may_pass((least, most)):
            return False
        if self.table is None:
            return True
        values = fixed_values(array).astype(np.int64) - self.least
        inside = (values >= 0) & (values < len(self.table))
        present = valid(array)
        if present is not None:
            inside &= present
        return bool(self.table[values[inside]].any())


def add_filter(run: Execution, scan: int, found: RuntimeFilter) -> None:
    """Gives the scan operator with the id `scan` one more filter, in this task."""
    filters_of(run, scan).append(found)


def filters_of(run: Execution, scan: int) -> list[RuntimeFilter]:
    """The filters of the scan operator with the id `scan`, as they are now."""
    return run.state((scan, "runtime filters"), list[RuntimeFilter])
