"""Any correlated subquery, computed once for each different combination of the outer columns that it reads (the domain).

    for each row of l: subquery(l.a)      =>      l  join  subquery'(d.a)  on  l.a <=> d.a,   d = distinct a of l

`widened(plan, domain)` gives the plan with the domain's columns among its own: where outer columns are read, the domain is
joined in; above, it is carried along, as grouping keys of aggregates and partitions of windows. (Neumann and Kemper,
"Unnesting Arbitrary Queries".)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import Unsupported
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import TRUE, Alias, Attribute, Expression, Literal
from engine.expressions.cast import Cast
from engine.expressions.conditional import Coalesce, If
from engine.expressions.predicates import EqualNullSafe, IsNull, conjunction, conjuncts, disjunction
from engine.expressions.subquery import OuterReference
from engine.functions.resolve import resolve_call
from engine.logical import plan as lp
from engine.logical.plan import JoinType, LogicalPlan
from engine.logical.renew import renew
from engine.optimize.correlation import Slice, is_correlated, partitioned, slice_of, slice_of_each
from engine.optimize.substitution import meanings, substitute
from engine.records import dataclass


@dataclass(frozen=True)
class Widened:
    """A plan that stands for a subquery in every row of the domain, and the columns of it that are the domain's."""

    plan: LogicalPlan
    keys: tuple[Attribute, ...]


class Domain:
    """The different combinations of the columns `outer` of a plan; every use of it is a copy with ids of its own."""

    def __init__(self, source: LogicalPlan, outer: Sequence[Attribute]) -> None:
        self._plan = lp.Aggregate(tuple(outer), tuple(outer), _narrowest(source, frozenset(each.id for each in outer)))
        self.outer = tuple(outer)

    def copy(self) -> LogicalPlan:
        """The domain once more: columns by position as `outer`."""
        return renew(self._plan)

    def reading(self, expression: Any, keys: Sequence[Attribute]) -> Any:
        """`expression` with the outer columns read from `keys`."""
        at = {a.id: key for a, key in zip(self.outer, keys, strict=True)}

        def visit(node: Any) -> Any:
            if isinstance(node, OuterReference):
                return at.get(node.attribute.id, node)
            return node.map_children(visit) if node.has(OuterReference) else node

        return visit(expression)


def _narrowest(plan: LogicalPlan, ids: frozenset[int]) -> LogicalPlan:
    """The smallest part of `plan` that has all values of the columns `ids`; more values than needed do no harm, but nulls
    that an outer join puts in must not be missed."""
    match plan:
        case lp.Join(left, _, type) if ids <= left.output_ids and type not in (JoinType.RIGHT, JoinType.FULL):
            return _narrowest(left, ids)
        case lp.Join(_, right, JoinType.INNER | JoinType.CROSS | JoinType.RIGHT) if ids <= right.output_ids:
            return _narrowest(right, ids)
        case lp.Project(_, child) | lp.Filter(_, lp.Join() as child) if ids <= child.output_ids:
            return _narrowest(child, ids)
    return plan


def widened(plan: LogicalPlan, domain: Domain) -> Widened:
    """`plan` for every row of `domain` at once."""
    if not _reads(plan, domain):
        keys = domain.copy()
        return Widened(lp.Join(keys, plan, JoinType.CROSS), keys.output)
    match plan:
        case lp.Join():
            return _join(plan, domain)
        case lp.Limit(count, offset, lp.Project(projections, child)):
            return widened(lp.Project(projections, lp.Limit(count, offset, child)), domain)
        case lp.Union(inputs, columns):
            return _union(inputs, columns, domain)
        case lp.SetOperation():
            raise Unsupported("correlated subquery in INTERSECT or EXCEPT")
    if len(plan.plans) != 1:
        raise Unsupported(f"correlated subquery through {type(plan).__name__}")
    return _unary(plan, widened(plan.plans[0], domain), domain)


def _unary(plan: LogicalPlan, below: Widened, domain: Domain) -> Widened:
    """A node with one child over that child, `below`, for every row of the domain."""
    child, keys = below.plan, below.keys
    node = plan.map_expressions(lambda each: domain.reading(each, keys))
    match node:
        case lp.Project(projections):
            return Widened(lp.Project((*projections, *keys), child), keys)
        case lp.Aggregate(grouping, aggregates) if grouping:
            return Widened(lp.Aggregate((*grouping, *keys), (*aggregates, *keys), child), keys)
        case lp.Aggregate(_, aggregates):
            return _global(aggregates, below, domain)
        case lp.Window():
            return Widened(partitioned(node, keys, child), keys)
        case lp.Limit():
            part = slice_of(node)
            if part is not None:
                return _limit(part, plan.plans[0], below, domain)
        case lp.Distinct() | lp.Filter() | lp.Generate() | lp.SubqueryAlias():
            return Widened(node.map_plans(lambda _: child), keys)
        case lp.Sort() | lp.Repartition():
            return below
        case lp.Expand(rows, columns):
            own = tuple(key.renewed() for key in keys)
            return Widened(lp.Expand(tuple((*row, *keys) for row in rows), (*columns, *own), child), own)
    raise Unsupported(f"correlated subquery through {type(plan).__name__}")


def _reads(plan: LogicalPlan, domain: Domain) -> bool:
    ids = {column.id for column in domain.outer}
    return is_correlated(plan) and any(ref.attribute.id in ids for ref in plan.collect(OuterReference))


def _limit(part: Slice, sorted_plan: LogicalPlan, below: Widened, domain: Domain) -> Widened:
    order = sorted_plan.order if isinstance(sorted_plan, lp.Sort) else ()
    order = tuple(domain.reading(each, below.keys) for each in order)
    return Widened(slice_of_each(part, order, below.keys, below.plan), below.keys)


