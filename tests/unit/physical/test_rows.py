"""Operators on rows: filters, projections, sorts, limits, unions, expansions; and how pipelines run and stop."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from physical_runs import THREADS_AND_SIZES, Rows, random_table, run, scan

from engine.errors import Cancelled, ExecutionError
from engine.expressions.base import Alias, Attribute, Literal, SortOrder
from engine.expressions.operators import Add, Divide
from engine.expressions.predicates import EqualTo, GreaterThan
from engine.expressions.subquery import Exists, InSubquery, ScalarSubquery
from engine.functions.resolve import resolve_call
from engine.kernels.context import EvalContext
from engine.kernels.sorting import SortKey, compare, sort_rows
from engine.logical import plan as lp
from engine.logical.relation import ScanRequest, Split
from engine.physical.local import LocalExec, one_row
from engine.physical.program import ResultOutput
from engine.physical.task import TaskContext
from engine.plan.context import PlannerContext
from engine.plan.pipelines import program
from engine.plan.planner import plan_physical
from engine.types import DOUBLE, INT, LONG

TABLE = random_table(5, 400, a="i", b="i", d="d", s="s", n="n")
ROWS = [tuple(row.values()) for row in TABLE.to_pylist()]


def number(value: int | None) -> Literal:
    return Literal(value, INT)


@pytest.mark.parametrize(("threads", "size"), THREADS_AND_SIZES)
def test_filter_and_project_keep_the_order_of_the_source(threads: int, size: int) -> None:
    source = scan(TABLE, size)
    a, b = source.columns[:2]
    plan = lp.Project((Alias(Add(a, number(1)), "x"), b), lp.Filter(GreaterThan(b, number(0)), source))
    found = run(plan, threads)
    assert found == [(None if r[0] is None else r[0] + 1, r[1]) for r in ROWS if r[1] is not None and r[1] > 0]


def test_no_columns_still_count() -> None:
    source = scan(TABLE)
    plan = lp.Aggregate(
        (), (Alias(resolve_call("count", []), "n"),), lp.Filter(GreaterThan(source.columns[0], number(0)), source)
    )
    assert run(plan) == [(sum(1 for row in ROWS if row[0] is not None and row[0] > 0),)]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("nulls_first", [True, False])
@pytest.mark.parametrize("column", range(5))
def test_sort(column: int, ascending: bool, nulls_first: bool) -> None:
    source = scan(TABLE, 50)
    plan = lp.Sort((SortOrder(source.columns[column], ascending, nulls_first),), True, source)
    values = [row[column] for row in run(plan, 2)]
    present = [value for value in values if value is not None]
    gone = values.count(None)
    assert values == ([None] * gone + present if nulls_first else present + [None] * gone)
    assert all((compare(x, y) <= 0) if ascending else (compare(x, y) >= 0) for x, y in pairwise(present))


def test_nan_is_above_all_numbers() -> None:
    array = pa.array([1.0, float("nan"), None, -0.0, float("inf"), 0.0])
    assert sort_rows([SortKey(array)], 6).tolist() == [2, 3, 5, 0, 4, 1]
    assert sort_rows([SortKey(array, False, False)], 6).tolist() == [1, 4, 0, 3, 5, 2]


@pytest.mark.parametrize(("threads", "size"), THREADS_AND_SIZES)
@pytest.mark.parametrize(("count", "offset"), [(0, 0), (7, 0), (5, 3), (1000, 390)])
def test_top_n_is_sort_and_limit(threads: int, size: int, count: int, offset: int) -> None:
    source = scan(TABLE, size)
    order = tuple(SortOrder(column, place % 2 == 0, place % 3 == 0) for place, column in enumerate(source.columns))
    whole = run(lp.Sort(order, True, source), 1)
    assert run(lp.TopN(count, offset, order, source), threads) == whole[offset : offset + count]
    limit = lp.Limit(number(count), number(offset), lp.Sort(order, True, source))
    assert run(limit, threads) == whole[offset : offset + count]


def test_limit_takes_the_first_rows_and_stops_the_source() -> None:
    read: list[Any] = []

    class Watched(Rows):
        def read(self, split: Split, request: ScanRequest) -> Iterator[pa.RecordBatch]:
            for batch in super().read(split, request):
                read.append(batch)
                yield batch

    columns = scan(TABLE).columns
    source = lp.Scan(Watched(TABLE, 10), columns)
    assert run(lp.Limit(number(15), number(2), source), 2) == ROWS[2:17]
    assert len(read) == 2
    assert run(lp.Limit(None, number(390), source), 2) == ROWS[390:]


def test_union_and_distinct_and_set_operations() -> None:
    def values(numbers: list[int | None]) -> lp.Scan:
        return scan(pa.table({"x": pa.array(numbers, pa.int32())}))

    left, right = [1, 1, 1, 2, None, None, 3], [1, 1, None, 4]
    a, b = values(left), values(right)
    union = lp.Union((a, b), (Attribute("x", INT),))
    assert run(union, 2) == [(value,) for value in left + right]
    assert sorted(run(lp.Distinct(union), 2), key=str) == [(1,), (2,), (3,), (4,), (None,)]
    cases = {
        ("intersect", False): [1, None],
        ("intersect", True): [1, 1, None],
        ("except", False): [2, 3],
        ("except", True): [1, 2, 3, None],
    }
    for (kind, every), wanted in cases.items():
        found = run(lp.SetOperation(kind, every, values(left), values(right)), 2)
        assert sorted(found, key=str) == [(value,) for value in wanted], kind


def test_expand_repeats_rows() -> None:
    source = scan(TABLE.slice(0, 2))
    a = source.columns[0]
    plan = lp.Expand(((a, number(0)), (number(None), number(1))), (Attribute("x", INT), Attribute("g", INT)), source)
    assert run(plan) == [(ROWS[0][0], 0), (ROWS[1][0], 0), (None, 1), (None, 1)]


def test_generate_makes_rows() -> None:
    source = scan(pa.table({"i": [1, 2, 3], "l": pa.array([[7, 8], [], None], pa.list_(pa.int64()))}))
    generator = resolve_call("explode", [source.columns[1]])
    column = (Attribute("x", LONG),)
    assert [(r[0], r[2]) for r in run(lp.Generate(generator, False, column, source))] == [(1, 7), (1, 8)]
    assert [(r[0], r[2]) for r in run(lp.Generate(generator, True, column, source))] == [
        (1, 7),
        (1, 8),
        (2, None),
        (3, None),
    ]


def test_range() -> None:
    plan = lp.Range(10, -5, -4, lp.range_column())
    assert run(plan, 2) == [(10,), (6,), (2,), (-2,)]
    assert len(run(lp.Range(0, 1_200_000, 1, lp.range_column()), 2)) == 1_200_000


def test_a_definition_is_computed_once() -> None:
    source = scan(TABLE)
    reads: list[int] = []

    class Counted(Rows):
        def read(self, split: Split, request: ScanRequest) -> Iterator[pa.RecordBatch]:
            reads.append(1)
            yield from super().read(split, request)

    source = lp.Scan(Counted(TABLE, 100), source.columns)
    references = [lp.CteReference(1, tuple(c.renewed() for c in source.columns)) for _ in range(2)]
    union = lp.Union(tuple(references), tuple(c.renewed() for c in source.columns))
    plan = lp.WithCte((lp.CteDefinition(1, "x", source),), union)
    assert sorted(map(repr, run(plan, 2))) == sorted(map(repr, ROWS + ROWS))
    assert len(reads) == 2


def test_queries_in_expressions() -> None:
    source, other = scan(TABLE), scan(TABLE)
    a, b = source.columns[:2]
    total = lp.Aggregate((), (Alias(resolve_call("max", [other.columns[0]]), "m"),), other)
    top = max(row[0] for row in ROWS if row[0] is not None)
    assert run(lp.Filter(EqualTo(a, ScalarSubquery(total)), source)) == [row for row in ROWS if row[0] == top]
    none = lp.Project((other.columns[0],), lp.Filter(GreaterThan(other.columns[0], number(1000)), other))
    assert run(lp.Filter(Exists(none), source)) == []
    assert run(lp.Project((Alias(ScalarSubquery(none), "x"),), lp.OneRow())) == [(None,)]
    few = lp.Project((other.columns[0],), lp.Filter(GreaterThan(other.columns[0], number(5)), other))
    assert run(lp.Filter(InSubquery(few, (b,)), source)) == [row for row in ROWS if row[1] is not None and row[1] > 5]
    with pytest.raises(ExecutionError) as raised:
        run(lp.Project((Alias(ScalarSubquery(few), "x"),), lp.OneRow()))
    assert raised.value.condition == "SCALAR_SUBQUERY_TOO_MANY_ROWS"


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_error_ends_the_pipeline(threads: int) -> None:
    source = scan(pa.table({"x": pa.array([1.0] * 50 + [0.0] + [1.0] * 50)}), 3)
    plan = lp.Project((Alias(Divide(Literal(1.0, DOUBLE), source.columns[0]), "y"),), source)
    with pytest.raises(ExecutionError) as raised:
        run(plan, threads)
    assert raised.value.condition == "DIVIDE_BY_ZERO"


@pytest.mark.parametrize("threads", [1, 3])
def test_cancelling_stops_between_batches(threads: int) -> None:
    with TaskContext.local(threads=threads) as task:
        seen: list[int] = []

        class Cancelling(Rows):
            def read(self, split: Split, request: ScanRequest) -> Iterator[pa.RecordBatch]:
                for batch in super().read(split, request):
                    seen.append(1)
                    task.cancel.set()
                    yield batch

        plan = lp.Sort((SortOrder(scan(TABLE).columns[0]),), True, lp.Scan(Cancelling(TABLE, 1), scan(TABLE).columns))
        operator = plan_physical(plan, PlannerContext())
        with pytest.raises((Cancelled, ExecutionError)):
            program(operator, ResultOutput(), EvalContext()).run(0, task)
        assert len(seen) <= threads


def test_rows_batches_and_time_are_counted_under_the_operators() -> None:
    source = scan(TABLE, 100)
    plan = lp.Filter(GreaterThan(source.columns[0], number(0)), source)
    operator = plan_physical(plan, PlannerContext())
    with TaskContext.local() as task:
        program(operator, ResultOutput(), EvalContext()).run(0, task)
        metrics = task.metrics.values
        kept = sum(batch.num_rows for batch in task.emitted)
    scanned = operator.inputs[0]
    assert (metrics[operator.id, "rows"], metrics[scanned.id, "rows"]) == (kept, 400)
    assert metrics[scanned.id, "row_groups"] == 2
    assert metrics[scanned.id, "bytes"] > 0
    assert metrics[scanned.id, "time"] >= 0
    assert task.metrics.rows == 400


def test_what_counts_its_rows_goes_on_counting() -> None:
    """With several threads, over both inputs of a union."""
    a, b = scan(TABLE, 10), scan(TABLE, 10)
    union = lp.Union((a, b), tuple(column.renewed() for column in a.columns))
    number_of = Alias(resolve_call("monotonically_increasing_id", []), "id")
    assert [row[0] for row in run(lp.Project((number_of,), union), 3)] == list(range(2 * len(ROWS)))


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("nulls_first", [True, False])
def test_top_n_of_many_rows(ascending: bool, nulls_first: bool) -> None:
    """More than a thread keeps before it cuts, so that rows are dropped by their first key."""
    table = random_table(9, 1000, d="d").to_pydict()["d"] * 200
    source = scan(pa.table({"d": table, "r": range(200_000)}), 8192)
    order = (SortOrder(source.columns[0], ascending, nulls_first), SortOrder(source.columns[1]))
    whole = run(lp.Sort(order, True, source))
    assert run(lp.TopN(40, 2, order, source), 2) == whole[2:42]
    assert run(lp.TopN(40_000, 0, order, source), 2) == whole[:40_000]


def test_rows_without_columns_reach_workers() -> None:
    sent = pickle.loads(pickle.dumps(LocalExec((), one_row())))
    assert sent.batch.num_rows == 1
