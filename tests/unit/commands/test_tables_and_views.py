"""CREATE and DROP: what is made, where, and what is left when it fails."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import AnalysisError, ExecutionError, FlintError, Unsupported
from engine.session import Session

Sql = Callable[..., list[tuple[Any, ...]]]


def files(folder: str) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in Path(folder).rglob("*")
        if path.is_file() and "_flint" not in str(path)
    )


def test_a_table_of_a_query(sql: Sql) -> None:
    assert sql("CREATE TABLE t AS SELECT id, id % 2 AS odd FROM range(10)") == []
    assert sql("SELECT count(*), sum(id) FROM t") == [(10, 45)]
    assert len(files("spark-warehouse/t")) == 1 and files("spark-warehouse/t")[0].endswith(".snappy.parquet")
    with pytest.raises(AnalysisError, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
        sql("CREATE TABLE T AS SELECT 1")
    sql("CREATE TABLE IF NOT EXISTS t AS SELECT 1")
    assert sql("SELECT count(*) FROM t") == [(10,)]
    sql("CREATE OR REPLACE TABLE t AS SELECT id FROM t WHERE id < 3")
    assert sql("SELECT * FROM t ORDER BY id") == [(0,), (1,), (2,)]
    sql("DROP TABLE t")
    assert not Path("spark-warehouse/t").exists()


@pytest.mark.parametrize("format", ["parquet", "csv", "json", "orc"])
def test_formats_of_tables(sql: Sql, format: str) -> None:
    sql(
        f"CREATE TABLE f USING {format} AS SELECT 1 AS i, 'x, \"y\"' AS s, 2.50 AS d, DATE'2024-02-03' AS day, true AS b"
    )
    assert [str(value) for value in sql("SELECT * FROM f")[0]] == ["1", 'x, "y"', "2.50", "2024-02-03", "True"]


def test_partitioned_tables(sql: Sql) -> None:
    sql("CREATE TABLE p PARTITIONED BY (k) AS SELECT id % 3 AS k, id AS v, CAST(NULL AS STRING) AS n FROM range(9)")
    assert {name.split("/")[0] for name in files("spark-warehouse/p")} == {"k=0", "k=1", "k=2"}
    assert sql("SELECT k, sum(v) FROM p GROUP BY k ORDER BY k") == [(0, 9), (1, 12), (2, 15)]
    assert sql("SHOW PARTITIONS p") == [("k=0",), ("k=1",), ("k=2",)]
    assert sql("SHOW COLUMNS IN p") == [("v",), ("n",), ("k",)]
    with pytest.raises(AnalysisError, match=r"COLUMN_NOT_DEFINED_IN_TABLE.*`kk`"):
        sql("CREATE TABLE q PARTITIONED BY (kk) AS SELECT 1 AS k, 2 AS v")
    with pytest.raises(AnalysisError, match="ALL_PARTITION_COLUMNS_NOT_ALLOWED"):
        sql("CREATE TABLE q PARTITIONED BY (k) AS SELECT 1 AS k")


def test_a_table_over_files(sql: Sql) -> None:
    Path("data").mkdir(exist_ok=True)
    pq.write_table(pa.table({"a": [1, 2]}), "data/x.parquet")
    sql("CREATE TABLE e USING parquet LOCATION 'data'")
    sql("CREATE TABLE o USING parquet OPTIONS (path 'data')")
    assert sql("SELECT sum(a) FROM e") == sql("SELECT sum(a) FROM o") == [(3,)]
    pq.write_table(pa.table({"a": [10]}), "data/y.parquet")
    assert sql("SELECT sum(a) FROM e") == [(13,)]
    sql("DROP TABLE e")
    assert files("data") == ["x.parquet", "y.parquet"]
    with pytest.raises(AnalysisError, match="PATH_NOT_FOUND"):
        sql("CREATE TABLE e2 USING parquet LOCATION 'nowhere'")


def test_replacing_touches_only_files_of_its_own(sql: Sql) -> None:
    Path("own").mkdir()
    Path("spark-warehouse/r").mkdir(parents=True)
    Path("spark-warehouse/r/precious.txt").write_text("x")
    sql("CREATE TABLE r (a INT) LOCATION 'own'")
    for statement in ("CREATE OR REPLACE TABLE r AS SELECT 1 AS a", "CREATE OR REPLACE TABLE r (b INT)"):
        with pytest.raises(AnalysisError, match="LOCATION_ALREADY_EXISTS"):
            sql(statement)
    Path("spark-warehouse/r/precious.txt").unlink()
    sql("CREATE OR REPLACE TABLE r AS SELECT 1 AS a")
    assert sql("SELECT * FROM r") == [(1,)] and Path("own").is_dir()
    sql("CREATE OR REPLACE TABLE r (b INT) LOCATION 'own'")
    assert not Path("spark-warehouse/r").exists()


def test_columns_are_stated(sql: Sql) -> None:
    sql("CREATE TABLE c (b STRING COMMENT 'why', a INT) USING csv OPTIONS (header 'true', sep ';') COMMENT 'all of it'")
    assert sql("SELECT * FROM c") == []
    Path("spark-warehouse/c/x.csv").write_text("b;a\nx;1\n")
    assert sql("SELECT * FROM c") == [("x", 1)]
    for statement, said in (
        ("CREATE TABLE d (a INT, A INT)", "COLUMN_ALREADY_EXISTS"),
        ("CREATE TABLE d (a INT) PARTITIONED BY (b)", "COLUMN_NOT_DEFINED_IN_TABLE"),
        ("CREATE TABLE d", "UNABLE_TO_INFER_SCHEMA"),
        ("CREATE TABLE d (a INT) USING parqet", "UNKNOWN_DATASOURCE.*parquet"),
        ("CREATE TABLE d (a ARRAY<INT>) USING csv", "UNSUPPORTED_FEATURE"),
        ("CREATE TABLE d (a INT) USING csv OPTIONS (haeder 'true')", "INVALID_OPTIONS"),
        ("CREATE TABLE nope.d (a INT)", "SCHEMA_NOT_FOUND"),
        ("CREATE TABLE `../d` (a INT)", "INVALID_SCHEMA_OR_RELATION_NAME"),
    ):
        with pytest.raises(AnalysisError, match=said):
            sql(statement)
    assert [row[1] for row in sql("SHOW TABLES")] == ["c"]


def test_a_statement_that_fails_leaves_nothing(sql: Sql) -> None:
    with pytest.raises(FlintError, match="DIVIDE_BY_ZERO"):
        sql("CREATE TABLE bad AS SELECT 1 div id FROM range(3)")
    with pytest.raises(Unsupported, match="writing text files"):
        sql("CREATE TABLE bad USING text AS SELECT 1 AS a")
    with pytest.raises(AnalysisError, match="INVALID_OPTIONS"):
        sql("CREATE TABLE bad OPTIONS (compresion 'x') AS SELECT 1 AS a")
    assert sql("SHOW TABLES") == []
    left = [path.name for path in Path("spark-warehouse").iterdir()] if Path("spark-warehouse").exists() else []
    assert [name for name in left if name != "_flint"] == []


def test_a_full_disk_names_the_folder(sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.commands.tables.write_files", full)
    with pytest.raises(ExecutionError, match=r"SPILL_DISK_FULL.*spark-warehouse: No space left on device"):
        sql("CREATE TABLE bad AS SELECT 1 AS a")
    assert sql("SHOW TABLES") == []


def test_what_a_killed_process_left_is_swept(sql: Sql) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    kept = [
        f"_temporary-{socket.gethostname()}-{os.getpid()}-{'0' * 32}",
        f"_temporary-elsewhere-{gone.pid}-{'0' * 32}",
    ]
    for name in (*kept, f"_temporary-{socket.gethostname()}-{gone.pid}-{'0' * 32}"):
        Path("spark-warehouse", name).mkdir(parents=True)
    sql("CREATE TABLE t AS SELECT 1 AS a")
    left = sorted(path.name for path in Path("spark-warehouse").iterdir() if path.name.startswith("_temporary"))
    assert left == sorted(kept)
    for name in kept:
        Path("spark-warehouse", name).rmdir()


def test_files_of_others_are_not_taken_over(sql: Sql) -> None:
    Path("spark-warehouse/mine").mkdir(parents=True)
    Path("spark-warehouse/mine/precious.txt").write_text("x")
    for statement in ("CREATE TABLE mine AS SELECT 1 AS a", "CREATE TABLE mine (a INT)"):
        with pytest.raises(AnalysisError, match="LOCATION_ALREADY_EXISTS"):
            sql(statement)
    assert Path("spark-warehouse/mine/precious.txt").read_text() == "x"
    Path("spark-warehouse/mine/precious.txt").unlink()
    Path("spark-warehouse/mine").rmdir()


def test_views_of_all_kinds(sql: Sql) -> None:
    sql("CREATE TABLE t AS SELECT id FROM range(3)")
    sql("CREATE VIEW v (n COMMENT 'number', m) AS SELECT id, id * 2 FROM t")
    sql("CREATE TEMP VIEW tmp AS SELECT max(m) AS top FROM v")
    sql("CREATE GLOBAL TEMPORARY VIEW g AS SELECT * FROM tmp")
    assert sql("SELECT n, m FROM v ORDER BY 1") == [(0, 0), (1, 2), (2, 4)]
    assert sql("SELECT * FROM tmp, global_temp.g") == [(4, 4)]
    assert sql("DESCRIBE v") == [("n", "bigint", "number"), ("m", "bigint", None)]
    assert sql("SHOW VIEWS") == [("default", "v", False), ("", "tmp", True)]
    sql("CREATE OR REPLACE TEMP VIEW tmp AS SELECT 7 AS x")
    assert sql("SELECT * FROM tmp") == [(7,)]


def test_views_are_analyzed_where_they_were_made(sql: Sql) -> None:
    sql("CREATE DATABASE d")
    sql("USE d")
    sql("CREATE TABLE inner_t AS SELECT 5 AS x")
    sql("CREATE VIEW v AS SELECT x FROM inner_t")
    sql("USE default")
    sql("CREATE TABLE inner_t AS SELECT 9 AS x")
    assert sql("SELECT * FROM d.v") == [(5,)]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE VIEW v AS SELECT * FROM tmp", "INVALID_TEMP_OBJ_REFERENCE.*`tmp`"),
        ("CREATE VIEW v (a, b) AS SELECT 1", "NOT_ENOUGH_DATA_COLUMNS"),
        ("CREATE VIEW v (a) AS SELECT 1, 2", "TOO_MANY_DATA_COLUMNS"),
        ("CREATE VIEW v AS SELECT 1 AS a, 2 AS A", "COLUMN_ALREADY_EXISTS"),
        ("CREATE OR REPLACE VIEW a AS SELECT * FROM b", "RECURSIVE_VIEW"),
        ("CREATE OR REPLACE VIEW a AS SELECT * FROM a", "RECURSIVE_VIEW"),
        ("CREATE VIEW a AS SELECT 1", "TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("CREATE OR REPLACE VIEW t AS SELECT 1", "TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("CREATE TEMP VIEW tmp AS SELECT 1", "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("CREATE TEMP VIEW x.y AS SELECT 1", "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS"),
        ("CREATE VIEW v AS SELECT nope FROM t", "UNRESOLVED_COLUMN"),
        ("DROP VIEW t", "WRONG_COMMAND_FOR_OBJECT_TYPE"),
        ("DROP TABLE a", "WRONG_COMMAND_FOR_OBJECT_TYPE"),
        ("DROP VIEW nope", "TABLE_OR_VIEW_NOT_FOUND"),
        ("ALTER TABLE t ALTER COLUMN IDENTIFIER('a' || '') COMMENT 'x'", "computed name for a column"),
        ("DROP TABLE tt", r"(?s)TABLE_OR_VIEW_NOT_FOUND.*\[t"),
    ],
)
def test_what_is_refused(sql: Sql, statement: str, said: str) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS id")
    sql("CREATE TEMP VIEW tmp AS SELECT 1 AS x")
    sql("CREATE VIEW a AS SELECT 1 AS x")
    sql("CREATE VIEW b AS SELECT * FROM a")
    with pytest.raises(AnalysisError, match=said):
        sql(statement)


def test_views_keep_the_literals_that_parameters_stand_for(sql: Sql) -> None:
    with pytest.raises(Unsupported, match="parameter markers in CREATE VIEW"):
        sql("CREATE VIEW v AS SELECT :x AS a", args={"x": None})
    sql("CREATE VIEW v AS SELECT :x AS a", args={"x": 1})
    assert sql("SELECT * FROM v") == [(1,)]
    sql("CREATE TABLE t AS SELECT :x AS a", args={"x": 1})
    assert sql("SELECT * FROM t") == [(1,)]


def test_a_view_over_a_file(sql: Sql) -> None:
    Path("v.csv").write_text("a;b\n1;x\n")
    sql("CREATE TEMP VIEW v USING csv OPTIONS (path 'v.csv', header 'true', sep ';', inferSchema 'true')")
    assert sql("SELECT * FROM v") == [(1, "x")]
    Path("v.csv").write_text("a;b\n1;x\n2;y\n")
    assert sql("SELECT count(*) FROM v") == [(2,)]
    with pytest.raises(AnalysisError, match="UNABLE_TO_INFER_SCHEMA"):
        sql("CREATE TEMP VIEW w USING csv OPTIONS (header 'true')")


def test_databases(sql: Sql) -> None:
    sql("CREATE DATABASE d COMMENT 'tests'")
    sql("CREATE DATABASE IF NOT EXISTS d")
    assert sql("SHOW DATABASES LIKE 'd|x'") == [("d",)]
    sql("CREATE TABLE d.t AS SELECT 1 AS a")
    assert files("spark-warehouse/d.db/t")
    for statement, said in (
        ("CREATE DATABASE d", "SCHEMA_ALREADY_EXISTS"),
        ("DROP DATABASE d", "SCHEMA_NOT_EMPTY"),
        ("DROP DATABASE nope", "SCHEMA_NOT_FOUND"),
        ("DROP DATABASE default", "UNSUPPORTED_FEATURE"),
        ("CREATE DATABASE `a/b`", "INVALID_SCHEMA_OR_RELATION_NAME"),
        ("USE nope", "SCHEMA_NOT_FOUND"),
        ("SET CATALOG nope", "CATALOG_NOT_FOUND"),
    ):
        with pytest.raises(AnalysisError, match=said):
            sql(statement)
    sql("DROP DATABASE IF EXISTS nope")
    shown = dict(sql("DESCRIBE DATABASE d"))
    assert shown["Namespace Name"] == "d" and shown["Comment"] == "tests"
    sql("USE d")
    sql("DROP DATABASE d CASCADE")
    assert not Path("spark-warehouse/d.db").exists()
    assert sql("SHOW DATABASES") == [("default",)]


def test_tables_outlive_the_session(sql: Sql) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a, CAST(1.5 AS DECIMAL(5,2)) AS d")
    sql("CREATE VIEW v AS SELECT * FROM t")
    with Session("local[1]") as other:
        assert [tuple(row) for row in other.sql("SELECT * FROM v").collect()] == sql("SELECT * FROM v")
