"""Names: what they stand for, what is suggested, what is listed; the same for both stores."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.catalog import Catalog
from engine.catalog.encoding import from_json, to_json, type_from_json, type_to_json
from engine.catalog.folder import FolderStore
from engine.catalog.memory import MemoryStore
from engine.catalog.patterns import matching
from engine.catalog.tables import Database, ResolvedTable, ResolvedTempView, ResolvedView, Table, TempView, View
from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Attribute
from engine.logical.plan import OneRow, Scan
from engine.sources.arrow import ArrowRelation
from engine.types import (
    DATE,
    INT,
    LONG,
    STRING,
    TIMESTAMP_NTZ,
    VOID,
    ArrayType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    YearMonthIntervalType,
)

ONE = StructType((StructField("a", LONG),))


@pytest.fixture(params=["in-memory", "folder"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.chdir(tmp_path)
    return Catalog({"spark.sql.catalogImplementation": request.param, "spark.sql.warehouse.dir": "wh"})


def table(name: str, database: str = "default", location: str = "nowhere") -> Table:
    return Table(database, name, "parquet", location, ONE)


def view(name: str, text: str = "select 1 a", database: str = "default") -> View:
    return View(database, name, text, ONE, (("a", ""),), database)


def test_names_of_one_two_and_three_parts(catalog: Catalog) -> None:
    catalog.put(table("t"))
    for parts in (("t",), ("T",), ("default", "t"), ("Spark_Catalog", "DEFAULT", "t")):
        found = catalog.resolve(parts)
        assert isinstance(found, ResolvedTable)
        assert found.name == ("spark_catalog", "default", "t") and found.relation.schema == ONE
    for parts in (("other", "t"), ("spark_catalog", "x", "t"), ("a", "b", "t"), ("a", "b", "c", "t")):
        with pytest.raises(AnalysisError, match="TABLE_OR_VIEW_NOT_FOUND"):
            catalog.resolve(parts)


def test_temporary_views_come_first(catalog: Catalog) -> None:
    catalog.put(table("t"))
    catalog.create_temp_view(TempView("T", OneRow(), "select"))
    found = catalog.resolve(("t",))
    assert isinstance(found, ResolvedTempView) and found.name == ("t",)
    assert isinstance(catalog.resolve(("default", "t")), ResolvedTable)
    with pytest.raises(AnalysisError, match="TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"):
        catalog.create_temp_view(TempView("t", OneRow()))
    assert not catalog.create_temp_view(TempView("t", OneRow()), if_not_exists=True)
    assert catalog.create_temp_view(TempView("t", OneRow()), replace=True)
    catalog.create_temp_view(TempView("g", OneRow(), is_global=True))
    assert catalog.find(("g",)) is None and catalog.find(("global_temp", "G")) is not None


def test_views_keep_text_and_surroundings(catalog: Catalog) -> None:
    catalog.put(view("v"))
    found = catalog.resolve(("v",))
    assert found == ResolvedView(view("v"), ("spark_catalog", "default", "v"))


def test_near_names_are_suggested_and_far_ones_are_not(catalog: Catalog) -> None:
    catalog.put(table("customers"))
    catalog.create_temp_view(TempView("custom_view", OneRow()))
    with pytest.raises(AnalysisError) as error:
        catalog.resolve(("customer",))
    assert "[customers, custom_view]" in error.value.hint
    with pytest.raises(AnalysisError) as error:
        catalog.resolve(("zzz",))
    assert "Did you mean" not in error.value.message and not error.value.hint
    Path("orders.parquet").write_bytes(b"")
    for parts in (("orders",), ("orders", "parquet")):
        with pytest.raises(AnalysisError) as error:
            catalog.resolve(parts)
        assert "'orders.parquet'" in error.value.hint


def test_files_as_tables(catalog: Catalog) -> None:
    pq.write_table(pa.table({"a": [1]}), "x.parquet")
    Path("x.csv").write_text("a;b\n1;2\n")
    Path("d").mkdir()
    pq.write_table(pa.table({"a": [1]}), "d/part-0.parquet")
    Path("noidea").write_text("?")
    found = catalog.resolve(("parquet", "x.parquet"))
    assert isinstance(found, ResolvedTable) and found.relation.schema == ONE
    assert catalog.open_file(None, "d").schema == ONE
    assert catalog.open_file(None, "x.csv").schema.names == ["a", "b"]
    assert catalog.open_file("csv", "x.csv").schema.names == ["_c0"]
    with pytest.raises(AnalysisError, match="PATH_NOT_FOUND"):
        catalog.open_file(None, "missing")
    with pytest.raises(AnalysisError, match="UNABLE_TO_INFER_SCHEMA") as error:
        catalog.open_file(None, "noidea")
    assert "parquet.`noidea`" in error.value.hint
    Path("empty").mkdir()
    with pytest.raises(AnalysisError, match="UNABLE_TO_INFER_SCHEMA") as error:
        catalog.open_file(None, "empty")
    assert error.value.hint == "There are no files with data there."
    with pytest.raises(AnalysisError, match="TABLE_OR_VIEW_NOT_FOUND") as error:
        catalog.resolve(("parquett", "x.parquet"))
    assert error.value.hint == "Did you mean parquet.`x.parquet`?"


def test_databases(catalog: Catalog) -> None:
    catalog.create_database(Database("sales", "/x/sales.db", "for tests"))
    with pytest.raises(AnalysisError, match="SCHEMA_ALREADY_EXISTS"):
        catalog.create_database(Database("sales", "/x"))
    catalog.create_database(Database("sales", "/x"), if_not_exists=True)
    assert catalog.databases() == ["default", "sales"] and catalog.databases("s*|x") == ["sales"]
    assert catalog.database("SALES").comment == "for tests"
    catalog.use(("Sales",))
    catalog.put(table("items", "sales"))
    assert isinstance(catalog.resolve(("items",)), ResolvedTable)
    with pytest.raises(AnalysisError, match="SCHEMA_NOT_FOUND") as error:
        catalog.use(("sale",))
    assert "sales" in error.value.hint
    catalog.drop_database("sales")
    assert catalog.current_database == "default" and catalog.find(("sales", "items")) is None


def test_existing_names_are_kept(catalog: Catalog) -> None:
    assert catalog.put(table("t"))
    for other in (table("t"), view("t")):
        with pytest.raises(AnalysisError, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
            catalog.put(other)
        assert not catalog.put(other, if_not_exists=True)
    assert catalog.put(view("t"), replace=True)
    assert isinstance(catalog.find(("t",)), View)
    catalog.remove(view("t"))
    assert catalog.find(("t",)) is None and catalog.listed() == []


def test_listing(catalog: Catalog) -> None:
    for name in ("b", "a", "ab"):
        catalog.put(table(name))
    catalog.put(view("v"))
    catalog.create_temp_view(TempView("tmp", OneRow()))
    catalog.create_temp_view(TempView("g", OneRow(), is_global=True))
    shown = [(each.database, each.name, each.is_temporary, each.is_view) for each in catalog.listed()]
    assert shown == [
        ("default", "a", False, False),
        ("default", "ab", False, False),
        ("default", "b", False, False),
        ("default", "v", False, True),
        ("", "tmp", True, True),
    ]
    assert [each.name for each in catalog.listed(pattern="A*")] == ["a", "ab"]
    assert [each.name for each in catalog.listed("global_temp")] == ["g", "tmp"]
    with pytest.raises(AnalysisError, match="SCHEMA_NOT_FOUND"):
        catalog.listed("nope")
    assert matching(["abc", "xbc", "b"], "*bc|b") == ["abc", "xbc", "b"] and matching(["a.c", "abc"], "a.c") == [
        "a.c",
        "abc",
    ]


def test_the_version_changes_with_every_change(catalog: Catalog) -> None:
    seen = [catalog.version]

    def changed() -> None:
        assert catalog.version not in seen
        seen.append(catalog.version)

    catalog.put(table("t"))
    changed()
    catalog.put(table("t"), replace=True)
    changed()
    catalog.create_temp_view(TempView("x", OneRow()))
    changed()
    catalog.create_database(Database("d", "/d"))
    changed()
    catalog.use(("d",))
    changed()
    catalog.use(("default",))
    changed()
    catalog.cache(("t",), ArrowRelation(ONE))
    changed()
    catalog.remove(table("t"))
    changed()
    catalog.drop_database("d")
    changed()


def test_cached_names_are_answered_from_memory(catalog: Catalog) -> None:
    catalog.put(table("t"))
    relation = ArrowRelation.of(pa.table({"a": [1]}))
    catalog.cache(("T",), relation)
    name = ("spark_catalog", "default", "t")
    assert catalog.resolve(("t",)) == ResolvedTable(relation, name) and catalog.is_cached(name)
    catalog.put(table("t"), replace=True)
    assert not catalog.is_cached(name)
    catalog.cache(("t",), relation)
    catalog.clear_cache()
    assert not catalog.uncache(name)


def test_case_matters_when_asked_for(tmp_path: Path) -> None:
    conf = {"spark.sql.caseSensitive": "true", "spark.sql.warehouse.dir": str(tmp_path)}
    for store in (MemoryStore(str(tmp_path)), FolderStore(str(tmp_path))):
        catalog = Catalog(conf, store)
        catalog.put(table("T"))
        catalog.put(table("t"))
        assert [each.name for each in catalog.listed()] == ["T", "t"]


def test_registered_relations_and_files_that_change(catalog: Catalog) -> None:
    pq.write_table(pa.table({"a": [1]}), "x.parquet")
    catalog.register("X", catalog.open_file(None, "x.parquet"))
    first = catalog.resolve(("x",))
    assert isinstance(first, ResolvedTempView) and isinstance(first.plan, Scan)
    assert catalog.refreshed(first.plan) is first.plan
    pq.write_table(pa.table({"a": [1, 2]}), "x.parquet")
    second = catalog.resolve(("x",))
    assert isinstance(second, ResolvedTempView) and isinstance(second.plan, Scan)
    assert second.plan.relation.statistics().rows == 2 and second.plan.columns == first.plan.columns


def test_temporary_views_over_what_is_gone(catalog: Catalog) -> None:
    pq.write_table(pa.table({"a": [1]}), "x.parquet")
    catalog.register("x", catalog.open_file(None, "x.parquet"))
    Path("x.parquet").unlink()
    with pytest.raises(AnalysisError, match="PATH_NOT_FOUND"):
        catalog.resolve(("x",))
    catalog.put(table("t"))
    found = catalog.resolve(("t",))
    assert isinstance(found, ResolvedTable)
    plan = Scan(found.relation, (Attribute("a", LONG),), found.name)
    catalog.create_temp_view(TempView("v", plan))
    assert isinstance(catalog.resolve(("v",)), ResolvedTempView)
    catalog.put(replace(table("t"), schema=StructType((StructField("b", LONG),))), replace=True)
    with pytest.raises(AnalysisError, match=r"INCOMPATIBLE_VIEW_SCHEMA_CHANGE.*`a`"):
        catalog.resolve(("v",))
    catalog.remove(table("t"))
    with pytest.raises(AnalysisError, match="TABLE_OR_VIEW_NOT_FOUND"):
        catalog.resolve(("v",))


def test_threads(catalog: Catalog) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(10):
                catalog.put(table(f"t{number}_{step}"))
                catalog.create_temp_view(TempView(f"v{number}_{step}", OneRow()))
                catalog.listed()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(catalog.listed()) == 80


# the folder


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    catalog = Catalog({"spark.sql.warehouse.dir": str(tmp_path / "wh")})
    catalog.listed()
    catalog.databases()
    catalog.create_temp_view(TempView("v", OneRow()))
    with pytest.raises(AnalysisError):
        catalog.resolve(("t",))
    assert catalog.version >= 0 and not (tmp_path / "wh").exists()
    catalog.put(view("pv"))
    assert [file.name for file in (tmp_path / "wh/_flint/default").iterdir()] == ["pv.view.json"]


def test_two_processes_see_each_other(tmp_path: Path) -> None:
    one, two = (Catalog({"spark.sql.warehouse.dir": str(tmp_path)}) for _ in range(2))
    before = two.version
    one.put(table("t"))
    assert two.version != before and isinstance(two.find(("t",)), Table)
    with pytest.raises(AnalysisError, match="ALREADY_EXISTS"):
        two.put(table("t"))
    two.remove(table("t"))
    assert one.find(("t",)) is None
    assert sorted(path.name for path in (tmp_path / "_flint/default").iterdir()) == []


def test_one_of_many_creates_and_the_others_fail(tmp_path: Path) -> None:
    stores = [FolderStore(str(tmp_path)) for _ in range(8)]
    outcomes: list[bool] = []
    barrier = threading.Barrier(8)

    def create(store: FolderStore) -> None:
        barrier.wait()
        outcomes.append(store.put(table("t"), replace=False))

    threads = [threading.Thread(target=create, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"flint": 99}', '{"flint": 1, "kind": "table"}', '{"flint":1,"kind":"x"}']
)
def test_a_spoilt_entry_is_one_error_and_the_others_work(tmp_path: Path, text: str) -> None:
    catalog = Catalog({"spark.sql.warehouse.dir": str(tmp_path)})
    catalog.put(table("bad"))
    catalog.put(table("good"))
    (tmp_path / "_flint/default/bad.table.json").write_text(text)
    with pytest.raises(ExecutionError, match=r"FAILED_READ_FILE.*bad\.table\.json"):
        catalog.resolve(("bad",))
    assert [each.name for each in catalog.listed()] == ["bad", "good"]
    assert catalog.find(("good",)) is not None


@pytest.mark.parametrize("name", ["with space", "größe", "a/b", "..", "_x", ".hidden", "a.b", "100%"])
def test_any_name_is_a_file(tmp_path: Path, name: str) -> None:
    store = FolderStore(str(tmp_path))
    assert store.put(table(name), replace=False)
    assert store.names("default") == [(name, False)]
    assert store.entry("default", name) == table(name)
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "_flint/default"}


@pytest.mark.parametrize(
    "data_type",
    [
        DATE,
        VOID,
        TIMESTAMP_NTZ,
        DecimalType(38, 18),
        YearMonthIntervalType(0, 0),
        DayTimeIntervalType(1, 3),
        ArrayType(ArrayType(INT, False)),
        MapType(STRING, StructType((StructField("x", LONG, False, "why"),)), False),
    ],
)
def test_types_as_json(data_type: Any) -> None:
    assert type_from_json(json.loads(json.dumps(type_to_json(data_type)))) == data_type


def test_entries_as_json() -> None:
    entries: list[Any] = [
        Table("d", "t", "csv", "/x", ONE, ("a",), (("header", "true"),), False, "c", (("k", "v"),), 1.5),
        Table("d", "t", "csv", "/x"),
        View("d", "v", "select 1", ONE, (("a", "why"),), "d", (("spark.sql.ansi.enabled", "true"),)),
        Database("d", "/x", "c", (("k", "v"),)),
    ]
    for entry in entries:
        assert from_json(json.loads(json.dumps(to_json(entry)))) == entry
    with pytest.raises(ValueError, match="no type"):
        type_from_json("integr")
