"""Unions in unions are one union; where duplicates go anyway, they need not go before.

Union                            Aggregate [a] [a]              Aggregate [a] [a]
├─ Union                         └─ Union                       └─ Union
│  ├─ a        =>   Union           ├─ Aggregate [b] [b]   =>      ├─ b
│  └─ b             ├─ a            │  └─ b                        └─ c
└─ c                ├─ b            └─ c
                    └─ c
"""

from __future__ import annotations

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute
from engine.logical.plan import Aggregate, LogicalPlan, Project, Union
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Union, Aggregate, needs=(Union,))
def flatten_unions(plan: TreeNode) -> TreeNode | None:
    match plan:
        case Union(inputs, columns) if any(isinstance(each, Union) for each in inputs):
            return Union(tuple(part for each in inputs for part in _parts(each)), columns)
        case Aggregate(grouping, aggregates, Union(inputs, columns)):
            if not grouping or any(each.has(AggregateCall) for each in aggregates):
                return None
            new = tuple(_with_duplicates(each) for each in inputs)
            if all(a is b for a, b in zip(new, inputs, strict=True)):
                return None
            union = Union(new, columns)
            return Aggregate(grouping, aggregates, flatten_unions.rewrite(union) or union)
    return None


def _parts(plan: LogicalPlan) -> tuple[LogicalPlan, ...]:
    return plan.inputs if isinstance(plan, Union) else (plan,)


def _with_duplicates(plan: LogicalPlan) -> LogicalPlan:
    """What a plan that only drops duplicates reads; other plans as they are."""
    match plan:
        case Aggregate(grouping, aggregates, child) if grouping == aggregates:
            if all(isinstance(each, Attribute) for each in aggregates):
                same = [each.id for each in child.output] == [
                    each.id for each in grouping if isinstance(each, Attribute)
                ]
                return _with_duplicates(child) if same else Project(aggregates, child)
    return plan
