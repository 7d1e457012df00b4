"""Statements as programs write them: deep, long and wide. They are answered, with limits far beyond what people write."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine import Session
from engine.deep import planned
from engine.errors import FlintError

T = "parquet.`{files}/t.parquet`"
WIDE = "parquet.`{files}/wide.parquet`"

STATEMENTS: dict[str, tuple[str, list[tuple[object, ...]]]] = {
    "and": (f"select count(*) from {T} where " + " and ".join(f"a <> {n}" for n in range(10, 1010)), [(3,)]),
    "or": (f"select count(*) from {T} where " + " or ".join(f"a = {n}" for n in range(1000)), [(3,)]),
    "in": (f"select count(*) from {T} where a in (" + ",".join(map(str, range(4000))) + ")", [(3,)]),
    "parentheses": ("select " + "(" * 5000 + "1" + ")" * 5000, [(1,)]),
    "not": ("select " + "not " * 1000 + "true", [(True,)]),
    "minus": ("select " + "- " * 1000 + "1", [(1,)]),
    "sum": (f"select {'+'.join(['a'] * 500)} s from {T} where a = 2", [(1000,)]),
    "concatenation": (f"select length({'||'.join(['b'] * 1000)}) from {T} where a = 2", [(1000,)]),
    "functions": (f"select {'abs(' * 300}a{')' * 300} from {T} where a = 2", [(2,)]),
    "case": (f"select {'case when a > 0 then ' * 100}1{' end' * 100} from {T} where a = 2", [(1,)]),
    "whens": (f"select case {' '.join(f'when a = {n} then {n}' for n in range(500))} end from {T} where a = 4", [(4,)]),
    "subqueries": (f"select a from {'(select * from ' * 300}{T}{')' * 300} where a = 2", [(2,)]),
    "scalar subqueries": ("select " + "(select " * 50 + "1" + ")" * 50, [(1,)]),
    "exists": ("select 1 where " + "exists (select 1 where " * 50 + "true" + ")" * 50, [(1,)]),
    "expressions with": (
        "with c0 as (select 1 a)"
        + "".join(f", c{n} as (select a + 1 a from c{n - 1})" for n in range(1, 200))
        + " select * from c199",
        [(200,)],
    ),
    "unions": (f"select count(*), sum(a) from ({' union all '.join([f'select a from {T}'] * 200)})", [(800, 1400)]),
    "joins": (
        f"select count(*) from {T} t0 " + " ".join(f"join {T} t{n} on t{n - 1}.a = t{n}.a" for n in range(1, 40)),
        [(3,)],
    ),
    "literal": ("select length('" + "x" * 300_000 + "')", [(300_000,)]),
    "wide group by": (
        f"select count(*) from (select {','.join(f'c{n}' for n in range(400))}, sum(c999) from {WIDE} group by all)",
        [(2,)],
    ),
    "wide sums": (f"select s7 from (select {','.join(f'sum(c{n}) s{n}' for n in range(400))} from {WIDE})", [(15,)]),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_answered(session: Session, files: Path, name: str) -> None:
    text, rows = STATEMENTS[name]
    assert session.sql(text.replace("{files}", str(files))).collect() == rows


def test_a_thousand_columns(session: Session, files: Path) -> None:
    wide = WIDE.replace("{files}", str(files))
    assert session.sql(f"select * from {wide} order by c500 desc").toArrow().shape == (2, 1000)
    assert session.sql(f"select * from {wide} x join {wide} y using (c0)").toArrow().shape == (2, 1999)


@pytest.mark.parametrize("text", ["select " + "(" * 5000 + "1", "select " + "case when a " * 3000])
def test_what_is_not_closed_is_a_syntax_error(session: Session, text: str) -> None:
    with pytest.raises(FlintError) as raised:
        session.sql(text)
    assert raised.value.condition == "PARSE_SYNTAX_ERROR"
    assert max(map(len, str(raised.value).splitlines())) < 200


def test_deep_work_leaves_the_limits_of_the_process_alone() -> None:
    def nested(depth: int) -> int:
        return 0 if depth == 0 else 1 + nested(depth - 1)

    before = sys.getrecursionlimit(), threading.stack_size()
    assert planned(lambda: nested(20_000), lambda: None) == 20_000
    with pytest.raises(RecursionError):
        nested(20_000)
    assert (sys.getrecursionlimit(), threading.stack_size()) == before


def test_explaining_and_describing_deep_statements(session: Session, files: Path) -> None:
    text, _ = STATEMENTS["sum"]
    frame = session.sql(text.replace("{files}", str(files)))
    assert frame.schema.fields[0].dataType.simpleString() == "int"
    assert "Physical Plan" in frame.query.explain("extended")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit it")
def test_little_address_space(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    command = shlex.join([sys.executable, "-P", str(root / "cli.py"), "--format", "csv", "-e", "select 1 a"])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -v 900000; exec {command}"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("a\n1\n", "")


def test_planning_within_planning_stays_in_its_thread():
    def thread():
        return threading.current_thread()

    outer, inner = planned(lambda: (thread(), planned(thread, lambda: None)), lambda: None)
    assert outer is inner is not thread()
