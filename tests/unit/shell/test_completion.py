"""What Tab offers, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from engine.shell.completion import offers
from engine.shell.scope import Place, Relation


class FakeNames:
    """The names of a session with two tables."""

    TABLES: ClassVar = {
        "orders": [("o_orderkey", "bigint"), ("o_custkey", "bigint"), ("key", "int")],
        "customers": [("c_custkey", "bigint"), ("name", "string"), ("key", "int"), ("odd name", "string")],
    }

    def __init__(self) -> None:
        self.asked: list[str] = []

    def tables(self, database: str | None = None) -> list[str]:
        return ["cities"] if database == "geo" else list(self.TABLES)

    def columns(self, place: Place, relation: Relation) -> list[tuple[str, str]]:
        self.asked.append(f"{place.with_clause} {relation.text}".strip())
        return self.TABLES.get(relation.text, [])

    def functions(self) -> list[str]:
        return ["count", "concat", "coalesce", "only_one"]

    def keywords(self, text: str) -> list[str]:
        return ["FROM", "WHERE", "ORDER", "CASE"]


def offered(text: str) -> list[str]:
    cursor = text.index("¦")
    return [offer.text for offer in offers(text.replace("¦", ""), cursor, FakeNames())[1]]  # type: ignore[arg-type]


def test_tables_where_tables_belong() -> None:
    assert offered("select * from ¦")[:2] == ["orders", "customers"]
    assert offered("select * from cust¦") == ["customers"]
    assert offered("with recent as (select 1) select * from ¦")[0] == "recent"


def test_tables_of_a_named_database() -> None:
    assert offered("select * from geo.¦") == ["cities"]
    assert offered("select * from orders join geo.c¦") == ["cities"]


def test_columns_before_functions_before_keywords() -> None:
    assert offered("select o¦ from orders") == ["o_orderkey", "o_custkey", "only_one(", "order"]
    assert offered("select C¦ from customers") == ["c_custkey", "count(", "concat(", "coalesce(", "CASE"]


def test_nothing_typed_offers_columns_and_no_functions() -> None:
    assert offered("select ¦ from orders")[:3] == ["o_orderkey", "o_custkey", "key"]
    assert "count(" not in offered("select ¦ from orders")


def test_only_keywords_after_an_operand() -> None:
    assert offered("select 1 ¦") == ["from", "where", "order", "case"]
    assert offered("SELECT 1 ¦") == ["FROM", "WHERE", "ORDER", "CASE"]


def test_qualified_columns_only_of_that_relation() -> None:
    assert offered("select o.¦ from orders o join customers c") == ["o_orderkey", "o_custkey", "key"]
    assert offered("select c.na¦ from orders o join customers c") == ["name"]
    assert offered("select nobody.¦ from orders o") == []


def test_shared_columns_carry_their_alias_and_odd_names_are_quoted() -> None:
    found = offered("select ¦ from orders o, customers c")
    assert "o.key" in found
    assert "c.key" in found
    assert "`odd name`" in found
    assert found.index("c.key") < found.index("o.")
    assert offered("select ke¦ from orders o, customers c") == ["o.key", "c.key"]


def test_nothing_in_comments_and_texts() -> None:
    assert offered("select 'co¦") == []
    assert offered("-- se¦") == []


def test_commands_and_their_arguments() -> None:
    assert offered(".mo¦") == [".mode"]
    assert "csv" in offered(".mode c¦")
    assert offered(".schema cu¦") == ["customers"]
    assert offered(".timer o¦") == ["on", "off"]


def test_files_in_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("orders.parquet", "other.csv", "order.exe", ".orders.parquet"):
        (tmp_path / name).touch()
    (tmp_path / "orders_2024").mkdir()
    (tmp_path / "orders_2024" / "a.csv").touch()
    monkeypatch.chdir(tmp_path)
    assert offered("from 'or¦") == ["orders.parquet", "orders_2024/"]
    assert offered("from 'orders_2024/¦") == ["orders_2024/a.csv"]
    assert offered(f"from '{tmp_path}/ot¦") == [f"{tmp_path}/other.csv"]
    assert offered("from 'no/such/¦") == []
