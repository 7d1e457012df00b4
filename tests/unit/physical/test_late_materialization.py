"""Wide scans of few rows: the filters' columns first, then only the rows that pass of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import ExecutionError
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.predicates import EqualTo, GreaterThan, IsNull
from engine.kernels.context import EvalContext
from engine.logical.relation import ScanRequest
from engine.physical.execution import Execution
from engine.physical.late_materialization import LateMaterialization
from engine.physical.scan import ScanExec
from engine.physical.task import TaskContext
from engine.sources import rowgroups
from engine.sources.base import open_relation
from engine.types import LONG, STRING

GROUPS, ROWS, WIDE = 6, 320, 20
Condition = Callable[[dict[str, Attribute]], Expression]


@pytest.fixture(params=["0", "1g"])
def task(request: pytest.FixtureRequest) -> Iterator[TaskContext]:
    with TaskContext.local(conf={"flint.columnCache.size": request.param}, budget=1 << 30) as context:
        yield context


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`k` is 0 to 639 in all pairs of row groups, `s` a text, half of it null; 20 more columns of numbers and texts."""
    keys = list(range(2 * ROWS)) * (GROUPS // 2)
    data: dict[str, list[object]] = {"k": [*keys], "s": [f"s{key % 7}" if key % 2 else None for key in keys]}
    for place in range(WIDE):
        data[f"c{place}"] = [f"{place}-{key % 9}" if place % 3 else key * place for key in keys]
    path = tmp_path_factory.mktemp("few") / "t.parquet"
    pq.write_table(pa.table(data), path, row_group_size=ROWS)
    return path


def read(path: Path, task: TaskContext, conditions: list[Condition], encoded: bool = False) -> pa.Table:
    """What a scan of all columns gives of the rows that pass: some that do not may be among its rows."""
    relation = open_relation("parquet", [str(path)])
    columns = tuple(Attribute(field.name, field.dataType) for field in relation.schema.fields)
    filters = tuple(each({column.name: column for column in columns}) for each in conditions)
    splits = relation.splits(ScanRequest(tuple(c.name for c in columns))).splits
    node = ScanExec(relation, columns, ("t",), filters, None, splits, encoded=encoded, id=7)
    batches = [batch for morsel in node.morsels(Execution(task, EvalContext())) for batch in morsel()]
    names = [column.name for column in columns]
    if not batches:
        return pq.read_table(path).slice(0, 0)
    tables = [pa.Table.from_arrays(batch.columns, names) for batch in batches]
    return pa.concat_tables([each.cast(pq.read_schema(path)) for each in tables])


def equals(value: int) -> Condition:
    return lambda columns: EqualTo(columns["k"], Literal(value, LONG))


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("held", [True, False])
def test_just_the_rows_that_pass(
    table: Path, task: TaskContext, encoded: bool, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not held:
        monkeypatch.setattr(rowgroups, "WHOLE_BYTES", 8 * ROWS * 4)
    found = read(table, task, [equals(5)], encoded)
    whole = pq.read_table(table)
    assert found.equals(whole.filter(pa.compute.equal(whole["k"], 5))) and found.num_rows == 3
    assert read(table, task, [equals(5)], encoded).equals(found), "also when columns are warm"


def test_conditions_meet_and_nulls_do_not_pass(table: Path, task: TaskContext) -> None:
    def after(columns: dict[str, Attribute]) -> Expression:
        return GreaterThan(columns["k"], Literal(625, LONG))

    def text(columns: dict[str, Attribute]) -> Expression:
        return EqualTo(columns["s"], Literal("s3", STRING))

    assert set(read(table, task, [after, text])["k"].to_pylist()) == {633}
    nulls = read(table, task, [after, lambda columns: IsNull(columns["s"])])
    assert set(nulls["k"].to_pylist()) == {626, 628, 630, 632, 634, 636, 638}
    before = task.metrics.values.get((7, "columns_read"), 0)
    assert read(table, task, [lambda columns: EqualTo(columns["c1"], Literal("1-x", STRING))]).num_rows == 0
    assert task.metrics.values[7, "columns_read"] - before <= GROUPS, "of the others nothing is read"


def test_many_rows_are_read_as_ever_and_it_is_tried_no_more(
    table: Path, task: TaskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    rows = LateMaterialization.rows
    monkeypatch.setattr(
        LateMaterialization, "rows", lambda self, split, fetch: tried.append(split) or rows(self, split, fetch)
    )

    def after(columns: dict[str, Attribute]) -> Expression:
        return GreaterThan(columns["k"], Literal(20, LONG))

    assert read(table, task, [after]).equals(pq.read_table(table))
    assert len(tried) == 2


def test_a_file_that_changes_is_told(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(table.read_bytes())
    relation = open_relation("parquet", [str(path)])
    columns = tuple(Attribute(field.name, field.dataType) for field in relation.schema.fields)
    splits = relation.splits(ScanRequest(tuple(c.name for c in columns))).splits
    path.write_bytes(b"PAR1 something else PAR1")
    with TaskContext.local(conf={"flint.columnCache.size": "0"}, budget=1 << 30) as task:
        node = ScanExec(relation, columns, ("t",), (equals(5)({c.name: c for c in columns}),), None, splits, id=7)
        with pytest.raises(ExecutionError):
            [batch for morsel in node.morsels(Execution(task, EvalContext())) for batch in morsel()]
