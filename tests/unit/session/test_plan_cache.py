"""A plan is used again exactly while nothing that made it has changed: one test for each part of what identifies it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    conf = {"spark.sql.warehouse.dir": str(tmp_path / "warehouse")}
    with Session("local[1]", conf) as found:
        yield found


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A folder with one file of the numbers 1 to 3."""
    folder = tmp_path / "numbers"
    folder.mkdir()
    write(folder / "a.parquet", [1, 2, 3])
    return folder


def write(path: Path, values: list[int]) -> None:
    pq.write_table(pa.table({"n": pa.array(values, pa.int64())}), path)


def rows(session: Session, text: str, args: object = None) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.sql(text, args).collect()]  # type: ignore[arg-type]


def reused(session: Session, text: str, args: object = None) -> bool:
    """Whether running `text` once more uses the plan that there is."""
    before = session.plans.hits
    rows(session, text, args)
    return session.plans.hits > before


def total(folder: Path) -> str:
    return f"SELECT sum(n) FROM parquet.`{folder}`"


def test_a_repeated_statement_uses_its_plan(session: Session, numbers: Path) -> None:
    first, second = (session.sql(total(numbers)) for _ in range(2))
    assert not reused(session, total(numbers))
    again = session.sql(total(numbers))
    assert again.collect() == first.collect() == second.collect()
    assert again.query.physical is not first.query.physical, "planned before anything was kept"
    assert session.sql(total(numbers)).query.physical is session.sql(total(numbers)).query.physical


def test_another_text_is_another_statement(session: Session) -> None:
    rows(session, "SELECT 1 + 1")
    assert not reused(session, "SELECT 1 +  1")
    assert reused(session, "SELECT 1 + 1")


def test_parameters_by_value_and_type(session: Session) -> None:
    text = "SELECT typeof(:a), 1 / nullif(:a, 5)"
    rows(session, text, {"a": 2})
    assert reused(session, text, {"a": 2})
    for other in (3, 2.0, "2", -2):
        assert not reused(session, text, {"a": other})
    rows(session, "SELECT ?", [0.0])
    assert not reused(session, "SELECT ?", [-0.0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spark.sql.ansi.enabled", "false"),
        ("spark.sql.session.timeZone", "Asia/Tokyo"),
        ("spark.sql.caseSensitive", "true"),
    ],
)
def test_settings(session: Session, name: str, value: str) -> None:
    text = "SELECT cast('1' AS INT) + 1"
    rows(session, text)
    session.conf.set(name, value)
    assert not reused(session, text)
    session.conf.unset(name)
    assert reused(session, text), "the settings are what they were"


def test_current_database(session: Session) -> None:
    session.sql("CREATE DATABASE other")
    session.sql("CREATE TABLE t AS SELECT 1 AS a")
    session.sql("CREATE TABLE other.t AS SELECT 2 AS a")
    assert rows(session, "SELECT a FROM t") == [(1,)]
    session.sql("USE other")
    assert rows(session, "SELECT a FROM t") == [(2,)]


