"""Session variables and EXECUTE IMMEDIATE: a script with what Spark 4.3 answers to each statement, in order."""

from __future__ import annotations

import pytest

from engine import Session
from engine.errors import FlintError, Unsupported

TABLE = (
    "create temporary view t as select * from values (1, 'a'), (2, 'b'), (3, null), (null, 'b'), (2, 'c') as v(a, b)"
)

# A statement after --, then the columns and rows it answers with, or its error.
SCRIPT = """\
-- declare variable v1 int default 5
-- select v1, v1 + 1 as w, session.v1, system.session.v1
v1: int, w: int, v1: int, v1: int
5	6	5	5
-- declare v2 = 'abc'
-- declare v2 string
[VARIABLE_ALREADY_EXISTS]
-- declare or replace v2 string
-- select v2
v2: string
NULL
-- declare or replace variable v3 double default 1 + 2
-- select v3
v3: double
3.0
-- declare v4
[INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED]
-- declare v5 int default 'x'
[CAST_INVALID_INPUT]
-- declare v5 int default a
[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION]
-- declare v5 int default (select max(a) from t)
[INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION]
-- select v5
[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION]
-- set var v1 = v1 + 1
-- select v1
v1: int
6
-- set variable v1 = 10, v3 = v1
-- select v1, v3
v1: int, v3: double
10	10.0
-- set var (v1, v3) = (select 7, 8.5)
-- select v1, v3
v1: int, v3: double
7	8.5
-- set var (v1, v3) = (select 7)
[ASSIGNMENT_ARITY_MISMATCH]
-- set var (v1, v3) = (select 1, 2 from t where false)
-- select v1, v3
v1: int, v3: double
NULL	NULL
-- set var v1 = default
-- select v1
v1: int
5
-- set var v1 = 'x'
[CAST_INVALID_INPUT]
-- set var nope = 1
[UNRESOLVED_VARIABLE]
-- set var v1 = 1, v1 = 2
[DUPLICATE_ASSIGNMENTS]
-- select a, v1 from t where a < v1 order by a limit 1
a: int, v1: int
1	5
-- declare a int default 100
-- select a from t order by a limit 1
a: int
NULL
-- select session.a from t limit 1
a: int
100
-- select v1 from (select 3 as v1)
v1: int
3
-- drop temporary variable v2
-- select v2
[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION]
-- drop temporary variable v2
[VARIABLE_NOT_FOUND]
-- drop temporary variable if exists v2
-- drop variable v1
[PARSE_SYNTAX_ERROR]
-- drop temporary variable session.v3
-- declare x1, x2, x3 int default 3
-- declare session.y1 int = 4
-- select y1
y1: int
4
-- declare builtin.y2 int = 4
[UNRESOLVED_VARIABLE]
-- declare st struct<p int, q string> default named_struct('p', 1, 'q', 'z')
-- select st.p, st
p: int, st: struct<p:int,q:string>
1	Row(p=1, q='z')
-- declare arr default array(1, 2, 3)
-- select count(*) from t group by v1
count(1): bigint
5
-- execute immediate 'select 1 as x'
x: int
1
-- execute immediate 'select ? + ? as x' using 1, 2
x: int
3
-- execute immediate 'select :a + :b as x' using 1 as a, 2 as b
x: int
3
-- declare q string default 'select a from t where a = ?'
-- execute immediate q using 3
a: int
3
-- declare r int
-- execute immediate 'select max(a) from t' into r
-- select r
r: int
3
-- execute immediate 'select 1, 2' into r
[ASSIGNMENT_ARITY_MISMATCH]
-- execute immediate 'select a from t where false' into r
-- select r
r: int
NULL
-- declare r2 string
-- execute immediate 'select a, b from t where a = :x' into r, r2 using 1 as x
-- select r, r2
r: int, r2: string
1	a
-- execute immediate 'set var r = 77'
-- select r
r: int
77
-- execute immediate 'set var r = 77' into r
[INVALID_STATEMENT_FOR_EXECUTE_INTO]
-- execute immediate 'select ?' using a
100: int
100
-- execute immediate 'select ?'
[UNBOUND_SQL_PARAMETER]
-- execute immediate 1
[INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE]
-- execute immediate cast(null as string)
[NULL_QUERY_STRING_EXECUTE_IMMEDIATE]
-- execute immediate 'execute immediate ''select 5'''
5: int
5
-- execute immediate 'select :p' using 5 as p, 6 as p
[EXEC_IMMEDIATE_DUPLICATE_ARGUMENT_ALIASES]
-- execute immediate 'select ?' using r
77: int
77
-- execute immediate 'select ?' using r + 1
78: int
78
-- execute immediate concat('select ', '2')
2: int
2
-- declare tname string default 't'
-- select a from identifier(tname) where a = 1
a: int
1
-- set var tname = 'b'
-- select identifier(tname) from t where a = 1
b: string
a
-- select count(*) from t limit v1
count(1): bigint
5
-- set var v1 = 99
-- set var v1 = (select 12)
-- select v1
v1: int
12
-- declare d date default '2020-01-01'
-- select d, d + 1 as e
d: date, e: date
2020-01-01	2020-01-02
-- declare dec decimal(5,2) default 1.237
-- select dec
dec: decimal(5,2)
1.24
-- declare big tinyint default 300
[CAST_OVERFLOW]
-- set session.v1 = 3
[UNSUPPORTED_FEATURE.SET_VARIABLE_USING_SET]
-- select v1
v1: int
12
"""


def answer(session: Session, statement: str) -> str:
    try:
        frame = session.sql(statement)
        rows = frame.collect()
    except FlintError as error:
        return f"[{error.condition}]"
    header = ", ".join(f"{name}: {kind}" for name, kind in frame.dtypes)
    return "\n".join([header, *("\t".join("NULL" if v is None else str(v) for v in row) for row in rows)]).strip()


@pytest.fixture
def session():
    with Session("local[1]", {"flint.local.rowLimit": 10**9}) as session:
        session.sql(TABLE)
        yield session


def test_a_script_like_spark(session):
    cases = [case.partition("\n") for case in SCRIPT.removeprefix("-- ").rstrip().split("\n-- ")]
    answered = [(statement, answer(session, statement)) for statement, _, _ in cases]
    assert answered == [(statement, expected) for statement, _, expected in cases]


def test_more_rows_than_variables_take(session):
    session.sql("declare r int default 5")
    for statement in ("set var (r) = (select a from t)", "execute immediate 'select a from t' into r"):
        with pytest.raises(FlintError) as error:
            session.sql(statement)
        assert error.value.condition == "ROW_SUBQUERY_TOO_MANY_ROWS"
    assert session.sql("select r").collect() == [(5,)]


def test_what_fails_changes_no_variable(session):
    session.sql("declare x, y int default 1")
    assert answer(session, "set var x = 2, y = 1 / 0") == "[DIVIDE_BY_ZERO]"
    assert session.sql("select x, y").collect() == [(1, 1)]


def test_a_view_does_not_freeze_a_variable(session):
    session.sql("declare x int default 1")
    with pytest.raises(Unsupported, match="session variables in CREATE VIEW"):
        session.sql("create temporary view v as select x")


def test_statements_run_by_execute_immediate(session):
    session.sql("execute immediate 'create temporary view z as select 1 as one'")
    assert session.sql("select * from z").collect() == [(1,)]


def test_sessions_have_variables_of_their_own(session):
    session.sql("declare x int default 1")
    with Session("local[1]") as other:
        assert answer(other, "select x") == "[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION]"
