"""Which operators, exchanges and stages are planned: for one executor and for several, by sizes, hints and settings.

A case may begin with settings of the planner, `-- executors=2 broadcast=-1 merge=true partitions=5`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.analyze.analyzer import analyze
from engine.analyze.context import AnalyzerContext
from engine.catalog.tables import ResolvedTable
from engine.errors import AnalysisError, quoted
from engine.logical.hints import Hints
from engine.logical.relation import ColumnStatistics, Split, Splits, TableStatistics
from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import optimize
from engine.parse import parse, parse_type
from engine.plan.context import PlannerContext
from engine.plan.planner import plan_physical
from engine.plan.stages import cut
from engine.tree.show import show
from engine.types import StructField, StructType

FOLDER = Path(__file__).parent
TABLES = {
    "sales": (10_000_000, "id bigint, item int, store int, price decimal(10,2), day date"),
    "items": (1_000_000, "item int, name string, brand string"),
    "stores": (100, "store int, city string"),
}


@dataclass(frozen=True)
class Table:
    """A relation that is only looked at."""

    name: str

    @property
    def schema(self):
        fields = TABLES[self.name][1].replace("10,2", "10;2").split(", ")
        pairs = [field.replace(";", ",").split(" ") for field in fields]
        return StructType(tuple(StructField(name, parse_type(kind)) for name, kind in pairs))

    @property
    def description(self):
        return self.name

    def identity(self):
        return self.name

    def statistics(self):
        rows = TABLES[self.name][0]
        columns = {field.name: ColumnStatistics(distinct=rows) for field in self.schema}
        return TableStatistics(rows, rows * 20, columns)

    def splits(self, request):
        rows = TABLES[self.name][0]
        count = max(1, rows // 100_000)
        return Splits(tuple(Split(number, rows // count, rows * 20 // count) for number in range(count)))


class Catalog:
    def resolve(self, parts):
        name = parts[-1].lower()
        if name not in TABLES:
            raise AnalysisError("TABLE_OR_VIEW_NOT_FOUND", {"relationName": quoted(parts), "suggestion": ""})
        return ResolvedTable(Table(name), ("spark_catalog", "default", name))

    def routine(self, parts, database=None):
        """There are no functions in SQL."""
        return

    def open_file(self, format, path):
        raise AnalysisError("PATH_NOT_FOUND", {"path": path})


def answer(text):
    settings = {}
    if text.startswith("-- "):
        first, _, text = text.partition("\n")
        settings = dict(word.split("=") for word in first[3:].split())
    context = OptimizerContext()
    hints = Hints()
    plan = optimize(analyze(parse(text), AnalyzerContext(Catalog(), parse, hints=hints)), context, lambda *_: None)
    planner = PlannerContext(
        executors=int(settings.get("executors", 1)),
        broadcast_threshold=int(settings.get("broadcast", 10 << 20)),
        shuffle_partitions=int(settings.get("partitions", 0)),
        prefer_sort_merge=settings.get("merge") == "true",
        rows=context.estimator.rows,
        bytes=context.estimator.bytes,
        hints=hints,
    )
    physical = plan_physical(plan, planner)
    lines = [show(physical)]
    for stage in cut(physical):
        reads = f" reads {', '.join(map(str, stage.parents))}" if stage.parents else ""
        target = f"{stage.shuffle_partitions} partitions" if stage.output == "shuffle" else "result"
        again = "" if stage.deterministic else ", may differ when run again"
        lines.append(f"stage {stage.stage_id}:{reads} {stage.partitions} tasks -> {target}{again}")
    return "\n".join([*lines, *hints.lines()])


@pytest.mark.parametrize("subject", sorted(path.stem for path in FOLDER.glob("*.test")))
def test_plan(subject, golden):
    golden(FOLDER / f"{subject}.test", answer)
