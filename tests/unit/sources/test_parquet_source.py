"""Parquet: types, files that differ, statistics, pruning, and every kind of broken file."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import AnalysisError, ExecutionError, FlintError, Unsupported
from engine.expressions.base import Literal
from engine.expressions.predicates import EqualTo, GreaterThan, IsNotNull, IsNull, LessThan, Like
from engine.logical.relation import ScanRequest
from engine.sources.base import open_relation
from engine.sources.files import stat_file
from engine.sources.footers import footer
from engine.types import DATE, DOUBLE, LONG, STRING, TIMESTAMP, DecimalType, StructField, StructType
from engine.types.arrow import to_arrow_schema

Read = Callable[..., pa.Table]


def write(path: Path | str, table: Any, **options: Any) -> None:
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), path, **options)


def test_every_type_arrives_as_the_engine_has_it(here: Path, read: Read) -> None:
    moment = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456)
    table = pa.table(
        {
            "u8": pa.array([255, None], pa.uint8()),
            "u32": pa.array([2**32 - 1, None], pa.uint32()),
            "u64": pa.array([2**64 - 1, None], pa.uint64()),
            "half": pa.array([1.5, None], pa.float32()),
            "dictionary": pa.array(["a", None]).dictionary_encode(),
            "large": pa.array(["a", None], pa.large_string()),
            "fixed": pa.array([b"ab", None], pa.binary(2)),
            "d": pa.array([Decimal("1.23"), None], pa.decimal128(38, 2)),
            "ms": pa.array([moment, None], pa.timestamp("ms", "UTC")),
            "ns": pa.array([moment, None], pa.timestamp("ns")),
            "zoned": pa.array([moment, None], pa.timestamp("us", "Europe/Zurich")),
            "list": pa.array([[1, None], None], pa.list_(pa.int16())),
            "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32())),
            "struct": pa.array([{"x": 1, "y": ["z"]}, None]),
        }
    )
    write("t.parquet", table)
    relation = open_relation("parquet", ["t.parquet"])
    assert relation.schema.simpleString() == (
        "struct<u8:smallint,u32:bigint,u64:decimal(20,0),half:float,dictionary:string,large:string,fixed:binary,"
        "d:decimal(38,2),ms:timestamp,ns:timestamp_ntz,zoned:timestamp,list:array<smallint>,map:map<string,int>,"
        "struct:struct<x:bigint,y:array<string>>>"
    )
    rows = read(relation)
    assert rows.schema.types == to_arrow_schema(relation.schema).types
    first, second = rows.to_pylist()
    assert first["u64"] == 2**64 - 1 and first["map"] == [("k", 1)] and first["struct"] == {"x": 1, "y": ["z"]}
    assert first["ns"] == moment and first["ms"].microsecond == 123000 and first["list"] == [1, None]
    assert set(second.values()) == {None}


def test_int96_is_an_instant(here: Path, read: Read) -> None:
    far = datetime.datetime(9999, 12, 31, 23, 59, 59)
    write(
        "t.parquet",
        {"t": pa.array([far], pa.timestamp("us"))},
        use_deprecated_int96_timestamps=True,
        store_schema=False,
    )
    relation = open_relation("parquet", ["t.parquet"])
    assert relation.schema.fields[0].dataType == TIMESTAMP
    assert read(relation)["t"][0].value == int((far - datetime.datetime(1970, 1, 1)).total_seconds()) * 1_000_000


def test_a_type_that_sql_has_not_is_refused_by_name(here: Path) -> None:
    write("t.parquet", {"at": pa.array([1], pa.time64("ns"))})
    with pytest.raises(Unsupported, match=r"time64\[ns\] of the column `at`"):
        open_relation("parquet", ["t.parquet"])


def test_columns_are_found_by_name_whatever_the_file(here: Path, read: Read) -> None:
    Path("d").mkdir()
    write("d/1.parquet", {"id": pa.array([1], pa.int64()), "Name": ["a"]})
    write("d/2.parquet", {"name": ["b"], "extra": [True], "ID": pa.array([2], pa.int32())})
    write("d/3.parquet", {"other": [1, 2]})
    relation = open_relation("parquet", ["d"])
    assert read(relation).to_pylist() == [
        {"id": 1, "Name": "a"},
        {"id": 2, "Name": "b"},
        {"id": None, "Name": None},
        {"id": None, "Name": None},
    ]
    merged = open_relation("parquet", ["d"], {"mergeSchema": "true"})
    assert merged.schema.names == ["id", "Name", "extra", "other"]


def test_merging_widens_or_refuses(here: Path) -> None:
    Path("d").mkdir()
    write("d/1.parquet", {"x": pa.array([1], pa.int32())})
    write("d/2.parquet", {"x": pa.array([1], pa.int64())})
    assert open_relation("parquet", ["d"], {"mergeSchema": "true"}).schema.fields[0].dataType == LONG
    write("d/3.parquet", {"x": [[1]]})
    with pytest.raises(AnalysisError, match=r"CANNOT_MERGE_SCHEMAS.*3\.parquet"):
        open_relation("parquet", ["d"], {"mergeSchema": "true"})


def test_a_column_of_another_type_is_an_error_with_its_name(here: Path, read: Read) -> None:
    Path("d").mkdir()
    write("d/1.parquet", {"x": pa.array([1], pa.int32())})
    write("d/2.parquet", {"x": pa.array([2**40], pa.int64())})
    with pytest.raises(ExecutionError, match=r"2\.parquet\. The column `x` holds int64, which cannot be read as int"):
        read(open_relation("parquet", ["d"]))


def test_row_groups_are_splits_and_statistics_skip_them(here: Path, read: Read, column: Any) -> None:
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=n) for n in range(100)]
    table = {
        "n": list(range(100)),
        "day": days,
        "d": pa.array([Decimal(n) / 4 for n in range(100)], pa.decimal128(15, 2)),
        "f": [float(n) if n % 7 else float("nan") for n in range(100)],
        "s": [f"{n:03d}" for n in range(100)],
        "empty": pa.array([None] * 50 + list(range(50)), pa.int32()),
        "at": pa.array([n * 1000 for n in range(100)], pa.timestamp("ms", "UTC")),
    }
    write("t.parquet", table, row_group_size=10)
    relation = open_relation("parquet", ["t.parquet"])

    def pruned(condition: Any) -> int:
        found = relation.splits(ScanRequest(("n",), (condition,)))
        assert found.considered == 10 and found.pruned == 10 - len(found.splits)
        return found.pruned

    assert pruned(LessThan(column(relation, "n"), Literal(25, LONG))) == 7
    assert pruned(EqualTo(column(relation, "day"), Literal(datetime.date(2024, 1, 15), DATE))) == 9
    assert pruned(GreaterThan(column(relation, "d"), Literal(Decimal("20.00"), DecimalType(15, 2)))) == 8
    assert pruned(GreaterThan(column(relation, "f"), Literal(95.0, DOUBLE))) == 0
    assert pruned(LessThan(column(relation, "f"), Literal(9.0, DOUBLE))) == 9
    assert pruned(Like(column(relation, "s"), Literal("03%", STRING))) == 9
    assert pruned(IsNotNull(column(relation, "empty"))) == 5
    assert pruned(IsNull(column(relation, "empty"))) == 5
    assert pruned(EqualTo(column(relation, "at"), Literal(55_000_000, TIMESTAMP))) == 9
    kept = read(relation, "n", filters=(EqualTo(column(relation, "n"), Literal(42, LONG)),))
    assert kept["n"].to_pylist() == list(range(40, 50))


def test_a_limit_reads_no_more_than_it_needs(here: Path, read: Read) -> None:
    write("t.parquet", {"n": list(range(100))}, row_group_size=10)
    relation = open_relation("parquet", ["t.parquet"])
    assert len(relation.splits(ScanRequest(("n",), limit=25)).splits) == 3
    assert read(relation, "n", limit=5)["n"].to_pylist() == list(range(5))


def test_counting_reads_no_column(here: Path, read: Read) -> None:
    write("t.parquet", {"n": list(range(300_000))}, row_group_size=200_000)
    relation = open_relation("parquet", ["t.parquet"])
    request = ScanRequest(())
    batches = [b for s in relation.splits(request).splits for b in relation.read(s, request)]
    assert sum(b.num_rows for b in batches) == 300_000 and max(b.num_rows for b in batches) <= 131_072
    wide = [b for s in relation.splits(ScanRequest(("n",))).splits for b in relation.read(s, ScanRequest(("n",)))]
    assert max(b.num_rows for b in wide) <= 131_072


def test_statistics_come_from_footers(here: Path) -> None:
    Path("d").mkdir()
    for place in range(3):
        first = 1000 * place
        write(
            f"d/{place}.parquet",
            {"k": list(range(first, first + 1000)), "s": ["x", "y", "z", None] * 250, "l": [[1]] * 1000},
            row_group_size=400,
        )
    found = open_relation("parquet", ["d"]).statistics()
    assert found.rows == 3000 and found.bytes is not None and found.bytes > 3000
    key, text = found.columns["k"], found.columns["s"]
    assert (key.minimum, key.maximum, key.nulls, key.distinct) == (0, 2999, 0, 3000)
    assert (text.minimum, text.maximum, text.nulls) == ("x", "z", 750)
    assert text.distinct is not None and text.distinct <= 16
    assert found.columns["l"].minimum is None and set(found.columns) == {"k", "s", "l"}


def test_many_files_are_sampled(here: Path) -> None:
    Path("d").mkdir()
    write("d/000.parquet", {"k": [1, 2]})
    data = Path("d/000.parquet").read_bytes()
    for place in range(1, 100):
        Path(f"d/{place:03d}.parquet").write_bytes(data)
    assert open_relation("parquet", ["d"]).statistics().rows == 200


def test_a_thousand_columns_and_odd_names(here: Path, read: Read) -> None:
    names = [f"c{n}" for n in range(1000)] + ["a.b", "with space", "größe", "select"]
    write("wide.parquet", {name: [place] for place, name in enumerate(names)})
    relation = open_relation("parquet", ["wide.parquet"])
    assert relation.schema.names == names
    assert read(relation).to_pylist() == [{name: place for place, name in enumerate(names)}]
    assert read(relation, "größe", "a.b").to_pylist() == [{"größe": 1002, "a.b": 1000}]


def test_nested_columns_by_their_first_name(here: Path, read: Read) -> None:
    rows = [{"a": {"x": 1, "y": [{"z": "q"}]}, "ab": 2}, {"a": None, "ab": 3}]
    write("t.parquet", pa.Table.from_pylist(rows))
    relation = open_relation("parquet", ["t.parquet"])
    assert read(relation, "a").to_pylist() == [{"a": row["a"]} for row in rows]


def test_a_schema_is_given(here: Path, read: Read) -> None:
    write("t.parquet", {"A": pa.array([1], pa.int32()), "gone": [1]})
    schema = StructType((StructField("b", STRING), StructField("a", LONG)))
    assert read(open_relation("parquet", ["t.parquet"], schema=schema)).to_pylist() == [{"b": None, "a": 1}]
    assert read(open_relation("parquet", ["missing"], schema=schema)).num_rows == 0


def test_relations_are_equal_when_their_files_are(here: Path) -> None:
    write("t.parquet", {"a": [1]})
    one, other = open_relation("parquet", ["t.parquet"]), open_relation("parquet", ["./t.parquet"])
    assert one == other and hash(one) == hash(other) and one.identity() == other.identity()
    write("t.parquet", {"a": [1, 2]})
    changed = open_relation("parquet", ["t.parquet"])
    assert changed != one and changed.identity() != one.identity()
    assert one.relisted() == changed  # type: ignore[attr-defined]


# broken files


def reads_badly(path: str, read: Read) -> ExecutionError:
    with pytest.raises(ExecutionError) as error:
        read(open_relation("parquet", [path]))
    assert error.value.condition == "FAILED_READ_FILE"
    assert path in error.value.message
    return error.value


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"not parquet at all", b"PAR1" * 2, b"PAR1\xff\xff\xff\x7fPAR1", bytes(100)]
)
def test_what_is_no_parquet_file(here: Path, read: Read, data: bytes) -> None:
    Path("t.parquet").write_bytes(data)
    reads_badly("t.parquet", read)


def test_an_empty_directory_has_no_schema(here: Path) -> None:
    Path("d").mkdir()
    with pytest.raises(AnalysisError, match="UNABLE_TO_INFER_SCHEMA"):
        open_relation("parquet", ["d"])


def test_no_rows_are_no_error(here: Path, read: Read) -> None:
    write("t.parquet", {"a": pa.array([], pa.int64())})
    relation = open_relation("parquet", ["t.parquet"])
    assert read(relation).num_rows == 0 and relation.statistics().rows == 0


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_truncated_files(here: Path, read: Read, keep: float) -> None:
    write("t.parquet", {"a": list(range(10_000))})
    data = Path("t.parquet").read_bytes()
    Path("t.parquet").write_bytes(data[: int(len(data) * keep)])
    assert "truncated" in reads_badly("t.parquet", read).message


def test_forged_footers_and_pages_end_in_one_error(here: Path, read: Read) -> None:
    """Bytes flipped anywhere: the answer is right, or an error of ours; never a crash or a foreign exception."""
    rng = random.Random(3)
    table = {"a": list(range(500)), "s": [str(n % 13) for n in range(500)], "l": [[n] for n in range(500)]}
    write("good.parquet", table, row_group_size=100, write_page_checksum=True)
    data = Path("good.parquet").read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    outcomes = {"right": 0, "error": 0}
    for attempt in range(150):
        broken = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            first = len(data) - size - 8 if attempt % 2 else 0
            broken[rng.randrange(first, len(data))] ^= rng.randrange(1, 256)
        Path("bad.parquet").write_bytes(bytes(broken))
        try:
            relation = open_relation("parquet", ["bad.parquet"])
            rows = read(relation)
            relation.statistics().columns.get("a")
            outcomes["right"] += rows.num_rows == 500
        except FlintError as error:
            outcomes["error"] += error.condition in ("FAILED_READ_FILE", "UNSUPPORTED_FEATURE")
    assert outcomes["error"] > 50 and sum(outcomes.values()) > 100


def test_a_file_replaced_removed_or_truncated_while_it_is_read(here: Path, read: Read) -> None:
    write("t.parquet", {"a": list(range(1000))}, row_group_size=100)
    relation = open_relation("parquet", ["t.parquet"])
    request = ScanRequest(("a",))
    splits = relation.splits(request).splits
    assert sum(b.num_rows for b in relation.read(splits[0], request)) == 100
    write("t.parquet", {"a": list(range(2000))}, row_group_size=100)
    with pytest.raises(ExecutionError, match="replaced or changed since the query began"):
        list(relation.read(splits[1], request))
    Path("t.parquet").unlink()
    with pytest.raises(ExecutionError, match="cannot be opened: No such file"):
        list(relation.read(splits[1], request))


def test_a_file_truncated_between_two_batches(here: Path) -> None:
    write("t.parquet", {"a": list(range(400_000))})
    relation = open_relation("parquet", ["t.parquet"])
    request = ScanRequest(("a",))
    batches = relation.read(relation.splits(request).splits[0], request)
    next(batches)
    Path("t.parquet").write_bytes(b"PAR1")
    with pytest.raises(ExecutionError, match="replaced or changed"):
        list(batches)


def test_footers_are_read_once_for_each_version_of_a_file(here: Path) -> None:
    write("t.parquet", {"a": [1]})
    first = footer(stat_file("t.parquet"))
    assert footer(stat_file("t.parquet")) is first
    write("t.parquet", {"a": [1, 2, 3]})
    assert footer(stat_file("t.parquet")).total_rows == 3


def test_options_are_known_or_refused(here: Path) -> None:
    write("t.parquet", {"a": [1]})
    with pytest.raises(AnalysisError, match=r"INVALID_OPTIONS\.UNKNOWN.*Did you mean mergeschema"):
        open_relation("parquet", ["t.parquet"], {"mergeShema": "true"})
    with pytest.raises(Unsupported, match="datetimerebasemode"):
        open_relation("parquet", ["t.parquet"], {"datetimeRebaseMode": "LEGACY"})
