"""The optimizer as a whole: batches, exclusions, guards on TPC-H, plans at rest."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from engine.errors import InternalError
from engine.expressions.subquery import OuterReference
from engine.logical.canonical import canonical
from engine.logical.plan import Distinct, Filter, Join, JoinType, Scan, SetOperation, SubqueryAlias, TopN
from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import REQUIRED, batches, optimize, rules
from engine.tree.rules import Batch, rule, run

QUERIES = sorted((Path(__file__).parents[3] / "tpch" / "queries").glob("q*.sql"))


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_tpch_plans(plan_of, path):
    before = plan_of(path.read_text())
    after = optimize(before, OptimizerContext(check=True))
    assert [(c.id, c.name, c.dataType) for c in after.output] == [(c.id, c.name, c.dataType) for c in before.output]
    assert not after.has(OuterReference, SubqueryAlias, Distinct, SetOperation)
    for join in after.collect(Join):
        assert join.type is not JoinType.CROSS, "every TPC-H join has a condition"
    for node in after.collect(Filter):
        assert not isinstance(node.child, Filter)
        if isinstance(node.child, Scan):
            assert node.child.filters, "filters reach the scans"


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_an_optimized_plan_is_at_rest(plan_of, path):
    once = optimize(plan_of(path.read_text()), OptimizerContext())
    assert canonical(optimize(once, OptimizerContext())) == canonical(once)


def test_small_relations_come_before_large_ones(plan_of):
    text = (Path(__file__).parents[3] / "tpch" / "queries" / "q05.sql").read_text()
    plan = optimize(plan_of(text), OptimizerContext())
    order = [scan.name[-1] for scan in plan.collect(Scan)]
    assert order.index("region") > order.index("nation") > order.index("customer"), "built from, so on the right"
    deepest = max(plan.collect(Join), key=lambda join: -len(join.collect(Scan)))
    assert {scan.name[-1] for scan in deepest.collect(Scan)} == {"nation", "region"}


def test_columns_nobody_reads_are_not_scanned(plan_of):
    plan = optimize(plan_of("select sum(l_tax) from lineitem where l_quantity > 3"), OptimizerContext())
    (scan,) = plan.collect(Scan)
    assert [column.name for column in scan.columns] == ["l_quantity", "l_tax"]


def test_every_rule_that_changes_the_plan_is_announced(plan_of):
    heard = []
    optimize(
        plan_of("select a from t where 1 < a order by a limit 3"), OptimizerContext(), lambda *it: heard.append(it)
    )
    assert [name for name, _, _ in heard].count("simplify_comparisons") == 1
    assert all(before is not after for _, before, after in heard)
    for (_, _, after), (_, before, _) in pairwise(heard):
        assert before is after


def test_rules_and_batches_can_be_left_out(plan_of):
    text = "select a from t order by a limit 3"
    assert optimize(plan_of(text), OptimizerContext()).has(TopN)
    assert not optimize(plan_of(text), OptimizerContext(excluded=frozenset({"combine_limits"}))).has(TopN)
    names = {batch.name for batch in batches(OptimizerContext(excluded=frozenset({"Join order"})))}
    assert "Join order" not in names


def test_what_plans_need_cannot_be_left_out(plan_of):
    everything = frozenset({*rules(OptimizerContext()), *(b.name for b in batches(OptimizerContext()))})
    left = batches(OptimizerContext(excluded=everything))
    assert [batch.name for batch in left] == list(REQUIRED)
    plan = optimize(
        plan_of("select distinct a from t where a in (select a from u) union select c from u"),
        OptimizerContext(excluded=everything, check=True),
    )
    assert not plan.has(Distinct, SubqueryAlias)


@pytest.mark.parametrize("batch", [b.name for b in batches(OptimizerContext()) if b.name not in REQUIRED])
def test_each_batch_can_be_left_out_of_tpch(plan_of, batch):
    context = OptimizerContext(excluded=frozenset({batch}), check=True)
    for path in QUERIES[1:22:5]:
        plan = plan_of(path.read_text())
        optimized = optimize(plan, context)
        assert [(c.id, c.name, c.dataType) for c in optimized.output] == [
            (c.id, c.name, c.dataType) for c in plan.output
        ]


def test_a_batch_that_comes_to_no_rest_is_a_bug(plan_of):
    @rule(Scan)
    def shrink(plan):
        return Scan(plan.relation, plan.columns, plan.name, plan.filters, (plan.limit or 0) + 1)

    plan = plan_of("select a from t")
    with pytest.raises(InternalError, match="did not converge in 7 passes"):
        run([Batch("endless", (shrink,), 7)], plan)


def test_a_deep_conjunction_is_planned(plan_of):
    terms = " and ".join(f"a <> {number}" for number in range(3000))
    plan = optimize(plan_of(f"select a from t where {terms}"), OptimizerContext())
    (node,) = plan.collect(Filter)
    assert len(node.condition.terms) == 3000
