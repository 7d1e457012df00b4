"""The join of each row with the nearest one: ASOF JOIN."""

from __future__ import annotations

from engine.expressions.base import Attribute, Expression
from engine.expressions.predicates import (
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    conjuncts,
)
from engine.lazy import cached_property
from engine.logical.plan import JoinType, LogicalPlan
from engine.records import dataclass
from engine.tree.node import node

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@node
class AsOfJoin(LogicalPlan):
    """Each row of `left` beside the one row of `right` that has equal keys and is nearest: `condition` holds equalities
    between the sides and one inequality; of the rows for which it is true the one with the value nearest to the left row's is
    taken, any of several with the same. `type` is INNER, or LEFT, which keeps rows of `left` without one."""

    left: LogicalPlan
    right: LogicalPlan
    type: JoinType
    condition: Expression

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        right = self.right.output
        if self.type is JoinType.LEFT:
            right = tuple(column.with_nullability(True) for column in right)
        return self.left.output + right


@dataclass(frozen=True)
class AsOfKeys:
    """The condition of an ASOF join taken apart: keys that are equal pair by pair, and `left_at` `operator` `right_at`."""

    left: tuple[Expression, ...]
    right: tuple[Expression, ...]
    left_at: Expression
    right_at: Expression
    operator: str


def asof_keys(condition: Expression | None, left: frozenset[int], right: frozenset[int]) -> AsOfKeys | None:
    """The keys of `condition` between sides with the columns `left` and `right`; None where it is anything but equalities
    between the sides and one inequality."""
    equal: list[tuple[Expression, Expression]] = []
    nearest: list[tuple[Expression, Expression, str]] = []
    for term in conjuncts(condition):
        if not isinstance(term, EqualTo | LessThan | LessThanOrEqual | GreaterThan | GreaterThanOrEqual):
            return None
        one, other, operator = term.left, term.right, term.symbol
        if not (one.references and other.references):
            return None
        if one.references <= right and other.references <= left:
            one, other, operator = other, one, _FLIPPED.get(operator, operator)
        if not (one.references <= left and other.references <= right):
            return None
        if isinstance(term, EqualTo):
            equal.append((one, other))
        else:
            nearest.append((one, other, operator))
    if len(nearest) != 1:
        return None
    return AsOfKeys(tuple(one for one, _ in equal), tuple(other for _, other in equal), *nearest[0])
