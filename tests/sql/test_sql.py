"""Statements whose answers were recorded from Spark: column names and types, rows, conditions of errors.

`record.py` asks Spark and writes the files. What is known to differ is listed in `differences.txt` with the reason; a listed
statement that agrees fails the test, so that the list stays true.
"""

from __future__ import annotations

import math
import re
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from runner import read

from engine import Session
from engine.cluster.inline import InlineCluster
from engine.errors import FlintError
from engine.parse.lexer import split_statements
from engine.plan.strategies import leaves
from engine.types import BinaryType, DataType
from engine.types.cells import Style, texts

FOLDER = Path(__file__).parent


HERE = {"spark.sql.catalogImplementation": "in-memory", "flint.optimizer.check": True, "flint.local.rowLimit": 10**9}
APART = {
    "spark.sql.catalogImplementation": "in-memory",
    "flint.optimizer.check": True,
    "flint.local.rowLimit": 0,
    "spark.executor.instances": 2,
    "spark.sql.shuffle.partitions": 3,
    "spark.sql.autoBroadcastJoinThreshold": -1,
}


CHECKED = APART | {
    "flint.compile.minRows": 0,
    "flint.compile.optimize": "0",
    "flint.compile.checked": True,
    "flint.compile.cache.enabled": False,
}
IN_CODE = ("grouping", "joins")
"""The records that run as checked machine code, too."""


class Distributed(Session):
    """A session with two executors, which are both in this process: rows move between them."""

    @property
    def cluster(self):
        return self._once("cluster", lambda: InlineCluster(self.conf.mapping(), executors=2, cores=1))


@pytest.fixture(scope="module", params=["one-partition", "three-partitions"])
def session(request, tmp_path_factory):
    """The tables of setup.sql: as they are, or each in three files, read by two executors."""
    yield from opened(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def in_code(tmp_path_factory):
    """Three files and two executors, which run machine code that looks where it reads and writes."""
    yield from opened("checked", tmp_path_factory)


def opened(way, tmp_path_factory):
    """A session with the tables of setup.sql."""
    warehouse = {"spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}
    here, conf = way == "one-partition", CHECKED if way == "checked" else APART
    with Session("local[2]", HERE | warehouse) if here else Distributed("local[2]", conf | warehouse) as session:
        for statement, _ in split_statements((FOLDER / "setup.sql").read_text()):
            session.sql(statement)
        if here:
            yield session
            return
        for name in ("t", "u", "emp"):
            in_files(session, name, tmp_path_factory.mktemp(name), 3)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(leaves, "_SMALL_BYTES", 0)  # else so few rows are read by one executor
            yield session


def in_files(session: Session, name: str, folder: Path, files: int) -> None:
    """Makes the view `name` one over Parquet files, each with a part of its rows."""
    table = session.table(name).toArrow()
    step = -(-table.num_rows // files)
    for number in range(files):
        pq.write_table(table.slice(number * step, step), folder / f"{number}.parquet")
    session.sql(f"create or replace temporary view {name} as select * from parquet.`{folder}`")


def test_rows_do_move(session):
    plan = session.sql("select t.b, count(*) from t join u on t.a = u.a group by t.b").query.explain()
    assert ("Exchange" in plan) == isinstance(session, Distributed), plan


def answer(session: Session, text: str) -> str:
    try:
        frame = session.sql(text)
        if not frame.columns:
            return "done"
        header = ", ".join(f"{name}: {kind}" for name, kind in frame.dtypes)
        table = pa.Table.from_batches(list(frame.query.batches()), frame.query.arrow_schema).combine_chunks()
    except FlintError as error:
        return f"[{error.condition}]"
    columns = [
        as_text(column.chunk(0) if column.num_chunks else pa.array([], column.type), field.dataType)
        for column, field in zip(table.columns, frame.schema.fields, strict=True)
    ]
    lines = [
        "\t".join("NULL" if v is None else v.replace("\n", "\\n") for v in row) for row in zip(*columns, strict=True)
    ]
    if not re.search(r"\border\s+by\b(?!.*\))", text, re.IGNORECASE | re.DOTALL):
        lines.sort()
    return "\n".join([header.replace("\n", "\\n"), *lines])


def as_text(column: pa.Array, kind: DataType) -> list[str | None]:
    """What CAST(column AS STRING) gives, as the answers were recorded."""
    if isinstance(kind, BinaryType):
        return [None if v is None else v.decode(errors="replace") for v in column.to_pylist()]
    return texts(column, kind, Style(null="null"))


def same(answered: str, expected: str) -> bool:
    """Whether two answers agree; doubles may differ in their last digits, which follow the order of additions."""
    answered, expected = answered.rstrip(), expected.rstrip()  # the file holds no blanks at the end of an answer
    if answered == expected:
        return True
    one, other = answered.split("\n"), expected.split("\n")
    if ": double" not in one[0] or one[0] != other[0] or len(one) != len(other):
        return False
    pairs = [pair for a, b in zip(one, other, strict=True) for pair in zip_longest(a.split("\t"), b.split("\t"))]
    return all(a == b or _near(a, b) for a, b in pairs)


def _near(one: str | None, other: str | None) -> bool:
    try:
        return math.isclose(float(one or "x"), float(other or "x"), rel_tol=1e-12)
    except ValueError:
        return False


def differences() -> dict[str, str]:
    """Known differences: "subject number" to the reason."""
    lines = (FOLDER / "differences.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def cases():
    found = []
    for path in sorted(FOLDER.glob("*.slt")):
        for case in read(path)[1]:
            found.append(
                pytest.param(f"{path.stem} {case.name}", case.text, case.expected, id=f"{path.stem}-{case.name}")
            )
    return found


@pytest.mark.parametrize(("name", "text", "expected"), cases())
def test_like_spark(session, name, text, expected):
    check(session, name, text, expected)


@pytest.mark.parametrize(("name", "text", "expected"), [case for case in cases() if case.id.startswith(IN_CODE)])
def test_like_spark_in_checked_code(in_code, name, text, expected):
    check(in_code, name, text, expected)


def check(session, name, text, expected):
    answered = answer(session, text)
    if name in differences():
        assert not same(answered, expected), f"{name} agrees with Spark now: take it out of differences.txt"
    else:
        assert same(answered, expected), f"{text}\n{answered}\n-- but Spark answered\n{expected}"
