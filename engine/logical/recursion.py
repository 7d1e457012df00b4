"""Recursive common table expressions (WITH RECURSIVE), as Catalyst has them.

UnionLoop r [n]                       rows 1; then 2 = 1 + 1; then 3 = 2 + 1; then none
├─ Project [1]                        the anchor
└─ Project [n + 1]                    the recursion, level by level
   └─ Filter n < 3
      └─ UnionLoopRef [n]             the rows of the level before
"""

from __future__ import annotations

from engine.expressions.base import Attribute
from engine.lazy import cached_property
from engine.logical.plan import LogicalPlan
from engine.tree.node import TreeNode, node

ALL_ROWS = -1
"""The `limit` of a loop under LIMIT ALL: as many rows as there are, whatever the settings say."""


@node
class UnionLoop(LogicalPlan):
    """The rows of `anchor`, then those that `recursion` makes of the level before, level after level until one is empty; all
    of them as `columns`, by position.

    `max_level` is the number of MAX RECURSION LEVEL. With a `limit` the loop ends when it has so many rows (the last level
    may give more); without one, more rows than `spark.sql.cteRecursionRowLimit` are an error.
    """

    id: int
    name: str
    columns: tuple[Attribute, ...]
    max_level: int | None
    limit: int | None
    anchor: LogicalPlan
    recursion: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns


@node
class UnionLoopRef(LogicalPlan):
    """Inside the recursion of the UnionLoop `id`: the rows of the level before, as `columns`, by position."""

    id: int
    columns: tuple[Attribute, ...]

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns


def refers_to_a_loop(plan: TreeNode) -> bool:
    """Whether a plan reads the level of a loop that is not in it."""
    if not plan.has(UnionLoopRef):
        return False
    own = {loop.id for loop in plan.collect(UnionLoop)}
    return any(ref.id not in own for ref in plan.collect(UnionLoopRef))
