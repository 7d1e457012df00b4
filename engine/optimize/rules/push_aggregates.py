"""Rows are grouped before they are joined, where that leaves few of them.

    Aggregate [c.k, c.name] [sum(l.v)]            Aggregate [c.k, c.name] [sum(s)]
    └─ Join o.ck = c.k                            └─ Join o.ck = c.k
       ├─ c                                          ├─ c
       └─ Join l.ok = o.k                   =>       └─ Aggregate [o.ck] [o.ck, sum(l.v) AS s]
          ├─ l                                          └─ Join l.ok = o.k
          └─ o                                             ├─ l
                                                           └─ o

Exact whatever the joins above do: they repeat or drop whole groups, as they would have repeated or dropped each of their rows.
A sum of rows that no join lets through may be out of range: then it is null, and an error only if it comes to be summed up.
"""

from __future__ import annotations

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, NamedExpression
from engine.expressions.predicates import EqualTo
from engine.logical.plan import Aggregate, Join, LogicalPlan, Project
from engine.optimize.aggregate_parts import above, from_parts, is_decomposable, parts_never_raise, parts_of
from engine.optimize.eager_aggregation import Split, Splits
from engine.optimize.join_graph import Edge, Graph, Unit
from engine.optimize.join_order import best_tree
from engine.optimize.join_region import Builder, Region, is_region
from engine.optimize.pushing import filtered
from engine.optimize.statistics import Estimator
from engine.optimize.substitution import is_movable, meanings, substitute
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Aggregate, needs=(Join,))
def push_aggregates(plan: TreeNode, estimator: Estimator) -> TreeNode | None:
    assert isinstance(plan, Aggregate)
    plan = _over_joins(plan)
    if not plan.grouping or not is_region(plan.child):
        return None
    calls = tuple(dict.fromkeys(call for each in plan.aggregates for call in each.collect(AggregateCall)))
    if not calls or not all(map(_has_parts, calls)) or not all(map(is_movable, plan.grouping)):
        return None
    region = Region(estimator)
    region.flatten(plan.child)
    graph = region.graph()
    sources = _sources(graph, calls)
    if sources is None or not plan.references <= graph.columns.keys():
        return None
    found = Splits(plan, graph, sources, estimator).best()
    if found is None:
        return None
    split, tree = found
    return _pushed(plan, calls, graph, split, Builder(graph).build(tree), estimator)


def _over_joins(plan: Aggregate) -> Aggregate:
    """`plan` with what a projection below computes in the place of its columns."""
    match plan.child:
        case Project(projections, child) if is_region(child) and all(map(is_movable, projections)):
            known = meanings(projections)
            grouping = tuple(substitute(key, known) for key in plan.grouping)
            return Aggregate(grouping, tuple(_renamed(each, known) for each in plan.aggregates), child)
    return plan


def _renamed(each: NamedExpression, known: dict[int, Expression]) -> NamedExpression:
    if not isinstance(each, Attribute):
        result: NamedExpression = substitute(each, known)
        return result
    found = known[each.id]
    same = isinstance(found, Attribute) and found.id == each.id
    return each if same else Alias(found, each.name, each.id, each.qualifier)


def _has_parts(call: AggregateCall) -> bool:
    plain = not call.distinct and not call.order and is_decomposable(call) and parts_never_raise(call)
    return plain and all(map(is_movable, call.children))


def _sources(graph: Graph, calls: tuple[AggregateCall, ...]) -> int | None:
    """The relations that functions read, None where one of them is made of groups already, or its rows may be missing."""
    read: frozenset[int] = frozenset().union(*(call.references for call in calls))
    if not read <= graph.columns.keys():
        return None
    members = 0
    for key in read:
        members |= 1 << graph.columns[key]
    for place, unit in enumerate(graph.units):
        if members >> place & 1 and (graph.is_one_sided(place) or unit.plan.has(Aggregate)):
            return None
    return members or None


def _pushed(
    plan: Aggregate,
    calls: tuple[AggregateCall, ...],
    graph: Graph,
    split: Split,
    rows: LogicalPlan,
    estimator: Estimator,
) -> LogicalPlan:
    """`plan` over the groups of `rows`, joined with the rest."""
    keys: dict[Expression, NamedExpression] = {
        key: key if isinstance(key, Attribute) else Alias(key, "key") for key in split.keys
    }
    own: dict[AggregateCall, Alias] = {}
    for part in (part for call in calls for part in parts_of(call)):
        own.setdefault(part, Alias(part, part.function))
    groups = push_aggregates.rewrite(made := Aggregate(split.keys, (*keys.values(), *own.values()), rows), estimator)
    below = _joined(graph, split, made if groups is None else groups, estimator)
    known = {key: each.to_attribute() for key, each in keys.items()}
    new = {call: from_parts(call, [own[part] for part in parts_of(call)], plan) for call in calls}
    grouping = {key: known.get(key, substitute(key, split.instead)) for key in plan.grouping}
    return above(plan, grouping, new, below)


def _joined(graph: Graph, split: Split, groups: LogicalPlan, estimator: Estimator) -> LogicalPlan:
    """The groups joined with all other relations."""
    inside = split.members
    left = [place for place in range(graph.size) if not inside >> place & 1]
    bits = {place: 1 << number for number, place in enumerate(left, 1)}

    def members_of(members: int) -> int:
        return sum(bits[place] for place in left if members >> place & 1) | bool(members & inside)

    units = [Unit(groups)]
    for unit in (graph.units[place] for place in left):
        terms = tuple(substitute(term, split.instead) for term in unit.terms)
        units.append(Unit(unit.plan, unit.type, terms, members_of(unit.needs), unit.null_aware, unit.exists))
    edges = []
    for edge in graph.edges:
        if edge.members & ~inside:
            sides = None if edge.sides is None else tuple(substitute(side, split.instead) for side in edge.sides)
            term = substitute(edge.term, split.instead) if sides is None else EqualTo(*sides)
            edges.append(Edge(term, members_of(edge.members), sides if sides is None else (sides[0], sides[1])))
    rest = Graph(units, edges, estimator)
    constant = [edge.term for edge in graph.edges if not edge.members]
    return filtered(constant, Builder(rest).build(best_tree(rest)))
