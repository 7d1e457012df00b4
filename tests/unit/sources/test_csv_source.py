"""CSV: sniffed, with Spark's options, and every kind of crooked file."""

from __future__ import annotations

import datetime
import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import AnalysisError, ExecutionError, Unsupported
from engine.logical.relation import Relation
from engine.sources.base import open_relation
from engine.sources.csv_dialect import has_header, sniff
from engine.sources.textvalues import TextFormat, strptime_format
from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    STRING,
    TIMESTAMP,
    VOID,
    ArrayType,
    DecimalType,
    StructField,
    StructType,
)

Opened = Callable[..., Relation]
Read = Callable[..., pa.Table]


# sniffed


@pytest.mark.parametrize(
    ("data", "schema", "rows"),
    [
        (b"a,b\n1,x\n2,y\n", "a:bigint,b:string", [(1, "x"), (2, "y")]),
        (b"a;b\n1;2,5\n2;3,5\n", "a:bigint,b:string", [(1, "2,5"), (2, "3,5")]),
        (b"a\tb\n1\t2.5\n", "a:bigint,b:double", [(1, 2.5)]),
        (b"1|2|\n3|4|\n", "_c0:bigint,_c1:bigint,_c2:string", [(1, 2, None), (3, 4, None)]),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "a:bigint,b:bigint", [(1, 2)]),
        (b'a,b\n"x, ""y""\nz",1\n', "a:string,b:bigint", [('x, "y"\nz', 1)]),
        (b"name,city\nann,bern\nbob,zug\n", "name:string,city:string", [("ann", "bern"), ("bob", "zug")]),
        (b"x\n1\n\n2\n", "x:bigint", [(1,), (2,)]),
        (b"a,b\n", "a:string,b:string", []),
        (b"a,a,\n1,2,3\n", "a0:bigint,a1:bigint,_c2:bigint", [(1, 2, 3)]),
        (b"d,t\n2024-01-31,2024-01-31 10:00:00\n", "d:date,t:timestamp", None),
        (b"ok\ntrue\nFALSE\n", "ok:boolean", [(True,), (False,)]),
        (b"a,b\n1,2", "a:bigint,b:bigint", [(1, 2)]),
        (b"big\n99999999999999999999\n", "big:double", None),
        ("ä,b\nö,1\n".encode(), "ä:string,b:bigint", [("ö", 1)]),
    ],
)
def test_sniffing(opened: Opened, read: Read, data: bytes, schema: str, rows: list[tuple[Any, ...]] | None) -> None:
    relation = opened("csv", data, sniff="true")
    assert relation.schema.simpleString() == f"struct<{schema}>"
    if rows is not None:
        assert [tuple(row.values()) for row in read(relation).to_pylist()] == rows


def test_sniffing_is_deterministic_and_says_what_it_found(opened: Opened) -> None:
    relation = opened("csv", b"a;b\n1;2\n", sniff="true")
    assert relation.description.endswith("x.csv (delimiter ';', quote '\"', header)")
    assert dict(relation.details()) == {  # type: ignore[attr-defined]
        "Delimiter": ";",
        "Quote": '"',
        "Header": "true",
        "Types": "from the first row",
    }
    text = "a,b|c\n1,2|3\n"
    assert sniff(text, TextFormat()) == sniff(text, TextFormat())
    assert not has_header([["a", "b"], ["a", "c"]]) and has_header([["a", "a"], ["1", "2"]])


def test_a_ragged_row_is_one_error_with_line_text_and_fix(opened: Opened, read: Read) -> None:
    relation = opened("csv", b'a,b\n"1\n1",2\n3\n4,5\n', sniff="true")
    with pytest.raises(ExecutionError) as error:
        read(relation)
    assert error.value.condition == "FAILED_READ_FILE"
    assert "x.csv. Line 4 does not fit: it has 1 columns, not 2. The line is: 3" in error.value.message
    assert "csv.`...`" in error.value.hint


