"""ANALYZE TABLE keeps what it finds while the files are the same; DESCRIBE EXTENDED shows it; estimates follow it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import Session
from engine.commands.analyze import equal_height
from engine.errors import FlintError
from engine.optimize.estimates import part_between


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    conf = {"spark.sql.warehouse.dir": str(tmp_path / "warehouse")}
    with Session("local[1]", conf) as found:
        found.sql("CREATE TABLE t (a INT, b STRING, d DATE, g TIMESTAMP, h ARRAY<INT>)")
        found.sql(
            "INSERT INTO t VALUES (1, 'x', DATE '2020-01-01', TIMESTAMP '2020-01-01', NULL), "
            "(2, 'yyy', NULL, NULL, array(1)), (2, NULL, DATE '2021-01-01', NULL, NULL)"
        )
        yield found


def described(session: Session, name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in session.sql(f"DESCRIBE EXTENDED {name}").collect()}


def test_columns(session: Session) -> None:
    session.sql("ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a, b, d, G")
    names = ("min", "max", "num_nulls", "distinct_count", "avg_col_len", "max_col_len", "histogram")
    found = {name: tuple(described(session, f"t {name}")[each] for each in names) for name in "abdgh"}
    instant = "2020-01-01 00:00:00.000000 +0000"
    assert found == {
        "a": ("1", "2", "0", "2", "4", "4", "NULL"),
        "b": ("NULL", "NULL", "1", "2", "2", "3", "NULL"),
        "d": ("2020-01-01", "2021-01-01", "1", "2", "4", "4", "NULL"),
        "g": (instant, instant, "2", "1", "8", "8", "NULL"),
        "h": ("NULL",) * 7,
    }


def test_sizes_and_rows(session: Session) -> None:
    assert "Statistics" not in described(session, "t")
    session.sql("ANALYZE TABLE t COMPUTE STATISTICS NOSCAN")
    assert described(session, "t")["Statistics"].endswith(" bytes")
    session.sql("ANALYZE TABLE t COMPUTE STATISTICS")
    assert described(session, "t")["Statistics"].endswith(" bytes, 3 rows")
    session.sql("ANALYZE TABLE t COMPUTE STATISTICS NOSCAN")
    assert described(session, "t")["Statistics"].endswith(", 3 rows"), "what is known of the same files stays"


def test_other_files_have_other_statistics(session: Session) -> None:
    session.sql("ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a")
    session.sql("ALTER TABLE t SET TBLPROPERTIES ('x' = 'y')")
    assert described(session, "t a")["max"] == "2"
    session.sql("INSERT INTO t (a) VALUES (7)")
    assert "Statistics" not in described(session, "t")
    assert described(session, "t a")["max"] == "NULL"


def test_another_session_knows_them(session: Session, tmp_path: Path) -> None:
    session.conf.set("spark.sql.statistics.histogram.enabled", "true")
    session.conf.set("spark.sql.statistics.histogram.numBins", "2")
    session.sql("ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a")
    with Session("local[1]", {"spark.sql.warehouse.dir": str(tmp_path / "warehouse")}) as other:
        found = described(other, "t a")
    assert found["histogram"] == "height: 1.5, num_of_bins: 2"
    assert found["bin_1"] == "lower_bound: 2.0, upper_bound: 2.0, distinct_count: 1"


def test_all_tables(session: Session) -> None:
    session.sql("CREATE TABLE u AS SELECT 1 AS a")
    session.sql("CREATE VIEW v AS SELECT 1 AS a")
    session.sql("ANALYZE TABLES IN default COMPUTE STATISTICS")
    assert described(session, "t")["Statistics"].endswith(", 3 rows")
    assert described(session, "u")["Statistics"].endswith(", 1 rows")


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS zz", "COLUMN_NOT_FOUND"),
        ("ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a, a", "COLUMN_ALREADY_EXISTS"),
        ("ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS", "UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE"),
        ("ANALYZE TABLE t COMPUTE STATISTICS foo", "INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN"),
        ("ANALYZE TABLE t PARTITION (a = 1) COMPUTE STATISTICS", "UNSUPPORTED_FEATURE"),
        ("ANALYZE TABLE nope COMPUTE STATISTICS", "TABLE_OR_VIEW_NOT_FOUND"),
        ("ANALYZE TABLE w COMPUTE STATISTICS", "EXPECT_PERMANENT_VIEW_NOT_TEMP"),
        ("ANALYZE TABLE w COMPUTE STATISTICS FOR COLUMNS a", "UNSUPPORTED_FEATURE.ANALYZE_UNCACHED_TEMP_VIEW"),
        ("ANALYZE TABLE v COMPUTE STATISTICS", "UNSUPPORTED_FEATURE.ANALYZE_VIEW"),
        ("ANALYZE TABLES IN nope COMPUTE STATISTICS", "SCHEMA_NOT_FOUND"),
    ],
)
def test_errors_like_spark(session: Session, statement: str, condition: str) -> None:
    session.sql("CREATE TEMP VIEW w AS SELECT 1 AS a")
    session.sql("CREATE VIEW v AS SELECT 1 AS a")
    with pytest.raises(FlintError) as raised:
        session.sql(statement)
    assert raised.value.condition == condition


def test_estimates_follow_a_histogram(session: Session) -> None:
    session.sql("CREATE TABLE skewed AS SELECT CAST(if(id < 990, id % 10, id) AS INT) AS a FROM range(1000)")

    def guess(condition: str) -> float:
        found = session.sql(f"SELECT * FROM skewed WHERE {condition}").query
        return found.estimator.rows(found.optimized)

    assert guess("a > 500") > 300, "values are taken to be spread evenly"
    assert guess("a = 3") < 20
    session.conf.set("spark.sql.statistics.histogram.enabled", "true")
    session.sql("ANALYZE TABLE skewed COMPUTE STATISTICS FOR COLUMNS a")
    assert guess("a > 500") < 30
    assert guess("a BETWEEN 0 AND 4") == pytest.approx(495, rel=0.1)
    assert guess("a = 3") == pytest.approx(99, rel=0.1)
    assert guess("a = 995") < 3
    assert guess("a IN (3, 4, 995)") == pytest.approx(199, rel=0.1)


def test_histograms_of_equal_height() -> None:
    values, counts = np.array([1.0, 2.0, 3.0, 9.0]), np.array([1, 6, 2, 1])
    found = equal_height(values, counts, 10, 5)
    assert found.height == 2
    assert found.bins == ((1, 2, 2), (2, 2, 1), (2, 2, 1), (2, 3, 1), (3, 9, 1))
    assert part_between(found, 1, 9) == 1.0
    assert part_between(found, 2, 2) >= 0.4
    assert part_between(found, 4, 9) <= 0.2
