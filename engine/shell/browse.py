"""What `.tables` and `.schema` print: the tables of the current database, as boxes side by side or line by line.

┌────────────────────┐ ┌────────────────────┐
│      orders        │ │     customers      │
│ o_orderkey  bigint │ │ c_custkey   bigint │
└────────────────────┘ └────────────────────┘
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.errors import FlintError
from engine.shell import text as screen
from engine.shell.options import ShellError

if TYPE_CHECKING:
    from engine.session import Session

_COLUMNS = 16  # a box shows this many; .schema shows all
_TYPE = 24


def table_names(session: Session, database: str | None = None) -> list[str]:
    """Tables and views of a database (the current one, then with temporary views), sorted."""
    listed = session.catalog.listed(database)
    return sorted({table.name for table in listed if database is None or not table.is_temporary})


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _columns(session: Session, name: str) -> list[tuple[str, str]]:
    """Names and types of a table's columns; what is wrong with it where it cannot be read."""
    try:
        fields = session.table(_quoted(name)).schema.fields
    except FlintError as error:  # a view over a file that is gone must not hide the other tables
        return [(f"({error.condition})", "")]
    return [(screen.one_line(field.name), screen.one_line(field.dataType.simpleString())) for field in fields]


def tables(session: Session, pattern: str, width: int | None) -> Iterator[str]:
    """The tables whose name matches `pattern` (* and ?, or a part of the name) as boxes within `width` columns."""
    names = [name for name in table_names(session) if _matches(name, pattern)]
    if not names:
        yield "no tables" + (f" like {pattern}" if pattern else " yet: create view t as from 'file.parquet';")
        return
    boxes = [_box(name, _columns(session, name)) for name in names]
    row: list[list[str]] = []
    for box in boxes:
        if row and sum(len(_top(b)) + 1 for b in (*row, box)) > (width or 100):
            yield from _side_by_side(row)
            row = []
        row.append(box)
    yield from _side_by_side(row)


def _matches(name: str, pattern: str) -> bool:
    wanted = pattern.lower()
    return fnmatch.fnmatchcase(name.lower(), wanted if any(c in wanted for c in "*?") else f"*{wanted}*")


def _top(box: Sequence[str]) -> str:
    return box[0]


def _box(name: str, columns: Sequence[tuple[str, str]]) -> list[str]:
    shown = [(screen.cut(column, 40), screen.cut(kind, _TYPE)) for column, kind in columns[:_COLUMNS]]
    if len(columns) > _COLUMNS:
        shown.append((f"… {len(columns) - _COLUMNS} more", ""))
    left = max((screen.width(column) for column, _ in shown), default=0)
    right = max((screen.width(kind) for _, kind in shown), default=0)
    title = screen.one_line(name)
    inside = max(left + 2 + right, screen.width(title))
    lines = [f"┌{'─' * (inside + 2)}┐", f"│ {screen.pad(title, inside, '^')} │"]
    for column, kind in shown:
        lines.append(f"│ {screen.pad(screen.pad(column, left, '<') + '  ' + kind, inside, '<')} │")
    return [*lines, f"└{'─' * (inside + 2)}┘"]


def _side_by_side(boxes: Sequence[Sequence[str]]) -> Iterator[str]:
    for line in range(max(map(len, boxes), default=0)):
        parts = [box[line] if line < len(box) else " " * len(_top(box)) for box in boxes]
        yield " ".join(parts).rstrip()


def schema(session: Session, name: str) -> Iterator[str]:
    """`name` with its columns, one a line; every table of the database without a name."""
    names = [name.rstrip(";")] if name else [_quoted(table) for table in table_names(session)]
    if not names:
        raise ShellError("no tables yet: create view t as from 'file.parquet';")
    for table in names:
        fields = session.table(table).schema.fields
        yield f"{table.replace('`', '')} ("
        widest = max((screen.width(screen.one_line(field.name)) for field in fields), default=0)
        for number, field in enumerate(fields):
            comma = "," if number < len(fields) - 1 else ""
            required = "" if field.nullable else " NOT NULL"
            column = screen.pad(screen.one_line(field.name), widest, "<")
            yield f"  {column}  {field.dataType.simpleString().upper()}{required}{comma}"
        yield ")"
