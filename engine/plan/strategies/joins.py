"""Joins: which side to build, whether to send it to all executors, and what to do without equal keys.

hints first, then
equal keys, one executor      hash join, the smaller side built
equal keys, several           the same with the built side broadcast where it is small, else both sides split by key
sort-merge                    where a hint or spark.sql.join.preferSortMergeJoin asks for it
no equal keys                 nested loops, the smaller side built and broadcast
"""

from __future__ import annotations

from engine.expressions.base import Attribute, Expression, references
from engine.expressions.predicates import EqualNullSafe, EqualTo, IsNull, Or, conjunction, conjuncts
from engine.logical import plan as lp
from engine.logical.plan import JoinType
from engine.physical.hash_join import HashJoinExec
from engine.physical.join import Side
from engine.physical.merge_join import MergeJoinExec
from engine.physical.nested_loop_join import NestedLoopJoinExec
from engine.physical.operator import Operator
from engine.plan.planner import Needed, Planner
from engine.plan.strategies.join_hints import JoinHints
from engine.records import dataclass

_LEFT_ONLY = (JoinType.SEMI, JoinType.ANTI, JoinType.EXISTENCE)
_UNKNOWN_BYTES = float(1 << 40)


@dataclass(frozen=True)
class Keys:
    """The condition of a join taken apart: pairs of equal keys, and the rest."""

    left: tuple[Expression, ...]
    right: tuple[Expression, ...]
    null_safe: tuple[bool, ...]
    rest: Expression | None


def plan_join(node: lp.Join, planner: Planner, needed: Needed) -> Operator:
    """Any join."""
    keys = equal_keys(node.condition, node.left.output_ids, node.right.output_ids)
    columns = tuple(column for column in node.output if needed is None or column.id in needed)
    read = frozenset(column.id for column in columns) | (
        references([node.condition]) if node.condition else frozenset()
    )
    left = planner.plan(node.left, read & node.left.output_ids)
    right = planner.plan(node.right, read & node.right.output_ids)
    sides = Sides(node, planner)
    hints = JoinHints(node, bool(keys.left), sides.sendable)
    nested = not keys.left or hints.strategy == "shuffle_replicate_nl"
    build, broadcast = sides.nested_side(hints) if nested else sides.hash_sides(hints)
    hints.settle(build, planner.context.hints)
    if nested:
        on = node.condition
        if node.null_aware and on is not None:  # a side may have become a constant: then it is no key any more
            on = Or((on, IsNull(on)))
        return NestedLoopJoinExec(left, right, node.type, build, on, node.exists, columns)
    merge = hints.strategy == "merge" or (planner.context.prefer_sort_merge and not hints.strategy)
    kind = MergeJoinExec if merge and not broadcast and not node.null_aware else HashJoinExec
    return kind(
        left, right, node.type, build, keys.rest, node.exists, columns, keys.left, keys.right, keys.null_safe,
        node.null_aware, broadcast,
    )  # fmt: skip


def equal_keys(condition: Expression | None, left: frozenset[int], right: frozenset[int]) -> Keys:
    """The equalities of a condition between the two sides, which have the columns `left` and `right`."""
    pairs: list[tuple[Expression, Expression, bool]] = []
    rest: list[Expression] = []
    for term in conjuncts(condition):
        if isinstance(term, EqualTo | EqualNullSafe) and term.deterministic:
            a, b, safe = term.left, term.right, isinstance(term, EqualNullSafe)
            if a.references and b.references:
                if a.references <= left and b.references <= right:
                    pairs.append((a, b, safe))
                    continue
                if a.references <= right and b.references <= left:
                    pairs.append((b, a, safe))
                    continue
        rest.append(term)
    return Keys(
        tuple(a for a, _, _ in pairs),
        tuple(b for _, b, _ in pairs),
        tuple(safe for _, _, safe in pairs),
        conjunction(*rest) if rest else None,
    )


class Sides:
    """The two sides of a join: their sizes, and what may be done with them."""

    def __init__(self, node: lp.Join, planner: Planner) -> None:
        self.node = node
        self.context = planner.context
        self.sizes: dict[Side, float] = {
            "left": self._size(node.left),
            "right": self._size(node.right),
        }

    @property
    def broadcastable(self) -> tuple[Side, ...]:
        """The sides that may be held whole by every task: not one whose rows come out by themselves."""
        match self.node.type:
            case JoinType.INNER | JoinType.CROSS:
                return ("left", "right")
            case JoinType.RIGHT:
                return ("left",)
            case JoinType.FULL:
                return ("left", "right")
        return ("right",)

    def smaller(self, among: tuple[Side, ...]) -> Side:
        """The side with fewer bytes."""
        return min(reversed(among), key=lambda side: self.sizes[side])

    @property
    def sendable(self) -> tuple[Side, ...]:
        """The sides that may be sent to tasks which do not know of each other's matches."""
        return () if self.node.type is JoinType.FULL else self.broadcastable

    def nested_side(self, hints: JoinHints) -> tuple[Side, bool]:
        """Which side nested loops hold; every task has it whole."""
        asked = hints.sides if hints.strategy == "broadcast" else ()
        return self.smaller(asked or self.broadcastable), True

    def hash_sides(self, hints: JoinHints) -> tuple[Side, bool]:
        """Which side a hash join builds, and whether it is broadcast."""
        distributed = self.context.distributed
        if self.node.null_aware:
            return "right", distributed
        if hints.strategy in ("broadcast", "shuffle_hash"):
            return self.smaller(hints.sides), distributed and hints.strategy == "broadcast"
        small = tuple(side for side in self.sendable if self.sizes[side] <= self.context.broadcast_threshold)
        if distributed and small and not hints.strategy:
            return self.smaller(small), True
        return self.smaller(("left", "right")), False

    def _size(self, plan: lp.LogicalPlan) -> float:
        size = self.context.bytes(plan)
        if size is not None:
            return size
        rows = self.context.rows(plan)
        return _UNKNOWN_BYTES if rows is None else rows * 8 * max(1, len(plan.output))


def null_safe_join(left: Operator, right: Operator, type: JoinType, build: Side, broadcast: bool = False) -> Operator:
    """Rows of `left` with, or without, an equal row in `right`; nulls are equal."""
    assert type in _LEFT_ONLY
    keys: tuple[Attribute, ...] = left.output
    return HashJoinExec(
        left, right, type, build, None, None, left.output, keys, right.output, (True,) * len(keys), False, broadcast
    )
