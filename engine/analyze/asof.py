"""ASOF JOIN: each row beside the one row of another relation that is nearest in time, or in any order, as DuckDB has it."""

from __future__ import annotations

from engine.errors import Unsupported
from engine.expressions.base import Expression
from engine.logical.asof import AsOfJoin, asof_keys
from engine.logical.plan import JoinType, LogicalPlan
from engine.logical.unresolved import UnresolvedJoin

_FORMS = (
    "ON takes equalities of both sides and one of <, <=, > and >=; "
    "USING takes columns, of which the last is compared by >=."
)


def asof_join(node: UnresolvedJoin, left: LogicalPlan, right: LogicalPlan, on: Expression | None) -> AsOfJoin:
    """The join for the condition `on`, resolved. Raises Unsupported for other types of joins and other conditions."""
    if node.type not in (JoinType.INNER, JoinType.LEFT):
        raise Unsupported(f"ASOF {node.type.name} JOIN", node.origin, hint="There are ASOF JOIN and ASOF LEFT JOIN.")
    if on is None:
        raise Unsupported("ASOF JOIN without a condition", node.origin, hint=_FORMS)
    if asof_keys(on, left.output_ids, right.output_ids) is None:
        written = node.condition.origin if node.condition is not None else None
        raise Unsupported("ASOF JOIN on this condition", written or node.origin, hint=_FORMS)
    return AsOfJoin(left, right, node.type, on).at(node.origin)
