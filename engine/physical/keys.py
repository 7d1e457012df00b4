"""Key expressions over all rows of collected batches: of joins, of sorts, of windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.kernels.buffers import fixed_array, fixed_values, valid
from engine.kernels.grouping import group_rows
from engine.kernels.packed_sort import is_text
from engine.kernels.sorting import SortKey, sort_rows
from engine.physical.batches import Columns
from engine.physical.execution import Execution
from engine.types.arrow import to_arrow


def key_arrays(
    keys: Sequence[Expression], rows: Columns, columns: Sequence[Attribute], run: Execution, kept: bool = False
) -> list[pa.Array]:
    """Expressions over all rows of a side; a column as it is, with `kept` in the form in which it is kept."""
    places = {column.id: place for place, column in reversed(list(enumerate(columns)))}
    found = []
    for key in keys:
        if isinstance(key, Attribute) and key.id in places:
            place = places[key.id]
            found.append(rows.kept(place) if kept else rows.whole(place))
            continue
        kernel = run.compile(key, columns)
        values = [pa.RecordBatch.from_arrays([kernel(batch)], names=["0"]) for batch in rows.batches()]
        found.append(Columns(values, [to_arrow(key.dataType)]).arrays[0])
    return found


def numbered(array: pa.Array) -> pa.Array:
    """Texts that are codes of a dictionary as numbers in the same order; other columns as they are."""
    if not pa.types.is_dictionary(array.type):
        return array
    if len(array.dictionary) == 0:
        return pa.nulls(len(array), pa.int32())
    ranks = np.empty(len(array.dictionary), np.int32)
    ranks[sort_rows([SortKey(array.dictionary)], len(ranks))] = np.arange(len(ranks), dtype=np.int32)
    return fixed_array(ranks[fixed_values(array.indices)], pa.int32(), valid(array.indices))


def owners(partition: Sequence[pa.Array], rows: int) -> list[SortKey]:
    """What brings the rows of each partition together: texts and lists are sooner numbered than sorted."""
    if any(is_text(array.type) or pa.types.is_nested(array.type) for array in partition):
        return [SortKey(pa.array(group_rows(partition, rows).ids))]
    return [SortKey(array) for array in partition]
