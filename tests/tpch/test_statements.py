"""ClickBench's and h2o.ai's statements on small generated tables: Flint's answers are DuckDB's, all rows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from engine import Session
from tpch import h2o
from tpch.clickbench import data as hits
from tpch.clickbench import statements as clickbench
from tpch.clickbench.schema import SCHEMA
from tpch.h2o import __main__ as questions
from tpch.h2o import data as h2o_data
from tpch.statement import Statement, read_statements

ROWS = 12_000
H2O_ROWS = 200_000  # so that no group of ten thousand has one value only, whose correlation divides by zero
Ask = Callable[[str], pa.Table]
Engines = tuple[Ask, Ask]


def opened(session: Session, tables: dict[str, list[str]]) -> Engines:
    """How to ask Flint and DuckDB about `tables`."""
    connection = duckdb.connect(config={"threads": 2})
    for name, (file,) in tables.items():
        session.sql(f"create or replace temp view {name} as select * from parquet.`{file}`")
        connection.execute(f"create view {name} as select * from read_parquet('{file}')")
    return (lambda text: session.sql(text).toArrow()), (lambda text: connection.sql(text).to_arrow_table())


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session("local[2]") as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generated")


@pytest.fixture(scope="module")
def page_views(session: Session, folder: Path) -> Engines:
    return opened(session, {"hits": [str(hits.load(ROWS, folder))]})


CLICKBENCH = clickbench.statements(ROWS)
DIALECTS = clickbench.dialects([statement.unlimited() for statement in CLICKBENCH])


@pytest.mark.parametrize("statement", CLICKBENCH, ids=lambda statement: statement.name)
def test_clickbench(statement: Statement, page_views: Engines) -> None:
    flint, duck = page_views
    whole = statement.unlimited()
    found = flint(whole.text)
    assert whole.disagreement(found, duck(DIALECTS.get((whole.name, "duckdb"), whole.text))) == ""
    if statement.limited:
        limited = flint(statement.text)
        assert limited.num_rows <= 25 and limited.schema == found.schema


def test_there_are_43_and_what_they_ask_for_by_value_is_there(page_views: Engines) -> None:
    assert len(CLICKBENCH) == 43 and len(SCHEMA) == 105
    _, duck = page_views
    counted = duck(
        f"select count(*) filter (UserID = {hits.VISITOR}), count(*) filter (CounterID = {hits.SITE}),"
        f" count(*) filter (URLHash = {hits.PAGE_HASH}), count(*) filter (RefererHash = {hits.REFERER_HASH}),"
        " count(*) filter (URL like '%google%'), count(*) filter (Title like '%Google%') from hits"
    )
    assert all(column[0].as_py() > 0 for column in counted.columns)


@pytest.mark.parametrize("task", questions.TASKS)
def test_h2o(task: str, session: Session, folder: Path) -> None:
    flint, duck = opened(session, h2o_data.load(task, H2O_ROWS, folder))
    asked = questions.statements(task)
    assert len(asked) == {"groupby": 10, "join": 5}[task], h2o.__doc__
    assert {each.name: each.disagreement(flint(each.text), duck(each.text)) for each in asked} == {
        each.name: "" for each in asked
    }


def test_generated_tables_are_the_same_every_time(folder: Path) -> None:
    one, other = (next(hits.batches(500)) for _ in range(2))
    assert one.equals(other)
    assert h2o_data.join(1000)["x"]["id3"].equals(h2o_data.join(1000)["x"]["id3"])


# when answers agree


def table(*rows: tuple[object, ...]) -> pa.Table:
    return pa.table({str(place): list(column) for place, column in enumerate(zip(*rows, strict=True))})


def test_ties_at_a_cut_may_differ() -> None:
    top = Statement("q01", "select a, n from t order by n desc limit 3", (-2,))
    expected = table(("x", 9), ("y", 5), ("z", 5))
    assert top.disagreement(table(("x", 9), ("u", 5), ("v", 5)), expected) == ""
    assert top.disagreement(table(("u", 9), ("y", 5), ("z", 5)), expected).startswith("missing row (x, 9)")
    assert "where one with (Decimal('5'),)" in top.disagreement(table(("x", 9), ("y", 5), ("z", 4)), expected)
    later = Statement("q01", top.text + " offset 2", (-2,))
    assert later.disagreement(table(("u", 9), ("y", 5), ("z", 5)), expected) == ""
    assert top.unlimited().text == later.unlimited().text == "select a, n from t order by n desc"
    assert top.unlimited().disagreement(table(("x", 9), ("u", 5), ("z", 5)), expected) != ""


def test_answers_in_any_order() -> None:
    plain = Statement("q01", "select a, n from t")
    assert plain.disagreement(table(("y", 0.5), ("x", 2.0)), table(("x", 2.0 + 1e-9), ("y", 0.5))) == ""
    assert plain.disagreement(table(("y", 0.5), ("x", 2.1)), table(("x", 2.0), ("y", 0.5))) != ""
    assert plain.disagreement(table(("y", 0.5)), table(("x", 2.0), ("y", 0.5))) == "1 rows, expected 2"
    assert plain.disagreement(table(("y",)), table(("x", 2.0))) == "1 columns, expected 2"
    assert Statement("q01", "", open=True).disagreement(table(("y", 1)), table(("x", 2))) == ""


def test_large_answers_are_compared_by_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tpch.statement.IN_FULL", 1)
    plain = Statement("q01", "select a, n from t")
    expected = table(("x", 2.0), ("yy", None))
    assert plain.disagreement(table(("yy", None), ("x", 2.0)), expected) == ""
    assert plain.disagreement(table(("yy", None), ("x", 2.1)), expected).startswith("column 2")
    assert plain.disagreement(table(("yy", None), ("xx", 2.0)), expected).startswith("column 1")
    assert plain.disagreement(table(("yy", 0.0), ("x", 2.0)), expected).startswith("column 2")


def test_statements_of_a_file() -> None:
    text = "-- about\n\n-- q01 -2 1\nselect a,\n b;\n-- q02 ?\nselect 1;\n"
    assert read_statements(text) == [
        Statement("q01", "select a,\n b", (-2, 1)),
        Statement("q02", "select 1", (), open=True),
    ]
    with pytest.raises(ValueError, match="two statements are called q01"):
        read_statements("-- q01\nselect 1;\n-- q01\nselect 2;\n")
