"""What a tree of joins is made of, read off its shape: the inputs no row comes out without, and columns that are equal.
Rules that put one more semi join below such a tree read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.expressions.base import Attribute, Expression
from engine.expressions.predicates import EqualTo, conjuncts
from engine.logical.plan import Filter, Join, JoinType, LogicalPlan, Project
from engine.logical.renew import renew


def required_inputs(plan: LogicalPlan) -> Iterator[LogicalPlan]:
    """The inputs of a tree of joins without which no row of it comes out."""
    match plan:
        case Join(left, right, type):
            if type is not JoinType.RIGHT and type is not JoinType.FULL:
                yield from required_inputs(left)
            if type in (JoinType.INNER, JoinType.CROSS, JoinType.SEMI, JoinType.RIGHT):
                yield from required_inputs(right)
        case Project(_, child) | Filter(_, child) if child.has(Join):
            yield from required_inputs(child)
        case _:
            yield plan


def equal_pairs(plan: LogicalPlan) -> Iterator[tuple[int, int]]:
    """Pairs of columns that are equal in every row of a tree of joins."""
    if isinstance(plan, Filter) or (isinstance(plan, Join) and plan.type in (JoinType.INNER, JoinType.SEMI)):
        for term in conjuncts(plan.condition):
            match term:
                case EqualTo(Attribute(_, _, _, a), Attribute(_, _, _, b)):
                    yield a, b
    for child in plan.plans:
        if not isinstance(plan, Join) or plan.type in (JoinType.INNER, JoinType.CROSS, JoinType.SEMI):
            yield from equal_pairs(child)


def equal_to(column: int, pairs: Iterable[tuple[int, int]]) -> set[int]:
    """The columns that pairs make equal to `column`, itself among them."""
    equal, known = {column}, list(pairs)
    while grown := {key for pair in known if equal & set(pair) for key in pair} - equal:
        equal |= grown
    return equal


def semi_join(plan: LogicalPlan, key: Expression, source: LogicalPlan, column: Attribute) -> Join:
    """The rows of `plan` whose `key` is a value of `column` in a copy of `source`."""
    copy = renew(source)
    own = copy.output[source.output.index(column)]
    return Join(plan, Project((own,), copy), JoinType.SEMI, EqualTo(key, own))
