"""Boxed tables of results of any length and width, in bounded memory.

┌─────────┬────────────────┐
│   id    │     amount     │
│ bigint  │ decimal(12,2)  │
├─────────┼────────────────┤
│       1 │          10.50 │
│       ⋮ │              ⋮ │
│ 2000000 │           NULL │
└─────────┴────────────────┘

Rows stream through: the first ones and the last ones are kept, the others only counted. Columns that do not fit are
first narrowed, then hidden in the middle. `hidden_rows` and `hidden_columns` tell how much is
not drawn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import pyarrow as pa

from engine.records import dataclass
from engine.shell import text as screen
from engine.types import NumericType, StringType, StructType
from engine.types.cells import Style, texts

_NARROW = 16  # a column is narrowed down to this before another one is hidden
_TYPE_WIDTH = 24  # a longer type name does not widen its column
_FRAME = 3  # the line and the two spaces a column costs
_GAP = "…"

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Limits:
    """`rows`: how many are shown (0: all). `columns`: width of the screen (None: no limit)."""

    rows: int = 40
    columns: int | None = None


@dataclass(frozen=True)
class _Column:
    """A column to draw; `index` is None for the one that stands for hidden columns."""

    index: int | None
    width: int


class Box:
    """Collects the batches of a result, then draws it.

    Keeps `limits.rows` rows from the start and half of that from the end; `rows` counts all.
    """

    def __init__(self, schema: StructType, limits: Limits, style: Style, colour: bool = False) -> None:
        self.schema = schema
        self.limits = limits
        self.colour = colour
        self.rows = 0
        self.hidden_columns = 0
        self._style = style
        self._first: list[Row] = []
        self._last: deque[tuple[int, pa.RecordBatch]] = deque()

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes the next rows of the result."""
        room = batch.num_rows if self.limits.rows == 0 else self.limits.rows - len(self._first)
        if room > 0:
            self._first.extend(self._texts(batch.slice(0, room)))
            rest = batch.slice(room)
        else:
            rest = batch
        self.rows += batch.num_rows
        if rest.num_rows:
            self._keep_last(rest)

    def _texts(self, batch: pa.RecordBatch) -> Iterator[Row]:
        columns = zip(batch.columns, self.schema.fields, strict=True)
        return zip(*(texts(column, field.dataType, self._style) for column, field in columns), strict=True)

    def _keep_last(self, batch: pa.RecordBatch) -> None:
        """Holds slices of the newest batches: as many as cover the rows of the tail, seldom more than two."""
        tail = self.limits.rows // 2
        batch = batch.slice(max(0, batch.num_rows - tail))
        self._last.append((batch.num_rows, batch))
        held = sum(rows for rows, _ in self._last)
        while held - self._last[0][0] >= tail and len(self._last) > 1:
            held -= self._last.popleft()[0]

    @property
    def hidden_rows(self) -> int:
        """How many rows are counted but not drawn."""
        return max(0, self.rows - self.limits.rows) if self.limits.rows else 0

    def _shown(self) -> tuple[list[Row], list[Row]]:
        """The rows above and below the gap; no rows below when all are shown."""
        if not self.hidden_rows:
            return self._first, []
        tail = self.limits.rows // 2
        last = [row for _, batch in self._last for row in self._texts(batch)]
        return self._first[: self.limits.rows - tail], (self._first + last)[len(self._first) + len(last) - tail :]

    def lines(self) -> Iterator[str]:
        """The table, line by line without line ends. To be called once all batches are in."""
        head, tail = self._shown()
        if not self.schema.fields:
            return
        if self._is_one_text(head):
            yield screen.safe_lines(head[0][0] or "").rstrip("\n")
            return
        yield from self._draw(_escaped(head), _escaped(tail))

    def _is_one_text(self, head: Sequence[Row]) -> bool:
        """A plan or a CREATE statement: one text of several lines, which reads better without a box."""
        if self.rows != 1 or len(self.schema) != 1 or not isinstance(self.schema.fields[0].dataType, StringType):
            return False
        return "\n" in (head[0][0] or "") or self.schema.fields[0].name == "plan"

    def _draw(self, head: list[Row], tail: list[Row]) -> Iterator[str]:
        names = [screen.one_line(field.name) for field in self.schema.fields]
        types = [screen.one_line(field.dataType.simpleString()) for field in self.schema.fields]
        widths = [
            max(screen.width(name), min(_TYPE_WIDTH, len(kind)), 1) for name, kind in zip(names, types, strict=True)
        ]
        for row in (*head, *tail):
            widths = [
                max(width, 4 if cell is None else screen.width(cell)) for width, cell in zip(widths, row, strict=True)
            ]
        columns = fit(widths, self.limits.columns)
        self.hidden_columns = len(names) - sum(column.index is not None for column in columns)
        yield _rule(columns, "┌┬┐")
        yield self._titles(columns, names, screen.BOLD)
        yield self._titles(columns, types, screen.DIM)
        yield _rule(columns, "├┼┤")
        numbers = [isinstance(field.dataType, NumericType) for field in self.schema.fields]
        for row in head:
            yield self._line(columns, row, numbers)
        if self.hidden_rows:
            yield self._line(columns, ("⋮",) * len(names), numbers)
        for row in tail:
            yield self._line(columns, row, numbers)
        yield _rule(columns, "└┴┘")

    def _titles(self, columns: Sequence[_Column], titles: Sequence[str], code: str) -> str:
        cells = []
        for column in columns:
            title = _GAP if column.index is None else screen.cut(titles[column.index], column.width)
            cells.append(screen.paint(screen.pad(title, column.width, "^"), code, self.colour))
        return f"│ {' │ '.join(cells)} │"

    def _line(self, columns: Sequence[_Column], row: Row, numbers: Sequence[bool]) -> str:
        cells = []
        for column in columns:
            if column.index is None:
                cells.append(_GAP)
                continue
            value = row[column.index]
            shown = "NULL" if value is None else screen.cut(value, column.width)
            cell = screen.pad(shown, column.width, ">" if numbers[column.index] else "<")
            cells.append(screen.paint(cell, screen.DIM, self.colour) if value is None else cell)
        return f"│ {' │ '.join(cells)} │"


