"""Window functions against DuckDB, over every kind of frame."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pytest
from physical_runs import THREADS_AND_SIZES, random_table, run, scan, shown

from engine.expressions.base import Alias, Expression, Literal, SortOrder
from engine.expressions.window import CurrentRow, Frame, Offset, Unbounded, WindowExpression, WindowSpec
from engine.functions.resolve import resolve_call
from engine.logical.plan import Window
from engine.types import INT

base = random_table(4, 300, k="i", o="i", d="d", s="s", n="n", b="i")
TABLE = base.append_column("r", pa.array(range(300)))  # makes rows unique, so that ROWS frames are definite

AGGREGATES = {
    "sum": "b", "count": "d", "avg": "d", "min": "s", "max": "d", "stddev_samp": "d", "first": "d", "last": "b",
}  # fmt: skip
SPELLED = {"first": "first_value", "last": "last_value"}


def offset(number: int) -> Offset:
    return Offset(Literal(number, INT))


BOUNDS: list[tuple[Expression, str]] = [
    (Unbounded(), "unbounded preceding"),
    (offset(-4), "4 preceding"),
    (offset(-1), "1 preceding"),
    (CurrentRow(), "current row"),
    (offset(2), "2 following"),
    (Unbounded(), "unbounded following"),
]
FRAMES = [(low, high) for low in range(5) for high in range(1, 6) if low <= high and not (low == 0 and high == 0)]


def windowed(table: pa.Table, order: list[tuple[str, bool]], frame: Frame | None, calls: Any, size: int = 64) -> Window:
    source = scan(table, size)
    columns = {column.name: column for column in source.columns}
    keys = tuple(SortOrder(columns[name], ascending, ascending) for name, ascending in order)
    partition = (columns["k"],)
    functions = tuple(
        Alias(WindowExpression(call(columns), WindowSpec(partition, keys, frame)), f"f{number}")
        for number, call in enumerate(calls)
    )
    return Window(functions, partition, keys, source)


def theirs(text: str, order: str, frame: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.register("t", TABLE)
        return connection.sql(f"select *, {text} from t window w as (partition by k {order} {frame})").fetchall()


@pytest.mark.parametrize("unit", ["rows", "range"])
@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize(("low", "high"), FRAMES)
def test_aggregates_over_frames(unit: Any, ascending: bool, low: int, high: int) -> None:
    if unit == "rows":
        order, text = [("o", ascending), ("r", True)], f"order by o {'' if ascending else 'desc'} nulls {{}}, r"
    else:
        order, text = [("o", ascending)], f"order by o {'' if ascending else 'desc'} nulls {{}}"
    text = text.format("first" if ascending else "last")
    names = AGGREGATES if unit == "rows" else {k: v for k, v in AGGREGATES.items() if k not in SPELLED}
    calls = [lambda c, n=name, a=argument: resolve_call(n, [c[a]]) for name, argument in names.items()]
    frame = Frame(unit, BOUNDS[low][0], BOUNDS[high][0])
    wanted = ", ".join(f"{SPELLED.get(name, name)}({argument}) over w" for name, argument in names.items())
    bounds = f"{unit} between {BOUNDS[low][1]} and {BOUNDS[high][1]}"
    assert shown(run(windowed(TABLE, order, frame, calls), 2)) == shown(theirs(wanted, text, bounds))


RANKS = {
    "row_number()": lambda c: resolve_call("row_number", []),
    "ntile(4)": lambda c: resolve_call("ntile", [Literal(4, INT)]),
    "lag(b)": lambda c: resolve_call("lag", [c["b"]]),
    "lead(b, 2, -1)": lambda c: resolve_call("lead", [c["b"], Literal(2, INT), Literal(-1, INT)]),
    "lag(d ignore nulls)": lambda c: resolve_call("lag", [c["d"]], ignore_nulls=True, window=True),
    "lead(d, 2 ignore nulls)": lambda c: resolve_call(
        "lead", [c["d"], Literal(2, INT)], ignore_nulls=True, window=True
    ),
    "nth_value(d, 3)": lambda c: resolve_call("nth_value", [c["d"], Literal(3, INT)]),
    "nth_value(d, 2 ignore nulls)": lambda c: resolve_call(
        "nth_value", [c["d"], Literal(2, INT)], ignore_nulls=True, window=True
    ),
    "first_value(d ignore nulls)": lambda c: resolve_call("first", [c["d"]], ignore_nulls=True),
}
PEERS = {
    "rank()": lambda c: resolve_call("rank", []),
    "dense_rank()": lambda c: resolve_call("dense_rank", []),
    "percent_rank()": lambda c: resolve_call("percent_rank", []),
    "cume_dist()": lambda c: resolve_call("cume_dist", []),
}


@pytest.mark.parametrize(("threads", "size"), THREADS_AND_SIZES[1:])
def test_ranks_and_neighbours(threads: int, size: int) -> None:
    plan = windowed(TABLE, [("o", True), ("r", True)], None, RANKS.values(), size)
    wanted = ", ".join(f"{text} over w" for text in RANKS)
    assert shown(run(plan, threads)) == shown(theirs(wanted, "order by o nulls first, r", ""))
    plan = windowed(TABLE, [("o", True)], None, PEERS.values(), size)
    wanted = ", ".join(f"{text} over w" for text in PEERS)
    assert shown(run(plan, threads)) == shown(theirs(wanted, "order by o nulls first", ""))


def test_many_rows_are_shared_among_threads() -> None:
    table = pa.table({"k": pa.array([i % 1000 for i in range(70_000)]), "r": pa.array(range(70_000))})
    plan = windowed(table, [("r", True)], None, [lambda c: resolve_call("row_number", [])], 8192)
    found = run(plan, 3)
    assert len(found) == 70_000
    assert all(number == row // 1000 + 1 for _, row, number in found)


def test_pieces_end_where_partitions_do() -> None:
    words = pa.array([None if i % 10 == 9 else "even" if i % 2 else "odd" for i in range(300_000)])
    for kind in (
        words,
        words.dictionary_encode().indices.cast(pa.int64()),
        pa.array([[i % 3] for i in range(300_000)]),
    ):
        table = pa.table({"k": kind, "r": pa.array(range(300_000))})
        calls = [lambda c: resolve_call("row_number", []), lambda c: resolve_call("count", [c["r"]])]
        found = run(windowed(table, [("r", True)], None, calls, 8192), 3)
        assert len(found) == 300_000
        last = {str(key): number for key, _, number, _ in found}
        sizes = pa.TableGroupBy(pa.table({"k": [str(key) for key in kind.to_pylist()]}), "k").aggregate(
            [("k", "count")]
        )
        assert last == dict(zip(sizes["k"].to_pylist(), sizes["k_count"].to_pylist(), strict=True))
        assert all(number == total for _, _, number, total in found)


def test_no_rows() -> None:
    plan = windowed(TABLE.slice(0, 0), [("r", True)], None, [lambda c: resolve_call("sum", [c["b"]])])
    assert run(plan) == []
