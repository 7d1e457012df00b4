"""What each optimizer rule does: the plan before and after that one rule.

A file `<rule>.test` holds queries; `/* after: a, b */` before one names rules to run first, so that the plan has the shape that
the rule works on. Every case runs under the guards: same columns, every column with a source, the rule at rest.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.analyze.analyzer import analyze
from engine.analyze.context import AnalyzerContext
from engine.catalog.tables import ResolvedTable
from engine.errors import FlintError
from engine.logical.relation import ColumnStatistics, TableStatistics
from engine.optimize.context import OptimizerContext
from engine.optimize.guards import check
from engine.optimize.optimizer import rules
from engine.optimize.rules.unnest_subqueries import STEPS
from engine.parse import parse, parse_type
from engine.tree.show import show
from engine.types import StructField, StructType

FOLDER = Path(__file__).parent
PARTS = {step.name: step for step in STEPS}
"""Rules that run as part of another."""
DAY = datetime.date

# name: rows, columns as (name, type, statistics)
TABLES = {
    "t": (
        1000,
        [
            ("a", "int", ColumnStatistics(1000, 0, 1, 1000)),
            ("b", "int", ColumnStatistics(10, 100, 1, 10)),
            ("s", "string", ColumnStatistics()),
            ("d", "date", ColumnStatistics(365, 0, DAY(2025, 1, 1), DAY(2025, 12, 31))),
            ("n", "bigint not null", ColumnStatistics(1000, 0, 1, 1000)),
        ],
    ),
    "u": (
        100,
        [
            ("a", "int", ColumnStatistics(100, 0, 1, 100)),
            ("c", "int not null", ColumnStatistics(10, 0, 1, 10)),
            ("y", "string", ColumnStatistics()),
        ],
    ),
    "big": (
        1_000_000,
        [
            ("k", "int not null", ColumnStatistics(1_000_000, 0, 1, 1_000_000)),
            ("ta", "int not null", ColumnStatistics(1000, 0, 1, 1000)),
            ("uc", "int not null", ColumnStatistics(10, 0, 1, 10)),
            ("v", "double", ColumnStatistics()),
            ("l", "array<int>", ColumnStatistics()),
        ],
    ),
}


@dataclass(frozen=True)
class Rows:
    """A relation that only knows its schema and statistics."""

    name: str

    @property
    def schema(self):
        columns = TABLES[self.name][1]
        return StructType(
            tuple(
                StructField(name, parse_type(kind.removesuffix(" not null")), not kind.endswith("not null"))
                for name, kind, _ in columns
            )
        )

    @property
    def description(self):
        return self.name

    def identity(self):
        return self.name

    def statistics(self):
        rows, columns = TABLES[self.name]
        return TableStatistics(rows, None, {name: known for name, _, known in columns}, exact=True)


class Tables:
    def resolve(self, parts, position=None):
        return ResolvedTable(Rows(parts[-1].lower()), parts)


def answer(rule_name):
    def run(text):
        context = OptimizerContext(started=1_700_000_000.0)
        known = rules(context) | PARTS
        first = re.match(r"/\* after: (.*?) \*/", text)
        names = ["eliminate_subquery_aliases", *(re.split(r",\s*", first[1]) if first else [])]
        plan = analyze(parse(text), AnalyzerContext(catalog=Tables(), parse=parse))
        for name in names:
            if name != rule_name:
                plan = known[name](plan)
        rule = known[rule_name]
        try:
            after = rule(plan)
            if after is not plan:
                check(rule, plan, after)
        except FlintError as error:
            return error.render(text)
        return f"{show(plan)}\n=>\n" + ("unchanged" if after is plan else show(after))

    return run


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test")), ids=lambda path: path.stem)
def test_rule(golden, path):
    golden(path, answer(path.stem))


def test_every_rule_has_cases_and_one_where_it_does_not_fire():
    names = {*rules(OptimizerContext()), *PARTS}
    assert {path.stem for path in FOLDER.glob("*.test")} == names
    for path in FOLDER.glob("*.test"):
        assert "\n=>\nunchanged" in path.read_text(), f"{path.name}: no case in which the rule must not fire"
