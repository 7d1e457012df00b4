"""The rules in the order in which they run, with the reason for each place.

`optimize(plan, context)` gives a plan with the same columns and rows that costs less. The first two batches are needed: they
replace what has no physical form. All others may be left out, by rule or by batch, with
`spark.sql.optimizer.excludedRules`.
"""

from __future__ import annotations

from engine.logical.plan import LogicalPlan
from engine.optimize.context import OptimizerContext
from engine.optimize.guards import checker
from engine.optimize.rules.bind_current_time import bind_current_time
from engine.optimize.rules.collapse_projects import collapse_projects
from engine.optimize.rules.combine_limits import combine_limits
from engine.optimize.rules.count_from_metadata import count_from_metadata
from engine.optimize.rules.eliminate_subquery_aliases import eliminate_subquery_aliases
from engine.optimize.rules.extract_common_disjuncts import extract_common_disjuncts
from engine.optimize.rules.flatten_unions import flatten_unions
from engine.optimize.rules.fold_constants import fold_constants
from engine.optimize.rules.infer_filters import infer_filters
from engine.optimize.rules.inline_ctes import inline_ctes
from engine.optimize.rules.join_on_raising_keys import join_on_raising_keys
from engine.optimize.rules.limit_loops import limit_loops
from engine.optimize.rules.merge_filters import merge_filters
from engine.optimize.rules.move_join_hints import move_join_hints
from engine.optimize.rules.outer_to_inner import outer_to_inner
from engine.optimize.rules.propagate_empty import propagate_empty
from engine.optimize.rules.propagate_nulls import propagate_nulls
from engine.optimize.rules.prune_columns import prune_columns
from engine.optimize.rules.push_aggregates import push_aggregates
from engine.optimize.rules.push_filter_through_aggregate import push_filter_through_aggregate
from engine.optimize.rules.push_filter_through_asof_join import push_filter_through_asof_join
from engine.optimize.rules.push_filter_through_generate import push_filter_through_generate
from engine.optimize.rules.push_filter_through_join import push_filter_through_join
from engine.optimize.rules.push_filter_through_project import push_filter_through_project
from engine.optimize.rules.push_filter_through_sort import push_filter_through_sort
from engine.optimize.rules.push_filter_through_union import push_filter_through_union
from engine.optimize.rules.push_filter_through_window import push_filter_through_window
from engine.optimize.rules.push_filters_into_ctes import push_filters_into_ctes
from engine.optimize.rules.push_filters_into_scan import push_filters_into_scan
from engine.optimize.rules.push_join_condition import push_join_condition
from engine.optimize.rules.push_limit import push_limit
from engine.optimize.rules.reduce_aggregates import reduce_aggregates
from engine.optimize.rules.remove_noop_projects import remove_noop_projects
from engine.optimize.rules.remove_redundant_aggregates import remove_redundant_aggregates
from engine.optimize.rules.remove_redundant_sorts import remove_redundant_sorts
from engine.optimize.rules.remove_unused_outer_joins import remove_unused_outer_joins
from engine.optimize.rules.reorder_joins import reorder_joins
from engine.optimize.rules.repeat_semi_joins import repeat_semi_joins
from engine.optimize.rules.replace_between import replace_between
from engine.optimize.rules.replace_distinct import replace_distinct
from engine.optimize.rules.replace_set_operations import replace_set_operations
from engine.optimize.rules.rewrite_distinct_aggregates import rewrite_distinct_aggregates
from engine.optimize.rules.share_subplans import share_subplans
from engine.optimize.rules.simplify_booleans import simplify_booleans
from engine.optimize.rules.simplify_casts import simplify_casts
from engine.optimize.rules.simplify_comparisons import simplify_comparisons
from engine.optimize.rules.simplify_conditionals import simplify_conditionals
from engine.optimize.rules.simplify_filters import simplify_filters
from engine.optimize.rules.simplify_in import simplify_in
from engine.optimize.rules.simplify_null_checks import simplify_null_checks
from engine.optimize.rules.split_sums import split_sums
from engine.optimize.rules.unnest_subqueries import unnest_subqueries
from engine.tree.rules import Batch, Observer, Rule, run

MOST_PASSES = 50
"""Passes after which a batch that should have come to rest is taken for a bug."""

REQUIRED = ("Finish analysis", "Subqueries")
"""Batches that cannot be left out."""

