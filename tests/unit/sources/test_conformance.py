"""What every source must do, run on all of them: the contract of engine/logical/relation.py."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import orc

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Attribute, Literal
from engine.expressions.predicates import EqualTo
from engine.logical.relation import Relation, ScanRequest
from engine.sources.arrow import ArrowRelation
from engine.sources.base import open_relation
from engine.types import INT, LONG, STRING, StructField, StructType
from engine.types.arrow import to_arrow_schema

ROWS = [{"id": n, "name": None if n % 5 == 0 else f"näme {n}"} for n in range(20)]
SCHEMA = StructType((StructField("id", LONG), StructField("name", STRING)))


def write(format: str, path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows, to_arrow_schema(SCHEMA))
    if format == "parquet":
        pq.write_table(table, path, row_group_size=8)
    elif format == "orc":
        orc.write_table(table, str(path))
    elif format == "csv":
        path.write_text("".join(f"{row['id']},{row['name'] or ''}\n" for row in rows))
    elif format == "json":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        path.write_text("".join(f"{row['name'] or ''}\n" for row in rows))


FORMATS = ["parquet", "orc", "csv", "json"]
Read = Callable[..., pa.Table]


@pytest.fixture(params=[*FORMATS, "arrow"])
def relation(request: pytest.FixtureRequest, here: Path) -> Relation:
    """20 rows in two files of the format; or in memory."""
    if request.param == "arrow":
        batches = [pa.RecordBatch.from_pylist(part, to_arrow_schema(SCHEMA)) for part in (ROWS[:12], ROWS[12:])]
        return ArrowRelation.of(pa.Table.from_batches(batches))
    write(request.param, here / f"t/1.{request.param}", ROWS[:12])
    write(request.param, here / f"t/2.{request.param}", ROWS[12:])
    return open_relation(request.param, ["t"], schema=SCHEMA)


@pytest.fixture(params=FORMATS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_all_rows_in_engine_types(relation: Relation, read: Read) -> None:
    found = read(relation)
    assert found.to_pylist() == ROWS
    assert found.schema.types == to_arrow_schema(relation.schema).types


def test_exactly_the_columns_asked_for_in_their_order(relation: Relation, read: Read) -> None:
    assert read(relation, "name", "id").column_names == ["name", "id"]
    assert read(relation, "name").to_pylist() == [{"name": row["name"]} for row in ROWS]


def test_no_columns_still_have_rows(relation: Relation) -> None:
    request = ScanRequest(())
    batches = [b for split in relation.splits(request).splits for b in relation.read(split, request)]
    assert sum(batch.num_rows for batch in batches) == 20
    assert all(batch.num_columns == 0 for batch in batches)


def test_filters_only_ever_skip(relation: Relation, read: Read) -> None:
    condition = EqualTo(Attribute("id", LONG), Literal(13, LONG))
    assert 13 in read(relation, "id", filters=(condition,))["id"].to_pylist()


def test_a_limit_gives_at_least_so_many_and_at_most_that_per_split(relation: Relation, read: Read) -> None:
    request = ScanRequest(("id",), limit=3)
    splits = relation.splits(request).splits
    for split in splits:
        assert sum(b.num_rows for b in relation.read(split, request)) <= 3
    assert read(relation, "id", limit=3).num_rows >= 3
    # a limit beside filters counts rows that pass, which a source cannot
    filters = (EqualTo(Attribute("id", LONG), Literal(13, LONG)),)
    assert 13 in read(relation, "id", filters=filters, limit=1)["id"].to_pylist()


def test_relations_and_splits_are_small_to_ship(relation: Relation) -> None:
    assert len(pickle.dumps(relation)) < 3000
    copy = pickle.loads(pickle.dumps(relation))
    assert copy == relation and hash(copy) == hash(relation) and copy.identity() == relation.identity()


def test_what_they_say_of_themselves(relation: Relation) -> None:
    assert isinstance(relation, Relation)
    assert "\n" not in relation.description and relation.description
    statistics = relation.statistics()
    assert statistics.rows is None or statistics.rows >= 0
    found = relation.splits(ScanRequest(("id",)))
    assert found.pruned == 0 and all(split.payload is not None for split in found.splits)


def test_a_changed_file_is_another_relation_and_an_error_for_the_old(kind: str, here: Path) -> None:
    write(kind, here / f"x.{kind}", ROWS)
    old = open_relation(kind, [f"x.{kind}"], schema=SCHEMA)
    request = ScanRequest(("id",))
    splits = old.splits(request).splits
    write(kind, here / f"x.{kind}", ROWS[:3])
    new = open_relation(kind, [f"x.{kind}"], schema=SCHEMA)
    assert new != old and new.identity() != old.identity()
    with pytest.raises(ExecutionError, match=rf"FAILED_READ_FILE.*x\.{kind}") as error:
        for split in splits:
            list(old.read(split, request))
    assert error.value.condition == "FAILED_READ_FILE"


def test_a_removed_file_is_an_error(kind: str, here: Path) -> None:
    write(kind, here / f"x.{kind}", ROWS)
    relation = open_relation(kind, [f"x.{kind}"], schema=SCHEMA)
    request = ScanRequest(("id",))
    splits = relation.splits(request).splits
    (here / f"x.{kind}").unlink()
    with pytest.raises(ExecutionError, match="FAILED_READ_FILE"):
        for split in splits:
            list(relation.read(split, request))


OPENS = {
    "parquet": "pathlib.Path.open",
    "json": "pathlib.Path.open",
    "csv": "pyarrow.input_stream",
    "orc": "pyarrow.orc.ORCFile",
}


def test_a_file_that_may_not_be_read(kind: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(kind, here / f"x.{kind}", ROWS)
    relation = open_relation(kind, [f"x.{kind}"], schema=SCHEMA)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(OPENS[kind], refuse)
    request = ScanRequest(("id",))
    with pytest.raises(ExecutionError, match=r"It cannot be read: permission denied\."):
        for split in relation.splits(request).splits:
            list(relation.read(split, request))


def test_partition_columns_come_last_and_prune(kind: str, here: Path, read: Read) -> None:
    for part in range(3):
        write(kind, here / f"p/part={part}/x.{kind}", ROWS[part : part + 1])
    schema = StructType((*SCHEMA.fields, StructField("part", INT)))
    relation = open_relation(kind, ["p"], schema=schema)
    assert [row["part"] for row in read(relation).to_pylist()] == [0, 1, 2]
    chosen = (EqualTo(Attribute("part", INT), Literal(1, INT)),)
    assert read(relation, "part", "id", filters=chosen).to_pylist() == [{"part": 1, "id": 1}]
    assert len(relation.splits(ScanRequest(("id",), chosen)).splits) == 1


def test_missing_paths(kind: str, here: Path, read: Read) -> None:
    with pytest.raises(AnalysisError, match="PATH_NOT_FOUND"):
        open_relation(kind, [f"missing.{kind}"])
    assert read(open_relation(kind, ["missing"], schema=SCHEMA)).num_rows == 0


def test_directories_without_files(kind: str, here: Path, read: Read) -> None:
    Path("d").mkdir()
    with pytest.raises(AnalysisError, match="UNABLE_TO_INFER_SCHEMA"):
        open_relation(kind, ["d"])
    assert read(open_relation(kind, ["d"], schema=SCHEMA)).num_rows == 0


@pytest.mark.parametrize("name", ["with space", "größe", "a[1]", "100%", "x=y", "semi;colon", "#hash"])
def test_names_of_files(kind: str, here: Path, read: Read, name: str) -> None:
    write(kind, here / f"{name}.{kind}", ROWS)
    assert read(open_relation(kind, [f"{name}.{kind}"], schema=SCHEMA)).num_rows == 20


def test_misspelt_options_are_refused(kind: str, here: Path) -> None:
    write(kind, here / f"x.{kind}", ROWS)
    with pytest.raises(AnalysisError, match=r"INVALID_OPTIONS\.UNKNOWN.*nonsense"):
        open_relation(kind, [f"x.{kind}"], {"nonsense": "1"})


def test_text_is_one_column(here: Path, read: Read) -> None:
    Path("x.txt").write_bytes("a\r\n\nü".encode())
    assert read(open_relation("text", ["x.txt"])).to_pylist() == [{"value": "a"}, {"value": ""}, {"value": "ü"}]
    with pytest.raises(AnalysisError, match="UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE"):
        open_relation("text", ["x.txt"], schema=SCHEMA)
    Path("x.txt").write_bytes(b"\xff")
    with pytest.raises(ExecutionError, match="not UTF-8"):
        read(open_relation("text", ["x.txt"]))


def test_memory_is_loaded_once_when_first_needed() -> None:
    calls: list[int] = []

    def load() -> list[pa.RecordBatch]:
        calls.append(1)
        return [pa.record_batch({"id": pa.array([3, 1, None], pa.int64()), "name": ["c", "a", "b"]})]

    relation = ArrowRelation.lazy(SCHEMA, load, "cached t")
    assert relation.statistics().rows is None and calls == []
    request = ScanRequest(("id",))
    assert len(relation.splits(request).splits) == 1 and len(relation.splits(request).splits) == 1 and calls == [1]
    known = relation.statistics()
    assert known.rows == 3 and known.columns["id"].minimum == 1 and known.columns["id"].nulls == 1
    assert known.columns["name"].distinct == 3
