"""Scans column by column: what is read, what is warm, and what statistics, filters and joins leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import ExecutionError
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.predicates import EqualTo, Like
from engine.kernels.context import EvalContext
from engine.logical.relation import ScanRequest
from engine.physical.execution import Execution
from engine.physical.reading import Reading
from engine.physical.runtime_filter import RuntimeFilter, add_filter
from engine.physical.scan import ScanExec
from engine.physical.task import TaskContext
from engine.sources.base import open_relation
from engine.types import LONG, STRING

GROUPS, ROWS = 10, 100
Scan = Callable[..., tuple[pa.Table, dict[str, int]]]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Ten row groups: `k` ascends, `n` does not, `s` is a text and `d` a column that only the answer needs."""
    count = GROUPS * ROWS
    data = {
        "k": list(range(count)),
        "n": [(7 * place) % count for place in range(count)],
        "s": [f"{place % 50:02d}" if place // ROWS != 4 else "special" for place in range(count)],
        "d": [place * 1000 for place in range(count)],
    }
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(data), path, row_group_size=ROWS)
    return path


@pytest.fixture
def task(tmp_path: Path) -> Iterator[TaskContext]:
    with TaskContext.local(conf={"flint.columnCache.size": "1m"}, budget=1 << 30) as context:
        yield context


@pytest.fixture
def scan(table: Path, task: TaskContext) -> Scan:
    def run(
        names: str,
        filters: Sequence[Callable[[dict[str, Attribute]], Expression]] = (),
        runtime: Sequence[RuntimeFilter] = (),
        *,
        encoded: bool = False,
        path: Path = table,
        plan_with_filters: bool = True,
        **conf: str,
    ) -> tuple[pa.Table, dict[str, int]]:
        relation = open_relation("parquet", [str(path)])
        columns = [Attribute(f.name, f.dataType) for f in relation.schema.fields if f.name in names.split()]
        wanted = tuple(each({column.name: column for column in columns}) for each in filters)
        request = ScanRequest(tuple(c.name for c in columns), wanted if plan_with_filters else ())
        splits = relation.splits(request).splits
        node = ScanExec(relation, tuple(columns), ("t",), wanted, None, splits, encoded=encoded, id=7)
        task.conf = {**task.conf, **conf}
        execution = Execution(task, EvalContext())
        for each in runtime:
            add_filter(execution, 7, each)
        before = task.metrics.values
        batches = [batch for morsel in node.morsels(execution) for batch in morsel()]
        after = task.metrics.values
        counts = {name: int(value - before.get((i, name), 0)) for (i, name), value in after.items()}
        schema = pa.schema([(str(place), c.type) for place, c in enumerate(batches[0].columns)] if batches else [])
        return pa.Table.from_batches(batches, schema).rename_columns([c.name for c in columns][: len(schema)]), counts

    return run


def equals(name: str, value: Any) -> Callable[[dict[str, Attribute]], Expression]:
    kind = STRING if isinstance(value, str) else LONG
    return lambda columns: EqualTo(columns[name], Literal(value, kind))


def test_columns_are_warm_the_second_time(scan: Scan) -> None:
    first, cold = scan("k s")
    again, warm = scan("k s d")
    assert cold["columns_read"] == 20 and cold["columns_warm"] == 0
    assert warm["columns_read"] == 10 and warm["columns_warm"] == 20
    assert again.select(["k", "s"]) == first and again["d"].to_pylist() == [1000 * k for k in range(1000)]


def test_encoded_and_plain_scans_share_columns(scan: Scan) -> None:
    plain, _ = scan("k s")
    found, counts = scan("k s", encoded=True)
    assert counts["columns_read"] == 0
    assert found["k"].type == pa.int16() and pa.types.is_dictionary(found["s"].type)
    assert found["k"].cast(pa.int64()) == plain["k"] and found["s"].cast(pa.string()) == plain["s"]
    dictionaries = {chunk.dictionary.buffers()[2].address for chunk in found["s"].chunks}
    again, _ = scan("s", encoded=True)
    assert {chunk.dictionary.buffers()[2].address for chunk in again["s"].chunks} == dictionaries


def test_switched_off_nothing_is_kept(scan: Scan, task: TaskContext) -> None:
    scan("k")
    assert task.memory.pool.columns.held > 0
    _, counts = scan("k", **{"flint.columnCache.enabled": "false"})
    assert counts["columns_warm"] == 0 and task.memory.pool.columns.held == 0


def test_the_budget_is_kept(scan: Scan, task: TaskContext) -> None:
    whole, _ = scan("k d", **{"flint.columnCache.size": "2000"})
    kept = task.memory.pool.columns.held
    assert 0 < kept <= 2000
    again, counts = scan("k d")
    assert again == whole and 0 < counts["columns_warm"] < 20


def test_a_replaced_file_is_read_anew(scan: Scan, table: Path) -> None:
    scan("k s")
    pq.write_table(pa.table({"k": [1, 2], "s": ["x", "y"]}), table)
    found, counts = scan("k s")
    assert found.to_pylist() == [{"k": 1, "s": "x"}, {"k": 2, "s": "y"}] and counts["columns_warm"] == 0


def test_a_file_replaced_between_planning_and_reading(table: Path, task: TaskContext) -> None:
    relation = open_relation("parquet", [str(table)])
    columns = (Attribute("k", LONG),)
    splits = relation.splits(ScanRequest(("k",))).splits
    pq.write_table(pa.table({"k": list(range(5000))}), table, row_group_size=500)
    morsels = ScanExec(relation, columns, ("t",), (), None, splits, id=7).morsels(Execution(task, EvalContext()))
    with pytest.raises(ExecutionError, match="replaced or changed"):
        list(morsels[0]())
    assert task.memory.pool.columns.held == 0


