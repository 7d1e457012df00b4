"""Writes one result in the mode asked for while its batches arrive; tells how many rows it had and what is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TextIO

import pyarrow as pa

from engine.records import dataclass
from engine.shell.formats import WRITERS
from engine.shell.render import Box, Limits
from engine.types import StructType
from engine.types.cells import Style


@dataclass(frozen=True)
class Written:
    """The size of a result, and how much of it was left out on the screen."""

    rows: int
    columns: int
    hidden_rows: int = 0
    hidden_columns: int = 0


@dataclass(frozen=True)
class Target:
    """Where results go. `width` is the terminal's or None; `before` is called once, right before the first text."""

    stream: TextIO
    width: int | None
    colour: bool
    before: Callable[[], None]


class _Count:
    """Passes batches on and counts their rows."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self.rows = 0
        self._batches = batches

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def write_result(
    schema: StructType, batches: Iterable[pa.RecordBatch], mode: str, max_rows: int, style: Style, target: Target
) -> Written:
    """Writes the result to `target` in `mode` ("table", a name of WRITERS, or one of tabulate's)."""
    if mode == "table":
        return _write_box(schema, batches, max_rows, style, target)
    counted = _Count(batches)
    if mode in WRITERS:
        pieces = WRITERS[mode](schema, counted, style)
    else:
        from engine.shell.tabular import table  # here: tabulate takes 50 ms to import

        pieces = table(mode, schema, counted, style) if schema.fields else iter(())
    first = True
    for piece in pieces if schema.fields else ():
        if first:
            target.before()
            first = False
        target.stream.write(piece)
    target.stream.flush()
    if not schema.fields:  # a statement without a result must still run to its end
        for _ in counted:
            pass
    target.before()
    return Written(counted.rows, len(schema))


def _write_box(
    schema: StructType, batches: Iterable[pa.RecordBatch], max_rows: int, style: Style, target: Target
) -> Written:
    box = Box(schema, Limits(max_rows, target.width), replace(style, plain=True), target.colour)
    for batch in batches:
        box.add(batch)
    target.before()
    for line in box.lines():
        target.stream.write(line + "\n")
    target.stream.flush()
    return Written(box.rows, len(schema), box.hidden_rows, box.hidden_columns)
