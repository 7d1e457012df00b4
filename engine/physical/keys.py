"""Key expressions over all rows of collected batches: of joins, of sorts."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.physical.batches import Columns
from engine.physical.execution import Execution
from engine.types.arrow import to_arrow


def key_arrays(
    keys: Sequence[Expression], rows: Columns, columns: Sequence[Attribute], run: Execution
) -> list[pa.Array]:
    """Expressions over all rows of a side; a column as it is."""
    places = {column.id: place for place, column in reversed(list(enumerate(columns)))}
    found = []
    for key in keys:
        if isinstance(key, Attribute) and key.id in places:
            found.append(rows.arrays[places[key.id]])
            continue
        kernel = run.compile(key, columns)
        values = [pa.RecordBatch.from_arrays([kernel(batch)], names=["0"]) for batch in rows.batches()]
        found.append(Columns(values, [to_arrow(key.dataType)]).arrays[0])
    return found
