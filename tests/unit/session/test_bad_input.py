"""What users get wrong, and files that are not what they seem: one clear error each, and the session goes on."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.errors import FlintError

FILES = {  # query, with @ for the folder -> condition, and what the message names
    "select * from '@/nope.parquet'": ("PATH_NOT_FOUND", "nope"),
    "select * from parquet.`@/nope`": ("PATH_NOT_FOUND", "nope"),
    "select * from '@/*.orc'": ("PATH_NOT_FOUND", "*.orc"),
    "select * from '@/truncated.parquet'": ("FAILED_READ_FILE", "truncated.parquet"),
    "select * from '@/zero.parquet'": ("FAILED_READ_FILE", "empty"),
    "select * from '@/garbage.parquet'": ("FAILED_READ_FILE", "garbage.parquet"),
    "select * from '@/overwritten.parquet'": ("FAILED_READ_FILE", "overwritten.parquet"),
    "select * from '@/long-footer.parquet'": ("FAILED_READ_FILE", "long-footer.parquet"),
    "select * from '@/short-footer.parquet'": ("FAILED_READ_FILE", "short-footer.parquet"),
    "select a, b from '@/data.parquet'": ("FAILED_READ_FILE", "data.parquet"),
    "select * from '@/ragged.csv'": ("FAILED_READ_FILE", "Line 3"),
    "select * from csv.`@/latin.csv`": ("FAILED_READ_FILE", "latin.csv"),
    "select * from '@/empty.csv'": ("UNABLE_TO_INFER_SCHEMA", "CSV"),
    "select * from '@/empty.json'": ("UNABLE_TO_INFER_SCHEMA", "JSON"),
    "select * from parquet.`@/nothing`": ("UNABLE_TO_INFER_SCHEMA", "Parquet"),
    "select * from '@/nothing'": ("UNABLE_TO_INFER_SCHEMA", "nothing"),
}

STATEMENTS = {  # query over the table t -> condition, and the text under the caret
    "select aa from t": ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "aa"),
    "select x.a from t": ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "x.a"),
    "select * from nope": ("TABLE_OR_VIEW_NOT_FOUND", "nope"),
    "select a from t x, t y": ("AMBIGUOUS_REFERENCE", "a"),
    "select * from (select 1 q, 2 q) where q = 1": ("AMBIGUOUS_REFERENCE", "q"),
    "select foo(1)": ("UNRESOLVED_ROUTINE", "foo(1)"),
    "select abs(1, 2)": ("WRONG_NUM_ARGS", "abs(1, 2)"),
    "select a + true from t": ("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "a + true"),
    "select a, sum(d) from t": ("MISSING_GROUP_BY", "select a, sum(d) from t"),
    "select sum(sum(d)) from t": ("NESTED_AGGREGATE_FUNCTION", "sum(sum(d))"),
    "select a from t where sum(a) > 1": ("INVALID_WHERE_CONDITION", "select a from t where sum(a) > 1"),
    "select a from t group by sum(a)": ("GROUP_BY_AGGREGATE", "sum(a)"),
    "select a from t order by 2": ("ORDER_BY_POS_OUT_OF_RANGE", "2"),
    "select a from t group by 2": ("GROUP_BY_POS_OUT_OF_RANGE", "2"),
    "select 1 union select 1, 2": ("NUM_COLUMNS_MISMATCH", "select 1 union select 1, 2"),
    "select a from t where a in (select a, b from t)": (
        "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
        "a in (select a, b from t)",
    ),
    "select (select a from t)": ("SCALAR_SUBQUERY_TOO_MANY_ROWS", "(select a from t)"),
    "select 1/0": ("DIVIDE_BY_ZERO", "1/0"),
    "select a / (a - 2) from t": ("DIVIDE_BY_ZERO", "a / (a - 2)"),
    "select a % (a - 2) from t": ("REMAINDER_BY_ZERO", "a % (a - 2)"),
    "select 2147483647 + 1": ("ARITHMETIC_OVERFLOW", "2147483647 + 1"),
    "select a * 2147483647 from t": ("ARITHMETIC_OVERFLOW", "a * 2147483647"),
    "select cast('abc' as int)": ("CAST_INVALID_INPUT", "cast('abc' as int)"),
    "select b + 1 from t": ("CAST_INVALID_INPUT", "b + 1"),
    "select cast(300 as tinyint)": ("CAST_OVERFLOW", "cast(300 as tinyint)"),
    "select date 'abc'": ("INVALID_TYPED_LITERAL", "date 'abc'"),
    "select x'zz'": ("INVALID_TYPED_LITERAL", "x'zz'"),
    "select cast(1 as decimal(39, 0))": ("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "decimal(39, 0)"),
    "select 9223372036854775808L": ("INVALID_NUMERIC_LITERAL_RANGE", "9223372036854775808L"),
    "select '\udcff'": ("PARSE_SYNTAX_ERROR", "\udcff"),
    "selct 1": ("PARSE_SYNTAX_ERROR", "selct"),
    "select 1; select 2": ("PARSE_SYNTAX_ERROR", ";"),
}


@pytest.fixture(scope="module", autouse=True)
def _table(session: Session, files: Path) -> None:
    session.sql(f"create temporary view t as select * from parquet.`{files}/t.parquet`")


def failure(session: Session, text: str) -> FlintError:
    """The error of a statement, after which the session still answers."""
    with pytest.raises(FlintError) as raised:
        session.sql(text).toArrow()
    assert session.sql("select 1").collect() == [(1,)]
    assert "Traceback" not in str(raised.value)
    assert str(raised.value).encode()
    return raised.value


@pytest.mark.parametrize("text", FILES)
def test_files(session: Session, files: Path, text: str) -> None:
    condition, part = FILES[text]
    error = failure(session, text.replace("@", str(files)))
    assert error.condition == condition
    assert part in str(error)


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_name_condition_and_place(session: Session, text: str) -> None:
    condition, place = STATEMENTS[text]
    error = failure(session, text)
    assert error.condition.startswith(condition)
    assert error.position is not None
    assert text[error.position.start : error.position.stop] == place


@pytest.mark.parametrize("text", ["", " ", ";", "-- nothing", "/* nothing */"])
def test_no_statement(session: Session, text: str) -> None:
    assert failure(session, text).condition == "PARSE_EMPTY_STATEMENT"


@pytest.mark.parametrize("change", ["other rows", "other columns", "gone", "truncated"])
def test_a_file_replaced_between_planning_and_reading(session: Session, tmp_path: Path, change: str) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"k": [1, 2, 3]}), path)
    frame = session.sql(f"select sum(k) from '{path}'")
    frame.query.stages  # noqa: B018 - planned now
    match change:
        case "other rows":
            pq.write_table(pa.table({"k": list(range(5000))}), path)
        case "other columns":
            pq.write_table(pa.table({"k": ["text"], "z": [1]}), path)
        case "gone":
            path.unlink()
        case "truncated":
            path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(FlintError) as raised:
        frame.collect()
    assert raised.value.condition.startswith(("FAILED_READ_FILE", "PATH_NOT_FOUND"))
    assert "t.parquet" in str(raised.value)
    assert session.sql("select 1").collect() == [(1,)]


def test_empty_files_among_others(session: Session, tmp_path: Path) -> None:
    pq.write_table(pa.table({"k": pa.array([], pa.int64())}), tmp_path / "a.parquet")
    assert session.sql(f"select count(*), sum(k) from parquet.`{tmp_path}`").collect() == [(0, None)]
    pq.write_table(pa.table({"k": [5]}), tmp_path / "b.parquet")
    assert session.sql(f"select count(*), sum(k) from parquet.`{tmp_path}`").collect() == [(1, 5)]


def test_names_with_every_character(session: Session) -> None:
    found = session.sql("select 1 as `ünï cödé 😀 ``q``.x`, 'é' as `select`").toArrow()
    assert found.column_names == ["ünï cödé 😀 `q`.x", "select"]
    assert session.sql("select `ä b`.`c``d` from (select 1 as `c``d`) `ä b`").collect() == [(1,)]