def test_other_columns_are_not_read_where_no_row_passes_a_filter(scan: Scan) -> None:
    found, counts = scan("n s d", [equals("s", "special"), equals("n", 7 * 450 % 1000)], plan_with_filters=False)
    assert found.num_rows == ROWS and counts["row_groups_skipped"] == 9
    assert counts["columns_read"] == 9 + 1 + 2, "s of all pieces, the others of one"
    like = [lambda columns: Like(columns["s"], Literal("%spec%", STRING), "\\", False)]
    found, counts = scan("n s d", like, **{"flint.columnCache.enabled": "false"})
    assert found.num_rows == ROWS and counts["row_groups_skipped"] == 9


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[int]]:
    """Of which columns rows were looked for, from now on."""
    looked: list[Sequence[int]] = []
    about = Reading.about

    def noted(self: Reading, places: Sequence[int], test: Any) -> Any:
        looked.append(places)
        return about(self, places, test)

    monkeypatch.setattr(Reading, "about", noted)
    return looked


def test_looking_for_rows_ends_where_each_piece_has_some(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = watched(monkeypatch)
    everywhere: list[Any] = [lambda columns: EqualTo(columns["s"], columns["s"])]
    found, _ = scan("s d", everywhere)
    assert found.num_rows == GROUPS * ROWS and len(looked) == 2


def test_each_test_is_tried_by_itself(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = watched(monkeypatch)
    everywhere: list[Any] = [lambda columns: EqualTo(columns["s"], columns["s"])]
    found, _ = scan("n s d", everywhere, [RuntimeFilter.of(0, np.array([7 * 450 % 1000]))])
    assert found.num_rows == ROWS and 2 < len(looked) < 2 * GROUPS


def test_rows_are_looked_for_only_where_columns_are_still_to_be_read(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan("n d")
    looked = watched(monkeypatch)
    special = [equals("s", "special")]
    found, counts = scan("n s d", special, plan_with_filters=False)
    assert found.num_rows == GROUPS * ROWS and counts["columns_warm"] == 20 and looked == []
    assert scan("n s d", special, plan_with_filters=False)[1]["columns_read"] == 0 and looked == []


@pytest.mark.parametrize("coded", [True, False])
def test_texts_are_searched_only_where_it_saves_much(
    scan: Scan, tmp_path: Path, coded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"{place % 3} and a text of some length" for place in range(1000)]
    data = {"k": list(range(1000)), "s": texts, "w": [text * 20 for text in texts]}
    pq.write_table(pa.table(data), tmp_path / "s.parquet", row_group_size=ROWS, use_dictionary=["s"] if coded else [])
    looked = watched(monkeypatch)
    like = [lambda columns: Like(columns["s"], Literal("%nowhere%", STRING), "\\", False)]
    found, counts = scan("k s", like, path=tmp_path / "s.parquet")
    assert (found.num_rows, len(looked)) == ((0, GROUPS) if coded else (1000, 0))
    found, counts = scan("k s w", like, path=tmp_path / "s.parquet")
    assert found.num_rows == 0 and counts["row_groups_skipped"] == GROUPS, "another wide column is worth it"


def test_a_sorted_column_lets_joins_skip_by_statistics(scan: Scan) -> None:
    wanted = RuntimeFilter.of(0, np.array([250, 255, 720]))
    found, counts = scan("k d", runtime=[wanted])
    assert found["k"].to_pylist() == [*range(200, 300), *range(700, 800)]
    assert counts["columns_read"] == 4 and counts["row_groups_skipped"] == 8


def test_values_let_joins_skip_where_statistics_do_not(scan: Scan) -> None:
    partners = np.array([7 * place % 1000 for place in (311, 319)])
    found, counts = scan("n d", runtime=[RuntimeFilter.of(0, partners)])
    assert found["n"].to_pylist() == [7 * place % 1000 for place in range(300, 400)]
    assert counts["columns_read"] == 9 + 1 and counts["row_groups_skipped"] == 9, "one falls away by its statistics"


def test_an_empty_build_side_reads_nothing(scan: Scan) -> None:
    found, counts = scan("n d", runtime=[RuntimeFilter.of(0, np.array([], np.int64))])
    assert found.num_rows == 0 and counts.get("columns_read", 0) == 0 and counts["row_groups_skipped"] == 10


def test_runtime_filters_never_leave_out_a_partner(scan: Scan) -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        partners = rng.integers(-50, 1100, rng.integers(0, 5))
        wide = RuntimeFilter.of(0, np.append(partners, [10**12] if rng.random() < 0.3 else []).astype(np.int64))
        found, _ = scan("n d", runtime=[wide])
        kept = set(found["n"].to_pylist()) if found.num_columns else set()
        assert kept >= {int(value) for value in partners if 0 <= value < 1000}


def test_nulls_and_filters(scan: Scan, tmp_path: Path) -> None:
    path = tmp_path / "nulls.parquet"
    columns = {"d": range(6), "k": pa.array([None, 1, None, None, 5, None], pa.int32())}
    pq.write_table(pa.table(columns), path, row_group_size=2)
    found, counts = scan("d k", runtime=[RuntimeFilter.of(1, np.array([5, 6]))], path=path)
    assert found["k"].to_pylist() == [5, None] and counts["row_groups_skipped"] == 2


def test_counting_reads_nothing(scan: Scan) -> None:
    found, counts = scan("")
    assert found.num_rows == GROUPS * ROWS and counts.get("columns_read", 0) == 0
