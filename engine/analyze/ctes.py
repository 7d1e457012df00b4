"""WITH: the names it defines, and what they stand for where they are used.

A definition becomes a CteDefinition that its CteReferences share. One that repeats itself (WITH RECURSIVE), or reads one that
does, is copied to each use instead: a LIMIT above one use ends the recursion there, and inside a recursion every level has
rows of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.analyze.expressions import named
from engine.analyze.recursion import Loop, looped
from engine.analyze.routines import DOCS
from engine.analyze.scope import Scope
from engine.errors import AnalysisError, Position, quoted
from engine.expressions.base import Expression
from engine.logical import plan as lp
from engine.logical import unresolved as un
from engine.logical.plan import LogicalPlan
from engine.logical.recursion import UnionLoop, UnionLoopRef
from engine.logical.renew import renew
from engine.tree.node import TreeNode

if TYPE_CHECKING:
    from engine.analyze.analyzer import Analyzer

_ids = itertools.count(1)
PRECEDENCE = "spark.sql.legacy.ctePrecedencePolicy"


class Ctes:
    """The names in scope, innermost WITH last."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.analyzer = analyzer
        self._levels: list[dict[str, lp.CteDefinition | Loop]] = []

    def reference(self, name: str, origin: Position | None) -> LogicalPlan | None:
        """What `name` stands for, if it is a CTE in scope."""
        legacy = self.analyzer.context.cte_precedence == "LEGACY"  # then the outermost comes first
        for level in self._levels if legacy else reversed(self._levels):
            found = level.get(self._fold(name))
            if isinstance(found, Loop):
                return found.reference(origin)
            if found is not None and _is_copied(found.child):
                return renew(found.child)
            if found is not None:
                columns = tuple(column.renewed().with_qualifier((name,)) for column in found.child.output)
                return lp.CteReference(found.id, columns)
        return None

    def query(self, node: un.UnresolvedWith, outer: Scope | None) -> LogicalPlan:
        """WITH definitions, and the query that uses them."""
        with self._defined(node, outer) as level:
            return _with(level, self.analyzer.query(node.child, outer))

    @contextmanager
    def _defined(self, node: un.UnresolvedWith, outer: Scope | None) -> Iterator[dict[str, lp.CteDefinition | Loop]]:
        level: dict[str, lp.CteDefinition | Loop] = {}
        self._levels.append(level)
        try:
            for each in node.definitions:
                plan = self._recursive(each, level, node, outer) if node.recursive else self._plain(each, outer)
                level[self._fold(each.name)] = lp.CteDefinition(next(_ids), each.name, plan)
            yield level
        finally:
            self._levels.pop()

    def _plain(self, cte: un.UnresolvedCte, outer: Scope | None) -> LogicalPlan:
        return under_names(self.analyzer.query(cte.child, outer), cte.columns, cte.origin)

    def _recursive(
        self,
        cte: un.UnresolvedCte,
        level: dict[str, lp.CteDefinition | Loop],
        node: un.UnresolvedWith,
        outer: Scope | None,
    ) -> LogicalPlan:
        """A definition that may read itself: a union, perhaps below a WITH of its own."""
        loop = level[self._fold(cte.name)] = Loop(cte, node.origin)
        match cte.child:
            case un.UnresolvedSetOperation(kind="union") as union:
                return self._union(loop, union, outer)
            case un.UnresolvedWith(child=un.UnresolvedSetOperation(kind="union") as union) as inner:
                with self._defined(inner, outer) as within:
                    return _with(within, self._union(loop, union, outer))
        return self._plain(cte, outer)

    def _union(self, loop: Loop, node: un.UnresolvedSetOperation, outer: Scope | None) -> LogicalPlan:
        loop.distinct = not node.all
        anchor = self.analyzer.query(node.left, outer)
        loop.begin(anchor)
        recursion = self.analyzer.query(node.right, outer)
        if loop.is_used:
            return looped(loop, anchor, recursion, node, self.analyzer.context.ansi)
        plan = self.analyzer.united([anchor, recursion], node)
        return under_names(plan, loop.cte.columns, loop.cte.origin)

    def _fold(self, name: str) -> str:
        return name if self.analyzer.context.case_sensitive else name.lower()


def under_names(plan: LogicalPlan, names: tuple[str, ...], origin: Position | None) -> LogicalPlan:
    """`plan` with its columns called `names`, if there are any. Raises ASSIGNMENT_ARITY_MISMATCH."""
    if not names:
        return plan
    if len(names) != len(plan.output):
        parameters = {"numExpr": len(names), "numTarget": len(plan.output)}
        raise AnalysisError("ASSIGNMENT_ARITY_MISMATCH", parameters, origin)
    return lp.Project(tuple(named(c, n) for c, n in zip(plan.output, names, strict=True)), plan)


def _is_copied(plan: LogicalPlan) -> bool:
    return plan.has(UnionLoop, UnionLoopRef)


def _with(level: dict[str, lp.CteDefinition | Loop], child: LogicalPlan) -> LogicalPlan:
    shared = [each for each in level.values() if isinstance(each, lp.CteDefinition) and not _is_copied(each.child)]
    return lp.WithCte(tuple(shared), child) if shared else child


def refuse_hiding(plan: TreeNode, fold: Callable[[str], str], outer: tuple[str, ...] = (), starts: bool = True) -> None:
    """What the policy EXCEPTION refuses: a WITH at the start of a definition or of a query in an expression that defines a
    name anew. Raises AMBIGUOUS_ALIAS_IN_NESTED_CTE."""
    if not plan.has(un.UnresolvedWith):
        return
    names = outer
    if isinstance(plan, un.UnresolvedWith):
        for each in plan.definitions:
            if starts and fold(each.name) in outer:
                parameters = {"name": quoted(each.name), "config": f'"{PRECEDENCE}"', "docroot": DOCS}
                raise AnalysisError("AMBIGUOUS_ALIAS_IN_NESTED_CTE", parameters)
            names = (*names, fold(each.name))
            refuse_hiding(each.child, fold, names)
        refuse_hiding(plan.child, fold, names, False)
        return
    for child in plan.children:
        refuse_hiding(child, fold, outer, isinstance(plan, Expression))
