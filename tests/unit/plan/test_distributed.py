"""Plans of two executors give what one gives: the stages are run by the scheduler on executors in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "physical"))

from physical_runs import random_table, run, scan, shown

from engine.cluster.inline import InlineCluster
from engine.expressions.base import Alias, Literal, SortOrder
from engine.expressions.predicates import EqualTo, GreaterThan, LessThan
from engine.expressions.subquery import ScalarSubquery
from engine.expressions.window import WindowExpression, WindowSpec
from engine.functions.resolve import resolve_call
from engine.logical import plan as lp
from engine.plan.context import PlannerContext
from engine.plan.planner import plan_physical
from engine.plan.stages import cut
from engine.schedule.scheduler import Scheduler
from engine.schedule.stage import Job, Stage, next_job_id
from engine.types import INT

LEFT = random_table(6, 160, a="i", b="i", s="s", d="d", n="n")
RIGHT = random_table(7, 60, a="i", b="i", s="s", d="d", n="n")

CONTEXTS = {
    "broadcasts": PlannerContext(executors=2, broadcast_threshold=1 << 40),
    "splits": PlannerContext(executors=2, broadcast_threshold=-1),
    "seven partitions": PlannerContext(executors=2, broadcast_threshold=-1, shuffle_partitions=7),
    "one partition": PlannerContext(executors=2, broadcast_threshold=-1, shuffle_partitions=1),
    "sort-merge": PlannerContext(executors=2, broadcast_threshold=-1, prefer_sort_merge=True),
    "four executors": PlannerContext(executors=4),
}


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    conf = {"spark.local.dir": str(tmp_path_factory.mktemp("run"))}
    scheduler = Scheduler(InlineCluster(conf, executors=2, cores=2))
    yield scheduler
    scheduler.stop()


def distributed(plan: lp.LogicalPlan, context: PlannerContext, scheduler: Scheduler) -> list[tuple[Any, ...]]:
    stages = tuple(
        Stage(s.stage_id, s.parents, s.partitions, s.program, s.output, s.shuffle_partitions, s.deterministic)
        for s in cut(plan_physical(plan, context))
    )
    assert any(stage.partitions > 1 for stage in stages)
    handle = scheduler.submit(Job(next_job_id(), stages))
    return [
        row
        for _, batch in handle.batches(ordered=True)
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]


def plans() -> dict[str, lp.LogicalPlan]:
    left, right = scan(LEFT, 50), scan(RIGHT, 50)
    a, b, s, d, n = left.columns
    ra, rb, rs, *_ = right.columns
    found: dict[str, lp.LogicalPlan] = {}
    for kind in (k for k in lp.JoinType if k not in (lp.JoinType.CROSS, lp.JoinType.EXISTENCE)):
        found[f"{kind.name} on integers"] = lp.Join(left, right, kind, EqualTo(a, ra))
        found[f"{kind.name} on text"] = lp.Join(left, right, kind, EqualTo(s, rs))
        found[f"{kind.name} without keys"] = lp.Join(left, right, kind, LessThan(d, right.columns[3]))
    calls = {"sum": d, "avg": n, "count": b, "min": s, "stddev_samp": d, "median": d, "collect_set": b}
    names = tuple(Alias(resolve_call(name, [column]), name) for name, column in calls.items() if name != "collect_set")
    distinct = Alias(resolve_call("count", [b], distinct=True), "different")
    found["groups"] = lp.Aggregate((s, a), (s, a, *names, distinct), left)
    found["one group"] = lp.Aggregate((), (*names, distinct), left)
    found["one group of no rows"] = lp.Aggregate(
        (), (*names, distinct), lp.Filter(GreaterThan(a, Literal(99, INT)), left)
    )
    joined = lp.Join(left, right, lp.JoinType.INNER, EqualTo(a, ra))
    found["join, then group"] = lp.Aggregate((a,), (a, Alias(resolve_call("count", [rb]), "n")), joined)
    found["union"] = lp.Union(
        (left, right, found["one group of no rows"].plans[0]), tuple(c.renewed() for c in left.columns)
    )
    one = lp.Aggregate((), (Alias(resolve_call("count", [b]), "n"),), left)
    other = lp.Aggregate((a,), (Alias(resolve_call("count", [b]), "n"),), left)
    found["union of one group and many"] = lp.Union((one, other), (one.output[0].renewed(),))
    found["distinct"] = lp.Distinct(lp.Project((a, s), left))
    small_left, small_right = lp.Project((a, s), left), lp.Project((ra, rs), right)
    for kind in ("intersect", "except"):
        for every in (False, True):
            found[f"{kind} {every}"] = lp.SetOperation(kind, every, small_left, small_right)
    top = ScalarSubquery(lp.Aggregate((), (Alias(resolve_call("max", [ra]), "m"),), right))
    found["a query in an expression"] = lp.Filter(EqualTo(a, top), left)
    rank = WindowExpression(resolve_call("rank", []), WindowSpec((s,), (SortOrder(a),)))
    found["window"] = lp.Window((Alias(rank, "r"),), (s,), (SortOrder(a),), left)
    whole = WindowExpression(resolve_call("sum", [b]), WindowSpec())
    found["window over all"] = lp.Window((Alias(whole, "t"),), (), (), left)
    reference = [lp.CteReference(1, tuple(c.renewed() for c in found["groups"].output)) for _ in range(2)]
    union = lp.Union(tuple(reference), tuple(c.renewed() for c in reference[0].columns))
    found["a definition"] = lp.WithCte((lp.CteDefinition(1, "g", found["groups"]),), union)
    found["repartitioned"] = lp.Repartition(3, (s,), left)
    found["round robin"] = lp.Repartition(5, (), left)
    return found


PLANS = plans()
EXPECTED: dict[str, list[str]] = {}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS.keys())
def test_rows_are_the_same(context: PlannerContext, name: str, scheduler: Scheduler) -> None:
    if name not in EXPECTED:
        EXPECTED[name] = shown(run(PLANS[name]))
    assert shown(distributed(PLANS[name], context, scheduler)) == EXPECTED[name]


@pytest.mark.parametrize("context", [CONTEXTS["splits"], CONTEXTS["seven partitions"]])
def test_order_is_kept(context: PlannerContext, scheduler: Scheduler) -> None:
    left = scan(LEFT, 50)
    order = tuple(SortOrder(column, place % 2 == 0) for place, column in enumerate(left.columns))
    whole = run(lp.Sort(order, True, left))
    assert distributed(lp.Sort(order, True, left), context, scheduler) == whole
    assert distributed(lp.TopN(7, 3, order, left), context, scheduler) == whole[3:10]
    limit = lp.Limit(Literal(20, INT), Literal(5, INT), left)
    assert len(distributed(limit, context, scheduler)) == 20


def test_one_executor_needs_no_exchange() -> None:
    for plan in plans().values():
        stages = cut(plan_physical(plan, PlannerContext()))
        assert [(stage.partitions, stage.output) for stage in stages] == [(1, "result")]
