"""The table formats of the `tabulate` package (markdown, html, latex, grid, ...): its only home.

tabulate must see a whole table to know the widths, so these formats hold the result in memory and refuse one that is
too long to be read as such a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from engine.shell import text as screen
from engine.shell.formats import Batches
from engine.types import NumericType, StructType
from engine.types.cells import Style, texts

MAX_ROWS = 100_000

ALIASES = {"markdown": "pipe", "md": "pipe", "html": "html", "latex": "latex"}
"""Names of ours for formats of tabulate; every other name of tabulate's is accepted as it is."""


class TooLong(Exception):
    """The result has more rows than a table of this kind may have."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"more than {MAX_ROWS:,} rows: the format {name} must hold them all; use csv, tsv, json or jsonl"
        )


def names() -> list[str]:
    """Every format tabulate knows, with our aliases."""
    from tabulate import tabulate_formats  # here and below: 50 ms to import, and few sessions use it

    return sorted({*tabulate_formats, *ALIASES} - {"tsv"})


def table(name: str, schema: StructType, batches: Batches, style: Style) -> Iterator[str]:
    """The result as tabulate's format `name`; raises TooLong past 100,000 rows."""
    from tabulate import tabulate  # here: as above

    columns: list[list[str]] = [[] for _ in schema.fields]
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        if rows > MAX_ROWS:
            raise TooLong(name)
        for cells, column, field in zip(columns, batch.columns, schema.fields, strict=True):
            shown = texts(column, field.dataType, replace(style, plain=True))
            cells.extend("NULL" if cell is None else screen.one_line(cell) for cell in shown)
    target = ALIASES.get(name, name)
    if target in ("pipe", "github"):
        columns = [[cell.replace("|", "\\|") for cell in cells] for cells in columns]
    align = ["right" if isinstance(field.dataType, NumericType) else "left" for field in schema.fields]
    headers = [screen.one_line(field) for field in schema.names]
    lines = tabulate(
        list(zip(*columns, strict=True)),
        headers,
        tablefmt=target,
        colalign=align if rows else None,
        disable_numparse=True,
    )
    return chain([str(lines), "\n"])
