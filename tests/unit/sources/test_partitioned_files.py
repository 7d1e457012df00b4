"""key=value directories: names, types, and what pruning saves."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import AnalysisError
from engine.expressions.base import Attribute, Literal
from engine.expressions.operators import BitwiseAnd, IntegralDivide, Subtract
from engine.expressions.predicates import And, EqualTo, GreaterThan, In, IsNull, LessThan, Like
from engine.logical.relation import ScanRequest
from engine.sources.base import open_relation
from engine.sources.partitions import infer_type, parse_value, partition_name, partition_of
from engine.types import DATE, DOUBLE, INT, LONG, STRING, TIMESTAMP, DecimalType, StructField, StructType


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "-2"], INT),
        (["1", "3000000000"], LONG),
        (["1", "99999999999999999999"], DecimalType(38, 0)),
        (["1", "2.5"], DOUBLE),
        (["2024-01-31"], DATE),
        (["2024-01-31", "2024-01-31 10:00:00"], TIMESTAMP),
        (["2024-13-31"], STRING),
        (["1", "a"], STRING),
        (["2024-01-31", "5"], STRING),
        ([], STRING),
    ],
)
def test_types_as_spark_infers_them(texts: list[str], expected: Any) -> None:
    assert infer_type(texts) == expected


def test_values_have_the_types_of_literals() -> None:
    assert parse_value("2024-02-29", DATE) == datetime.date(2024, 2, 29)
    assert parse_value("1970-01-01 01:00:00", TIMESTAMP, "Europe/Zurich") == 0
    assert parse_value("1.50", DecimalType(5, 2)) == Decimal("1.50")
    with pytest.raises(AnalysisError, match="INVALID_PARTITION_VALUE"):
        parse_value("x", INT)


@pytest.mark.parametrize("value", ["a b", "a/b", "50%", "x=y", "ü", "2024-01-01 10:00:00", None])
def test_names_of_directories_are_read_back(value: str | None) -> None:
    assert partition_of(partition_name("k", value)) == ("k", value)


def table_of_days(root: Path, days: int = 20) -> None:
    for day in range(1, days + 1):
        for country in ("CH", "__HIVE_DEFAULT_PARTITION__"):
            folder = root / f"day={day}" / f"country={country}"
            folder.mkdir(parents=True)
            pq.write_table(pa.table({"id": [day * 10, day * 10 + 1]}), folder / "part-0.parquet")


def test_partitions_become_columns(here: Path, read: Callable[..., pa.Table]) -> None:
    table_of_days(here / "t", 2)
    relation = open_relation("parquet", ["t"])
    assert relation.schema.simpleString() == "struct<id:bigint,day:int,country:string>"
    rows = read(relation).to_pylist()
    assert {"id": 21, "day": 2, "country": None} in rows and {"id": 10, "day": 1, "country": "CH"} in rows
    assert read(relation, "country", "day").num_rows == 8
    assert relation.statistics().rows == 8


def test_other_partitions_are_not_even_listed(
    here: Path, read: Callable[..., pa.Table], column: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table_of_days(here / "t")
    relation = open_relation("parquet", ["t"])
    day, country = column(relation, "day"), column(relation, "country")
    listed: list[str] = []
    scandir = os.scandir

    def noting(path: str) -> Any:
        listed.append(os.path.relpath(path))
        return scandir(path)

    monkeypatch.setattr("engine.sources.files.os.scandir", noting)
    filters = (In(day, (Literal(3, INT), Literal(4, INT))), EqualTo(country, Literal("CH", STRING)))
    splits = relation.splits(ScanRequest(("id",), filters))
    assert listed == ["t/day=3/country=CH", "t/day=4/country=CH"]
    assert len(splits.splits) == 2 and splits.notes == "partitions read 2 of 40"
    assert read(relation, "id", filters=filters)["id"].to_pylist() == [30, 31, 40, 41]
    kept = read(relation, "day", filters=(And((IsNull(country), LessThan(day, Literal(2, INT)))),))
    assert kept["day"].to_pylist() == [1, 1]
    assert read(relation, "id", filters=(GreaterThan(day, Literal(99, INT)),)).num_rows == 0


def test_any_condition_over_partitions_prunes(here: Path, column: Any) -> None:
    table_of_days(here / "t")
    relation = open_relation("parquet", ["t"])
    day, country = column(relation, "day"), column(relation, "country")

    def read_of_40(condition: Any) -> int:
        return len(relation.splits(ScanRequest(("id",), (condition,))).splits)

    assert read_of_40(EqualTo(BitwiseAnd(day, Literal(3, INT)), Literal(0, INT))) == 10
    assert read_of_40(Like(country, Literal("%H", STRING))) == 20
    assert read_of_40(EqualTo(day, Attribute("id", LONG))) == 40  # read by the engine, not by the listing
    # what may raise is left to the engine, which raises it or not
    raising = EqualTo(IntegralDivide(day, Subtract(day, Literal(1, INT))), Literal(2, LONG))
    assert read_of_40(raising) == 40


def test_new_files_in_a_partition_are_seen(here: Path, read: Callable[..., pa.Table]) -> None:
    table_of_days(here / "t", 1)
    relation = open_relation("parquet", ["t"])
    before = relation.identity()
    pq.write_table(pa.table({"id": [99]}), here / "t/day=1/country=CH/part-1.parquet")
    assert 99 in read(relation)["id"].to_pylist()
    assert relation.relisted().identity() != before  # type: ignore[attr-defined]


def test_directories_must_agree(here: Path) -> None:
    for folder in ("t/a=1", "t/b=1"):
        (here / folder).mkdir(parents=True)
        pq.write_table(pa.table({"id": [1]}), here / folder / "x.parquet")
    with pytest.raises(AnalysisError, match="CONFLICTING_PARTITION_COLUMN_NAMES"):
        open_relation("parquet", ["t"])


def test_a_given_schema_types_partitions(here: Path, read: Callable[..., pa.Table]) -> None:
    table_of_days(here / "t", 2)
    schema = StructType((StructField("id", LONG), StructField("Day", STRING), StructField("country", STRING)))
    relation = open_relation("parquet", ["t"], schema=schema)
    assert sorted(set(read(relation)["Day"].to_pylist())) == ["1", "2"]


def test_one_partition_keeps_its_columns_with_base_path(here: Path) -> None:
    table_of_days(here / "t", 2)
    assert "day" not in open_relation("parquet", ["t/day=1"]).schema.names
    assert "day" in open_relation("parquet", ["t/day=1"], {"basePath": "t"}).schema.names


def test_a_partition_wins_over_a_column_of_its_name(here: Path, read: Callable[..., pa.Table]) -> None:
    (here / "t/id=7").mkdir(parents=True)
    pq.write_table(pa.table({"ID": [1], "x": [2]}), here / "t/id=7/a.parquet")
    assert read(open_relation("parquet", ["t"])).to_pylist() == [{"x": 2, "id": 7}]
