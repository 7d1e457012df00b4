"""A table that one part of a query reduces by a semi join is reduced by the same one wherever joins drop those rows anyhow:
then both are one part, which is computed once (`share_subplans`).

    Join p.k = l.k AND l.v < m              Join p.k = l.k AND l.v < m
    ├─ l                                    ├─ Join LeftSemi l.k = p''.k
    └─ Join p.k = a.k                       │  ├─ l
       ├─ Filter p.size = 15         =>     │  └─ Filter p''.size = 15
       │  └─ p                              └─ Join p.k = a.k
       └─ Aggregate [a.k] [max(a.v) AS m]      ├─ Filter p.size = 15
          └─ Join LeftSemi a.k = p'.k          │  └─ p
             ├─ l AS a                         └─ Aggregate [a.k] [max(a.v) AS m]
             └─ Filter p'.size = 15               └─ Join LeftSemi a.k = p'.k
                └─ p AS p'                           ...

What is left of correlated subqueries over the table that the query itself reads (TPC-H Q2, Q17), once `reduce_aggregates` has
been there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from engine.expressions.base import Attribute
from engine.expressions.predicates import EqualTo
from engine.logical.canonical import canonical
from engine.logical.plan import Filter, Join, JoinType, LogicalPlan, Project, Scan
from engine.logical.relation import Relation
from engine.optimize.join_inputs import equal_pairs, equal_to, required_inputs, semi_join
from engine.optimize.sharing import is_sure, pays_to_share, reads_twice
from engine.optimize.statistics import Estimator
from engine.tree.node import TreeNode
from engine.tree.rules import whole

Worth = dict[LogicalPlan, list[Relation]]
"""The semi joins that are shared, in canonical form, with the relations they read."""


@whole(Join)
def repeat_semi_joins(plan: TreeNode, estimator: Estimator) -> TreeNode | None:
    if not isinstance(plan, LogicalPlan):
        return None
    known = [each for each in plan.collect(Join) if _is_reduced_table(each)]
    if not known or not reads_twice(plan, estimator):
        return None
    worth = {canonical(each): _read(each) for each in known if is_sure(each) and pays_to_share(each, estimator)}
    return _visit(plan, worth) if worth else None


def _is_reduced_table(join: Join) -> bool:
    """Whether it is one table's rows that have a partner in another, as `semi_join` makes it."""
    match join:
        case Join(left, Project((Attribute(),), _), JoinType.SEMI, EqualTo(Attribute(), Attribute())):
            return not left.has(Join) and len(join.collect(Scan)) == 2 and not join.null_aware and not join.hints
    return False


def _visit(node: Any, worth: Worth) -> Any:
    """`node` with the joins below reduced, the whole of a tree of joins at once."""
    if not node.has(Join):
        return node
    if isinstance(node, Join):
        reduced = {id(table): join for table, join in _repeated(node, worth)}
        return _replaced(node, reduced, worth)
    return node.map_children(lambda child: _visit(child, worth))


def _repeated(tree: Join, worth: Worth) -> Iterator[tuple[LogicalPlan, Join]]:
    """The tables in a tree of joins that can be reduced, with what they become."""
    inputs = [(each, read[0]) for each in required_inputs(tree) if not each.has(Join) and len(read := _read(each)) == 1]
    possible = [(table, source) for (table, a), (source, b) in product(inputs, repeat=2) if [a, b] in worth.values()]
    pairs = list(equal_pairs(tree)) if possible else []
    for table, source in possible:
        for key in table.output:
            equal = equal_to(key.id, pairs) - table.output_ids
            for column in source.output if equal else ():
                if column.id in equal and canonical(made := semi_join(table, key, source, column)) in worth:
                    yield table, made


def _read(plan: LogicalPlan) -> list[Relation]:
    return [scan.relation for scan in plan.collect(Scan)]


def _replaced(node: Any, reduced: dict[int, Join], worth: Worth) -> Any:
    """A tree of joins with tables replaced, and what is below it visited; what is reduced already stays."""
    if id(node) in reduced:
        return reduced[id(node)]
    match node:
        case Join() if _is_reduced_table(node):
            return node
        case Join() | Filter() | Project():
            return node.map_children(lambda child: _replaced(child, reduced, worth))
    return _visit(node, worth)
