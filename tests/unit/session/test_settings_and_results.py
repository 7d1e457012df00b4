"""What a session takes and gives: settings, parameters, rows, schemas, plans."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine import Session
from engine.errors import FlintError


@pytest.mark.parametrize(
    ("conf", "master", "names"),
    [
        ({}, "yarn", "spark.master"),
        ({}, "local[-1]", "spark.master"),
        ({}, "local[0]", "spark.master"),
        ({"spark.executor.instances": "x"}, None, "spark.executor.instances"),
        ({"spark.executor.instances": 0}, "local[2]", "spark.executor.instances"),
        ({"spark.executor.memory": "12q"}, None, "spark.executor.memory"),
        ({"spark.executor.memory": None}, None, "spark.executor.memory"),
        ({"spark.sql.ansi.enabled": "maybe"}, None, "spark.sql.ansi.enabled"),
        ({"spark.sql.ansi.enabled": ""}, None, "spark.sql.ansi.enabled"),
        ({"spark.sql.session.timeZone": "Europe/Berlim"}, None, "Europe/Berlin"),
        ({"spark.sql.shuffle.partitions": -5}, None, "spark.sql.shuffle.partitions"),
        ({"spark.sql.statementTimeout": "soon"}, None, "spark.sql.statementTimeout"),
    ],
)
def test_settings_that_do_not_fit_are_refused(conf: dict[str, Any], master: str | None, names: str) -> None:
    with pytest.raises(FlintError) as raised:
        Session(master, conf=conf)
    assert raised.value.condition.startswith("INVALID_CONF_VALUE")
    assert names in str(raised.value)


def test_settings_of_a_running_session(session: Session) -> None:
    for name, value, condition in (
        ("spark.sql.caseSensitive", "perhaps", "INVALID_CONF_VALUE"),
        ("spark.executor.memory", "1g", "CANNOT_MODIFY_STATIC_CONFIG"),
    ):
        with pytest.raises(FlintError) as raised:
            session.conf.set(name, value)
        assert raised.value.condition == condition
    with pytest.raises(FlintError) as raised:
        session.conf.get("spark.sql.ansi.enable")
    assert raised.value.hint == "Did you mean spark.sql.ansi.enabled?"
    session.conf.set("spark.mine.own", 5)
    assert session.conf.get("spark.mine.own") == "5"
    session.conf.unset("spark.mine.own")


def test_division_by_zero_without_ansi(session: Session) -> None:
    session.conf.set("spark.sql.ansi.enabled", False)
    try:
        assert session.sql("select 1/0, 2147483647 + 1, cast('x' as int)").collect() == [(None, -2147483648, None)]
    finally:
        session.conf.unset("spark.sql.ansi.enabled")


@pytest.mark.parametrize(
    ("text", "args", "names", "row"),
    [
        ("select :a + 1, :b", {"a": 1, "b": "it's"}, ["(1 + 1)", "it's"], (2, "it's")),
        ("select ? + 1 as x, ?", [1, None], ["x", "NULL"], (2, None)),
        (
            "select :d, :t, :c",
            {"d": datetime.date(2020, 1, 1), "t": True, "c": Decimal("1.10")},
            ["DATE '2020-01-01'", "true", "1.10"],
            (datetime.date(2020, 1, 1), True, Decimal("1.10")),
        ),
    ],
)
def test_parameters(session: Session, text: str, args: Any, names: list[str], row: tuple[Any, ...]) -> None:
    frame = session.sql(text, args)
    assert frame.columns == names
    assert frame.collect() == [row]


@pytest.mark.parametrize(
    ("text", "args", "place"),
    [("select :a + :b", {"a": 1}, ":b"), ("select ?, ?", [1], "?"), ("select :a", None, ":a"), ("select ?", {}, "?")],
)
def test_parameters_without_a_value(session: Session, text: str, args: Any, place: str) -> None:
    with pytest.raises(FlintError) as raised:
        session.sql(text, args)
    assert raised.value.condition == "UNBOUND_SQL_PARAMETER"
    assert raised.value.position is not None
    assert text[raised.value.position.start : raised.value.position.stop] == place


def test_rows_are_tuples(session: Session) -> None:
    (row,) = session.sql("select 1 a, named_struct('x', 1) b, array(1, 2) c, map('k', 1) m").collect()
    assert row == (1, (1,), [1, 2], {"k": 1})
    assert isinstance(row, tuple)
    assert (row.a, row["a"], row.b.x, row.asDict()["c"]) == (1, 1, 1, [1, 2])
    with pytest.raises(AttributeError):
        row.nope  # noqa: B018 - raises


def test_schema(session: Session, files: Path) -> None:
    frame = session.sql(f"select a, b, cast(1 as decimal(5, 2)) x, array(d) y from '{files}/t.parquet'")
    assert [(field.name, field.dataType.simpleString(), field.nullable) for field in frame.schema.fields] == [
        ("a", "int", True),
        ("b", "string", True),
        ("x", "decimal(5,2)", True),
        ("y", "array<double>", False),
    ]


def test_the_limit_of_collect(session: Session, files: Path) -> None:
    frame = session.sql(f"select * from '{files}/t.parquet'")
    session.conf.set("spark.sql.maxResultRows", 3)
    try:
        with pytest.raises(FlintError) as raised:
            frame.collect()
        assert raised.value.condition == "COLLECT_LIMIT_EXCEEDED"
        assert "spark.sql.maxResultRows" in str(raised.value)
        assert frame.toArrow().num_rows == 4
        session.conf.set("spark.sql.maxResultRows", 4)
        assert len(frame.collect()) == 4
    finally:
        session.conf.unset("spark.sql.maxResultRows")


@pytest.mark.parametrize(
    ("mode", "title"),
    [
        ("simple", "== Physical Plan =="),
        ("extended", "== Parsed Logical Plan =="),
        ("formatted", "Output: ["),
        ("cost", "rows"),
        ("rules", "== Optimized Logical Plan =="),
        ("analyze", "rows est → actual"),
    ],
)
def test_explain(session: Session, files: Path, mode: str, title: str) -> None:
    table = f"parquet.`{files}/t.parquet`"
    long = " + ".join(["length(x.b)"] * 12)
    text = f"select a, count(*) {'n' * 60}, sum({long}) from {table} x join {table} y using (a) where y.b like '%x%' group by a"
    shown = session.sql(text).query.explain(mode)
    assert title in shown
    if mode == "analyze":
        assert max(map(len, shown.splitlines())) <= 100


def test_modes_there_are_not(session: Session) -> None:
    with pytest.raises(FlintError) as raised:
        session.sql("select 1").explain("nope")
    assert raised.value.condition == "UNSUPPORTED_FEATURE"
    assert "analyze" in raised.value.hint
