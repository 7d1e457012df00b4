"""From logical nodes to operators, one module a family."""

from __future__ import annotations

from engine.logical import plan as lp
from engine.logical.asof import AsOfJoin
from engine.logical.recursion import UnionLoop, UnionLoopRef
from engine.plan.planner import Strategy
from engine.plan.strategies import aggregates, asof, ctes, joins, leaves, rows, sets, windows

STRATEGIES: dict[type[lp.LogicalPlan], Strategy] = {
    lp.OneRow: leaves.plan_one_row,
    lp.LocalRelation: leaves.plan_local,
    lp.Range: leaves.plan_range,
    lp.Scan: leaves.plan_scan,
    lp.Project: rows.plan_project,
    lp.Filter: rows.plan_filter,
    lp.Expand: rows.plan_expand,
    lp.Generate: rows.plan_generate,
    lp.Union: rows.plan_union,
    lp.Sort: rows.plan_sort,
    lp.TopN: rows.plan_top_n,
    lp.Limit: rows.plan_limit,
    lp.Repartition: rows.plan_repartition,
    lp.Aggregate: aggregates.plan_aggregate,
    lp.Distinct: aggregates.plan_distinct,
    lp.SetOperation: sets.plan_set_operation,
    lp.Window: windows.plan_window,
    lp.Join: joins.plan_join,
    AsOfJoin: asof.plan_asof_join,
    lp.WithCte: ctes.plan_with,
    lp.CteReference: ctes.plan_reference,
    UnionLoop: ctes.plan_loop,
    UnionLoopRef: ctes.plan_level,
}
