"""A WITH query is copied to where it is used, unless it is used several times and worth computing once.

    WithCte                             Project [x AS a]
    ├─ CteDefinition q            =>    └─ Filter x > 1
    │  └─ Filter x > 1                     └─ t
    └─ CteReference q [a]

Kept definitions move to the root of the statement, where the planner computes each once.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.expressions.base import Alias
from engine.expressions.subquery import OuterReference
from engine.logical.plan import (
    CteDefinition,
    CteReference,
    Filter,
    LocalRelation,
    LogicalPlan,
    OneRow,
    Project,
    Range,
    Scan,
    SubqueryAlias,
    WithCte,
)
from engine.logical.renew import renew
from engine.optimize.statistics import Estimator
from engine.tree.node import TreeNode
from engine.tree.rules import whole

_TRIVIAL = (Scan, Project, Filter, LocalRelation, OneRow, Range, SubqueryAlias, CteReference)


@whole(WithCte)
def inline_ctes(plan: TreeNode, estimator: Estimator) -> TreeNode | None:
    found = [definition for node in plan.collect(WithCte) for definition in node.definitions]
    by_id = {definition.id: definition for definition in found}
    uses = _uses(plan, by_id)
    kept = {definition.id for definition in found if _worth_keeping(definition, uses[definition.id])}
    done: list[CteDefinition] = []
    copied: set[int] = set()

    def visit(node: Any) -> Any:
        if not node.has(WithCte, CteReference):
            return node
        match node:
            case WithCte(definitions, child):
                for definition in definitions:
                    if definition.id in kept:
                        done.append(CteDefinition(definition.id, definition.name, visit(definition.child)))
                return visit(child)
            case CteReference(id) if id in by_id and id not in kept:
                body = visit(by_id[id].child)
                return _copy(node, renew(body) if id in copied else body, copied)
        return node.map_children(visit)

    rest: LogicalPlan = visit(plan)
    if not done:
        return rest
    for definition in done:
        estimator.define(definition)
    new = WithCte(tuple(done), rest)
    return None if _unchanged(plan, new) else new


def _copy(reference: CteReference, body: LogicalPlan, copied: set[int]) -> LogicalPlan:
    copied.add(reference.id)
    pairs = zip(body.output, reference.columns, strict=True)
    return Project(tuple(Alias(column, own.name, own.id, own.qualifier) for column, own in pairs), body)


def _uses(plan: TreeNode, by_id: dict[int, CteDefinition]) -> Counter[int]:
    """How often each definition is used, once the unused ones and their own uses are gone."""
    uses: Counter[int] = Counter()

    def count(node: Any) -> None:
        if not node.has(CteReference):
            return
        if isinstance(node, WithCte):
            count(node.child)
            return
        if isinstance(node, CteReference) and node.id in by_id:
            uses[node.id] += 1
            if uses[node.id] == 1:
                count(by_id[node.id].child)
        for child in node.children:
            count(child)

    count(plan)
    return uses


def _worth_keeping(definition: CteDefinition, uses: int) -> bool:
    if not definition.name:  # made where it pays
        return True
    if uses < 2 or definition.child.collect(OuterReference):
        return False
    nodes = list(definition.child.walk_plans())
    return not (all(isinstance(node, _TRIVIAL) for node in nodes) and _all_sure(nodes))


def _all_sure(nodes: list[LogicalPlan]) -> bool:
    return all(each.deterministic for node in nodes for each in node.expressions)


def _unchanged(old: TreeNode, new: WithCte) -> bool:
    return (
        isinstance(old, WithCte)
        and old.child is new.child
        and len(old.definitions) == len(new.definitions)
        and all(a.child is b.child for a, b in zip(old.definitions, new.definitions, strict=True))
    )
