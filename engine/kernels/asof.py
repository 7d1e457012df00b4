"""A table of rows by keys and a value, in which the row with equal keys and the nearest value is found by binary search.

Keys become the number of their group and values their rank, both together one number: rows are sorted by it once, and all rows
of a batch are looked up at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from engine.kernels.buffers import Ints, Mask, valid
from engine.kernels.grouping import group_rows
from engine.kernels.joins import JoinTable
from engine.kernels.sorting import order_codes, value_codes

_CANDIDATES = 1 << 17


class AsOfTable:
    """The rows with `keys` and the value `at`; those with a null among them are never found. `operator` compares a value that
    is looked up with the one that is found: ">=" finds the greatest that is no greater, "<" the least that is greater."""

    def __init__(self, keys: Sequence[pa.Array], at: pa.Array, operator: str) -> None:
        self._operator = operator
        self._rows = np.flatnonzero(_present([*keys, at], len(at)))
        chosen = pa.array(self._rows)
        keys = [key.take(chosen) for key in keys]
        groups = group_rows(keys, len(chosen))
        self._keys = [key.take(pa.array(groups.first)) for key in keys] if len(chosen) else keys
        self._table = JoinTable(self._keys, len(self._keys[0]), [False] * len(keys)) if keys else None
        self._at = at.take(chosen)
        self._fixed = value_codes(self._at)
        codes = self._fixed if self._fixed is not None else order_codes(self._at).codes
        self._values, ranks = np.unique(codes, return_inverse=True)
        self._firsts = np.unique(codes, return_index=True)[1]
        self._width = len(self._values) + 1
        numbers = groups.ids * self._width + ranks
        self._order = np.argsort(numbers, kind="stable")
        self._numbers = numbers[self._order]

    def find(self, keys: Sequence[pa.Array], at: pa.Array) -> Ints:
        """The row that is nearest to each row of `keys` and `at`; -1 where there is none."""
        rows = len(at)
        if len(self._rows) == 0:
            return np.full(rows, -1, np.int64)
        present = _present([at], rows)
        groups = self._groups(keys, rows)
        backward = self._operator in (">", ">=")
        places = self._places(at, "right" if self._operator in (">=", "<") else "left")
        wanted = groups * self._width + places
        found = np.searchsorted(self._numbers, wanted, side="left") - int(backward)
        inside = present & (groups >= 0) & (found >= 0) & (found < len(self._numbers))
        found = np.where(inside, found, 0)
        inside &= self._numbers[found] // self._width == groups
        return np.where(inside, self._rows[self._order[found]], -1)

    def _groups(self, keys: Sequence[pa.Array], rows: int) -> Ints:
        """The number of the group with the same keys; -1 where there is none."""
        groups = np.zeros(rows, np.int64)
        if self._table is None:
            return groups
        groups -= 1
        for looked_up, group in self._table.pairs(self._table.lookup(keys, rows), keys, _CANDIDATES):
            groups[looked_up] = group
        return groups

    def _places(self, at: pa.Array, side: str) -> Ints:
        """Before which of the different values each value of `at` stands; nulls anywhere."""
        codes = value_codes(at) if self._fixed is not None else None
        known = self._values
        if codes is None:  # only values of one array have comparable ranks
            both = pa.concat_arrays([self._at.take(pa.array(self._firsts)), at])
            ranks = order_codes(both).codes
            known, codes = ranks[: len(self._firsts)], ranks[len(self._firsts) :]
        return np.searchsorted(known, codes, side=side)  # type: ignore[call-overload,no-any-return]


def _present(columns: Sequence[pa.Array], rows: int) -> Mask:
    present = np.ones(rows, np.bool_)
    for column in columns:
        if (mask := valid(column)) is not None:
            present &= mask
    return present
