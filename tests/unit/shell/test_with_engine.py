"""The shell on a real session: names for completion, and a script from start to end."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.shell import script
from engine.shell.completion import offers
from engine.shell.console import Console
from engine.shell.names import Names
from engine.shell.options import Settings


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    file = tmp_path_factory.mktemp("data") / "orders.parquet"
    pq.write_table(pa.table({"order_id": [1, 2, 3], "amount": [1.5, None, 1e10], "status": ["a", "b", None]}), file)
    with Session(master="local[1]", conf={"spark.sql.warehouse.dir": str(file.parent / "warehouse")}) as session:
        session.sql(f"create temp view orders as select * from '{file}'")
        session.sql("create temp view people as select 1 as id, 'x' as name")
        yield session


def offered(session: Session, text: str) -> list[str]:
    cursor = text.index("¦")
    return [offer.text for offer in offers(text.replace("¦", ""), cursor, Names(session))[1]]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("select * from ¦", ["orders", "people"]),
        ("select ¦ from orders", ["order_id", "amount", "status"]),
        ("select o.¦ from orders o join people p", ["order_id", "amount", "status"]),
        ("select o.a¦ from orders o join people p", ["amount"]),
        ("with w as (select id as key from people) select ¦ from w", ["key"]),
        ("select * from (select name as n from people) s where ¦", ["n"]),
        ("select * from orders where exists (select 1 from people where na¦", ["name"]),
        ("select ¦ from nowhere", ["not"]),
        ("select * from orders ¦", ["where", "group", "order", "limit", "join"]),
        ("select * from orders gr¦", ["group"]),
        ("cre¦", ["create"]),
        ("show ta¦", ["table", "tables"]),
        ("select 1; describe o¦", ["orders"]),
    ],
)
def test_offers(session: Session, text: str, first: list[str]) -> None:
    assert offered(session, text)[: len(first)] == first


def test_functions_come_after_columns(session: Session) -> None:
    found = offered(session, "select a¦ from orders")
    assert found[0] == "amount"
    assert "avg(" in found
    assert found.index("avg(") < found.index("all")


def test_a_script_from_start_to_end(session: Session, tmp_path: Path) -> None:
    console = Console(session, Settings(mode="jsonl"), io.StringIO(), io.StringIO())
    text = """
        select order_id, amount, status from orders order by order_id;
        .mode csv
        select count(*) as n, sum(order_id) as s from orders;
        .mode table
        create temp view one as select 1 as x;
        .schema one
        select nothing from one;
        select 'never';
    """
    assert not script.run(console, text, "a.sql")
    out = console.stdout.getvalue()  # type: ignore[attr-defined]
    err = console.stderr.getvalue()  # type: ignore[attr-defined]
    lines = out.splitlines()
    assert [json.loads(line) for line in lines[:3]] == [
        {"order_id": 1, "amount": 1.5, "status": "a"},
        {"order_id": 2, "amount": None, "status": "b"},
        {"order_id": 3, "amount": 1e10, "status": None},
    ]
    assert lines[3:] == ["n,s", "3,6", "one (", "  x  INT NOT NULL", ")"]
    assert err.startswith("a.sql:8: [UNRESOLVED_COLUMN")
    assert "^^^^^^^" in err


def test_show_is_spark_s(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    session.sql("select amount, status from orders order by order_id").show(2)
    assert capsys.readouterr().out == (
        "+------+------+\n|amount|status|\n+------+------+\n|   1.5|     a|\n|  NULL|     b|\n+------+------+\n"
        "only showing top 2 rows\n"
    )
