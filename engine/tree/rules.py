"""A rule, a batch of rules, and the loop that runs them.

A rule is a function over one node that returns a new node, or None for "not mine"; the driver does the walking and skips
trees that hold none of the rule's classes. Trees of plans hold expressions as children too; a rule on plan classes walks
plans only (`walk_plans`), and the plans inside subquery expressions where it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias

from engine.errors import InternalError
from engine.tree.node import TreeNode, copy_origin

Rewrite: TypeAlias = Callable[[Any], Any]
Observer: TypeAlias = Callable[[str, TreeNode, TreeNode], None]


@dataclass(frozen=True)
class Rule:
    """Rewrites nodes of the classes `on`, children first unless `top_down`; only in trees that also hold one of `needs`.

    A rule made with `@whole` gets the whole tree once instead of one node at a time (`on` is then only the skip test).
    `context` is what `bind` adds as second argument: a catalog, the settings.
    """

    name: str
    on: tuple[type[TreeNode], ...]
    rewrite: Callable[..., Any]
    top_down: bool = False
    entire: bool = False
    context: Any = None
    doc: str = ""
    needs: tuple[type[TreeNode], ...] = ()

    def bind(self, context: Any) -> Rule:
        """This rule with `context` handed to its function as second argument."""
        return replace(self, context=context)

    def __call__(self, tree: TreeNode, settled: dict[int, TreeNode] | None = None) -> Any:
        """`tree` rewritten. `settled` holds the trees, by id, that this rule is known to leave as they are: rules look at
        nothing but the tree (and their context), so that these are not walked again."""
        settled = {} if settled is None else settled
        if not self.entire:
            return self._walker(settled)(tree)
        if id(tree) in settled or not tree.has(*self.on):
            return tree
        return self._kept(tree, self._at(tree), settled)

    def _walker(self, settled: dict[int, TreeNode]) -> Rewrite:
        """The walk over trees that hold one of the classes; one function with all it needs at hand, since planning spends
        most of its time in here."""
        meets, top_down = _meetings(self.on, self.needs), self.top_down

        def walk(tree: Any) -> Any:
            if id(tree) in settled:
                return tree
            hit = meets.get(tree.kinds)
            if hit is None:
                hit = meets[tree.kinds] = tree.has(*self.on) and (not self.needs or tree.has(*self.needs))
            if not hit:
                return tree
            found = self._at(tree) if top_down else tree
            found = found.map_children(walk)
            return self._kept(tree, found if top_down else self._at(found), settled)

        return walk

    def _kept(self, before: Any, after: Any, settled: dict[int, TreeNode]) -> Any:
        if after is before:
            settled[id(before)] = before  # holding the tree keeps its id from being used again
        return after

    def _at(self, node: Any) -> Any:
        if not self.entire and not isinstance(node, self.on):
            return node
        found = self.rewrite(node) if self.context is None else self.rewrite(node, self.context)
        return node if found is None or found is node else copy_origin(node, found)


@cache
def _meetings(
    on: tuple[type[TreeNode], ...],  # noqa: ARG001 - the key
    needs: tuple[type[TreeNode], ...],  # noqa: ARG001 - the key
) -> dict[frozenset[type[TreeNode]], bool]:
    """Which sets of kinds hold one of the classes `on`, and of `needs`, as far as it was asked."""
    return {}


def rule(
    *on: type[TreeNode], top_down: bool = False, needs: tuple[type[TreeNode], ...] = ()
) -> Callable[[Callable[..., Any]], Rule]:
    """Makes a rule of a function over one node."""
    return lambda fn: Rule(fn.__name__, on, fn, top_down, doc=fn.__doc__ or "", needs=needs)


def whole(*on: type[TreeNode]) -> Callable[[Callable[..., Any]], Rule]:
    """Makes a rule of a function over the whole tree, called when the tree holds any of the classes."""
    return lambda fn: Rule(fn.__name__, on, fn, entire=True, doc=fn.__doc__ or "")


@dataclass(frozen=True)
class Batch:
    """Rules run in order, once or until nothing changes (at most `max_passes` times)."""

    name: str
    rules: tuple[Rule, ...]
    max_passes: int = 1


def run(batches: Iterable[Batch], tree: Any, observe: Observer | None = None) -> Any:
    """The tree after all batches; `observe(rule, before, after)` hears each rule that changed it.

    Raises InternalError when a batch that should reach a fixed point does not.
    """
    settled: dict[str, dict[int, TreeNode]] = {}
    for batch in batches:
        for passed in range(batch.max_passes):
            before = tree
            for each in batch.rules:
                after = each(tree, settled.setdefault(each.name, {}))
                if after is not tree and observe is not None:
                    observe(each.name, tree, after)
                tree = after
            if tree is before or tree == before:
                break
            if passed + 1 == batch.max_passes and batch.max_passes > 1:
                raise InternalError(f"batch {batch.name} did not converge in {batch.max_passes} passes")
    return tree
