"""The order of joins: the cheapest tree over the relations of one region of joins.

A region is what inner joins, filters and bare column selections hold together. Semi, anti, existence and left outer joins on
a region's rows belong to it too: their right side is a relation that may only be joined alone, once all relations that its
condition reads are there. Up to ten relations every tree without needless cross products is weighed (dynamic programming
over connected pairs); beyond that the pair that gives the fewest rows is joined first. Cross products come last.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TypeAlias

from engine.optimize.cost import join_cost
from engine.optimize.join_graph import Graph
from engine.records import dataclass

MOST_FOR_DYNAMIC = 10
"""Relations up to which every order is weighed."""


@dataclass(frozen=True)
class Tree:
    """A join tree: relation number `leaf`, or two subtrees. `members` is the bit set of its relations."""

    members: int
    cost: float
    rows: float
    leaf: int = -1
    left: Tree | None = None
    right: Tree | None = None


ENOUGH = 0.999
"""A new order has to cost less than this part of the old one's cost."""

Chooser: TypeAlias = Callable[[Graph, Tree], Tree | None]
"""Gives the order of a region whose relations are joined as the tree says now; None to leave it."""


def cheapest(graph: Graph, now: Tree) -> Tree | None:
    """The order of least cost, unless that of now costs as little."""
    best = best_tree(graph)
    return best if best.cost < now.cost * ENOUGH else None


def best_tree(graph: Graph) -> Tree:
    """The cheapest tree found over all relations of `graph`."""
    leaves = [Tree(1 << place, 0.0, graph.rows(1 << place), place) for place in range(graph.size)]
    groups = _components(graph)
    whole = []
    for group in groups:
        members = [leaf for leaf in leaves if leaf.members & group]
        if len(members) <= MOST_FOR_DYNAMIC:
            whole += _dynamic(graph, members, group)
        else:
            whole += _greedy(graph, members)
    return _crossed(graph, whole)


def tree_of(graph: Graph, left: Tree, right: Tree) -> Tree | None:
    """`left` joined with `right`, None where a one-sided join's right side is not alone or comes too early."""
    if not _allowed(graph, left.members, right.members):
        if not _allowed(graph, right.members, left.members):
            return None
        left, right = right, left
    members = left.members | right.members
    rows = graph.rows(members)
    one_sided = right.leaf >= 0 and graph.is_one_sided(right.leaf)
    if left.rows < right.rows and not one_sided:
        left, right = right, left  # the smaller side is built from, and stands right
    built, probing = right.rows, left.rows
    step = join_cost(built, probing, rows, graph.has_equality(left.members, right.members))
    return Tree(members, left.cost + right.cost + step, rows, -1, left, right)


def _allowed(graph: Graph, left: int, right: int) -> bool:
    """One-sided relations are joined from the right, alone, to all that they need."""
    if left.bit_count() == 1 and graph.is_one_sided(left.bit_length() - 1):
        return False
    if right.bit_count() == 1 and graph.is_one_sided(right.bit_length() - 1):
        needs = graph.needs(right.bit_length() - 1)
        return needs & left == needs
    return True


def _components(graph: Graph) -> list[int]:
    """The bit sets of relations that conditions hold together."""
    left = (1 << graph.size) - 1
    found = []
    while left:
        group, seen = left & -left, 0
        while group != seen:
            seen = group
            for place in _bits(seen):
                group |= graph.neighbours(place)
        found.append(group)
        left &= ~group
    return found


def _bits(members: int) -> Iterator[int]:
    while members:
        low = members & -members
        yield low.bit_length() - 1
        members &= ~low


def _dynamic(graph: Graph, leaves: list[Tree], group: int) -> list[Tree]:
    """The cheapest tree over a connected group."""
    best = _best_of_sets(graph, leaves, group)
    return [best[group]] if group in best else _greedy(graph, leaves)


def best_trees(graph: Graph) -> dict[int, Tree]:
    """The cheapest tree over each connected set of at most `MOST_FOR_DYNAMIC` relations."""
    leaves = [Tree(1 << place, 0.0, graph.rows(1 << place), place) for place in range(graph.size)]
    return _best_of_sets(graph, leaves, (1 << graph.size) - 1)


def _best_of_sets(graph: Graph, leaves: list[Tree], group: int) -> dict[int, Tree]:
    """Best trees of ever larger sets, from all connected pairs of disjoint ones."""
    known = graph.best_trees.get(group)
    if known is None:
        known = graph.best_trees[group] = _found_best(graph, leaves, group)
    return known


def _found_best(graph: Graph, leaves: list[Tree], group: int) -> dict[int, Tree]:
    best: dict[int, Tree] = {leaf.members: leaf for leaf in leaves}
    for left, right in connected_pairs(graph, group):
        one, other = best.get(left), best.get(right)
        if one is None or other is None:
            continue
        tree = tree_of(graph, one, other)
        if tree is not None:
            known = best.get(tree.members)
            if known is None or tree.cost < known.cost:
                best[tree.members] = tree
    return best


def connected_pairs(graph: Graph, group: int) -> list[tuple[int, int]]:
    """Every pair of disjoint connected sets with an edge between them, once, smaller unions first (Moerkotte and Neumann,
    "Analysis of two existing and one new dynamic programming algorithm", DPccp)."""
    found: list[tuple[int, int]] = []
    for place in reversed(list(_bits(group))):
        start = 1 << place
        lower = (start << 1) - 1
        for left in (start, *_grown(graph, start, lower)):
            below = lower_than(left) | left
            around = graph.around(left) & ~below
            for neighbour in reversed(list(_bits(around))):
                bit = 1 << neighbour
                found.append((left, bit))
                found += [(left, right) for right in _grown(graph, bit, below | (lower_than(bit) & around) | bit)]
    found.sort(key=lambda pair: (pair[0] | pair[1]).bit_count())
    return found


def lower_than(members: int) -> int:
    """All relations numbered below the lowest of `members`."""
    return (members & -members) - 1


def _grown(graph: Graph, members: int, excluded: int) -> Iterator[int]:
    """Connected sets that grow from `members` without any of `excluded`."""
    around = graph.around(members) & ~excluded
    subsets = list(_subsets(around))
    for subset in subsets:
        yield members | subset
    for subset in subsets:
        yield from _grown(graph, members | subset, excluded | around)


def _subsets(members: int) -> Iterator[int]:
    subset = members & -members
    while subset:
        yield subset
        subset = (subset - members) & members


def _greedy(graph: Graph, leaves: list[Tree]) -> list[Tree]:
    """Joins the two trees that give the fewest rows, again and again; trees without a condition between them stay apart."""
    trees = list(leaves)
    while len(trees) > 1:
        pairs = [
            tree
            for one, other in itertools.combinations(trees, 2)
            if graph.around(one.members) & other.members and (tree := tree_of(graph, one, other)) is not None
        ]
        if not pairs:
            break
        chosen = min(pairs, key=lambda tree: (tree.rows, tree.cost))
        trees = [tree for tree in trees if not tree.members & chosen.members] + [chosen]
    return trees


def _crossed(graph: Graph, trees: list[Tree]) -> Tree:
    """One tree: the smallest first, without any condition; one-sided joins that needed several of them at the end."""
    trees = sorted(trees, key=lambda tree: tree.rows)
    while len(trees) > 1:
        for one, other in itertools.combinations(trees, 2):
            joined = tree_of(graph, one, other)
            if joined is not None:
                trees = [joined, *(tree for tree in trees if tree is not one and tree is not other)]
                break
        else:
            raise AssertionError("a one-sided join needs relations that are not in its region")
    return trees[0]
