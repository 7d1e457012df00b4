"""Functions in SQL: kept with the catalog, seen by other sessions, inlined in every clause, blind to their callers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import AnalysisError, FlintError
from engine.session import Session

Run = Callable[..., list[tuple[Any, ...]]]


def condition(sql: Run, text: str) -> str:
    with pytest.raises(FlintError) as error:
        sql(text)
    return error.value.condition


@pytest.fixture
def functions(session: Session, sql: Run) -> Any:
    yield sql
    for name in session.catalog.routines.names():
        sql(f"DROP {'' if '.' in name else 'TEMPORARY '}FUNCTION {name}")


def test_other_sessions_see_what_is_kept(tmp_path: Path) -> None:
    conf = {"spark.sql.warehouse.dir": str(tmp_path / "w")}
    with Session("local[1]", conf) as one:
        one.sql(
            "CREATE FUNCTION plus(a INT, b INT DEFAULT 1 + 1 COMMENT 'more') RETURNS BIGINT COMMENT 'adds' RETURN a + b"
        )
        one.sql("CREATE TEMPORARY FUNCTION gone() RETURNS INT RETURN 1")
        one.sql("CREATE VIEW v AS SELECT plus(id) AS c FROM range(2)")
    with Session("local[1]", conf) as other:
        assert [tuple(r) for r in other.sql("SELECT plus(1), plus(b => 5, a => 1)").collect()] == [(3, 6)]
        assert [tuple(r) for r in other.sql("SELECT * FROM v ORDER BY c").collect()] == [(2,), (3,)]
        assert condition(lambda text: other.sql(text).collect(), "SELECT gone()") == "UNRESOLVED_ROUTINE"
        lines = [r[0] for r in other.sql("DESCRIBE FUNCTION EXTENDED plus").collect()]
        assert lines[2] == "Input:         a INT" and "b INT DEFAULT 1 + 1 'more'" in lines[3]
        other.sql("DROP FUNCTION plus")
        assert condition(lambda text: other.sql(text).collect(), "SELECT * FROM v") == "UNRESOLVED_ROUTINE"


def test_a_body_sees_its_parameters_and_not_its_caller(functions: Run) -> None:
    functions("CREATE FUNCTION f(a INT) RETURNS INT RETURN a * 10 + f.a")
    functions("CREATE FUNCTION g(a INT) RETURNS INT RETURN (SELECT max(a + f.b) FROM VALUES (1, 2), (3, 4) AS f(a, b))")
    functions(
        "CREATE FUNCTION h(a INT) RETURNS INT RETURN (SELECT sum(x) FROM VALUES (1), (2), (3) AS v(x) WHERE x < a)"
    )
    assert functions("SELECT f(b), g(7), h(3) FROM VALUES (5, 6) AS t(a, b)") == [(66, 7, 3)]
    assert functions("SELECT a, h(a) FROM VALUES (1), (2), (4) AS t(a) ORDER BY a") == [(1, None), (2, 1), (4, 6)]
    assert functions("SELECT h(max(a)) AS m FROM VALUES (1), (4) AS t(a) HAVING h(max(a)) > 5") == [(6,)]
    assert functions("SELECT h(a), count(*) FROM VALUES (2), (4), (4) AS t(a) GROUP BY h(a) ORDER BY 1") == [
        (1, 1),
        (6, 2),
    ]
    assert functions("SELECT a, h(h(a) + 1) FROM VALUES (3) AS t(a) WHERE h(a) = 3") == [(3, 6)]
    assert condition(functions, "CREATE FUNCTION k(a INT) RETURNS INT RETURN b") == "UNRESOLVED_COLUMN.WITH_SUGGESTION"


def test_calls_in_inline_tables(functions: Run) -> None:
    functions("CREATE TEMPORARY FUNCTION f(x INT) RETURNS INT RETURN x + 1")
    assert functions("VALUES (f(1)), (f(f(2)))") == [(2,), (4,)]


def test_arguments_are_drawn_once(functions: Run) -> None:
    functions("CREATE FUNCTION same(x DOUBLE) RETURNS BOOLEAN RETURN x = x AND x - x = 0")
    functions("CREATE FUNCTION twins(x DOUBLE) RETURNS TABLE(a DOUBLE, b DOUBLE) RETURN SELECT x, x")
    assert functions("SELECT count_if(same(rand())) FROM range(50)") == [(50,)]
    assert functions("SELECT count(*) FROM twins(rand()) WHERE a = b") == [(1,)]


def test_tables_of_functions(functions: Run) -> None:
    functions(
        "CREATE FUNCTION upto(n INT, s STRING DEFAULT 'x') RETURNS TABLE(i BIGINT, t STRING) "
        "RETURN SELECT id, s FROM range(5) WHERE id < n"
    )
    assert functions("SELECT * FROM upto(2)") == [(0, "x"), (1, "x")]
    assert functions("SELECT a, i FROM VALUES (1), (2) AS v(a), LATERAL upto(a) ORDER BY a, i") == [
        (1, 0),
        (2, 0),
        (2, 1),
    ]
    assert functions("SELECT (SELECT count(*) FROM upto(a)) AS c FROM VALUES (1), (3) AS v(a) ORDER BY 1") == [
        (1,),
        (3,),
    ]
    assert functions("SELECT u.i FROM upto(s => 'q', n => 1) AS u") == [(0,)]
    assert condition(functions, "SELECT upto(1)") == "NOT_A_SCALAR_FUNCTION"


def test_functions_do_not_come_back_to_themselves(functions: Run) -> None:
    functions("CREATE FUNCTION a(x INT) RETURNS INT RETURN 1")
    functions("CREATE FUNCTION b(x INT) RETURNS INT RETURN a(x)")
    assert (
        condition(functions, "CREATE OR REPLACE FUNCTION a(x INT) RETURNS INT RETURN b(x)")
        == "CYCLIC_FUNCTION_REFERENCE"
    )
    assert functions("SELECT b(0)") == [(1,)]


def test_what_is_kept_needs_nothing_of_the_session(functions: Run) -> None:
    functions("CREATE TEMPORARY FUNCTION t(x INT) RETURNS INT RETURN x")
    for text in ("CREATE FUNCTION k() RETURNS INT RETURN t(1)", "CREATE VIEW k AS SELECT t(1) AS c"):
        assert condition(functions, text) == "INVALID_TEMP_OBJ_REFERENCE"
    assert condition(functions, "DROP FUNCTION t") == "EXPECT_PERSISTENT_FUNCTION_NOT_TEMP"
    assert functions("SHOW USER FUNCTIONS") == [("t",)]


def test_the_settings_of_a_function_are_those_it_was_made_under(session: Session, functions: Run) -> None:
    session.sql("SET spark.sql.ansi.enabled=false")
    functions("CREATE FUNCTION quiet(x INT) RETURNS DOUBLE RETURN 1 / x")
    session.sql("SET spark.sql.ansi.enabled=true")
    assert functions("SELECT quiet(0)") == [(None,)]
    functions("CREATE OR REPLACE FUNCTION quiet(x INT) RETURNS DOUBLE RETURN 1 / x")
    with pytest.raises(FlintError) as error:
        functions("SELECT quiet(0)")
    assert error.value.condition == "DIVIDE_BY_ZERO" and not isinstance(error.value, AnalysisError)


def test_names_that_are_computed_in_bodies(functions: Run) -> None:
    functions("CREATE TEMPORARY FUNCTION f(x INT) RETURNS INT RETURN IDENTIFIER('ab' || 's')(IDENTIFIER('x'))")
    assert functions("SELECT f(-3)") == [(3,)]