def _global(aggregates: Sequence[Any], below: Widened, domain: Domain) -> Widened:
    """One row for every row of the domain, also where nothing is aggregated: then each function's value of no rows."""
    inner = tuple(Alias(each.child, each.name) if isinstance(each, Alias) else each for each in aggregates)
    present = Alias(TRUE, "present")
    grouped = lp.Aggregate(below.keys, (*inner, *below.keys), below.plan)
    marked = lp.Project((*grouped.output, present), grouped)
    every = domain.copy()
    joined = lp.Join(every, marked, JoinType.LEFT, same(every.output, below.keys))
    columns = []
    for own, each in zip(aggregates, inner, strict=True):
        found = each.to_attribute().with_nullability(True)
        value = If(IsNull(present.to_attribute().with_nullability(True)), without_rows(own.child), found)
        columns.append(Alias(value, own.name, own.id, own.qualifier))
    return Widened(lp.Project((*columns, *every.output), joined), every.output)


def _join(plan: lp.Join, domain: Domain) -> Widened:
    """The domain joins the side that reads it; both sides if both do, and they meet on it. A side that keeps its unmatched
    rows must have it."""
    right_reads = _reads(plan.right, domain)
    left_reads = _reads(plan.left, domain)
    condition_reads = plan.condition is not None and _reads_expression(plan.condition, domain)
    right_first = plan.type is JoinType.RIGHT or (
        plan.type in (JoinType.INNER, JoinType.CROSS) and right_reads and not left_reads
    )
    both = (
        (left_reads and right_reads)
        or plan.type is JoinType.FULL
        or (plan.type is JoinType.RIGHT and left_reads)
        or (plan.type not in (JoinType.INNER, JoinType.CROSS, JoinType.RIGHT) and right_reads)
    )
    left = widened(plan.left, domain) if both or not right_first else None
    right = widened(plan.right, domain) if both or right_first else None
    keys = right.keys if right is not None and right_first else (left.keys if left is not None else ())
    terms = (
        [domain.reading(term, keys) for term in conjuncts(plan.condition)]
        if condition_reads
        else list(conjuncts(plan.condition))
    )
    null_aware = plan.null_aware
    if left is not None and right is not None:
        if null_aware:  # which knows of one equality only: from here on the condition says it
            terms, null_aware = [disjunction(term, IsNull(term)) for term in terms], False
        terms += conjuncts(same(left.keys, right.keys))
    kind = JoinType.INNER if plan.type is JoinType.CROSS and terms else plan.type
    joined = lp.Join(
        left.plan if left is not None else plan.left,
        right.plan if right is not None else plan.right,
        kind,
        conjunction(*terms) if terms else None,
        null_aware,
        plan.exists,
        plan.hints,
    )
    return _either(joined, left, right) if plan.type is JoinType.FULL else Widened(joined, tuple(keys))


def _either(joined: lp.Join, left: Widened | None, right: Widened | None) -> Widened:
    """A full join, whose rows have the domain's columns from either side."""
    assert left is not None and right is not None, "both sides of a full join have the domain"
    pairs = zip(left.keys, right.keys, strict=True)
    keys = [Alias(Coalesce((a.with_nullability(True), b.with_nullability(True))), a.name) for a, b in pairs]
    return Widened(lp.Project((*joined.output, *keys), joined), tuple(key.to_attribute() for key in keys))


def _reads_expression(expression: Expression, domain: Domain) -> bool:
    ids = {column.id for column in domain.outer}
    return any(ref.attribute.id in ids for ref in expression.collect(OuterReference))


def _union(inputs: Sequence[LogicalPlan], columns: Sequence[Attribute], domain: Domain) -> Widened:
    parts = [widened(each, domain) for each in inputs]
    keys = tuple(column.renewed() for column in domain.outer)
    branches = tuple(
        lp.Project((*each.output, *part.keys), part.plan) for each, part in zip(inputs, parts, strict=True)
    )
    return Widened(lp.Union(branches, (*columns, *keys)), keys)


def same(left: Sequence[Expression], right: Sequence[Expression]) -> Expression:
    """Column by column equal, nulls too."""
    return conjunction(*(EqualNullSafe(a, b) for a, b in zip(left, right, strict=True)))


_OF_NOTHING: dict[str, Any] = {"count": 0, "count_if": 0, "approx_count_distinct": 0, "regr_count": 0}
_LISTS = frozenset(("collect_list", "collect_set", "array_agg"))


def without_rows(expression: Expression) -> Expression:
    """The value of an expression over aggregate functions where no row is aggregated: counts are 0, lists empty, the others
    null."""

    def visit(node: Any) -> Any:
        if isinstance(node, AggregateCall):
            if node.function in _LISTS:
                return Cast(resolve_call("array", ()), node.type)
            return Literal(_OF_NOTHING.get(node.function), node.type)
        if node.has(AggregateCall):
            return node.map_children(visit)
        return node

    result: Expression = visit(expression)
    return result


def empty_row(plan: LogicalPlan) -> dict[int, Expression] | None:
    """The single row, by column id, that a plan gives when everything below its aggregate is empty; None: no row."""
    match plan:
        case lp.Project(projections, child):
            below = empty_row(child)
            if below is None:
                return None
            return {key: substitute(each, below) for key, each in meanings(projections).items()}
        case lp.Sort(_, _, child) | lp.SubqueryAlias(_, child):
            return empty_row(child)
        case lp.Aggregate(grouping, aggregates) if not grouping:
            return {key: without_rows(each) for key, each in meanings(aggregates).items()}
    return None
