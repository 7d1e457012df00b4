"""What joins tell the scans that feed them: row groups without a partner are left out where, and only where, that is right."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.predicates import EqualNullSafe, EqualTo, GreaterThan
from engine.kernels.context import EvalContext
from engine.logical import plan as lp
from engine.logical.plan import Join, JoinType, LogicalPlan, Scan
from engine.physical.program import ResultOutput
from engine.physical.task import TaskContext
from engine.plan.context import PlannerContext
from engine.plan.pipelines import program
from engine.plan.planner import plan_physical
from engine.sources.base import open_relation
from engine.types import BOOLEAN, LONG

GROUPS, ROWS = 10, 100


@pytest.fixture
def large(tmp_path: Path) -> Scan:
    """Ten row groups whose key ascends."""
    path = tmp_path / "large.parquet"
    keys = list(range(GROUPS * ROWS))
    pq.write_table(pa.table({"k": keys, "v": [3 * k for k in keys]}), path, row_group_size=ROWS)
    return _scan(path)


@pytest.fixture
def small(tmp_path: Path) -> Scan:
    """Keys of the fourth and the eighth group, one that no row has, and null."""
    path = tmp_path / "small.parquet"
    pq.write_table(pa.table({"k": [310, 390, 705, 5000, None]}), path)
    return _scan(path)


def _scan(path: Path) -> Scan:
    relation = open_relation("parquet", [str(path)])
    return Scan(relation, tuple(Attribute(f.name, f.dataType) for f in relation.schema.fields), ("t",))


def skipped(plan: LogicalPlan, large: LogicalPlan, build: str = "small") -> tuple[int, int]:
    """How many row groups were left out, and how many rows came out."""
    sizes = 1.0 if build == "large" else 1e9
    context = PlannerContext(bytes=lambda node: sizes if node is large else 1e3)
    with TaskContext.local(threads=1, conf={"flint.compile.enabled": "false"}) as task:
        program(plan_physical(plan, context), ResultOutput(), EvalContext()).run(0, task)
        left_out = sum(value for (_, name), value in task.metrics.values.items() if name == "row_groups_skipped")
        return int(left_out), sum(batch.num_rows for batch in task.emitted)


@pytest.mark.parametrize(
    ("kind", "left_out", "rows"),
    [
        (JoinType.INNER, 8, 3),
        (JoinType.SEMI, 8, 3),
        (JoinType.RIGHT, 8, 5),
        (JoinType.LEFT, 0, 1000),
        (JoinType.FULL, 0, 1002),
        (JoinType.ANTI, 0, 997),
        (JoinType.EXISTENCE, 0, 1000),
    ],
)
def test_groups_without_a_partner(large: Scan, small: Scan, kind: JoinType, left_out: int, rows: int) -> None:
    exists = Attribute("exists", BOOLEAN, False) if kind is JoinType.EXISTENCE else None
    plan = Join(large, small, kind, EqualTo(large.columns[0], small.columns[0]), exists=exists)
    assert skipped(plan, large) == (left_out, rows)


@pytest.mark.parametrize(("kind", "rows"), [(JoinType.SEMI, 3), (JoinType.ANTI, 2)])
def test_rows_of_the_built_side(large: Scan, small: Scan, kind: JoinType, rows: int) -> None:
    """Streamed rows only mark them, so all that have no partner may be left out."""
    plan = Join(small, large, kind, EqualTo(small.columns[0], large.columns[0]))
    context = PlannerContext(bytes=lambda node: 1e9 if node is large else 1e3)
    found = plan_physical(plan, context)
    assert getattr(found, "build", "left") == "left"
    assert skipped(plan, large) == (8, rows)


def test_nulls_that_match_and_not_in(large: Scan, small: Scan) -> None:
    safe = Join(large, small, JoinType.INNER, EqualNullSafe(large.columns[0], small.columns[0]))
    assert skipped(safe, large) == (0, 3)
    never = Join(large, small, JoinType.ANTI, EqualTo(large.columns[0], small.columns[0]), null_aware=True)
    assert skipped(never, large) == (0, 0)


def test_through_projections_and_filters(large: Scan, small: Scan) -> None:
    renamed = Alias(large.columns[0], "other")
    above: Expression = GreaterThan(large.columns[1], Literal(-1, LONG))
    inner = lp.Project((renamed,), lp.Filter(above, large))
    plan = Join(inner, small, JoinType.INNER, EqualTo(renamed.to_attribute(), small.columns[0]))
    assert skipped(plan, inner) == (8, 3)
