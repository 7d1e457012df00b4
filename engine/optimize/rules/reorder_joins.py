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

from engine.expressions.base import Attribute, Expression
from engine.expressions.predicates import EqualTo, conjunction, conjuncts
from engine.logical.plan import CteDefinition, Filter, Join, JoinType, LogicalPlan, Project, WithCte
from engine.optimize.join_graph import Edge, Graph, Unit
from engine.optimize.join_order import Chooser, Tree, tree_of
from engine.optimize.pushing import filtered
from engine.optimize.statistics import Estimator
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import whole

_INNER = (JoinType.INNER, JoinType.CROSS)
_ONE_SIDED = (JoinType.SEMI, JoinType.ANTI, JoinType.EXISTENCE, JoinType.LEFT)


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
        region = _Region(estimator, choose)
        region.flatten(node)
        if len(region.units) > 2:
            return region.ordered(node)
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


class _Region:
    """The relations and conditions below a node, down to where joins can no longer be reordered."""

    def __init__(self, estimator: Estimator, choose: Chooser) -> None:
        self._estimator = estimator
        self._choose = choose
        self.units: list[Unit] = []
        self._terms: list[Expression] = []
        self._shape: list[tuple[int, int]] = []
        self._visited: dict[int, Any] = {}

    def flatten(self, plan: LogicalPlan) -> int:
        """Takes `plan` apart; the bit set of its relations."""
        match plan:
            case Filter(condition, child) if _is_region(child) and all(map(is_movable, conjuncts(condition))):
                members = self.flatten(child)
                self._terms += conjuncts(condition)
                return members
            case Project(projections, child) if _is_region(child) and all(
                isinstance(p, Attribute) for p in projections
            ):
                return self.flatten(child)
            case Join(left, right, type, condition) if _is_open(plan) and type in _INNER:
                one, other = self.flatten(left), self.flatten(right)
                self._terms += conjuncts(condition)
                self._shape.append((one, other))
                return one | other
            case Join(left, right, type, condition) if _is_open(plan) and type in _ONE_SIDED:
                members = self.flatten(left)
                bit = 1 << len(self.units)
                needs = self._reads(conjuncts(condition), members) or members
                own = self._visited[id(right)] = _visit(right, self._estimator, self._choose)
                self.units.append(Unit(own, type, conjuncts(condition), needs, plan.null_aware, plan.exists))
                self._shape.append((members, bit))
                return members | bit
        own = self._visited[id(plan)] = plan.map_children(lambda child: _visit(child, self._estimator, self._choose))
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

    def ordered(self, plan: LogicalPlan) -> LogicalPlan:
        """`plan` with its relations joined in the best order found."""
        graph = self._graph()
        current: dict[int, Tree] = {
            1 << place: Tree(1 << place, 0.0, graph.rows(1 << place), place) for place in range(graph.size)
        }
        for left, right in self._shape:
            joined = tree_of(graph, current[left], current[right])
            if joined is None:
                raise AssertionError("a region's own order is not allowed")
            current[left | right] = joined
        best = self._choose(graph, current[(1 << graph.size) - 1])
        if best is None:
            unchanged: LogicalPlan = self._as_it_was(plan)
            return unchanged
        constant = [edge.term for edge in graph.edges if not edge.members]
        built = filtered(constant, _Builder(graph).build(best))
        same = [column.id for column in built.output] == [column.id for column in plan.output]
        return built if same else Project(plan.output, built)

    def _as_it_was(self, node: Any) -> Any:
        """The region in its own order, over its relations as they now are."""
        known = self._visited.get(id(node))
        return known if known is not None else node.map_children(self._as_it_was)

    def _graph(self) -> Graph:
        graph = Graph(self.units, (), self._estimator)
        edges = []
        for term in dict.fromkeys(self._terms):
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
        return Graph(self.units, edges, self._estimator)


def _is_open(plan: Join) -> bool:
    return not plan.hints and all(is_movable(term) for term in conjuncts(plan.condition))


def _is_region(plan: LogicalPlan) -> bool:
    match plan:
        case Join():
            return plan.type in (*_INNER, *_ONE_SIDED) and _is_open(plan)
        case Filter(_, child) | Project(_, child):
            return _is_region(child)
    return False


class _Builder:
    """Plans from trees: each condition stands at the lowest join that has all it reads."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def build(self, tree: Tree) -> LogicalPlan:
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
