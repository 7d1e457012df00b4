"""The joins of a region in the cheapest order, cross products last.

    Join a.k = c.k AND b.j = c.j              Join a.k = c.k
    ├─ Join Cross                             ├─ Join b.j = c.j
    │  ├─ a                            =>     │  ├─ c
    │  └─ b                                   │  └─ b
    └─ c                                      └─ a

Joins with a hint, full joins, and conditions that can raise stay where they are. An order as cheap as the one found is kept.
"""

from __future__ import annotations

from typing import Any

from engine.logical.plan import CteDefinition, Filter, Join, LogicalPlan, Project, WithCte
from engine.optimize.join_order import Chooser, Tree, tree_of
from engine.optimize.join_region import Builder, Region
from engine.optimize.pushing import filtered
from engine.optimize.statistics import Estimator
from engine.tree.node import TreeNode
from engine.tree.rules import whole


@whole(Join)
def reorder_joins(plan: TreeNode, context: tuple[Estimator, Chooser]) -> TreeNode | None:
    result: TreeNode = _visit(plan, *context)
    return result


def _visit(node: Any, estimator: Estimator, choose: Chooser) -> Any:
    if isinstance(node, WithCte):
        return _with_definitions(node, estimator, choose)
    if not node.has(Join):
        return node
    if isinstance(node, Filter | Join):
        region = Region(estimator, lambda child: _visit(child, estimator, choose))
        region.flatten(node)
        if len(region.units) > 2:
            return _ordered(region, node, choose)
    return node.map_children(lambda child: _visit(child, estimator, choose))


def _with_definitions(node: WithCte, estimator: Estimator, choose: Chooser) -> WithCte:
    """Definitions first: estimates of what refers to them need them."""
    definitions = []
    for each in node.definitions:
        child = _visit(each.child, estimator, choose)
        definitions.append(each if child is each.child else CteDefinition(each.id, each.name, child))
        estimator.define(definitions[-1])
    child = _visit(node.child, estimator, choose)
    if child is node.child and all(a is b for a, b in zip(definitions, node.definitions, strict=True)):
        return node
    return WithCte(tuple(definitions), child)


def _ordered(region: Region, plan: LogicalPlan, choose: Chooser) -> LogicalPlan:
    """`plan`, a region, with its relations joined in the best order found."""
    graph = region.graph()
    current: dict[int, Tree] = {
        1 << place: Tree(1 << place, 0.0, graph.rows(1 << place), place) for place in range(graph.size)
    }
    for left, right in region.shape:
        joined = tree_of(graph, current[left], current[right])
        if joined is None:
            raise AssertionError("a region's own order is not allowed")
        current[left | right] = joined
    best = choose(graph, current[(1 << graph.size) - 1])
    if best is None:
        unchanged: LogicalPlan = region.as_it_was(plan)
        return unchanged
    constant = [edge.term for edge in graph.edges if not edge.members]
    built = filtered(constant, Builder(graph).build(best))
    same = [column.id for column in built.output] == [column.id for column in plan.output]
    return built if same else Project(plan.output, built)
