"""Aggregates against DuckDB, over groups and over everything, for any number of threads and size of batches."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from physical_runs import THREADS_AND_SIZES, random_table, run, scan, shown

from engine.errors import ExecutionError
from engine.expressions.base import Alias, Literal, SortOrder
from engine.expressions.predicates import GreaterThan
from engine.functions.resolve import resolve_call
from engine.logical.plan import Aggregate
from engine.types import DOUBLE, INT, DecimalType

TABLE = random_table(3, 700, a="i", b="i", l="l", d="d", s="s", n="n")

# ours, with arguments; DuckDB's where it is written otherwise
CALLS: dict[str, str] = {
    "count(b)": "",
    "count_if(b > 0)": "count(*) filter (where b > 0)",
    "sum(b)": "",
    "sum(l)": "",
    "sum(d)": "",
    "sum(n)": "",
    "avg(b)": "",
    "avg(d)": "",
    "min(s)": "",
    "max(s)": "",
    "min(n)": "",
    "max(d)": "",
    "min(l)": "",
    "max_by(b, l)": "arg_max_null(b, l)",
    "min_by(b, l)": "arg_min_null(b, l)",
    "var_pop(d)": "",
    "var_samp(d)": "",
    "stddev_pop(d)": "",
    "stddev_samp(d)": "",
    "covar_pop(d, b)": "",
    "covar_samp(d, b)": "",
    "regr_slope(d, b)": "case when isfinite(regr_slope(d, b)) then regr_slope(d, b) end",
    "regr_count(d, b)": "",
    "bit_and(b)": "",
    "bit_or(b)": "",
    "bit_xor(b)": "",
    "median(d)": "",
    "percentile(d, 0.3)": "quantile_cont(d, 0.3)",
    "approx_percentile(b, 0.3)": "quantile_disc(b, 0.3)",
    "approx_count_distinct(s)": "count(distinct s)",
    "count(distinct b)": "",
    "sum(distinct b)": "",
    "sum(d) filter": "sum(d) filter (where b > 0)",
}


def call(columns: dict[str, Any], text: str) -> Any:
    name, _, rest = text.partition("(")
    words = rest.removesuffix(" filter").rstrip(")").split(", ")
    distinct = words[0].startswith("distinct ")
    words[0] = words[0].removeprefix("distinct ")
    positive = GreaterThan(columns["b"], Literal(0, INT))
    known = {**columns, "b > 0": positive, "0.3": Literal(0.3, DOUBLE)}
    arguments = [known[word] for word in words]
    condition = positive if text.endswith("filter") else None
    return resolve_call(name, arguments, distinct=distinct, condition=condition)


def grouped(table: pa.Table, keys: list[str], calls: list[str], size: int = 8192) -> Aggregate:
    source = scan(table, size)
    columns = {column.name: column for column in source.columns}
    group = tuple(columns[key] for key in keys)
    return Aggregate(group, (*group, *(Alias(call(columns, text), text) for text in calls)), source)


def theirs(keys: list[str], calls: list[str], table: pa.Table = TABLE) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.register("t", table)
        text = ", ".join([*keys, *(CALLS[each] or each for each in calls)])
        return connection.sql(f"select {text} from t" + (f" group by {', '.join(keys)}" if keys else "")).fetchall()


@pytest.mark.parametrize("keys", [[], ["a"], ["s", "a"], ["n"]], ids=str)
@pytest.mark.parametrize("text", CALLS)
def test_aggregate(text: str, keys: list[str]) -> None:
    assert shown(run(grouped(TABLE, keys, [text], 100), 2)) == shown(theirs(keys, [text]))


@pytest.mark.parametrize(("threads", "size"), THREADS_AND_SIZES)
def test_threads_and_batches_do_not_matter(threads: int, size: int) -> None:
    calls = ["sum(d)", "avg(b)", "min(s)", "var_pop(d)", "count(distinct b)", "median(d)", "sum(n)"]
    table = TABLE.slice(0, 200)
    assert shown(run(grouped(table, ["s"], calls, size), threads)) == shown(theirs(["s"], calls, table))


def test_no_rows() -> None:
    empty = TABLE.slice(0, 0)
    assert run(grouped(empty, ["a"], ["sum(d)"])) == []
    calls = ["count(b)", "sum(d)", "min(s)", "median(d)", "count(distinct b)", "avg(b)", "stddev_samp(d)"]
    assert run(grouped(empty, [], calls)) == [(0, None, None, None, 0, None, None)]


def test_keys_of_every_kind_are_grouped() -> None:
    nan = float("nan")
    table = pa.table(
        {
            "f": pa.array([nan, nan, 0.0, -0.0, None, None]),
            "g": pa.array([True, True, False, False, None, None]),
            "h": pa.array([[1, 2], [1, 2], [], [], None, None], pa.list_(pa.int64())),
            "i": pa.array([{"x": 1, "y": "a"}] * 2 + [{"x": None, "y": "a"}] * 2 + [None] * 2),
        }
    )
    for column in table.column_names:
        assert len(run(grouped(table, [column], []), 2)) == 3, column
    assert len(run(grouped(table, ["f", "g", "h", "i"], []), 2)) == 3


def test_sums_are_exact() -> None:
    table = pa.table({"b": pa.array([2**62, 2**62, -(2**62), -(2**62), 5]), "n": [Decimal("9" * 36)] * 5})
    source = scan(table)
    total = Aggregate((), (Alias(resolve_call("sum", [source.columns[0]]), "x"),), source)
    assert run(total) == [(5,)]
    decimals = scan(pa.table({"n": pa.array([Decimal("9" * 37)] * 9, pa.decimal128(38, 0))}))
    total = Aggregate((), (Alias(resolve_call("sum", [decimals.columns[0]]), "x"),), decimals)
    assert run(total) == [(Decimal(9 * (10**37 - 1)),)]
    mean = Aggregate((), (Alias(resolve_call("avg", [decimals.columns[0]]), "x"),), decimals)
    with pytest.raises(ExecutionError) as raised:
        run(mean)  # DECIMAL(38,4) has no room for 37 digits before the point
    assert raised.value.condition == "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"


@pytest.mark.parametrize(
    ("kind", "values", "condition"),
    [
        (pa.int64(), [2**62, 2**62], "ARITHMETIC_OVERFLOW"),
        (pa.decimal128(38, 0), [Decimal("9" * 38), Decimal(1)], "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),
    ],
)
def test_overflow(kind: pa.DataType, values: list[Any], condition: str) -> None:
    source = scan(pa.table({"x": pa.array(values, kind)}))
    with pytest.raises(ExecutionError) as raised:
        run(Aggregate((), (Alias(resolve_call("sum", [source.columns[0]]), "x"),), source))
    assert raised.value.condition == condition
    assert run(Aggregate((), (Alias(resolve_call("try_sum", [source.columns[0]]), "x"),), source)) == [(None,)]


def test_decimal_average_is_rounded_half_up() -> None:
    source = scan(pa.table({"n": pa.array([Decimal("0.01"), Decimal("0.02"), Decimal("0.02")], pa.decimal128(5, 2))}))
    mean = resolve_call("avg", [source.columns[0]])
    assert mean.dataType == DecimalType(9, 6)
    assert run(Aggregate((), (Alias(mean, "x"),), source)) == [(Decimal("0.016667"),)]


def test_lists_and_text() -> None:
    source = scan(pa.table({"k": [1, 2, 1, 1], "s": ["b", None, "a", "b"]}), 2)
    k, s = source.columns
    calls = {
        "list": resolve_call("collect_list", [s]),
        "set": resolve_call("collect_set", [s]),
        "text": resolve_call("listagg", [s, Literal("-", s.dataType)], order=[SortOrder(s)]),
        "mode": resolve_call("mode", [s]),
        "first": resolve_call("first", [s], ignore_nulls=True),
        "last": resolve_call("last", [s]),
    }
    plan = Aggregate((k,), (k, *(Alias(each, name) for name, each in calls.items())), source)
    assert sorted(run(plan)) == [
        (1, ["b", "a", "b"], ["b", "a"], "a-b-b", "b", "b", "b"),
        (2, [], [], None, None, None, None),
    ]
