"""Pages that hold no row that may pass are not decoded: by the page index, by filters' columns, by what joins tell."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engine.errors import FlintError
from engine.expressions.base import Attribute, Literal
from engine.expressions.predicates import BinaryComparison, GreaterThan, LessThan
from engine.kernels.context import EvalContext
from engine.logical.relation import ScanRequest
from engine.logical.row_ranges import PIECE_ROWS, RowRanges
from engine.physical.execution import Execution
from engine.physical.runtime_filter import RuntimeFilter, add_filter
from engine.physical.scan import ScanExec
from engine.physical.task import TaskContext
from engine.sources.base import open_relation
from engine.sources.page_index import page_statistics
from engine.types import LONG

ROWS = 60_000
Found = tuple[pa.Table, dict[str, int]]


@pytest.fixture
def task() -> Iterator[TaskContext]:
    with TaskContext.local(conf={"flint.columnCache.enabled": "false"}, budget=1 << 30) as context:
        yield context


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """`k` ascends, `n` does not but for a hole, `s` is a text, coded and not, and every column but `k` has nulls."""
    rng = np.random.default_rng(7)
    numbers = np.where(np.arange(ROWS) // 10_000 == 3, 10**6, rng.integers(0, 1000, ROWS))
    nulls = rng.random(ROWS) < 0.1
    return pa.table(
        {
            "k": pa.array(np.arange(ROWS)),
            "n": pa.array(numbers, mask=nulls),
            "s": pa.array([f"text {place % 91}" for place in range(ROWS)], mask=nulls),
            "t": pa.array([f"{place * 7919} is long enough" for place in range(ROWS)], mask=~nulls),
            "d": pa.array(np.arange(ROWS) * 3, pa.int32()),
        }
    )


def written(table: pa.Table, path: Path, rng: random.Random) -> Path:
    pq.write_table(
        table,
        path,
        row_group_size=rng.choice((ROWS, ROWS // 2)),
        data_page_size=rng.choice((2000, 8000)),
        write_batch_size=rng.choice((100, 1000)),
        data_page_version=rng.choice(("1.0", "2.0")),
        compression=rng.choice(("snappy", "zstd")),
        write_page_index=rng.random() < 0.8,
        dictionary_pagesize_limit=rng.choice((100, 1 << 20)),
    )
    return path


def scan(
    path: Path,
    task: TaskContext,
    conditions: Sequence[tuple[type[BinaryComparison], str, int]] = (),
    joins: Sequence[tuple[str, list[int]]] = (),
    encoded: bool = True,
) -> Found:
    relation = open_relation("parquet", [str(path)])
    columns = {field.name: Attribute(field.name, field.dataType) for field in relation.schema.fields}
    filters = tuple(kind(columns[name], Literal(value, LONG)) for kind, name, value in conditions)
    splits = relation.splits(ScanRequest(tuple(columns))).splits
    node = ScanExec(relation, tuple(columns.values()), ("t",), filters, None, splits, encoded=encoded, id=7)
    run = Execution(task, EvalContext())
    for name, values in joins:
        add_filter(run, 7, RuntimeFilter.of(list(columns).index(name), np.array(values, np.int64)))
    before = dict(task.metrics.values)
    batches = [batch for morsel in node.morsels(run) for batch in morsel()]
    counts = {name: int(value - before.get((i, name), 0)) for (i, name), value in task.metrics.values.items()}
    schema = pq.read_schema(path)
    tables = [pa.Table.from_arrays(batch.columns, schema.names).cast(schema) for batch in batches]
    return pa.concat_tables([schema.empty_table(), *tables]), counts


def test_pages_fall_away_by_their_statistics(table: pa.Table, task: TaskContext, tmp_path: Path) -> None:
    path = written(table, tmp_path / "t.parquet", Always())
    found, counts = scan(path, task, [(GreaterThan, "k", 30_100), (LessThan, "k", 31_000)])
    assert pc.is_in(pa.array(range(30_101, 31_000)), found["k"].combine_chunks()).false_count == 0
    assert found.num_rows < 5000 and found.equals(table.filter(pc.is_in(table["k"], found["k"].combine_chunks())))
    assert counts["rows_left_out_by_pages"] == ROWS - found.num_rows and counts["pages_skipped"] > 20
    found, counts = scan(path, task, joins=[("k", [55_000, 55_001])])
    assert found.num_rows < 5000 and counts["rows_left_out_by_pages"] > 50_000


def test_pages_fall_away_by_values(table: pa.Table, task: TaskContext, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "t.parquet", data_page_size=4000, write_batch_size=500)
    found, counts = scan(tmp_path / "t.parquet", task, [(GreaterThan, "n", 5000)])
    assert 9900 < found.num_rows <= 10_000 and set(found["k"].to_pylist()) <= set(range(30_000, 40_000))
    assert counts["rows_left_out_by_filters"] >= 50_000 and counts["pages_skipped"] > 20
    found, counts = scan(tmp_path / "t.parquet", task, joins=[("n", [10**6])])
    assert 9900 < found.num_rows <= 10_000 and counts["rows_left_out_by_joins"] >= 50_000


def test_pieces_of_different_widths_are_not_joined(tmp_path: Path) -> None:
    rows = np.arange(PIECE_ROWS + 20_000)
    near = np.abs(rows - PIECE_ROWS) < 100
    table = pa.table({"k": near * 7, "n": np.where(rows < PIECE_ROWS, 1, 10**6), "s": np.char.mod("%d", rows % 99)})
    pq.write_table(table, tmp_path / "t.parquet", write_statistics=False)
    conf = {"flint.columnCache.enabled": "false", "flint.compile.enabled": "false"}
    with TaskContext.local(conf=conf, budget=1 << 30) as task:
        found, counts = scan(tmp_path / "t.parquet", task, [(GreaterThan, "k", 5)])
    assert found.equals(table.filter(near)) and counts["rows_left_out_by_filters"] == len(rows) - 199


class Always(random.Random):
    """Chooses the first, and yes."""

    def choice(self, options: Sequence[object]) -> object:  # type: ignore[override]
        return options[0]

    def random(self) -> float:
        return 0.0


@pytest.mark.parametrize("seed", range(10))
def test_no_row_that_passes_is_left_out(table: pa.Table, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = written(table, tmp_path / "t.parquet", rng)
    conf = {
        "flint.columnCache.enabled": rng.choice(("true", "false")),
        "flint.compile.enabled": rng.choice(("true", "true", "false")),
    }
    with TaskContext.local(conf=conf, budget=1 << 30) as task:
        for _ in range(4):
            low = rng.randrange(ROWS)
            conditions: list[tuple[type[BinaryComparison], str, int]] = [
                (GreaterThan, "k", low),
                (LessThan, rng.choice("kd"), low + rng.choice((10, 5000, 200_000))),
                (rng.choice((GreaterThan, LessThan)), "n", rng.choice((500, 5000))),
            ]
            chosen = rng.sample(conditions, rng.randint(0, 3))
            partners = [rng.randrange(ROWS) for _ in range(rng.choice((1, 3, 20)))]
            joins = [("k", partners)] if rng.random() < 0.4 else []
            found, _ = scan(path, task, chosen, joins, rng.random() < 0.5)
            assert found.equals(table.filter(pc.is_in(table["k"], found["k"].combine_chunks()))), "rows as they were"
            expected = passing(table, chosen, joins)
            assert passing(found, chosen, joins).equals(expected)


def passing(
    table: pa.Table,
    conditions: Sequence[tuple[type[BinaryComparison], str, int]],
    joins: Sequence[tuple[str, list[int]]],
) -> pa.Table:
    for kind, name, value in conditions:
        compare = pc.greater if kind is GreaterThan else pc.less
        table = table.filter(compare(table[name].cast(pa.int64()), value))
    for name, values in joins:
        table = table.filter(pc.is_in(table[name], pa.array(values)))
    return table.combine_chunks()


def test_forged_page_indexes(table: pa.Table, tmp_path: Path) -> None:
    """They may hide rows, as all statistics may, and nothing else."""
    path = written(table.slice(0, 6000), tmp_path / "t.parquet", Always())
    good, rng = path.read_bytes(), random.Random(8)
    end = len(good) - 8 - int.from_bytes(good[-8:-4], "little")
    chunk = pq.read_metadata(path).row_group(0)
    start = max(chunk.column(place).data_page_offset + chunk.column(place).total_compressed_size for place in range(5))
    assert end - start > 1000, "the page indexes are between the pages and the footer"
    for _ in range(60):
        data = bytearray(good)
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(start - 200, end)] = rng.choice((0, 1, 255, rng.randrange(256)))
        path.write_bytes(bytes(data))
        with TaskContext.local(conf={"flint.columnCache.enabled": "false"}, budget=1 << 30) as task:
            try:
                found, _ = scan(path, task, [(GreaterThan, "k", 5000)], [("n", [3, 500])])
            except FlintError:
                continue
            assert found.num_rows <= 6000


def test_indexes_that_contradict_themselves() -> None:
    rng = random.Random(9)
    for _ in range(3000):
        parts = [bytes(rng.choice((0x19, 0x1C, 0x15, 0x16, 0, rng.randrange(256))) for _ in range(30)) for _ in "ab"]
        try:
            found = page_statistics(parts[0], parts[1], 100)
        except ValueError:
            continue
        assert found[0].start == 0 and found[-1].stop == 100


def test_ranges() -> None:
    rng = random.Random(10)
    for _ in range(20):
        several = [sorted(rng.sample(range(300_000), 6)) for _ in "ab"]
        first, second = (RowRanges.of([(a, b), (c, d), (e, f)], 1) for a, b, c, d, e, f in several)
        both = first & second
        rows = np.arange(300_000)
        chosen = np.zeros((2, 300_000), np.bool_)
        for place, each in enumerate((first, second)):
            for start, stop in each.ranges:
                chosen[place, start:stop] = True
        expected = rows[chosen.all(0)]
        pieces = tuple(pa.array(rows[start : start + length]) for start, length in first.cut())
        found = both.pieces(pieces, first)
        assert [each for piece in found for each in piece.to_pylist()] == expected.tolist()
        assert [len(piece) for piece in found] == [length for _, length in both.cut()]
        about = RowRanges.about(expected[::500], 1000)
        places = about.places(expected[::500])
        back = [place + start for (start, _), each in zip(about.cut(), places, strict=True) for place in each.tolist()]
        assert back == expected[::500].tolist()
