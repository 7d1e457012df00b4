"""What code is told of a batch: its forms, and where its columns are. Found out once a batch, however many queries read it."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import pyarrow as pa

from engine.compile.forms import Addresses, addresses, form_of


class Prepared:
    """The columns of a batch. It holds them, but not the batch, with which it ends."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.arrays = batch.columns
        self.forms = tuple(form_of(array) for array in self.arrays)
        self._addresses: list[Addresses | None] = [None] * len(self.arrays)
        self._dictionaries: dict[int, tuple[tuple[int, int], pa.Array]] = {}

    def addresses(self, place: int) -> Addresses:
        """Where a column is; of texts by code, where the codes are."""
        found = self._addresses[place]
        if found is None:
            found = self._addresses[place] = addresses(self.arrays[place], self.forms[place])
        return found

    def dictionary(self, place: int) -> tuple[tuple[int, int], pa.Array]:
        """The dictionary of a column, and what tells it from others as long as it is held: where it is, and its length."""
        found = self._dictionaries.get(place)
        if found is None:
            dictionary = self.arrays[place].dictionary
            start = dictionary.buffers()[1].address + 4 * dictionary.offset
            found = self._dictionaries[place] = (start, len(dictionary)), dictionary
        return found


def prepared(batch: pa.RecordBatch) -> Prepared:
    """What is known of a batch."""
    number = id(batch)
    known = _known.get(number)
    if known is not None and known[0]() is batch:
        return known[1]
    made = Prepared(batch)
    _known[number] = weakref.ref(batch, _forgetting(number)), made
    return made


def _forgetting(number: int) -> Callable[[object], None]:
    def forget(reference: object) -> None:
        known = _known.get(number)
        if known is not None and known[0] is reference:
            del _known[number]

    return forget


_known: dict[int, tuple[weakref.ref[pa.RecordBatch], Prepared]] = {}
