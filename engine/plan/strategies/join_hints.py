"""Which of the strategies asked for a join is followed, and why the others are not.

Where several are asked for, the first that the join allows counts, in Spark's order: BROADCAST, MERGE, SHUFFLE_HASH, then
SHUFFLE_REPLICATE_NL. What became of each hint is noted for EXPLAIN.
"""

from __future__ import annotations

from engine.logical import plan as lp
from engine.logical.hints import Hints, JoinHint
from engine.logical.plan import JoinType
from engine.physical.join import Side

PRIORITY = ("broadcast", "merge", "shuffle_hash", "shuffle_replicate_nl")


class JoinHints:
    """The hints of one join. `has_keys`: it has equal keys; `sendable`: the sides that may be sent whole to every task.

    `strategy` is the one to follow ("" for none) and `sides` are those it is asked for.
    """

    def __init__(self, node: lp.Join, has_keys: bool, sendable: tuple[Side, ...]) -> None:
        self.node = node
        self.has_keys = has_keys
        self.sendable = sendable
        possible = [hint for hint in node.hints if not self._obstacle(hint)]
        self.strategy = min((hint.strategy for hint in possible), key=PRIORITY.index, default="")
        asked = [hint.side for hint in possible if hint.strategy == self.strategy]
        self.sides: tuple[Side, ...] = tuple(side for side in ("left", "right") if side in asked)

    def settle(self, build: Side, log: Hints) -> None:
        """Notes what became of each hint in a join that builds the side `build`."""
        for hint in self.node.hints:
            reason = self._obstacle(hint) or self._outdone(hint, build)
            if reason:
                log.refuse(hint.number, reason)
            else:
                log.use(hint.number)

    def _obstacle(self, hint: JoinHint) -> str:
        """Why the join cannot do what a hint asks for."""
        if hint.strategy == "broadcast" and hint.side not in self.sendable:
            return f"a {self.node.type.value} join does not allow it for its {hint.side} side"
        if hint.strategy == "shuffle_replicate_nl" and self.node.type not in (JoinType.INNER, JoinType.CROSS):
            return f"a {self.node.type.value} join does not allow it"
        if hint.strategy in ("merge", "shuffle_hash"):
            if not self.has_keys:
                return "the join has no equal keys"
            if self.node.null_aware:
                return "NOT IN needs the other side whole"
        return ""

    def _outdone(self, hint: JoinHint, build: Side) -> str:
        if hint.strategy != self.strategy:
            return f"overridden by {self.strategy.upper()}"
        one_side = hint.strategy in ("broadcast", "shuffle_hash")
        return f"the {build} side is smaller, and asked for too" if one_side and hint.side != build else ""