def test_a_late_value_of_another_type_is_an_error_with_its_line(here: Path, read: Read, monkeypatch: Any) -> None:
    monkeypatch.setattr("engine.sources.csv.SNIFF_ROWS", 10)
    monkeypatch.setattr("engine.sources.csv_read.BLOCK_BYTES", 64)
    Path("x.csv").write_text("n\n" + "1\n" * 100 + "oops\n")
    relation = open_relation("csv", ["x.csv"], {"sniff": "true"})
    with pytest.raises(ExecutionError, match="Line 102 does not fit: 'oops' in the column `n` is no bigint"):
        read(relation)


def test_an_unclosed_quote(opened: Opened) -> None:
    with pytest.raises(ExecutionError, match=r"A quote \(\"\) is opened and never closed"):
        opened("csv", b'a,b\n"x,1\n2,3\n', sniff="true")


def test_not_text(opened: Opened, read: Read) -> None:
    with pytest.raises(ExecutionError, match="FAILED_READ_FILE") as error:
        read(opened("csv", b"a,b\n\xff\xfe,1\n", sniff="true"))
    assert "encoding 'latin1'" in error.value.hint


@pytest.mark.parametrize("data", [b"a,b\n\xff\n1,2\n", b"a,b\n1,2\n\xc3", b"a,\xff\n1,2\n"])
def test_not_text_wherever_it_stands(opened: Opened, read: Read, data: bytes) -> None:
    with pytest.raises(ExecutionError, match="It is not utf-8 text"):
        read(opened("csv", data))


@pytest.mark.parametrize("sniffed", ["true", "false"])
def test_empty_files(opened: Opened, sniffed: str) -> None:
    with pytest.raises(AnalysisError, match="UNABLE_TO_INFER_SCHEMA"):
        opened("csv", b"", sniff=sniffed)


# as Spark reads


def test_without_options_all_is_text(opened: Opened, read: Read) -> None:
    relation = opened("csv", b'a,b\n1,""\n3\n4,5,6\n,x\n')
    assert relation.schema.simpleString() == "struct<_c0:string,_c1:string>"
    assert [tuple(row.values()) for row in read(relation).to_pylist()] == [
        ("a", "b"),
        ("1", ""),
        ("3", None),
        ("4", "5"),
        (None, "x"),
    ]


def test_rows_keep_their_order_across_blocks(here: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sources.csv_read.BLOCK_BYTES", 100)
    Path("x.csv").write_text("".join(f"{n},{n}\n" if n % 7 else f"{n}\n" for n in range(1, 500)))
    rows = read(open_relation("csv", ["x.csv"])).to_pylist()
    assert [int(row["_c0"]) for row in rows] == list(range(1, 500))
    assert [row["_c1"] is None for row in rows] == [n % 7 == 0 for n in range(1, 500)]


MODES_DATA = b"a,b\n1,2\n3\n4,5,6\n7,x\n9,10\n"
TWO = StructType((StructField("a", INT), StructField("b", INT)))


@pytest.mark.parametrize(
    ("mode", "rows"),
    [
        ("permissive", [(1, 2), (3, None), (4, 5), (7, None), (9, 10)]),
        ("DROPMALFORMED", [(1, 2), (9, 10)]),
    ],
)
def test_modes(opened: Opened, read: Read, mode: str, rows: list[Any]) -> None:
    relation = opened("csv", MODES_DATA, TWO, header="true", mode=mode)
    assert [tuple(row.values()) for row in read(relation).to_pylist()] == rows


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (MODES_DATA, r"3 \(line 3 of .*x\.csv: it has 1 columns, not 2\)"),
        (b"a,b\n1,z\n", r"1,z \(line 2 .*'z' in the column `b`"),
    ],
)
def test_fail_fast(opened: Opened, read: Read, data: bytes, said: str) -> None:
    with pytest.raises(ExecutionError, match=rf"MALFORMED_RECORD_IN_PARSING\].*{said}"):
        read(opened("csv", data, TWO, header="true", mode="FAILFAST"))


