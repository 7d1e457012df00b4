"""What is computed in several places of a query, and gives few of the rows that it reads, is computed once.

    Join                                   WithCte
    ├─ Filter x = 1                        ├─ CteDefinition q
    │  └─ t                        =>      │  └─ Filter x = 1
    └─ Aggregate                           │     └─ t
       └─ Join                             └─ Join
          ├─ u                                ├─ CteReference q
          └─ Filter x = 1                     └─ Aggregate
             └─ t                                └─ Join
                                                    ├─ u
                                                    └─ CteReference q

Only what always gives the same and cannot raise: it may be computed where it would not have been. The largest parts first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from engine.expressions.base import next_id
from engine.expressions.subquery import OuterReference
from engine.logical.canonical import canonical
from engine.logical.plan import Aggregate, CteDefinition, CteReference, Filter, Join, LogicalPlan, Scan, WithCte
from engine.logical.recursion import UnionLoop, UnionLoopRef
from engine.logical.renew import renew
from engine.optimize.sharing import is_sure, pays_to_share, reads_twice, rows_read
from engine.optimize.statistics import Estimator
from engine.tree.node import TreeNode
from engine.tree.rules import whole

_NOT_ALONE = (CteReference, WithCte, OuterReference, UnionLoop, UnionLoopRef)
_NAME = ""
"""Of definitions that nobody wrote: none, so that no rule copies them back."""


@whole(Scan)
def share_subplans(plan: TreeNode, estimator: Estimator) -> TreeNode | None:
    if not isinstance(plan, LogicalPlan) or not reads_twice(plan, estimator):
        return None
    done = plan
    while (found := _largest(done, estimator)) is not None:
        definition = CteDefinition(next_id(), _NAME, renew(found[0]))
        estimator.define(definition)
        rest = _replaced(done, {id(each) for each in found}, definition.id)
        # first: definitions that hold it are among those that read it now
        others, child = (rest.definitions, rest.child) if isinstance(rest, WithCte) else ((), rest)
        done = WithCte((definition, *others), child)
    return None if done is plan else done


def _largest(plan: LogicalPlan, estimator: Estimator) -> list[LogicalPlan] | None:
    """The equal parts that read the most of those that pay; None if there are none."""
    alike: defaultdict[tuple[Any, ...], list[LogicalPlan]] = defaultdict(list)
    _gather(plan, alike)
    found: list[tuple[float, list[LogicalPlan]]] = []
    for nodes in alike.values():
        if len(nodes) > 1 and pays_to_share(nodes[0], estimator):
            equal: defaultdict[LogicalPlan, list[LogicalPlan]] = defaultdict(list)
            for node in filter(is_sure, nodes):
                equal[canonical(node)].append(node)
            found += [(rows_read(each[0], estimator), each) for each in equal.values() if len(each) > 1]
    # of parts that read as much, the largest
    return max(found, key=lambda pair: (pair[0], len(list(pair[1][0].walk()))))[1] if found else None


def _gather(plan: Any, alike: defaultdict[tuple[Any, ...], list[LogicalPlan]]) -> tuple[int, ...]:
    """Joins, filters and aggregates that stand for themselves, those in expressions as well, by what cannot differ where
    they are equal; the relations that `plan` reads, by their hashes."""
    if not plan.has(Scan):
        return ()
    if isinstance(plan, Scan):
        return (hash(plan.relation),)
    read = tuple(each for child in plan.children for each in _gather(child, alike))
    if isinstance(plan, Join | Filter | Aggregate) and not plan.has(*_NOT_ALONE):
        alike[type(plan), read].append(plan)
    return read


def _replaced(plan: Any, places: set[int], number: int) -> Any:
    """`plan` with references in the place of the parts `places`."""
    if id(plan) in places:
        return CteReference(number, plan.output)
    if not plan.has(Scan):
        return plan
    return plan.map_children(lambda child: _replaced(child, places, number))
