"""Tests by which a scan finds the rows that may pass before it reads all columns, and what they cost.

Compiled code tests every row that comes again, and faster. So a test is worth its time only where columns are still to be
decoded that take longer: comparisons of numbers nearly always, LIKE over plain text only for many wide columns. Of a text that
is coded only the dictionary is tested.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.predicates import And, Between, BinaryComparison, In, IsNaN, IsNotNull, IsNull, Not, Or
from engine.kernels.buffers import fixed_values
from engine.physical.batches import batch_of
from engine.physical.encoding import decoded
from engine.physical.execution import Execution
from engine.physical.runtime_filter import RuntimeFilter
from engine.physical.trial import Trial

Truths = npt.NDArray[np.bool_]

_COMPARED = 4
"""What it costs to compare a value, as a number of bytes of columns that are decoded in that time."""
_COMPUTED = 20
"""The same where functions are computed of it."""
_COMPUTED_BYTE = 5
"""The same for each byte of a text."""
_COMPARISONS = (Attribute, Literal, BinaryComparison, And, Or, Not, IsNull, IsNotNull, IsNaN, Between, In)


class RowTest(ABC):
    """One test of the rows of a scan. `places` are those of the columns that it reads."""

    who: ClassVar[str]
    """Who tells."""

    def __init__(self, places: Sequence[int]) -> None:
        self.places = places
        self.trial = Trial()

    @abstractmethod
    def passing(self, arrays: Sequence[pa.Array]) -> Truths:
        """Which rows of its columns pass."""

    def cost(self, arrays: Sequence[pa.Array]) -> int:
        """What it costs to test these rows, as a number of bytes of columns that are decoded in that time."""
        return _COMPARED * sum(map(len, arrays))


class JoinTest(RowTest):
    """What a join tells of a column."""

    who = "joins"

    def __init__(self, wanted: RuntimeFilter) -> None:
        super().__init__([wanted.column])
        self._wanted = wanted

    def passing(self, arrays: Sequence[pa.Array]) -> Truths:
        return self._wanted.passing(arrays[0])


class FilterTest(RowTest):
    """A condition of a query, evaluated by its kernel. `compares`: no function is computed."""

    who = "filters"

    def __init__(self, condition: Expression, used: Sequence[Attribute], places: Sequence[int], run: Execution) -> None:
        super().__init__(places)
        self._used = used
        self._keep = run.predicate(condition, used)
        self.compares = all(isinstance(each, _COMPARISONS) for each in condition.collect(Expression))
        self._dictionary: tuple[pa.Array, Truths] | None = None

    def cost(self, arrays: Sequence[pa.Array]) -> int:
        if _is_coded(arrays):
            return len(arrays[0]) + self.cost([arrays[0].dictionary])
        if self.compares:
            return super().cost(arrays)
        return sum(_bytes_of_text(array) * _COMPUTED_BYTE or len(array) * _COMPUTED for array in arrays)

    def passing(self, arrays: Sequence[pa.Array]) -> Truths:
        if _is_coded(arrays):
            truths: Truths = self._of_dictionary(arrays[0].dictionary)[fixed_values(arrays[0].indices)]
            return truths
        found = self._keep(decoded(batch_of(arrays, len(arrays[0])), self._used))
        passing: Truths = found.fill_null(False).to_numpy(zero_copy_only=False)
        return passing

    def _of_dictionary(self, dictionary: pa.Array) -> Truths:
        """Tested once for all pieces that share it."""
        known = self._dictionary
        if known is None or not known[0].equals(dictionary):
            known = self._dictionary = dictionary, self.passing([dictionary])
        return known[1]


def row_tests(
    columns: Sequence[Attribute], filters: Sequence[Expression], runtime: Sequence[RuntimeFilter], run: Execution
) -> Iterator[RowTest]:
    """The tests of a scan of `columns`: what joins tell, then the filters that read only these, comparisons first."""
    yield from map(JoinTest, runtime)
    places = {column.id: place for place, column in enumerate(columns)}
    used = [list({column.id: column for column in condition.collect(Attribute)}.values()) for condition in filters]
    tests = [
        FilterTest(condition, read, [places[column.id] for column in read], run)
        for condition, read in zip(filters, used, strict=True)
        if read and all(column.id in places for column in read)
    ]
    yield from sorted(tests, key=lambda test: not test.compares)


def _is_coded(arrays: Sequence[pa.Array]) -> bool:
    return len(arrays) == 1 and pa.types.is_dictionary(arrays[0].type) and not arrays[0].indices.null_count


def _bytes_of_text(array: pa.Array) -> int:
    if pa.types.is_dictionary(array.type):
        return _bytes_of_text(array.dictionary) * len(array) // max(1, len(array.dictionary))
    return int(array.nbytes) if pa.types.is_string(array.type) else 0
