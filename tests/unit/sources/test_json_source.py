"""JSON: schemas as Spark infers them, corrupt lines, ranges of lines."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import AnalysisError, ExecutionError, Unsupported
from engine.logical.relation import Relation
from engine.sources.base import open_relation
from engine.types import DATE, INT, LONG, STRING, TIMESTAMP, ArrayType, DecimalType, MapType, StructField, StructType

Opened = Callable[..., Relation]
Read = Callable[..., pa.Table]


@pytest.mark.parametrize(
    ("data", "schema"),
    [
        (b'{"b":1,"a":"x"}\n{"a":null,"b":2.5,"c":true}\n', "a:string,b:double,c:boolean"),
        (b'{"a":1}\n{"a":"x"}\n', "a:string"),
        (b'{"a":{"y":1}}\n{"a":{"x":[1,2.5]}}\n', "a:struct<x:array<double>,y:bigint>"),
        (b'{"a":[]}\n{"a":null}\n', "a:array<string>"),
        (b'{"a":[{"z":1},{"y":"q"}]}\n', "a:array<struct<y:string,z:bigint>>"),
        (b'{"a":"2024-01-01T00:00:00Z"}\n', "a:string"),
        (b'{"a":99999999999999999999}\n', "a:decimal(20,0)"),
        (b'{"a":1}\nnot json\n', "_corrupt_record:string,a:bigint"),
        (b'[{"a":1},{"a":2}]\n', "a:bigint"),
    ],
)
def test_schemas(opened: Opened, data: bytes, schema: str) -> None:
    assert opened("json", data).schema.simpleString() == f"struct<{schema}>"


def test_sniffed_files_keep_the_order_of_fields(opened: Opened, read: Read) -> None:
    relation = opened("json", b'{"b":1,"a":"x"}\n{"c":2}\n', sniff="true")
    assert read(relation).to_pylist() == [{"b": 1, "a": "x", "c": None}, {"b": None, "a": None, "c": 2}]
    array = opened("json", b' [\n{"b":1},\n{"b":2}\n]\n', sniff="true")
    assert read(array).to_pylist() == [{"b": 1}, {"b": 2}]


def test_multi_line(opened: Opened, read: Read) -> None:
    assert read(opened("json", b'{\n"a": 1,\n"b": [1,\n2]}', multiLine="true")).to_pylist() == [{"a": 1, "b": [1, 2]}]


def test_values_of_a_given_schema(opened: Opened, read: Read) -> None:
    schema = StructType(
        (
            StructField("d", DATE),
            StructField("t", TIMESTAMP),
            StructField("m", DecimalType(6, 2)),
            StructField("map", MapType(STRING, LONG)),
            StructField("s", STRING),
            StructField("missing", INT),
        )
    )
    data = (
        b'{"d":"2024-02-03","t":"2024-02-03T04:05:06+01:00","m":1.005,"map":{"k":1,"n":null},"s":{"x":[1,2.5]},"extra":1}\n'
        b'{"d":"nonsense","t":5,"m":"7","map":[],"s":true}\n'
    )
    first, second = read(opened("json", data, schema)).to_pylist()
    assert first["d"] == datetime.date(2024, 2, 3) and first["t"].hour == 3 and first["m"] == Decimal("1.01")
    assert first["map"] == [("k", 1), ("n", None)] and first["s"] == '{"x":[1,2.5]}'
    assert second["d"] is None and second["t"].second == 5 and second["m"] == 7 and second["map"] is None
    assert second["s"] == "true"


CORRUPT = b'{"a":1}\n{"a":\n[1]\n{"a":"x"}\n{"a":2}\n'
ONE = StructType((StructField("a", INT),))


def test_modes(opened: Opened, read: Read) -> None:
    assert read(opened("json", CORRUPT, ONE))["a"].to_pylist() == [1, None, None, None, 2]
    assert read(opened("json", CORRUPT, ONE, mode="DROPMALFORMED"))["a"].to_pylist() == [1, 2]
    with pytest.raises(ExecutionError, match=r"MALFORMED_RECORD_IN_PARSING.*it is not JSON"):
        read(opened("json", CORRUPT, ONE, mode="FAILFAST"))
    with_text = StructType((*ONE.fields, StructField("_corrupt_record", STRING)))
    assert read(opened("json", CORRUPT, with_text))["_corrupt_record"].to_pylist() == [
        None,
        '{"a":',
        "[1]",
        '{"a":"x"}',
        None,
    ]


def test_ranges_of_lines_cover_a_file_once(here: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sources.lines.RANGE_BYTES", 1000)
    monkeypatch.setattr("engine.sources.lines.BLOCK_BYTES", 300)
    Path("x.json").write_text("".join(f'{{"n":{n},"s":"{"x" * (n % 50)}"}}\n' for n in range(1000)))
    relation = open_relation("json", ["x.json"])
    assert read(relation)["n"].to_pylist() == list(range(1000))
    text = open_relation("text", ["x.json"])
    assert read(text).num_rows == 1000


def test_a_value_beyond_the_inferred_part_is_an_error(here: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sources.json.INFER_BYTES", 100)
    monkeypatch.setattr("engine.sources.lines.BLOCK_BYTES", 100)
    Path("x.json").write_text('{"n":1}\n' * 50 + '{"n":"late"}\n')
    with pytest.raises(ExecutionError, match='A record does not fit: "late" in the field `n` is no bigint'):
        read(open_relation("json", ["x.json"]))


@pytest.mark.parametrize(
    ("data", "options", "error", "said"),
    [
        (b"", {}, AnalysisError, "UNABLE_TO_INFER_SCHEMA"),
        (b"\xff\xfe{}\n", {}, ExecutionError, "not UTF-8"),
        (b"{}", {"allowComments": "true"}, AnalysisError, r"INVALID_OPTIONS\.UNKNOWN"),
        (b"{}", {"encoding": "utf-16"}, Unsupported, "encoding utf-16"),
        (b"{}", {"mode": "x"}, AnalysisError, "one of"),
    ],
)
def test_what_cannot_be_read(opened: Opened, data: bytes, options: dict[str, str], error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        opened("json", data, **options)


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b'null\n{"a":1}\n', [None, 1]),  # ends the process where pyarrow reads it
        (b"null", [None]),
        (b'{"a":1}{"a":2}\n', [None]),
        (b'{"a":\n1}\n', [None, None]),
        (b'{"a":1}\r\n\r\n{"a":2}', [1, 2]),
    ],
)
def test_a_line_is_one_record(opened: Opened, read: Read, data: bytes, rows: list[Any]) -> None:
    assert read(opened("json", data, ONE))["a"].to_pylist() == rows


def test_nesting_without_end_is_a_corrupt_record(opened: Opened, read: Read) -> None:
    data = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    assert read(opened("json", data, StructType((StructField("a", ArrayType(INT)),))))["a"].to_pylist() == [None]
