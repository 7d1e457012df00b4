"""SHOW, DESCRIBE, SET, CACHE, EXPLAIN: columns and rows as Spark gives them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import AnalysisError, FlintError, Unsupported
from engine.session import Session

Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("SHOW TABLES", "namespace:string,tableName:string,isTemporary:boolean"),
        ("SHOW VIEWS", "namespace:string,viewName:string,isTemporary:boolean"),
        ("SHOW DATABASES", "namespace:string"),
        ("SHOW CATALOGS", "catalog:string"),
        ("SHOW CURRENT NAMESPACE", "catalog:string,namespace:string"),
        ("SHOW FUNCTIONS", "function:string"),
        ("SHOW COLUMNS IN t", "col_name:string"),
        ("SHOW CREATE TABLE t", "createtab_stmt:string"),
        ("SHOW TBLPROPERTIES t", "key:string,value:string"),
        ("DESCRIBE t", "col_name:string,data_type:string,comment:string"),
        ("DESCRIBE t a", "info_name:string,info_value:string"),
        ("DESCRIBE QUERY SELECT 1", "col_name:string,data_type:string,comment:string"),
        ("DESCRIBE FUNCTION count", "function_desc:string"),
        ("DESCRIBE DATABASE default", "info_name:string,info_value:string"),
        ("SET spark.sql.ansi.enabled", "key:string,value:string"),
        ("SET -v", "key:string,value:string,meaning:string,Since version:string"),
        ("EXPLAIN SELECT 1", "plan:string"),
        ("USE default", ""),
    ],
)
def test_columns_of_the_answers(sql: Sql, session: Session, statement: str, columns: str) -> None:
    sql("CREATE TABLE t (a INT)")
    assert session.sql(statement).schema.simpleString() == f"struct<{columns}>"


def test_describe_a_table(sql: Sql) -> None:
    sql(
        "CREATE TABLE t (a INT COMMENT 'first', k STRING) USING json PARTITIONED BY (k) COMMENT 'all' "
        "TBLPROPERTIES ('owner.password' 'hush', 'x' '1')"
    )
    assert sql("DESCRIBE t") == [
        ("a", "int", "first"),
        ("k", "string", None),
        ("# Partition Information", "", ""),
        ("# col_name", "data_type", "comment"),
        ("k", "string", None),
    ]
    extended = {name: value for name, value, _ in sql("DESCRIBE EXTENDED t")}
    assert extended["Type"] == "MANAGED" and extended["Provider"] == "json" and extended["Comment"] == "all"
    assert extended["Location"].endswith("spark-warehouse/t")
    assert "hush" not in str(extended) and "x=1" in extended["Table Properties"]
    assert "hush" not in str(sql("SHOW TBLPROPERTIES t")) and "hush" not in str(sql("SHOW CREATE TABLE t"))
    assert sql("DESCRIBE t A") == [("col_name", "a"), ("data_type", "int"), ("comment", "first")]
    with pytest.raises(AnalysisError, match="COLUMN_NOT_FOUND"):
        sql("DESCRIBE t nope")


def test_describe_extended_a_column(sql: Sql) -> None:
    sql("CREATE TABLE t AS SELECT id AS a FROM range(10)")
    assert dict(sql("DESCRIBE EXTENDED t a"))["max"] == "NULL"
    sql("ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS")
    shown = dict(sql("DESCRIBE EXTENDED t a"))
    assert (shown["min"], shown["max"], shown["num_nulls"], shown["distinct_count"]) == ("0", "9", "0", "10")


def test_show_create_can_be_run_again(sql: Sql) -> None:
    sql("CREATE TABLE t (a INT NOT NULL COMMENT 'it''s', `b c` DECIMAL(5,2), k STRING) PARTITIONED BY (k) COMMENT 'x'")
    sql("CREATE VIEW v (n) AS SELECT a FROM t")
    for name in ("t", "v"):
        ((text,),) = sql(f"SHOW CREATE TABLE {name}")
        before = sql(f"DESCRIBE {name}")
        sql(f"DROP {'TABLE' if name == 't' else 'VIEW'} {name}")
        sql(text)
        assert sql(f"DESCRIBE {name}") == before and sql(f"SHOW CREATE TABLE {name}") == [(text,)]
    sql("CREATE TEMP VIEW tmp AS SELECT 1")
    with pytest.raises(AnalysisError, match="WRONG_COMMAND_FOR_OBJECT_TYPE"):
        sql("SHOW CREATE TABLE tmp")


def test_describe_a_file_says_how_it_is_read(sql: Sql) -> None:
    Path("f.csv").write_text("a;b\n1;x\n")
    assert sql("DESCRIBE 'f.csv'") == [
        ("a", "bigint", None),
        ("b", "string", None),
        ("", "", ""),
        ("# Detected", "", ""),
        ("Delimiter", ";", ""),
        ("Quote", '"', ""),
        ("Header", "true", ""),
        ("Types", "from the first row", ""),
    ]
    assert sql("DESCRIBE csv.`f.csv`") == [("_c0", "string", None)]


def test_functions(sql: Sql) -> None:
    assert ("count",) in sql("SHOW FUNCTIONS") and sql("SHOW USER FUNCTIONS") == []
    assert sql("SHOW FUNCTIONS LIKE 'coun*|xyz'")[0] == ("count",)
    assert sql("DESCRIBE FUNCTION count")[0] == ("Function: count",)
    assert "Extended Usage" in sql("DESCRIBE FUNCTION EXTENDED count")[-1][0]
    with pytest.raises(AnalysisError, match=r"(?s)UNRESOLVED_ROUTINE.*count"):
        sql("DESCRIBE FUNCTION coutn")


def test_names_that_there_are_not(sql: Sql) -> None:
    for statement in (
        "DESCRIBE nope",
        "SHOW COLUMNS IN nope",
        "SHOW CREATE TABLE nope",
        "CACHE TABLE nope",
        "REFRESH TABLE nope",
    ):
        with pytest.raises(AnalysisError, match="TABLE_OR_VIEW_NOT_FOUND"):
            sql(statement)
    with pytest.raises(AnalysisError, match="SCHEMA_NOT_FOUND"):
        sql("SHOW TABLES IN nope")
    sql("CREATE TABLE t (a INT)")
    with pytest.raises(AnalysisError, match="PARTITION_SCHEMA_IS_EMPTY"):
        sql("SHOW PARTITIONS t")


def test_settings(sql: Sql) -> None:
    assert sql("SET spark.sql.ansi.enabled = false") == [("spark.sql.ansi.enabled", "false")]
    assert sql("SELECT 1 div 0") == [(None,)]
    sql("RESET spark.sql.ansi.enabled")
    assert sql("SET spark.sql.ansi.enabled") == [("spark.sql.ansi.enabled", "true")]
    assert sql("SET my.own.key") == [("my.own.key", "<undefined>")]
    sql("SET my.own.key = a b = c")
    assert ("my.own.key", "a b = c") in sql("SET")
    sql("RESET")
    assert "my.own.key" not in dict(sql("SET"))
    assert len(sql("SET -v")) > 20
    with pytest.raises(AnalysisError, match="INVALID_CONF_VALUE"):
        sql("SET spark.sql.ansi.enabled = perhaps")


@pytest.mark.parametrize("key", ["fs.s3a.secret.key", "my.password", "auth.token", "fs.s3a.access.key"])
def test_secrets_are_never_shown(sql: Sql, key: str) -> None:
    assert "hush" not in str(sql(f"SET {key}=hush"))
    assert "hush" not in str(sql(f"SET {key}")) and "hush" not in str(sql("SET"))


def test_cached_tables(sql: Sql, session: Session) -> None:
    sql("CREATE TABLE t AS SELECT id FROM range(3)")
    sql("CACHE TABLE t")
    for file in Path("spark-warehouse/t").iterdir():
        file.unlink()
    assert sql("SELECT sum(id) FROM t") == [(3,)]
    assert session.catalog.is_cached(("spark_catalog", "default", "t"))
    sql("UNCACHE TABLE t")
    assert sql("SELECT count(*) FROM t") == [(0,)]
    sql("UNCACHE TABLE IF EXISTS nope")


def test_lazy_caches_and_queries(sql: Sql) -> None:
    sql("CREATE TABLE t AS SELECT id FROM range(3)")
    sql("CACHE LAZY TABLE c AS SELECT sum(id) AS s FROM t")
    sql("CREATE OR REPLACE TABLE t AS SELECT id FROM range(4)")
    assert sql("SELECT s FROM c") == [(6,)]
    sql("CREATE OR REPLACE TABLE t AS SELECT id FROM range(5)")
    assert sql("SELECT s FROM c") == [(6,)]
    sql("REFRESH TABLE c")
    sql("CLEAR CACHE")
    assert sql("SELECT s FROM c") == [(10,)]
    with pytest.raises(Unsupported, match="DISK_ONLY"):
        sql("CACHE TABLE t OPTIONS ('storageLevel' 'DISK_ONLY')")


def test_refresh_of_a_path_reads_what_is_kept_again(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n")
    sql(f"CREATE TEMPORARY VIEW files USING csv OPTIONS (path '{tmp_path}')")
    sql("CACHE TABLE files")
    (tmp_path / "b.csv").write_text("2\n")
    assert sql("SELECT count(*) FROM files") == [(1,)]
    sql(f"REFRESH '{tmp_path}'")
    assert sql("SELECT count(*) FROM files") == [(2,)]


def test_a_cache_that_fails_leaves_the_table_alone(sql: Sql, session: Session) -> None:
    sql("CREATE VIEW v AS SELECT 1 div (id - 1) AS x FROM range(3)")
    with pytest.raises(FlintError, match="DIVIDE_BY_ZERO"):
        sql("CACHE TABLE v")
    assert session.catalog.cached() == {}


def test_explain(sql: Sql) -> None:
    ((plan,),) = sql("EXPLAIN SELECT 1")
    assert plan.startswith("== Physical Plan ==")
    ((plan,),) = sql("EXPLAIN CREATE TABLE z AS SELECT 1 AS a")
    assert plan.startswith("Execute CreateTable of:") and sql("SHOW TABLES") == []
    ((plan,),) = sql("EXPLAIN SHOW TABLES")
    assert "Execute Show" in plan


def test_settings_are_put_in_the_place_of_their_names(sql: Sql) -> None:
    sql("SET my.number = 5")
    assert sql("SELECT ${my.number} + 1, '${hiveconf:my.number}', '${nobody}'") == [(6, "5", "${nobody}")]
    sql("SET spark.sql.variable.substitute = false")
    assert sql("SELECT '${my.number}'") == [("${my.number}",)]
