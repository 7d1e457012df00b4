"""The text of Spark's `df.show()`: pure functions over an Arrow table, free of anything the prompt needs.

+---+-----+
| id| name|
+---+-----+
|  1|  Ada|
+---+-----+
"""

from __future__ import annotations

import re

import pyarrow as pa

from engine.types import StructType
from engine.types.cells import Style, texts

_MINIMUM_WIDTH = 3
_ESCAPES = str.maketrans(
    {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b", "\v": "\\v", "\a": "\\a"},
)
# What Spark counts as two columns wide (Utils.stringHalfWidth): not wcwidth's answer, but the one its users see.
_FULL_WIDTH = re.compile("[ᄀ-ᅟ⺀-꓏가-힣豈-﫿︰-﹏＀-｠￠-￦]")


_STYLE = Style()


def show_string(
    table: pa.Table,
    types: StructType,
    n: int = 20,
    truncate: bool | int = True,
    vertical: bool = False,
    style: Style = _STYLE,
) -> str:
    """The first `n` rows of `table` as `DataFrame.show` prints them, with a line end after the last line.

    `table` should hold one row more than `n` where there are more: that is how the last line knows. `truncate` is True
    for 20 characters, False or 0 for none, or the number of characters; `style` is how the session shows values.
    """
    n = max(0, n)
    limit = 20 if truncate is True else int(truncate)
    names = [_escaped(name) for name in types.names]
    shown = table.slice(0, n).combine_chunks()
    columns = [
        [
            _cut(_escaped("NULL" if text is None else text), limit)
            for text in texts(_whole(column), field.dataType, style)
        ]
        for column, field in zip(shown.columns, types.fields, strict=True)
    ]
    rows = [list(row) for row in zip(*columns, strict=True)] if columns else [[]] * min(n, table.num_rows)
    lines = _records(names, rows) if vertical else _box(names, rows, right=limit > 0)
    if vertical and not rows:
        lines.append("(0 rows)")
    elif table.num_rows > n:
        lines.append(f"only showing top {n} {'row' if n == 1 else 'rows'}")
    return "\n".join(lines) + "\n"


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks == 1 else whole


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _cut(text: str, limit: int) -> str:
    if limit <= 0 or len(text) <= limit:
        return text
    return text[:limit] if limit < 4 else text[: limit - 3] + "..."


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text) + len(_FULL_WIDTH.findall(text))


def _box(names: list[str], rows: list[list[str]], right: bool) -> list[str]:
    widths = [max(_MINIMUM_WIDTH, _width(name)) for name in names]
    for row in rows:
        widths = [max(width, _width(cell)) for width, cell in zip(widths, row, strict=True)]
    rule = f"+{'+'.join('-' * width for width in widths)}+"

    def line(cells: list[str]) -> str:
        padded = []
        for cell, width in zip(cells, widths, strict=True):
            space = " " * (width - _width(cell))
            padded.append(space + cell if right else cell + space)
        return f"|{'|'.join(padded)}|"

    return [rule, line(names), rule, *map(line, rows), rule]


def _records(names: list[str], rows: list[list[str]]) -> list[str]:
    name_width = max([_MINIMUM_WIDTH, *map(_width, names)])
    cell_width = max([_MINIMUM_WIDTH, *(_width(cell) for row in rows for cell in row)])
    lines = []
    for number, row in enumerate(rows):
        lines.append(f"-RECORD {number}".ljust(name_width + cell_width + 5, "-"))
        for name, cell in zip(names, row, strict=True):
            name_space, cell_space = " " * (name_width - _width(name)), " " * (cell_width - _width(cell))
            lines.append(f" {name}{name_space} | {cell}{cell_space} ")
    return lines
