"""What executors keep in their caches of decoded columns: the work of SHOW CACHED TABLES."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pyarrow as pa

from engine.physical.task import TaskContext
from engine.records import dataclass

_SCHEMA = pa.schema(
    [
        ("process", pa.int64()),
        ("path", pa.string()),
        ("column", pa.string()),
        ("pin", pa.int64()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("hits", pa.int64()),
    ]
)


@dataclass(frozen=True)
class ListCachedColumns:
    """A row for each column of a piece of a file that this executor keeps. A stage of as many tasks as there are executors
    asks them all, if none is busy."""

    def run(self, partition: int, task: TaskContext) -> None:  # noqa: ARG002 - as every TaskProgram
        rows = [
            (os.getpid(), str(each.key[0]), str(each.key[4]), each.pin, each.rows, each.bytes, each.hits)
            for each in task.memory.pool.columns.contents()
            if isinstance(each.key, tuple)
        ]
        arrays = [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(_SCHEMA)]
        task.emit(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))


@dataclass
class KeptColumn:
    """One column over all pieces and executors; `name` is the path of its file, or of what was cached."""

    name: str
    column: str
    pieces: int = 0
    rows: int = 0
    bytes: int = 0
    hits: int = 0


def kept_columns(batches: Iterable[pa.RecordBatch], names: dict[int, str]) -> list[KeptColumn]:
    """The columns that executors told of, by name; `names` are those of pinned ones by their numbers."""
    found: dict[tuple[str, str], KeptColumn] = {}
    seen: set[int] = set()
    for batch in batches:
        rows = batch.to_pylist()
        if {row["process"] for row in rows} & seen:
            continue  # an executor that was asked twice
        seen |= {row["process"] for row in rows}
        for row in rows:
            name = names.get(row["pin"], row["path"])
            kept = found.setdefault((name, row["column"]), KeptColumn(name, row["column"]))
            kept.pieces += 1
            kept.rows += row["rows"]
            kept.bytes += row["bytes"]
            kept.hits += row["hits"]
    return [found[key] for key in sorted(found)]
