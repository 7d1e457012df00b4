"""A region of joins: the relations and conditions below a node, down to where joins can no longer be reordered, as a graph; and
plans from trees over such a graph.

A region is what inner joins, filters and bare column selections hold together, with the one-sided joins on its rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.expressions.base import Attribute, Expression
from engine.expressions.predicates import EqualTo, conjunction, conjuncts
from engine.logical.plan import Filter, Join, JoinType, LogicalPlan, Project
from engine.optimize.join_graph import Edge, Graph, Unit
from engine.optimize.join_order import Tree
from engine.optimize.pushing import filtered
from engine.optimize.statistics import Estimator
from engine.optimize.substitution import is_movable

_INNER = (JoinType.INNER, JoinType.CROSS)
_ONE_SIDED = (JoinType.SEMI, JoinType.ANTI, JoinType.EXISTENCE, JoinType.LEFT)


class Region:
    """The relations, conditions and the shape of a region. `visit` is what becomes of each relation."""

    def __init__(self, estimator: Estimator, visit: Callable[[Any], Any] | None = None) -> None:
        self._estimator = estimator
        self._visit = visit
        self.units: list[Unit] = []
        self.terms: list[Expression] = []
        self.shape: list[tuple[int, int]] = []
        """The two sets of relations that each join of the region joins, lower joins first."""
        self._visited: dict[int, Any] = {}

    def flatten(self, plan: LogicalPlan) -> int:
        """Takes `plan` apart; the bit set of its relations."""
        match plan:
            case Filter(condition, child) if is_region(child) and all(map(is_movable, conjuncts(condition))):
                members = self.flatten(child)
                self.terms += conjuncts(condition)
                return members
            case Project(projections, child) if is_region(child) and all(isinstance(p, Attribute) for p in projections):
                return self.flatten(child)
            case Join(left, right, type, condition) if _is_open(plan) and type in _INNER:
                one, other = self.flatten(left), self.flatten(right)
                self.terms += conjuncts(condition)
                self.shape.append((one, other))
                return one | other
            case Join(left, right, type, condition) if _is_open(plan) and type in _ONE_SIDED:
                members = self.flatten(left)
                bit = 1 << len(self.units)
                needs = self._reads(conjuncts(condition), members) or members
                own = self._visited[id(right)] = right if self._visit is None else self._visit(right)
                self.units.append(Unit(own, type, conjuncts(condition), needs, plan.null_aware, plan.exists))
                self.shape.append((members, bit))
                return members | bit
        own = self._visited[id(plan)] = plan if self._visit is None else plan.map_children(self._visit)
        self.units.append(Unit(own))
        return 1 << len(self.units) - 1

    def _reads(self, terms: tuple[Expression, ...], members: int) -> int:
        graph = Graph(self.units, (), self._estimator)
        ids = frozenset(key for key in graph.columns if members >> graph.columns[key] & 1)
        found = 0
        for term in terms:
            for key in term.references & ids:
                found |= 1 << graph.columns[key]
        return found

    def as_it_was(self, node: Any) -> Any:
        """The region below `node` in its own order, over its relations as they now are."""
        known = self._visited.get(id(node))
        return known if known is not None else node.map_children(self.as_it_was)

    def graph(self) -> Graph:
        """The region as a graph; conditions on one relation become part of it."""
        graph = Graph(self.units, (), self._estimator)
        edges = []
        for term in dict.fromkeys(self.terms):
            members = graph.members_of(term)
            place = members.bit_length() - 1
            if members.bit_count() == 1 and not graph.is_one_sided(place):
                self.units[place] = Unit(filtered((term,), self.units[place].plan))  # so that estimates see it
                continue
            sides = None
            if isinstance(term, EqualTo):
                one, other = graph.members_of(term.left), graph.members_of(term.right)
                if one and other and not one & other:
                    sides = (term.left, term.right)
            edges.append(Edge(term, members, sides))
        graph = Graph(self.units, edges, self._estimator)
        for place in range(len(self.units)):
            same = [EqualTo(first, other) for first, *rest in graph.equal_columns(place) for other in rest]
            if same:
                self.units[place] = Unit(filtered(same, self.units[place].plan))
        # rules look at one region after the other: what is found out about it stays with its graph
        key = Graph, tuple(self.units), tuple(edges)
        return self._estimator.once(key, lambda: Graph(self.units, edges, self._estimator))


def _is_open(plan: Join) -> bool:
    return not plan.hints and all(is_movable(term) for term in conjuncts(plan.condition))


def is_region(plan: LogicalPlan) -> bool:
    """Whether a region begins here that has a join."""
    match plan:
        case Join():
            return plan.type in (*_INNER, *_ONE_SIDED) and _is_open(plan)
        case Filter(_, child) | Project(_, child):
            return is_region(child)
    return False


class Builder:
    """Plans from trees: each condition stands at the lowest join that has all it reads."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def build(self, tree: Tree) -> LogicalPlan:
        """The plan of a tree."""
        if tree.left is None or tree.right is None:
            return self._graph.units[tree.leaf].plan
        left = self.build(tree.left)
        if tree.right.leaf >= 0 and self._graph.is_one_sided(tree.right.leaf):
            terms = self._completed(tree.members, tree.left.members, 0)  # those on the right side alone too: not below
            unit = self._graph.units[tree.right.leaf]
            on = conjunction(*unit.terms) if unit.terms else None
            return filtered(terms, Join(left, unit.plan, unit.type, on, unit.null_aware, unit.exists))
        right = self.build(tree.right)
        terms = self._completed(tree.members, tree.left.members, tree.right.members)
        if not terms:
            return Join(left, right, JoinType.CROSS)
        return Join(left, right, JoinType.INNER, conjunction(*terms))

    def _completed(self, members: int, left: int, right: int) -> list[Expression]:
        """The conditions that can be asked of `members` but not yet of `left` or `right`; of columns that are all equal, one
        equality between the two sides."""
        found: list[Expression] = []
        for columns, covered in self._graph.classes:
            if covered & left and covered & right:
                found.append(EqualTo(_first(columns, left), _first(columns, right)))
        for edge in self._graph.edges:
            if (
                not self._graph.is_in_class(edge)
                and edge.members & ~members == 0
                and edge.members & ~left
                and edge.members & ~right
            ):
                found.append(edge.term)
        return found


def _first(columns: dict[int, list[Attribute]], members: int) -> Attribute:
    return next(column for place, (column, *_) in sorted(columns.items()) if members >> place & 1)
