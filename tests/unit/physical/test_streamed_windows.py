"""Windows over one partition that does not fit: what passes by from disk has the values that it would have had in memory."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from physical_runs import random_table, run, scan, shown

from engine.expressions.base import Alias, Expression, Literal, SortOrder
from engine.expressions.window import CurrentRow, Frame, Offset, Unbounded, WindowExpression, WindowSpec
from engine.functions.resolve import resolve_call
from engine.logical.plan import Window
from engine.physical import external_sort
from engine.types import INT

ROWS = 900
base = random_table(9, ROWS, o="i", d="d", s="s", n="n", b="i", l="l")
TABLE = base.append_column("r", pa.array(range(ROWS)))


def offset(number: int) -> Offset:
    return Offset(Literal(number, INT))


def call(name: str, *arguments: Any, **options: Any) -> Any:
    return lambda c: resolve_call(name, [c[each] if isinstance(each, str) else each for each in arguments], **options)


START, NOW = Unbounded(), CurrentRow()
RUNNING = (call("sum", "l"), call("sum", "d"), call("avg", "n"), call("min", "s"), call("max", "d"), call("count", "b"))
PLACES = tuple(call(n) for n in ("rank", "dense_rank", "percent_rank", "cume_dist"))
NEIGHBOURS = (call("lag", "s"), call("lead", "b", Literal(3, INT), Literal(-1, INT)), call("ntile", Literal(7, INT)))
CASES: dict[str, tuple[Frame | None, tuple[Any, ...], tuple[str, ...]]] = {
    "places": (None, PLACES, ("o",)),
    "numbers": (None, (call("row_number"), *PLACES), ("o", "r")),
    "neighbours": (None, NEIGHBOURS, ("o", "r")),
    "running rows": (Frame("rows", START, NOW), RUNNING, ("o", "r")),
    "running peers": (None, RUNNING, ("s",)),
    "peers of all": (Frame("range", START, NOW), (*RUNNING, *PLACES), ("o", "s")),
    "around": (Frame("rows", offset(-5), offset(2)), (*RUNNING, call("first", "s"), call("stddev", "d")), ("o", "r")),
    "before": (Frame("rows", offset(-9), offset(-4)), RUNNING, ("r",)),
    "all": (Frame("rows", START, START), RUNNING, ("o",)),
    "all without order": (None, RUNNING, ()),
}


def window(case: str, descending: bool = False, table: pa.Table = TABLE) -> Window:
    frame, calls, order = CASES[case]
    source = scan(table, 50)
    columns = {column.name: column for column in source.columns}
    keys = tuple(SortOrder(columns[name], not descending, not descending) for name in order)
    functions: list[Alias] = []
    for number, each in enumerate(calls):
        made: Expression = each(columns)
        functions.append(Alias(WindowExpression(made, WindowSpec((), keys, frame)), f"f{number}"))
    return Window(tuple(functions), (), keys, source)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_sort, "CHUNK_ROWS", 20)
    monkeypatch.setattr(external_sort, "_RANGE_CHUNKS", 3)
    monkeypatch.setattr(external_sort, "_LEAST_RUN_BYTES", 4000)
    monkeypatch.setattr(external_sort, "_MOST_RUN_BYTES", 4000)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("descending", [False, True])
def test_as_in_memory(case: str, descending: bool) -> None:
    plan = window(case, descending)
    wanted = shown(run(plan))
    for threads in (1, 3):
        assert shown(run(plan, threads, share=0)) == wanted


@pytest.mark.parametrize("rows", [0, 1, 2, 21])
def test_few_rows(rows: int) -> None:
    for case in CASES:
        plan = window(case, table=TABLE.slice(0, rows))
        assert shown(run(plan, share=0)) == shown(run(plan))


def test_sums_beyond_are_errors_as_in_memory() -> None:
    huge = pa.table({**{name: TABLE[name] for name in TABLE.column_names}, "l": pa.array([2**62] * ROWS)})
    found = []
    for share in (None, 0):
        with pytest.raises(Exception, match="ARITHMETIC_OVERFLOW") as error:
            run(window("running rows", table=huge), share=share)
        found.append(str(error.value))
    assert found[0] == found[1]
