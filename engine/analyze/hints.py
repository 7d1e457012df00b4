"""Hints of a SELECT: join strategies by table name, and REPARTITION."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.expressions.base import Expression, Literal
from engine.logical.plan import LogicalPlan, Repartition
from engine.logical.unresolved import Hint, UnresolvedAttribute

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver

JOIN_HINTS = {
    "broadcast": "broadcast",
    "broadcastjoin": "broadcast",
    "mapjoin": "broadcast",
    "merge": "merge",
    "shuffle_merge": "merge",
    "mergejoin": "merge",
    "shuffle_hash": "shuffle_hash",
    "shuffle_replicate_nl": "shuffle_replicate_nl",
}
PARTITION_HINTS = ("repartition", "repartition_by_range", "coalesce", "rebalance")


def join_hints(hints: tuple[Hint, ...]) -> dict[str, str]:
    """The strategy asked for each table, by folded name; the first hint for a table counts, as in Spark."""
    found: dict[str, str] = {}
    for hint in hints:
        strategy = JOIN_HINTS.get(hint.name.lower())
        for table in hint.parameters if strategy is not None else ():
            if isinstance(table, UnresolvedAttribute):
                found.setdefault(table.parts[-1].lower(), strategy or "")
    return found


def repartition(hints: tuple[Hint, ...], plan: LogicalPlan, resolver: Resolver) -> LogicalPlan:
    """`plan` with the partitioning that the hints ask for."""
    for hint in hints:
        if hint.name.lower() in PARTITION_HINTS:
            numbers = [p.value for p in hint.parameters if isinstance(p, Literal) and isinstance(p.value, int)]
            keys: list[Expression] = [resolver.resolve(p) for p in hint.parameters if not isinstance(p, Literal)]
            visible = plan.output_ids
            keys = [key for key in keys if key.references <= visible]
            plan = Repartition(numbers[0] if numbers else None, tuple(keys), plan)
    return plan