EXPRESSIONS = (
    simplify_casts,  # first: takes casts off columns, so that the others see columns
    propagate_nulls,
    simplify_comparisons,
    simplify_null_checks,
    simplify_conditionals,
    simplify_in,
    simplify_booleans,  # after those that make TRUE, FALSE and NULL
    extract_common_disjuncts,
    simplify_filters,  # a condition that became constant decides about the whole filter
)
PUSHING = (
    merge_filters,  # first: one filter is pushed once
    push_filter_through_project,
    push_filter_through_sort,
    push_filter_through_window,
    push_filter_through_generate,
    push_filter_through_asof_join,
    push_filter_through_aggregate,
    push_filter_through_union,
    outer_to_inner,  # before joins: through an inner join more can be pushed
    push_filter_through_join,
    push_join_condition,
    join_on_raising_keys,  # after all others: only what would stay a cross product
)
SHAPES = (
    collapse_projects,
    remove_noop_projects,
    flatten_unions,
    remove_redundant_sorts,
    remove_redundant_aggregates,
    remove_unused_outer_joins,
    combine_limits,
    push_limit,
    propagate_empty,
)
AGGREGATES = (
    reduce_aggregates,  # first: what groups only few rows need not do so early
    push_aggregates,
)
SHARING = (
    repeat_semi_joins,  # first: makes equal what the other then shares
    share_subplans,
)


def batches(context: OptimizerContext) -> tuple[Batch, ...]:
    """The batches for a query, those that are excluded left out."""
    fold = fold_constants.bind(context.evaluation)
    everything = (
        Batch(
            "Finish analysis",
            (
                bind_current_time.bind(context.evaluation),  # before anything is copied: one moment for all
                move_join_hints,  # before names go: hints sit on named relations
                eliminate_subquery_aliases,
                inline_ctes.bind(context.estimator),  # before subqueries: their plans refer to CTEs
                limit_loops,  # after names and CTEs are gone: a LIMIT sees the recursion below them
                replace_set_operations,
                replace_distinct,
                replace_between,
            ),
        ),
        # before subqueries: what is folded cannot raise any more, and need not stay behind conditions on outer columns
        Batch("Fold constants", (fold,)),
        # before anything moves: a condition on outer columns is found where it was written
        Batch("Subqueries", (unnest_subqueries,)),
        Batch("Simplify and push down", (fold, *EXPRESSIONS, *PUSHING, *SHAPES), MOST_PASSES),
        # once: run to a fixed point they would infer again what was simplified away
        Batch("Infer filters", (push_filters_into_ctes, infer_filters.bind(context.estimator))),
        Batch("Push down what was inferred", (*EXPRESSIONS, *PUSHING, *SHAPES), MOST_PASSES),
        # when filters stand at their tables, which tells how few the keys are; before joins are ordered: both change them
        Batch("Aggregates and joins", tuple(each.bind(context.estimator) for each in AGGREGATES)),
        # after pushing down: conditions stand where estimates see them; before pruning, which puts projections between joins
        Batch("Join order", (reorder_joins.bind((context.estimator, context.order_joins)),)),
        # after joins are ordered: equal regions are equal now; before pruning: later they have different columns
        Batch("Common subplans", tuple(each.bind(context.estimator) for each in SHARING)),
        # in rounds: what an order of joins puts next to each other may be pushed and merged once more
        Batch("Prune columns", (*PUSHING, prune_columns, collapse_projects, remove_noop_projects), MOST_PASSES),
        # after joins are ordered: what multiplies rows is not estimated; after pruning: nobody may read what would raise here
        Batch("Distinct aggregates", (split_sums, rewrite_distinct_aggregates)),
        # last: nothing moves the filters any more
        Batch("Scans", (push_filters_into_scan, count_from_metadata, prune_columns)),
    )
    return tuple(found for batch in everything if (found := _without(batch, context.excluded)).rules)


def _without(batch: Batch, excluded: frozenset[str]) -> Batch:
    if batch.name in REQUIRED or not excluded:
        return batch
    if batch.name in excluded:
        return Batch(batch.name, ())
    return Batch(batch.name, tuple(rule for rule in batch.rules if rule.name not in excluded), batch.max_passes)


def rules(context: OptimizerContext) -> dict[str, Rule]:
    """Every rule that runs, by name."""
    return {rule.name: rule for batch in batches(context) for rule in batch.rules}


def optimize(plan: LogicalPlan, context: OptimizerContext, observe: Observer | None = None) -> LogicalPlan:
    """`plan`, resolved, with the same columns and rows for less work. `observe(rule, before, after)` hears each rule that
    changed it. Raises InternalError where a rule breaks the plan (with `context.check`) or a batch comes to no rest."""
    found = batches(context)
    if not context.check:
        return run(found, plan, observe)  # type: ignore[no-any-return]
    check = checker({rule.name: rule for batch in found for rule in batch.rules})

    def checked(name: str, before: LogicalPlan, after: LogicalPlan) -> None:
        check(name, before, after)
        if observe is not None:
            observe(name, before, after)

    return run(found, plan, checked)  # type: ignore[arg-type,no-any-return]
