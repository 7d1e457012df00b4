"""Which whole numbers are among the keys of a table, a bit each: a few hundred kilobytes that stay in a core's own cache, where
a look into the table itself would miss it. Probes that find nothing, most of those of a join that filters, end here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.kernels.buffers import fixed_values, valid
from engine.physical.encoding import min_max
from engine.records import dataclass

LEAST_BYTES = 1 << 18
"""Tables smaller than this are as near as the bits would be."""
_MOST_BITS = 1 << 25
_SAVES = 8
"""The bits must be so many times smaller than the table."""
_SPARSE = 4
"""At most one number in so many may be there: else most probes look into the table all the same."""


@dataclass(frozen=True, eq=False)
class Presence:
    """Bit `number - low` of `bits` says whether `number` is there, for `size` numbers from `low` on."""

    low: int
    size: int
    bits: npt.NDArray[np.uint8]


def presence_of(keys: pa.Array, table_bytes: int) -> Presence | None:
    """The numbers among `keys`; None where it would not save anything in front of a table of so many bytes."""
    if not pa.types.is_integer(keys.type):
        return None
    least, most = min_max(keys)
    if least is None or most is None:
        return None
    size = most - least + 1
    if table_bytes < LEAST_BYTES or size > min(_MOST_BITS, table_bytes * 8 // _SAVES):
        return None
    values = _present(keys)
    there = np.zeros(size, np.bool_)
    there[values.astype(np.int64, copy=False) - least] = True
    if np.count_nonzero(there) * _SPARSE > size:
        return None
    return Presence(least, size, np.packbits(there, bitorder="little"))


def _present(keys: pa.Array) -> npt.NDArray[Any]:
    values, present = fixed_values(keys), valid(keys)
    return values if present is None else values[present]
