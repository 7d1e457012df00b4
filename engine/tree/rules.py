"""A rule, a batch of rules, and the loop that runs them.

A rule is a function over one node that returns a new node, or None for "not mine"; the driver does the walking and skips
trees that hold none of the rule's classes. Trees of plans hold expressions as children too; a rule on plan classes walks
plans only (`walk_plans`), and the plans inside subquery expressions where it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from engine.errors import InternalError
from engine.lazy import cached_property
from engine.records import dataclass
from engine.tree.node import TreeNode, copy_origin, pattern

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
        return Rule(self.name, self.on, self.rewrite, self.top_down, self.entire, context, self.doc, self.needs)

    @cached_property
    def _wanted(self) -> tuple[int, int]:
        """The bits of `on`, and of `needs` or of any node."""
        return pattern(self.on), pattern(self.needs or (TreeNode,))

    def __call__(self, tree: TreeNode, settled: dict[int, TreeNode] | None = None) -> Any:
        """`tree` rewritten. `settled` holds the trees, by id, that this rule is known to leave as they are: rules look at
        nothing but the tree (and their context), so that these are not walked again."""
        settled = {} if settled is None else settled
        on, needs = self._wanted
        if not (tree.kinds & on and tree.kinds & needs) or id(tree) in settled:
            return tree
        if not self.entire:
            return self._walker(settled)(tree)
        found = self._rewritten(tree)
        if found is tree:
            settled[id(tree)] = tree
        return found

    def _walker(self, settled: dict[int, TreeNode]) -> Rewrite:
        """The walk over a tree that holds one of the classes; one function with all it needs at hand, since planning spends
        most of its time in here."""
        (on, needs), top_down, rewritten = self._wanted, self.top_down, self._rewritten

        def walk(tree: Any) -> Any:
            node = rewritten(tree) if top_down and tree.own_kinds & on else tree
            fresh: list[Any] | None = None
            for place, child in enumerate(node.children):
                kinds = child.kinds
                if kinds & on and kinds & needs and id(child) not in settled:
                    found = walk(child)
                    if found is not child:
                        fresh = fresh or list(node.children)
                        fresh[place] = found
            node = node if fresh is None else node.with_children(fresh)
            if not top_down and node.own_kinds & on:
                node = rewritten(node)
            if node is tree:
                settled[id(tree)] = tree  # holding the tree keeps its id from being used again
            return node

        return walk

    def _rewritten(self, node: Any) -> Any:
        found = self.rewrite(node) if self.context is None else self.rewrite(node, self.context)
        return node if found is None or found is node else copy_origin(node, found)


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