def test_options_of_values(opened: Opened, read: Read) -> None:
    schema = StructType(
        (
            StructField("i", INT),
            StructField("d", DATE),
            StructField("t", TIMESTAMP),
            StructField("m", DecimalType(5, 2)),
            StructField("f", DOUBLE),
            StructField("s", STRING),
        )
    )
    relation = opened(
        "csv",
        b"+7;02/01/2024;2024-07-01 12:00;1.235;nope; x \n-;-;2024-07-01T12:00:00Z;999999;Inf;-\n",
        schema,
        sep=";",
        nullValue="-",
        dateFormat="dd/MM/yyyy",
        nanValue="nope",
        timeZone="Europe/Zurich",
        ignoreLeadingWhiteSpace="true",
    )
    first, second = read(relation).to_pylist()
    assert first["i"] == 7 and first["d"] == datetime.date(2024, 1, 2) and first["m"] == Decimal("1.24")
    assert first["t"].hour == 10 and first["f"] != first["f"] and first["s"] == "x "
    assert second["t"].hour == 12 and second["m"] is None and second["f"] == float("inf") and second["s"] is None


def test_schema_inference_of_spark(opened: Opened) -> None:
    data = b"i,l,d,b,t,s,v\n1,3000000000,1.5,true,2024-01-01,x,\n2,1,2,false,2024-01-01 10:00:00,1,\n"
    relation = opened("csv", data, header="true", inferSchema="true")
    assert relation.schema.simpleString() == ("struct<i:int,l:bigint,d:double,b:boolean,t:timestamp,s:string,v:string>")


def test_encodings_and_compression(here: Path, read: Read) -> None:
    Path("x.csv").write_bytes("ö,1\n".encode("latin1"))
    assert read(open_relation("csv", ["x.csv"], {"encoding": "latin1"}))["_c0"].to_pylist() == ["ö"]
    Path("y.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read(open_relation("csv", ["y.csv.gz"], {"sniff": "true"})).to_pylist() == [{"a": 1, "b": 2}]
    Path("z.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 1000)[:-20])
    with pytest.raises(ExecutionError, match="FAILED_READ_FILE"):
        read(open_relation("csv", ["z.csv.gz"], {"sniff": "true"}))


def test_every_file_has_its_header(here: Path, read: Read) -> None:
    Path("d").mkdir()
    Path("d/1.csv").write_text("a,b\n1,2\n")
    Path("d/2.csv").write_text("a,b\n3,4\n")
    Path("d/3.csv").write_text("")
    assert read(open_relation("csv", ["d"], {"header": "true"}), "b")["b"].to_pylist() == ["2", "4"]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"haeder": "true"}, AnalysisError, "Did you mean header"),
        ({"comment": "#"}, Unsupported, "the option comment"),
        ({"mode": "STRICT"}, AnalysisError, "should be one of"),
        ({"header": "yes"}, AnalysisError, "true or false"),
        ({"sep": "||"}, AnalysisError, "one character"),
        ({"encoding": "klingon"}, AnalysisError, "character encoding"),
    ],
)
def test_options_that_cannot_be_obeyed(opened: Opened, options: dict[str, str], error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        opened("csv", b"a\n", **options)


def test_types_that_text_cannot_hold(opened: Opened) -> None:
    with pytest.raises(Unsupported, match="array<int>"):
        opened("csv", b"a\n", StructType((StructField("a", ArrayType(INT)),)))


def test_patterns_of_java() -> None:
    assert strptime_format("yyyy-MM-dd'T'HH:mm:ss.SSSXXX") == "%Y-%m-%dT%H:%M:%S.%f%z"
    with pytest.raises(ExecutionError, match="INVALID_DATETIME_PATTERN"):
        strptime_format("QQQ")


def test_boolean_and_void_columns(opened: Opened, read: Read) -> None:
    schema = StructType((StructField("b", BOOLEAN), StructField("v", VOID)))
    assert read(opened("csv", b"TRUE,\nno,x\n", schema)).to_pylist() == [{"b": True, "v": None}, {"b": None, "v": None}]


def test_patterns_of_the_older_reader_are_refused(here: Path) -> None:
    (here / "d.csv").write_text("01/02/2024\n")
    with pytest.raises(Unsupported, match="timeParserPolicy LEGACY"):
        open_relation(
            "csv", ["d.csv"], {"dateFormat": "dd/MM/yyyy"}, None, {"spark.sql.legacy.timeParserPolicy": "LEGACY"}
        )
