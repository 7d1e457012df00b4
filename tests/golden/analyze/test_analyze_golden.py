"""What analysis makes of statements: resolved plans with their columns, and errors as users see them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.analyze.analyzer import analyze
from engine.analyze.context import AnalyzerContext
from engine.catalog.tables import ResolvedTable, ResolvedView, View
from engine.errors import AnalysisError, FlintError, quoted, suggestions
from engine.logical.relation import TableStatistics
from engine.parse import parse, parse_type
from engine.tree.show import show
from engine.types import StructField, StructType

FOLDER = Path(__file__).parent
TABLES = {
    "t": "a int, b string, c decimal(15,2), d date, ts timestamp, f double, n bigint not null",
    "u": "a bigint, x string, s struct<p: int, q: struct<r: string>>, l array<int>, m map<string,int>",
    "orders": "o_id int not null, o_customer int, o_total decimal(12,2), o_date date",
    "customer": "c_id int not null, c_name string, c_nation string",
}
VIEWS = {"v": "SELECT a AS va, count(*) AS n FROM t GROUP BY a", "loop": "SELECT * FROM loop"}


@dataclass(frozen=True)
class Empty:
    """A relation of no rows."""

    name: str
    schema: StructType

    @property
    def description(self):
        return self.name

    def identity(self):
        return self.name

    def statistics(self):
        return TableStatistics()


def relation(name):
    columns = []
    for column in (
        TABLES[name].replace("decimal(15,2)", "decimal(15;2)").replace("decimal(12,2)", "decimal(12;2)").split(", ")
    ):
        if columns and columns[-1].count("<") > columns[-1].count(">"):
            columns[-1] += ", " + column
        else:
            columns.append(column)
    fields = []
    for column in columns:
        label, _, kind = column.replace(";", ",").partition(" ")
        nullable = not kind.endswith(" not null")
        fields.append(StructField(label, parse_type(kind.removesuffix(" not null")), nullable))
    return Empty(name, StructType(tuple(fields)))


class TestCatalog:
    __test__ = False

    def evolve(self, view, plan):
        """The columns of a view are always those of its query here."""

    def resolve(self, parts):
        name = parts[-1].lower()
        full = ("spark_catalog", "default", name)
        if name in VIEWS:
            return ResolvedView(View("default", name, VIEWS[name], StructType(), mode="EVOLUTION"), full)
        if name not in TABLES:
            near = suggestions(name, TABLES)
            hint = f"Did you mean one of the following? [{', '.join(near)}]." if near else ""
            raise AnalysisError("TABLE_OR_VIEW_NOT_FOUND", {"relationName": quoted(parts)}, hint=hint)
        return ResolvedTable(relation(name), full)

    def routine(self, parts, database=None):
        """There are no functions in SQL."""
        return

    def open_file(self, format, path):
        raise AnalysisError("PATH_NOT_FOUND", {"path": path})


def answer(text: str) -> str:
    ansi = not text.startswith("-- legacy\n")
    try:
        plan = analyze(parse(text), AnalyzerContext(TestCatalog(), parse, ansi=ansi))
    except FlintError as error:
        return str(error.located(text))
    columns = ", ".join(f"{f.name}: {f.dataType}{'' if f.nullable else ' not null'}" for f in plan.schema.fields)
    return f"{columns}\n{show(plan)}"


@pytest.mark.parametrize("subject", sorted(path.stem for path in FOLDER.glob("*.test")))
def test_analyze(subject, golden):
    golden(FOLDER / f"{subject}.test", answer)
