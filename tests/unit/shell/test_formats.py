"""Results for other programs: read back by the readers of their formats, and written batch by batch."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
import pytest

from engine.shell import formats, tabular
from engine.shell.formats import WRITERS
from engine.types import StructField, StructType
from engine.types.arrow import from_arrow
from engine.types.cells import Style

TABLE = pa.table(
    {
        "n": pa.array([1, None, 3]),
        "x": pa.array([30086005.36, float("nan"), None]),
        "d": pa.array([Decimal("1.50"), Decimal("12345678901234567890.12"), None], pa.decimal128(38, 2)),
        "s": pa.array(['say "hi",\nthere', "", None]),
        "b": pa.array([b"\x00\xff", None, b""]),
        "t": pa.array([0, None, 1_500_000], pa.int64()).cast(pa.timestamp("us", "UTC")),
        "l": pa.array([[1.5, None], [], None]),
        "m": pa.array([[("k", "v")], [("a", None)], None], pa.map_(pa.string(), pa.string())),
        "r": pa.array([{"a": 1, "b": "x"}, {"a": None, "b": None}, None]),
        "z": pa.nulls(3),
        "ok": pa.array([True, None, False]),
    }
)


def schema_of(table: pa.Table) -> StructType:
    return StructType(tuple(StructField(field.name, from_arrow(field.type)) for field in table.schema))


def written(name: str, table: pa.Table = TABLE, chunk: int = 2) -> str:
    return "".join(WRITERS[name](schema_of(table), table.to_batches(max_chunksize=chunk), Style()))


def test_csv_reads_back() -> None:
    rows = list(csv.reader(io.StringIO(written("csv"))))
    assert rows[0] == TABLE.column_names
    assert rows[1][:7] == ["1", "30086005.36", "1.50", 'say "hi",\nthere', "00ff", "1970-01-01 00:00:00", "[1.5, NULL]"]
    assert rows[3] == ["3", "", "", "", "", "1970-01-01 00:00:01.5", "", "", "", "", "false"]


def test_csv_tells_null_from_empty_text() -> None:
    table = pa.table({"s": ["", None, " x "], "t": ["a", "b", "c"]})
    assert written("csv", table) == 's,t\n"",a\n,b\n" x ",c\n'


def test_tsv_escapes() -> None:
    table = pa.table({"a\tb": ["x\ty\\z\n", None, ""]})
    assert written("tsv", table) == "a\\tb\nx\\ty\\\\z\\n\n\\N\n\n"


@pytest.mark.parametrize("chunk", [1, 2, 10])
def test_json_and_jsonl_hold_the_same_values(chunk: int) -> None:
    rows = json.loads(written("json", chunk=chunk), parse_float=Decimal)
    lines = [json.loads(line, parse_float=Decimal) for line in written("jsonl", chunk=chunk).splitlines()]
    assert rows == lines
    assert rows[0] == {
        "n": 1,
        "x": Decimal("30086005.36"),
        "d": Decimal("1.50"),
        "s": 'say "hi",\nthere',
        "b": "AP8=",
        "t": "1970-01-01 00:00:00",
        "l": [Decimal("1.5"), None],
        "m": {"k": "v"},
        "r": {"a": 1, "b": "x"},
        "z": None,
        "ok": True,
    }
    assert rows[1]["x"] == "NaN"
    assert rows[1]["d"] == Decimal("12345678901234567890.12")
    assert rows[1]["l"] == []
    assert rows[1]["m"] == {"a": None}
    assert rows[2]["r"] is None
    assert rows[2]["b"] == ""


def test_json_of_nothing() -> None:
    empty = TABLE.slice(0, 0)
    assert json.loads(written("json", empty)) == []
    assert written("jsonl", empty) == ""
    assert written("csv", empty).count("\n") == 1


def test_vertical_and_list_and_spark() -> None:
    table = pa.table({"id": [1, 2], "name": ["Ada\x1b", None]})
    lines = written("vertical", table).splitlines()
    assert lines[0].startswith("─── row 1 ─")
    assert lines[1:3] == ["  id │ 1", "name │ Ada\\x1b"]
    assert lines[5] == "name │ NULL"
    assert written("list", table) == "1|Ada\\x1b\n2|\n"
    assert written("spark", pa.table({"x": [1e10, None]})) == "1.0E10\nNULL\n"


def test_spark_sql_writes_what_is_nested_and_intervals_as_hive_does():
    table = pa.table(
        {
            "a": [["x", None]],
            "s": [{"k": 1, "v": "y"}],
            "m": pa.array([[("k", 1.0)]], pa.map_(pa.string(), pa.float64())),
            "i": pa.array([3_600_000_000], pa.duration("us")),
        }
    )
    assert written("spark", table) == '["x",null]\t{"k":1,"v":"y"}\t{"k":1.0}\t0 01:00:00.000000000\n'


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_writers_do_not_run_ahead(name: str) -> None:
    taken = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(100):
            taken.append(number)
            yield pa.record_batch({"n": pa.array([number])})

    schema = schema_of(pa.table({"n": [1]}))
    pieces = WRITERS[name](schema, batches(), Style())
    seen = ""
    while "7" not in seen:
        seen += next(pieces)
    assert len(taken) < 12


def test_tabulate_formats() -> None:
    table = pa.table({"id": [1, 2], "name": ["a|b", None]})
    batches = table.to_batches()
    markdown = "".join(tabular.table("markdown", schema_of(table), batches, Style()))
    assert markdown.splitlines()[0] == "|   id | name   |"
    assert "| a\\|b   |" in markdown
    assert "<th style=" in "".join(tabular.table("html", schema_of(table), batches, Style()))
    assert "\\begin{tabular}" in "".join(tabular.table("latex", schema_of(table), batches, Style()))
    assert {"markdown", "html", "latex", "simple", "psql", "grid"} <= set(tabular.names())
    empty = "".join(tabular.table("psql", schema_of(table), [], Style()))
    assert "name" in empty


def test_tabulate_refuses_what_it_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_ROWS", 3)
    table = pa.table({"n": range(4)})
    with pytest.raises(tabular.TooLong, match="use csv"):
        list(tabular.table("grid", schema_of(table), table.to_batches(max_chunksize=2), Style()))


def test_no_format_is_named_twice() -> None:
    assert "table" not in formats.WRITERS
    assert not set(tabular.ALIASES) & set(formats.WRITERS)
