"""INSERT and TRUNCATE: what reaches the files, what is refused, and what a failed or killed statement leaves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import AnalysisError, ExecutionError, FlintError
from engine.session import Session

Sql = Callable[..., list[tuple[Any, ...]]]
WAREHOUSE = Path("spark-warehouse")


def hidden() -> list[str]:
    return [path.name for path in WAREHOUSE.rglob("_temporary*")]


def test_rows_are_added_and_replaced(sql: Sql) -> None:
    sql("CREATE TABLE t (a INT, b STRING)")
    sql("INSERT INTO t VALUES (1, 'x'), (2, NULL)")
    sql("INSERT INTO t SELECT a + 10, b FROM t")
    assert sql("SELECT * FROM t ORDER BY a") == [(1, "x"), (2, None), (11, "x"), (12, None)]
    sql("INSERT OVERWRITE t VALUES (5, 'five')")
    assert sql("SELECT * FROM t") == [(5, "five")]
    with pytest.raises(AnalysisError, match=r"UNSUPPORTED_OVERWRITE.TABLE"):
        sql("INSERT OVERWRITE t SELECT * FROM t")
    sql("TRUNCATE TABLE t")
    assert sql("SELECT * FROM t") == []
    assert hidden() == []


def test_a_list_that_is_not_given_is_null(sql: Sql) -> None:
    sql("CREATE TABLE lists (a INT, b ARRAY<INT>, c MAP<STRING, INT>)")
    sql("INSERT INTO lists (a) VALUES (1)")
    assert sql("SELECT * FROM lists") == [(1, None, None)]


@pytest.mark.parametrize("format", ["parquet", "csv", "json", "orc"])
def test_formats(sql: Sql, format: str, tmp_path: Path) -> None:
    sql(f"CREATE TABLE f (a INT, b STRING, d DECIMAL(5,2)) USING {format} LOCATION '{tmp_path}/f'")
    sql("INSERT INTO f VALUES (1, 'x', 2.5)")
    sql("INSERT INTO f (b) VALUES ('y')")
    assert [tuple(map(str, row)) for row in sql("SELECT * FROM f ORDER BY b")] == [
        ("1", "x", "2.50"),
        ("None", "y", "None"),
    ]
    with pytest.raises(AnalysisError, match="external"):
        sql("TRUNCATE TABLE f")


def test_a_statement_that_fails_leaves_nothing(sql: Sql) -> None:
    sql("CREATE TABLE t (a TINYINT, p INT) PARTITIONED BY (p)")
    sql("INSERT INTO t VALUES (1, 1)")
    before = sorted(WAREHOUSE.rglob("*"))
    for rows in ("SELECT id, id % 5 FROM range(1000)", "SELECT 1, raise_error('no')"):
        with pytest.raises(FlintError):
            sql(f"INSERT INTO t {rows}")
        with pytest.raises(FlintError):
            sql(f"INSERT OVERWRITE t {rows}")
    assert sorted(WAREHOUSE.rglob("*")) == before


def test_partitions(sql: Sql) -> None:
    sql("CREATE TABLE p (v INT, a INT, b STRING) PARTITIONED BY (a, b)")
    sql("INSERT INTO p VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'x')")
    sql("INSERT INTO p PARTITION (a = 3, b = 'x/y') VALUES (4)")
    sql("INSERT OVERWRITE p PARTITION (a = 1, b) VALUES (5, 'z')")
    assert sql("SELECT * FROM p ORDER BY v") == [(3, 2, "x"), (4, 3, "x/y"), (5, 1, "z")]
    sql("SET spark.sql.sources.partitionOverwriteMode = dynamic")
    sql("INSERT OVERWRITE p VALUES (6, 2, 'x'), (7, 9, 'n')")
    assert sql("SELECT * FROM p ORDER BY v") == [(4, 3, "x/y"), (5, 1, "z"), (6, 2, "x"), (7, 9, "n")]
    sql("INSERT OVERWRITE p PARTITION (a = 9, b = 'n') IF NOT EXISTS VALUES (8)")
    sql("TRUNCATE TABLE p PARTITION (a = 3)")
    assert sql("SELECT v FROM p ORDER BY v") == [(5,), (6,), (7,)]
    assert hidden() == []


def test_cached_tables_are_read_again(sql: Sql) -> None:
    sql("CREATE TABLE t (a INT)")
    sql("CACHE TABLE t")
    sql("INSERT INTO t VALUES (1)")
    assert sql("SELECT * FROM t") == [(1,)]


def test_writers_do_not_lose_rows_of_each_other(session: Session, sql: Sql) -> None:
    sql("CREATE TABLE t (a INT, p INT) PARTITIONED BY (p)")
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for step in range(5):
                session.sql(f"INSERT INTO t SELECT id, id % 3 + {step} FROM range({number}, {number} + 6)")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sql("SELECT count(*) FROM t") == [(120,)]
    assert hidden() == []


def test_readers_see_all_or_nothing_of_a_statement(session: Session, sql: Sql) -> None:
    sql("CREATE TABLE t (a INT, p INT) PARTITIONED BY (p)")
    sql("INSERT OVERWRITE t SELECT 0, id FROM range(8)")
    stopped = threading.Event()

    def write() -> None:
        for number in range(1, 15):
            session.sql(f"INSERT OVERWRITE t SELECT {number}, id FROM range(8)")
        stopped.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = set()
    while not stopped.is_set():
        try:
            seen.update(sql("SELECT count(*), count(DISTINCT a) FROM t"))
        except ExecutionError as error:  # its files were replaced while it ran: told, never half read
            assert error.condition == "FAILED_READ_FILE"
    thread.join()
    assert seen <= {(8, 1)}


CRASH = """
import os, signal, sys
from engine import Session
from engine.commands import {module}
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
{module}.{name} = die
Session("local[1]").sql({text!r})
"""


@pytest.mark.parametrize(
    ("module", "name", "replaced"),
    [
        ("insert", "publish", False),
        ("publish", "_move", False),
        ("publish", "exchange", False),
        ("staging.shutil", "rmtree", True),
    ],
)
def test_a_killed_statement_leaves_the_old_or_the_new_rows(sql: Sql, module: str, name: str, replaced: bool) -> None:
    sql("CREATE TABLE t (a INT)")
    sql("INSERT INTO t VALUES (1)")
    kind = "INTO" if name == "_move" else "OVERWRITE"
    imported, _, inner = module.partition(".")
    text = CRASH.format(module=imported, name=f"{inner}.{name}".lstrip("."), text=f"INSERT {kind} t VALUES (2)")
    ended = subprocess.run([sys.executable, "-c", text], timeout=60, env=os.environ, check=False)
    assert ended.returncode == -9
    assert sql("SELECT * FROM t") == ([(2,)] if replaced else [(1,)])
    assert len(hidden()) == 1
    sql("INSERT INTO t VALUES (3)")
    assert hidden() == []


@pytest.mark.parametrize("format", ["parquet", "json", "orc"])
def test_values_of_all_kinds_come_back(sql: Sql, format: str) -> None:
    sql(f"""CREATE TABLE k (a MAP<STRING, INT>, b BINARY, c ARRAY<STRUCT<x: DECIMAL(3,1), y: DOUBLE>>, d TIMESTAMP,
        e TIMESTAMP_NTZ, f DATE, g BOOLEAN, h FLOAT) USING {format}""")
    values = """map('k', 1, 'l', NULL), X'00FF', array(named_struct('x', 1.5, 'y', 2.5D), NULL),
        timestamp'2020-01-02 03:04:05.678',
        timestamp_ntz'2020-01-02 03:04:05', date'0999-01-02', true, float('1.5')"""
    sql(f"INSERT INTO k SELECT {values}")
    sql("INSERT INTO k VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)")
    assert sql("SELECT * FROM k ORDER BY g NULLS LAST") == [*sql(f"SELECT {values}"), (None,) * 8]
