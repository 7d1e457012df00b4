"""Subqueries that read the enclosing row, as plans that do not.

`pull` takes the conditions on outer columns out of a subquery's plan, to become conditions of a join with the enclosing
plan; what they read of the inside is carried up through projections, and through aggregates as grouping keys (only
equalities can: one outer row then meets one group). Where that does not do, `engine.optimize.domain` computes the subquery
once for each different combination of outer columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.expressions.base import Alias, Attribute, Expression, Literal, NamedExpression, references
from engine.expressions.predicates import (
    EqualNullSafe,
    EqualTo,
    GreaterThan,
    LessThanOrEqual,
    conjunction,
    conjuncts,
)
from engine.expressions.subquery import OuterReference
from engine.expressions.window import CurrentRow, Frame, Unbounded, WindowCall, WindowExpression, WindowSpec
from engine.logical import plan as lp
from engine.logical.plan import JoinType, LogicalPlan
from engine.optimize.pushing import filtered
from engine.optimize.substitution import can_raise
from engine.records import dataclass
from engine.types import INT


@dataclass(frozen=True)
class Pulled:
    """A subquery's `plan` (its columns first as they were, then those that `conditions` read) and the `conditions` under
    which its rows belong to an outer row; outer columns are still OuterReferences in them."""

    plan: LogicalPlan
    conditions: tuple[Expression, ...] = ()


def is_correlated(tree: Any) -> bool:
    """Whether a column of an enclosing query is read in it."""
    return bool(tree.has(OuterReference))


def unwrapped(expression: Any, ids: frozenset[int]) -> Any:
    """`expression` reading the columns `ids` of the enclosing query as its own; those from further out stay outer."""

    def visit(node: Any) -> Any:
        if isinstance(node, OuterReference):
            return node.attribute if node.attribute.id in ids else node
        return node.map_children(visit) if node.has(OuterReference) else node

    return visit(expression)


def pull(plan: LogicalPlan) -> Pulled | None:
    """`plan` without its conditions on outer columns, and these; None where it reads outer columns in another way."""
    if not is_correlated(plan):
        return Pulled(plan)
    match plan:
        case lp.Filter(condition, child):
            return _filter(condition, pull(child))
        case lp.Project(projections, child) if not any(is_correlated(each) for each in projections):
            return _project(projections, pull(child))
        case lp.Aggregate(grouping, aggregates, child) if not any(map(is_correlated, (*grouping, *aggregates))):
            return grouped(plan, pull(child))
        case lp.Join():
            return _join(plan)
        case lp.Window(functions) if not any(is_correlated(each) for each in functions):
            return _window(plan, pull(plan.child))
        case lp.Sort(_, _, child) | lp.Repartition(_, _, child):
            return pull(child)  # an order without a limit says nothing about which rows there are
        case lp.Limit(count, offset, lp.Project(projections, child)):
            return pull(lp.Project(projections, lp.Limit(count, offset, child)))  # the order may be below
        case lp.Limit(_, _, lp.Sort(order, True, child)):
            return _first(slice_of(plan), order, pull(child))
        case lp.Limit(_, _, child):
            return _first(slice_of(plan), (), pull(child))
        case lp.Generate(generator, _, _, child) if not is_correlated(generator):
            below = pull(child)
            return below and Pulled(plan.map_plans(lambda _: below.plan), below.conditions)
    return None


def _filter(condition: Expression, below: Pulled | None) -> Pulled | None:
    if below is None:
        return None
    local: list[Expression] = []
    pulled = list(below.conditions)
    for term in conjuncts(condition):
        # what can raise stays behind the conditions that stood before it
        (pulled if is_correlated(term) or (pulled and can_raise(term)) else local).append(term)
    return Pulled(filtered(local, below.plan), tuple(pulled))


def _project(projections: tuple[NamedExpression, ...], below: Pulled | None) -> Pulled | None:
    if below is None:
        return None
    have = {each.id for each in projections if isinstance(each, Attribute)}
    extra = _read_inside(below, have)
    return Pulled(lp.Project((*projections, *extra), below.plan), below.conditions)


def _read_inside(below: Pulled, have: Iterable[int] = ()) -> tuple[Attribute, ...]:
    """The columns of the plan that its conditions read, except those in `have`."""
    needed = references(below.conditions) - frozenset(have)
    return tuple(column for column in below.plan.output if column.id in needed)


def equality_keys(conditions: Iterable[Expression]) -> list[tuple[Expression, Expression, Expression]] | None:
    """For conditions that all say "inside = outside": (condition, inside, outside) of each; else None."""
    found: list[tuple[Expression, Expression, Expression]] = []
    for condition in conditions:
        match condition:
            case EqualTo(a, b) | EqualNullSafe(a, b) if a.references and not is_correlated(a) and _only_outer(b):
                found.append((condition, a, b))
            case EqualTo(a, b) | EqualNullSafe(a, b) if b.references and not is_correlated(b) and _only_outer(a):
                found.append((condition, b, a))
            case _:
                return None
    return found


def _only_outer(expression: Expression) -> bool:
    return not expression.references and is_correlated(expression)


def grouped(plan: lp.Aggregate, below: Pulled | None) -> Pulled | None:
    """The aggregate `plan` over what is left of its child, grouped by what outer rows are equal to as well."""
    keys = equality_keys(below.conditions) if below is not None else None
    if below is None or keys is None:
        return None
    grouping, aggregates, conditions = list(plan.grouping), list(plan.aggregates), []
    for condition, inside, outside in keys:
        named = inside if isinstance(inside, Attribute) else Alias(inside, "key")
        if inside not in grouping:
            grouping.append(inside)
        if named not in aggregates:
            aggregates.append(named)
        conditions.append(type(condition)(named.to_attribute(), outside))  # type: ignore[call-arg]
    return Pulled(lp.Aggregate(tuple(grouping), tuple(aggregates), below.plan), tuple(conditions))


def _join(plan: lp.Join) -> Pulled | None:
    left, right = pull(plan.left), pull(plan.right)
    if left is None or right is None:
        return None
    own = [term for term in conjuncts(plan.condition) if is_correlated(term)]
    match plan.type:
        case JoinType.INNER | JoinType.CROSS:
            stay = [term for term in conjuncts(plan.condition) if not is_correlated(term)]
            kind = JoinType.INNER if stay else JoinType.CROSS
            joined = lp.Join(left.plan, right.plan, kind, conjunction(*stay) if stay else None, hints=plan.hints)
            return Pulled(joined, (*left.conditions, *right.conditions, *own))
        case JoinType.FULL:
            return None
        case JoinType.RIGHT:
            movable = not left.conditions and not own and not is_correlated(plan.left)
        case _:
            movable = not right.conditions and not own and not is_correlated(plan.right)
    if not movable:
        return None
    joined = lp.Join(left.plan, right.plan, plan.type, plan.condition, plan.null_aware, plan.exists, plan.hints)
    return Pulled(joined, (*left.conditions, *right.conditions))


def _window(plan: lp.Window, below: Pulled | None) -> Pulled | None:
    keys = equality_keys(below.conditions) if below is not None else None
    if below is None or keys is None:
        return None
    more = tuple(inside for _, inside, _ in keys if inside not in plan.partition)
    return Pulled(partitioned(plan, more, below.plan), below.conditions)


def partitioned(plan: lp.Window, more: tuple[Expression, ...], child: LogicalPlan) -> lp.Window:
    """The window functions of `plan` over `child`, within partitions by `more` too."""

    def widen(function: Alias) -> Alias:
        match function:
            case Alias(WindowExpression(call, WindowSpec(partition, order, frame)), name, id, qualifier):
                spec = WindowSpec((*partition, *more), order, frame)
                return Alias(WindowExpression(call, spec), name, id, qualifier)
        return function

    functions = tuple(widen(function) for function in plan.functions)
    return lp.Window(functions, (*plan.partition, *more), plan.order, child)


@dataclass(frozen=True)
class Slice:
    """What LIMIT and OFFSET say: the first `count` rows (all for None) after `offset` others."""

    count: int | None
    offset: int

    def keeps(self, number: Attribute) -> Expression:
        """Whether the row with that number, an INT from 1, is among them."""
        terms: list[Expression] = []
        if self.offset:
            terms.append(GreaterThan(number, Literal(min(self.offset, _MOST), INT)))
        if self.count is not None:
            terms.append(LessThanOrEqual(number, Literal(min(self.offset + self.count, _MOST), INT)))
        return conjunction(*terms)


_MOST = 2**31 - 1


def slice_of(limit: lp.Limit) -> Slice | None:
    """The constants of a limit; None where they are not known."""
    match limit.count, limit.offset:
        case Literal(int(count)), None:
            return Slice(count, 0)
        case Literal(int(count)), Literal(int(offset)):
            return Slice(count, offset)
        case None, Literal(int(offset)):
            return Slice(None, offset)
    return None


def _first(part: Slice | None, order: tuple[Any, ...], below: Pulled | None) -> Pulled | None:
    keys = equality_keys(below.conditions) if below is not None else None
    if below is None or keys is None or part is None:
        return None
    return Pulled(slice_of_each(part, order, tuple(inside for _, inside, _ in keys), below.plan), below.conditions)


def slice_of_each(
    part: Slice, order: tuple[Any, ...], partition: tuple[Expression, ...], child: LogicalPlan
) -> LogicalPlan:
    """The rows that LIMIT and OFFSET keep of `child` in `order`, within each of `partition`."""
    spec = WindowSpec(partition, order, Frame("rows", Unbounded(), CurrentRow()))
    number = Alias(WindowExpression(WindowCall("row_number", (), INT, False), spec), "number")
    counted = lp.Window((number,), partition, order, child)
    return lp.Project(child.output, lp.Filter(part.keeps(number.to_attribute()), counted))
