"""Of a WITH query that is computed once only those rows are, that one of its uses wants.

    WithCte                                 WithCte
    ├─ CteDefinition q                      ├─ CteDefinition q
    │  └─ t                                 │  └─ Filter y = 1 OR y = 2
    └─ Join                          =>     │     └─ t
       ├─ Filter y = 1 AND x > 0            └─ Join
       │  └─ CteReference q                    ├─ Filter y = 1 AND x > 0
       └─ Filter y = 2                         │  └─ CteReference q
          └─ CteReference q                    └─ ...

Column by column: what all uses say of one column moves further down than what they say of several.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from engine.expressions.base import Expression
from engine.expressions.predicates import conjunction, conjuncts, disjunction
from engine.expressions.subquery import OuterReference, SubqueryExpression
from engine.logical.plan import CteDefinition, CteReference, Filter, WithCte
from engine.optimize.pushing import filtered
from engine.optimize.substitution import is_movable, renamed
from engine.tree.node import TreeNode
from engine.tree.rules import whole

Use = tuple[CteReference, tuple[Expression, ...]]
"""A reference, and the terms of the filter right above it."""


@whole(WithCte)
def push_filters_into_ctes(plan: TreeNode) -> TreeNode | None:
    if not isinstance(plan, WithCte):
        return None
    uses: defaultdict[int, list[Use]] = defaultdict(list)
    _gather(plan, uses)
    definitions = tuple(_filtered(each, uses[each.id]) for each in plan.definitions)
    if all(new is old for new, old in zip(definitions, plan.definitions, strict=True)):
        return None
    return WithCte(definitions, plan.child)


def _gather(node: Any, uses: defaultdict[int, list[Use]]) -> None:
    if not node.has(CteReference):
        return
    match node:
        case Filter(condition, CteReference(id) as reference):
            uses[id].append((reference, conjuncts(condition)))
            _gather(condition, uses)
        case CteReference(id):
            uses[id].append((node, ()))
        case _:
            for child in node.children:
                _gather(child, uses)


def _filtered(definition: CteDefinition, uses: list[Use]) -> CteDefinition:
    child = definition.child
    said = [_by_column(use, child.output) for use in uses]
    known = set(conjuncts(child.condition)) if isinstance(child, Filter) else set()
    terms: list[Expression] = []
    for place in set.intersection(*(set(each) for each in said)) if said else ():
        terms.append(disjunction(*dict.fromkeys(conjunction(*each[place]) for each in said)))
    new = [term for term in terms if not known.issuperset(conjuncts(term))]
    return CteDefinition(definition.id, definition.name, filtered(new, child)) if new else definition


def _by_column(use: Use, output: Any) -> dict[int, list[Expression]]:
    """What a use says of single columns of the definition, by their places."""
    reference, terms = use
    places = {column.id: place for place, column in enumerate(reference.columns)}
    found: defaultdict[int, list[Expression]] = defaultdict(list)
    for term in terms:
        if len(term.references) == 1 and is_movable(term) and not term.has(SubqueryExpression, OuterReference):
            place = places.get(next(iter(term.references)))
            if place is not None:
                found[place].append(renamed(term, reference.columns, output))
    return found
