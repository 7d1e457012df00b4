"""Columns nobody reads are not computed, carried or read.

    Project [a]                      Project [a]
    └─ Join a.k = b.k                └─ Join a.k = b.k
       ├─ Scan [k, a, c]       =>       ├─ Scan [k, a]
       └─ Scan [k, d]                   └─ Scan [k]

Every plan keeps at least one column (the narrowest), since rows without columns have no number in a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.expressions.base import Alias, Attribute, Literal, references
from engine.expressions.subquery import SubqueryExpression
from engine.logical import plan as lp
from engine.logical.asof import AsOfJoin
from engine.logical.plan import LogicalPlan
from engine.logical.recursion import UnionLoop
from engine.optimize.width import narrowest
from engine.tree.node import TreeNode
from engine.tree.rules import whole

Ids = frozenset[int]


@whole(lp.LogicalPlan)
def prune_columns(plan: TreeNode) -> TreeNode | None:
    if not isinstance(plan, LogicalPlan):
        return None
    if isinstance(plan, lp.WithCte):
        return _prune_ctes(plan)
    return prune(plan, plan.output_ids)


def prune(plan: LogicalPlan, needed: Ids) -> LogicalPlan:
    """`plan` with at least the columns `needed`, in their order, and not many others; subqueries in it pruned too."""
    if plan.has(SubqueryExpression) and any(each.has(SubqueryExpression) for each in plan.expressions):
        plan = plan.map_expressions(_in_expression)
    match plan:
        case lp.Project(projections, child):
            kept = _kept(projections, needed)
            return _project(plan, kept, prune(child, plan.references if kept is projections else references(kept)))
        case lp.Aggregate(grouping, aggregates, child):
            kept = _kept(aggregates, needed)
            below = prune(child, references(grouping) | references(kept))
            return plan if len(kept) == len(aggregates) and below is child else lp.Aggregate(grouping, kept, below)
        case lp.Scan(relation, columns, name, filters, limit):
            kept = _kept(columns, needed | references(filters))
            return plan if len(kept) == len(columns) else lp.Scan(relation, kept, name, filters, limit)
        case lp.Window():
            return _window(plan, needed)
        case lp.Join():
            return _join(plan, needed)
        case AsOfJoin():
            read = needed | plan.references
            return _over(plan, lambda side: narrowed(side, read))
        case lp.Union():
            return _union(plan, needed)
        case lp.Expand(projections, columns, child):
            return _expand(plan, needed)
        case lp.Generate(generator, _, columns, child):
            read = needed - {column.id for column in columns} | generator.references
            return _over(plan, lambda each: narrowed(each, read))
        case lp.LocalRelation(columns, batch):
            kept = _kept(columns, needed)
            places = [columns.index(each) for each in kept]
            return plan if len(kept) == len(columns) else lp.LocalRelation(kept, batch.select(places))
        case lp.Filter() | lp.Limit():
            return _over(plan, lambda each: prune(each, needed | plan.references))
        case lp.Sort() | lp.TopN() | lp.Repartition():
            return _over(plan, lambda each: narrowed(each, needed | plan.references))
    return _over(plan, lambda each: prune(each, each.output_ids))


def _over(plan: LogicalPlan, fn: Callable[[LogicalPlan], LogicalPlan]) -> LogicalPlan:
    new: LogicalPlan = plan.map_plans(fn)
    return new


def narrowed(plan: LogicalPlan, needed: Ids) -> LogicalPlan:
    """`plan` pruned, and a projection on top where columns are left that nobody needs."""
    pruned = prune(plan, needed & plan.output_ids)
    kept = _kept(pruned.output, needed)
    return pruned if len(kept) == len(pruned.output) else lp.Project(kept, pruned)


def _kept(columns: tuple[Any, ...], needed: Ids) -> tuple[Any, ...]:
    if needed.issuperset([column.id for column in columns]):
        return columns
    found = tuple(column for column in columns if column.id in needed)
    return found or narrowest(tuple(filter(_is_there, columns)) or columns)


def _is_there(column: Any) -> bool:
    """Whether a column is none that is computed for nobody, and might raise an error."""
    return isinstance(column.child if isinstance(column, Alias) else column, Attribute | Literal)


def _project(plan: lp.Project, kept: tuple[Any, ...], child: LogicalPlan) -> LogicalPlan:
    if len(kept) == len(plan.projections) and child is plan.child:
        return plan
    return lp.Project(kept, child)


def _join(plan: lp.Join, needed: Ids) -> LogicalPlan:
    if plan.exists is not None and plan.exists.id not in needed:
        return prune(plan.left, needed)
    below = needed | plan.references
    return _over(plan, lambda side: narrowed(side, below))


def _window(plan: lp.Window, needed: Ids) -> LogicalPlan:
    kept = tuple(each for each in plan.functions if each.id in needed)
    if not kept:
        return prune(plan.child, needed & plan.child.output_ids)
    below = needed - {each.id for each in kept} | references((*kept, *plan.partition, *plan.order))
    child = narrowed(plan.child, below)
    if child is plan.child and len(kept) == len(plan.functions):
        return plan
    return lp.Window(kept, plan.partition, plan.order, child)


def _union(plan: lp.Union, needed: Ids) -> LogicalPlan:
    kept = _kept(plan.columns, needed)
    places = [plan.columns.index(each) for each in kept]
    inputs = tuple(exactly(each, [each.output[place] for place in places]) for each in plan.inputs)
    if len(kept) == len(plan.columns) and all(a is b for a, b in zip(inputs, plan.inputs, strict=True)):
        return plan
    return lp.Union(inputs, kept)


def exactly(plan: LogicalPlan, wanted: list[Attribute]) -> LogicalPlan:
    """`plan` with just the columns `wanted`, in this order."""
    pruned = prune(plan, frozenset(each.id for each in wanted))
    if [each.id for each in pruned.output] == [each.id for each in wanted]:
        return pruned
    return lp.Project(tuple(wanted), pruned)


def _expand(plan: lp.Expand, needed: Ids) -> LogicalPlan:
    kept = _kept(plan.columns, needed)
    places = [plan.columns.index(each) for each in kept]
    rows = tuple(tuple(row[place] for place in places) for row in plan.projections)
    child = narrowed(plan.child, references(each for row in rows for each in row))
    if len(kept) == len(plan.columns) and child is plan.child:
        return plan
    return lp.Expand(rows, kept, child)


def _in_expression(expression: Any) -> Any:
    """Plans inside expressions: all their own columns are needed, except where only the existence of a row counts."""
    if not expression.has(SubqueryExpression):
        return expression
    return expression.map_children(
        lambda child: prune(child, child.output_ids) if isinstance(child, LogicalPlan) else _in_expression(child)
    )


def _prune_ctes(plan: lp.WithCte) -> LogicalPlan:
    """Definitions from the last to the first, each with the columns that any later part reads, by position."""
    child = prune(plan.child, plan.child.output_ids)
    done: list[lp.CteDefinition] = []
    for definition in reversed(plan.definitions):
        later: list[LogicalPlan] = [child, *(each.child for each in done)]
        places = _read_places(definition, later)
        body = exactly(definition.child, [definition.child.output[place] for place in places])
        if len(places) < len(definition.child.output):
            narrow = _narrower(definition.id, places)
            child = narrow(child)
            done = [lp.CteDefinition(each.id, each.name, narrow(each.child)) for each in done]
        same = body is definition.child
        done.insert(0, definition if same else lp.CteDefinition(definition.id, definition.name, body))
    if child is plan.child and all(a is b for a, b in zip(done, plan.definitions, strict=True)):
        return plan
    return lp.WithCte(tuple(done), child)


def _read_places(definition: lp.CteDefinition, later: list[LogicalPlan]) -> list[int]:
    """The positions of a definition's columns that any of the plans after it reads."""
    used: set[int] = set()
    references: list[lp.CteReference] = []
    for plan in later:
        used |= plan.output_ids
        for node in plan.collect(LogicalPlan):
            if isinstance(node, lp.CteReference):
                references += [node] if node.id == definition.id else []
            else:
                used |= node.references
                used |= _by_position(node)
    size = len(definition.child.output)
    found = [place for place in range(size) if any(each.columns[place].id in used for each in references)]
    return found or [definition.child.output.index(narrowest(definition.child.output)[0])]


def _by_position(node: LogicalPlan) -> Ids:
    """Columns that are read without being named: inputs of a union or a loop, a subquery's column."""
    plans = list(node.plans) if isinstance(node, lp.Union | UnionLoop) else []
    for expression in node.expressions if node.has(SubqueryExpression) else ():
        plans += [each.plan for each in expression.collect(SubqueryExpression)]
    return frozenset().union(*(plan.output_ids for plan in plans))


def _narrower(key: int, places: list[int]) -> Callable[[Any], Any]:
    """Leaves of the references to the CTE `key` the columns at `places`."""

    def visit(node: Any) -> Any:
        if not node.has(lp.CteReference):
            return node
        match node:
            case lp.CteReference(id, columns) if id == key:
                return lp.CteReference(id, tuple(columns[place] for place in places))
        return node.map_children(visit)

    return visit
