"""Boxes: alignment, types under names, head and tail of streams, hidden rows and columns."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pyarrow as pa
import pytest

from engine.shell import text as screen
from engine.shell.render import Box, Limits, fit
from engine.types import LONG, STRING, DecimalType, StructField, StructType
from engine.types.arrow import from_arrow
from engine.types.cells import Style

ALL = Limits()


def drawn(table: pa.Table, limits: Limits = ALL, chunk: int = 1000, colour: bool = False) -> tuple[list[str], Box]:
    schema = StructType(tuple(StructField(field.name, from_arrow(field.type)) for field in table.schema))
    box = Box(schema, limits, Style(plain=True), colour)
    for batch in table.to_batches(max_chunksize=chunk):
        box.add(batch)
    return list(box.lines()), box


def first_column(lines: Iterable[str]) -> list[str]:
    return [line.split("│")[1].strip() for line in lines if line.startswith("│")]


def test_names_types_alignment_and_null() -> None:
    table = pa.table({"id": [1, 20], "name": ["Ada", None], "d": pa.array([Decimal("1.50"), None])})
    lines, box = drawn(table)
    assert lines == [
        "┌────────┬────────┬──────────────┐",
        "│   id   │  name  │      d       │",
        "│ bigint │ string │ decimal(3,2) │",
        "├────────┼────────┼──────────────┤",
        "│      1 │ Ada    │         1.50 │",
        "│     20 │ NULL   │         NULL │",
        "└────────┴────────┴──────────────┘",
    ]
    assert (box.rows, box.hidden_rows, box.hidden_columns) == (2, 0, 0)


def test_null_is_dim_where_colours_are_wanted() -> None:
    lines, _ = drawn(pa.table({"s": ["NULL", None]}), colour=True)
    assert lines[4] == "│ NULL   │"
    assert lines[5] == "│ \x1b[2mNULL  \x1b[0m │"


@pytest.mark.parametrize("chunk", [1, 3, 7, 1000])
@pytest.mark.parametrize("rows", [9, 10, 11, 14, 15, 16, 999])
def test_head_and_tail_whatever_the_batches(rows: int, chunk: int) -> None:
    lines, box = drawn(pa.table({"n": range(rows)}), Limits(rows=10), chunk)
    shown = first_column(lines)[2:]
    if rows <= 10:
        assert shown == [str(n) for n in range(rows)]
    else:
        assert shown == [*map(str, range(5)), "⋮", *map(str, range(rows - 5, rows))]
        assert box.hidden_rows == rows - 10
    assert box.rows == rows


def test_memory_is_bounded() -> None:
    schema = StructType((StructField("n", LONG),))
    box = Box(schema, Limits(rows=10), Style())
    batch = pa.record_batch({"n": pa.array(range(10_000))})
    for _ in range(50):
        box.add(batch)
    assert len(box._last) == 1
    assert box._last[0][1].num_rows == 5
    assert box.rows == 500_000


def test_no_limit_shows_all() -> None:
    lines, box = drawn(pa.table({"n": range(100)}), Limits(rows=0))
    assert first_column(lines)[2:] == [str(n) for n in range(100)]
    assert (box.hidden_rows, box.hidden_columns) == (0, 0)


def test_control_characters_do_not_reach_the_screen() -> None:
    lines, _ = drawn(pa.table({"a\x1b[31m": ["x\ny", "\x1b]0;title\x07", "\u202eabc"]}))
    text = "\n".join(lines)
    assert "\\nx" not in text
    assert "x\\ny" in text
    assert "\\x1b]0;title\\x07" in text
    assert "\\u202eabc" in text
    assert "\x1b" not in text


def test_a_text_of_several_lines_alone_is_shown_as_it_is() -> None:
    lines, _ = drawn(pa.table({"createtab_stmt": ["CREATE TABLE t (\n  a INT)\x1b"]}))
    assert lines == ["CREATE TABLE t (\n  a INT)\\x1b"]
    lines, _ = drawn(pa.table({"plan": ["LocalTableScan"]}))
    assert lines == ["LocalTableScan"]


def test_wide_cells_are_cut_to_the_screen() -> None:
    table = pa.table({"id": [1], "text": ["x" * 500], "wide": ["日本" * 100]})
    lines, box = drawn(table, Limits(columns=80))
    assert {screen.width(line) for line in lines} <= set(range(75, 81))
    assert lines[4].count("…") == 2
    assert (box.hidden_rows, box.hidden_columns) == (0, 0)


def test_columns_that_do_not_fit_are_hidden_in_the_middle() -> None:
    table = pa.table({f"column_{number}": ["some text"] for number in range(30)})
    lines, box = drawn(table, Limits(columns=80))
    assert all(len(line) <= 80 for line in lines)
    names = [name.strip() for name in lines[1].strip("│").split("│")]
    assert names[0] == "column_0"
    assert names[-1] == "column_29"
    assert "…" in names
    assert box.hidden_columns == 30 - (len(names) - 1)


@pytest.mark.parametrize("columns", [5, 10, 20, 40, 79, 200])
@pytest.mark.parametrize("widths", [[1], [100], [3, 100, 100], [5] * 1000, [100, 1, 100], [16] * 12])
def test_fit_stays_within_the_screen(widths: list[int], columns: int) -> None:
    kept = fit(widths, columns)
    assert kept[0].index == 0
    indexes = [column.index for column in kept if column.index is not None]
    assert indexes == sorted(set(indexes))
    assert (None in [column.index for column in kept]) == (len(indexes) < len(widths))
    if columns >= 20:
        assert sum(column.width + 3 for column in kept) + 1 <= columns


def test_no_columns_and_no_rows() -> None:
    assert drawn(pa.table({}))[0] == []
    lines, box = drawn(pa.table({"a": pa.array([], pa.int64())}))
    assert len(lines) == 5
    assert box.rows == 0


def test_decimal_names_do_not_widen_but_short_type_names_are_whole() -> None:
    schema = StructType((StructField("a", DecimalType(38, 18)), StructField("b", STRING)))
    box = Box(schema, Limits(), Style())
    assert "decimal(38,18)" in list(box.lines())[2]
