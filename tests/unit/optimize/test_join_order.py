"""The order of joins: enumeration against brute force, and what must come late."""

from __future__ import annotations

import itertools
import random

import pytest

from engine.expressions.base import Attribute
from engine.expressions.predicates import EqualTo, GreaterThan
from engine.logical.plan import JoinType, LocalRelation
from engine.optimize.empty import empty
from engine.optimize.estimates import Column, Estimate, Overlay
from engine.optimize.join_graph import Edge, Graph, Unit
from engine.optimize.join_order import MOST_FOR_DYNAMIC, Tree, best_tree, connected_pairs, tree_of
from engine.types import LONG


class Guess:
    """An estimator that was told the rows of each relation; every column is a key."""

    def __init__(self, rows):
        self._rows = rows

    def rows(self, plan):
        return self._rows[id(plan)]

    def estimate(self, plan):
        return Estimate(self.rows(plan), Overlay({c.id: Column(self.rows(plan)) for c in plan.output}))

    def distinct(self, plan, expression):
        return self.rows(plan)


def relation(width):
    return empty([Attribute(f"c{number}", LONG) for number in range(width)])


def graph_of(rows, pairs, one_sided=None):
    """Relations with these rows; each of `pairs` is joined on a column of its own."""
    plans: list[LocalRelation] = [relation(len(pairs)) for _ in rows]
    edges = [
        Edge(term := EqualTo(plans[a].output[n], plans[b].output[n]), 1 << a | 1 << b, (term.left, term.right))
        for n, (a, b) in enumerate(pairs)
    ]
    units = [Unit(plan) for plan in plans]
    for place, (kind, needs) in (one_sided or {}).items():
        terms = tuple(edge.term for edge in edges if edge.members >> place & 1)
        edges = [edge for edge in edges if not edge.members >> place & 1]
        units[place] = Unit(plans[place], kind, terms, sum(1 << need for need in needs))
    guess = Guess({id(plan): float(count) for plan, count in zip(plans, rows, strict=True)})
    return Graph(units, edges, guess)


def connected(members, pairs):
    left = {place for place in range(10) if members >> place & 1}
    seen, todo = set(), [min(left)]
    while todo:
        place = todo.pop()
        seen.add(place)
        todo += [b for a, b in [*pairs, *((b, a) for a, b in pairs)] if a == place and b in left - seen]
    return seen == left


SHAPES = {
    "chain": [(0, 1), (1, 2), (2, 3), (3, 4)],
    "star": [(0, 1), (0, 2), (0, 3), (0, 4)],
    "cycle": [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)],
    "clique": list(itertools.combinations(range(5), 2)),
    "tree": [(0, 1), (1, 2), (1, 3), (3, 4), (3, 5)],
}


@pytest.mark.parametrize("pairs", SHAPES.values(), ids=SHAPES)
def test_every_connected_pair_once(pairs):
    size = 1 + max(max(pair) for pair in pairs)
    graph = graph_of([10] * size, pairs)
    everything = range(1, 1 << size)
    expected = {
        frozenset((left, right))
        for left, right in itertools.combinations(everything, 2)
        if not left & right
        and connected(left, pairs)
        and connected(right, pairs)
        and any((left >> a & 1 and right >> b & 1) or (left >> b & 1 and right >> a & 1) for a, b in pairs)
    }
    found = connected_pairs(graph, (1 << size) - 1)
    assert {frozenset(pair) for pair in found} == expected
    assert len(found) == len(expected)


def cheapest(graph, members, known):
    """Brute force over all trees without cross products."""
    if members not in known:
        best = None
        if members & (members - 1) == 0:
            best = Tree(members, 0.0, graph.rows(members), members.bit_length() - 1)
        else:
            left = (members - 1) & members
            while left:
                one, other = cheapest(graph, left, known), cheapest(graph, members & ~left, known)
                if one and other and graph.around(left) & members & ~left:
                    tree = tree_of(graph, one, other)
                    if tree is not None and (best is None or tree.cost < best.cost):
                        best = tree
                left = (left - 1) & members
        known[members] = best
    return known[members]


@pytest.mark.parametrize("seed", range(8))
def test_the_cheapest_tree_is_found(seed):
    chance = random.Random(seed)
    size = 6
    pairs = [(chance.randrange(place), place) for place in range(1, size)]
    pairs += [pair for pair in itertools.combinations(range(size), 2) if pair not in pairs and chance.random() < 0.2]
    graph = graph_of([chance.choice([5, 100, 3000, 80000]) for _ in range(size)], pairs)
    assert best_tree(graph).cost == pytest.approx(cheapest(graph, (1 << size) - 1, {}).cost)


def leaves(tree):
    return [tree.leaf] if tree.left is None else [*leaves(tree.left), *leaves(tree.right)]


def test_many_relations_are_joined_greedily():
    size = MOST_FOR_DYNAMIC + 15
    graph = graph_of([10 * place + 1 for place in range(size)], [(place, place + 1) for place in range(size - 1)])
    assert sorted(leaves(best_tree(graph))) == list(range(size))


def subtrees(tree):
    yield tree
    if tree.left is not None:
        yield from subtrees(tree.left)
        yield from subtrees(tree.right)


def test_cross_products_come_last():
    graph = graph_of([1000, 10, 1000, 10], [(0, 2), (1, 3)])
    tree = best_tree(graph)
    assert {tree.left.members, tree.right.members} == {0b0101, 0b1010}


def test_a_semi_join_waits_for_what_it_reads_and_stands_right():
    graph = graph_of([1000, 50, 20], [(0, 1), (1, 2)], {2: (JoinType.SEMI, [1])})
    joins = [tree for tree in subtrees(best_tree(graph)) if tree.right is not None and tree.right.leaf == 2]
    assert len(joins) == 1
    assert joins[0].left.members & 0b010


def test_conditions_over_three_relations_hold_them_together():
    plans = [relation(1) for _ in range(3)]
    term = GreaterThan(plans[0].output[0], plans[1].output[0])
    edges = [Edge(term, 0b111)]
    graph = Graph([Unit(plan) for plan in plans], edges, Guess({id(plan): 10.0 for plan in plans}))
    assert sorted(leaves(best_tree(graph))) == [0, 1, 2]
    assert graph.rows(0b111) < graph.rows(0b011) * 10