def test_relative_paths(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, value in (("one", 1), ("two", 2)):
        (tmp_path / place).mkdir()
        write(tmp_path / place / "t.parquet", [value])
    for place, value in (("one", 1), ("two", 2), ("one", 1)):
        monkeypatch.chdir(tmp_path / place)
        assert rows(session, "SELECT n FROM parquet.`t.parquet`") == [(value,)]


def test_tables_of_the_catalog(session: Session) -> None:
    session.sql("CREATE TABLE t AS SELECT 1 AS a")
    text = "SELECT * FROM t"
    assert rows(session, text) == [(1,)]
    assert reused(session, text)
    session.sql("DROP TABLE t")
    session.sql("CREATE TABLE t AS SELECT 2 AS b, 3 AS c")
    assert rows(session, text) == [(2, 3)]
    session.sql("INSERT INTO t VALUES (4, 5)")
    assert sorted(rows(session, text)) == [(2, 3), (4, 5)]


def test_views_of_the_catalog(session: Session) -> None:
    session.sql("CREATE VIEW v AS SELECT 1 AS a")
    assert rows(session, "SELECT * FROM v") == [(1,)]
    session.sql("CREATE OR REPLACE VIEW v AS SELECT 2 AS a")
    assert rows(session, "SELECT * FROM v") == [(2,)]


def test_temporary_views(session: Session) -> None:
    session.sql("CREATE TEMP VIEW v AS SELECT 1 AS a")
    assert rows(session, "SELECT * FROM v") == [(1,)]
    session.sql("CREATE OR REPLACE TEMP VIEW v AS SELECT 2 AS a")
    assert rows(session, "SELECT * FROM v") == [(2,)]
    assert reused(session, "SELECT * FROM v")


def test_changes_by_another_session(session: Session, tmp_path: Path) -> None:
    session.sql("CREATE VIEW v AS SELECT 1 AS a")
    assert rows(session, "SELECT * FROM v") == [(1,)]
    with Session("local[1]", {"spark.sql.warehouse.dir": str(tmp_path / "warehouse")}) as other:
        other.sql("CREATE OR REPLACE VIEW v AS SELECT 2 AS a")
    assert rows(session, "SELECT * FROM v") == [(2,)]


def test_variables(session: Session) -> None:
    session.sql("DECLARE x = 1")
    assert rows(session, "SELECT x") == [(1,)]
    session.sql("SET VAR x = 2")
    assert rows(session, "SELECT x") == [(2,)]
    session.sql("DROP TEMPORARY VARIABLE x")
    with pytest.raises(Exception, match="UNRESOLVED_COLUMN"):
        session.sql("SELECT x")


def test_functions(session: Session) -> None:
    session.sql("CREATE TEMPORARY FUNCTION f(a INT) RETURNS INT RETURN a + 1")
    assert rows(session, "SELECT f(1)") == [(2,)]
    session.sql("CREATE OR REPLACE TEMPORARY FUNCTION f(a INT) RETURNS INT RETURN a + 2")
    assert rows(session, "SELECT f(1)") == [(3,)]


def test_a_replaced_file(session: Session, numbers: Path) -> None:
    file = numbers / "a.parquet"
    for path in (numbers, file):
        assert rows(session, total(path)) == [(6,)]
    time = file.stat().st_mtime_ns
    write(file, [1, 2, 4])
    os.utime(file, ns=(time, time + 1))
    for path in (numbers, file):
        assert rows(session, total(path)) == [(7,)]
    write(file, [5, 5, 5, 5, 5, 5, 5])
    os.utime(file, ns=(time, time + 1))
    for path in (numbers, file):
        assert rows(session, total(path)) == [(35,)], "of another size, with the same time"


def test_a_new_and_a_removed_file(session: Session, numbers: Path) -> None:
    assert rows(session, total(numbers)) == [(6,)]
    write(numbers / "b.parquet", [10])
    assert rows(session, total(numbers)) == [(16,)]
    (numbers / "a.parquet").unlink()
    assert rows(session, total(numbers)) == [(10,)]
    assert reused(session, total(numbers))


def test_what_a_glob_matches(session: Session, numbers: Path) -> None:
    text = f"SELECT sum(n) FROM parquet.`{numbers}/*.parquet`"
    assert rows(session, text) == [(6,)]
    write(numbers / "b.parquet", [10])
    assert rows(session, text) == [(16,)]


def test_a_file_rewritten_in_a_partition(session: Session, tmp_path: Path) -> None:
    for part in (1, 2):
        (tmp_path / "t" / f"p={part}").mkdir(parents=True)
        write(tmp_path / "t" / f"p={part}" / "a.parquet", [part])
    text = f"SELECT sum(n) FROM parquet.`{tmp_path / 't'}` WHERE p = 2"
    assert rows(session, text) == [(2,)]
    assert reused(session, text)
    write(tmp_path / "t" / "p=2" / "a.parquet", [7, 7])
    assert rows(session, text) == [(14,)]
    (tmp_path / "t" / "p=3").mkdir()
    write(tmp_path / "t" / "p=3" / "a.parquet", [7, 7])
    assert rows(session, text) == [(14,)]


def test_a_file_that_is_gone(session: Session, numbers: Path) -> None:
    rows(session, total(numbers))
    (numbers / "a.parquet").unlink()
    numbers.rmdir()
    with pytest.raises(Exception, match="PATH_NOT_FOUND"):
        session.sql(total(numbers))


@pytest.mark.parametrize("moment", ["now()", "current_timestamp", "timestamp 'now'", "date_format(now(), 'SSSSSS')"])
def test_the_clock_is_read_for_each_run(session: Session, moment: str) -> None:
    text = f"SELECT {moment} FROM VALUES (1)"
    assert len({rows(session, text)[0] for _ in range(3)}) == 3


def test_a_kept_analysis_with_a_plan_of_its_own(session: Session) -> None:
    text = "SELECT now() AS t FROM VALUES (1)"
    first = session.sql(text)
    first.collect()
    again = session.sql(text)
    assert again.query.analyzed is first.query.analyzed
    assert again.query.optimized is not first.query.optimized


def test_the_user_is_asked_for_each_run(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ann", "bob"):
        monkeypatch.setenv("LOGNAME", name)
        assert rows(session, "SELECT current_user()") == [(name,)]


@pytest.mark.parametrize("value", ["rand()", "uuid()", "randn()", "randstr(20)", "shuffle(sequence(1, 50))"])
def test_chance_is_asked_for_each_run(session: Session, value: str) -> None:
    assert len({str(rows(session, f"SELECT {value} AS x")) for _ in range(3)}) == 3


def test_a_sample_is_drawn_for_each_run(session: Session) -> None:
    text = "SELECT id FROM (SELECT id FROM range(1000)) TABLESAMPLE (50 PERCENT)"
    assert len({str(rows(session, text)) for _ in range(4)}) > 1


def test_switched_off(session: Session) -> None:
    session.conf.set("flint.planCache.size", 0)
    rows(session, "SELECT 1")
    assert not reused(session, "SELECT 1")
    assert len(session.plans) == 0


def test_the_oldest_goes_first(session: Session) -> None:
    session.conf.set("flint.planCache.size", 2)
    for number in (1, 2, 1, 3):
        rows(session, f"SELECT {number}")
    assert len(session.plans) == 2
    assert reused(session, "SELECT 1")
    assert not reused(session, "SELECT 2")


def test_errors_and_statements_that_change_something_are_not_kept(session: Session) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="DIVIDE_BY_ZERO"):
            rows(session, "SELECT 1 / id FROM range(1)")
        session.sql("CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS a")
    session.sql("CREATE TABLE t (a INT)")
    for _ in range(2):
        session.sql("INSERT INTO t VALUES (1)")
    assert rows(session, "SELECT count(*) FROM t") == [(2,)]


def test_a_change_of_the_catalog_frees_all_plans() -> None:
    with Session("local[1]", {"spark.sql.catalogImplementation": "in-memory"}) as session:
        rows(session, "SELECT 1")
        rows(session, "SELECT 2")
        session.sql("CREATE TEMP VIEW v AS SELECT 1 AS a")
        rows(session, "SELECT 3")
        assert len(session.plans) == 1


def test_many_threads_share_the_plans(session: Session, numbers: Path) -> None:
    failures: list[object] = []

    def work() -> None:
        for _ in range(10):
            if rows(session, total(numbers)) != [(6,)]:
                failures.append("wrong")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(session.plans) == 1