def _escaped(rows: Sequence[Row]) -> list[Row]:
    return [tuple(None if cell is None else screen.one_line(cell) for cell in row) for row in rows]


def _rule(columns: Sequence[_Column], ends: str) -> str:
    return ends[0] + ends[1].join("─" * (column.width + 2) for column in columns) + ends[2]


def fit(widths: Sequence[int], screen_columns: int | None) -> list[_Column]:
    """Which columns are drawn how wide so that the table fits `screen_columns`.

    Wide columns give way first, down to 16; then columns of the middle are hidden, the first one never.
    """
    everything = [_Column(index, width) for index, width in enumerate(widths)]
    if screen_columns is None:
        return everything
    budget = screen_columns - 1
    if sum(min(width, _NARROW) + _FRAME for width in widths) <= budget:
        return _narrowed(everything, budget)
    room = budget - (1 + _FRAME)
    left, right = 0, len(widths)  # columns before `left` and from `right` on are kept
    while left < right:
        index = left if left <= len(widths) - right else right - 1
        room -= min(widths[index], _NARROW) + _FRAME
        if room < 0 and left:
            break
        left, right = (left + 1, right) if index == left else (left, right - 1)
    kept = _narrowed([*everything[:left], *everything[right:]], budget - (1 + _FRAME))
    return [*kept[:left], _Column(None, 1), *kept[left:]] if left < right else kept


def _narrowed(columns: list[_Column], budget: int) -> list[_Column]:
    """The columns, none wider than the widest cap that makes them fit `budget`."""
    if sum(column.width + _FRAME for column in columns) <= budget:
        return columns
    low, high = 1, max(budget, 1)
    while low < high:
        cap = (low + high + 1) // 2
        if sum(min(column.width, cap) + _FRAME for column in columns) <= budget:
            low = cap
        else:
            high = cap - 1
    return [_Column(column.index, min(column.width, low)) for column in columns]
