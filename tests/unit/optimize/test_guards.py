"""What the guards catch: each of these rules is wrong in one way."""

from __future__ import annotations

import pytest

from engine.errors import InternalError
from engine.expressions.base import Alias, Attribute, Literal
from engine.expressions.predicates import GreaterThan
from engine.logical.plan import Filter, Project, Scan
from engine.optimize.guards import check
from engine.tree.rules import rule
from engine.types import INT, STRING


@rule(Project)
def drops_a_column(plan):
    return Project(plan.projections[:1], plan.child)


@rule(Project)
def renames(plan):
    return Project(tuple(Alias(each, each.name.upper(), each.id) for each in plan.projections), plan.child)


@rule(Project)
def changes_a_type(plan):
    first, *rest = plan.projections
    return Project((Alias(Literal("x", STRING), first.name, first.id), *rest), plan.child)


@rule(Project)
def changes_an_id(plan):
    return Project(tuple(each.renewed() for each in plan.projections), plan.child)


@rule(Filter)
def invents_a_column(plan):
    return Filter(GreaterThan(Attribute("ghost", INT), Literal(1, INT)), plan.child)


@rule(Scan)
def goes_on_and_on(plan):
    return Scan(plan.relation, plan.columns, plan.name, plan.filters, (plan.limit or 0) + 1)


@rule(Filter)
def loses_a_source(plan):
    (scan,) = plan.collect(Scan)
    return Filter(plan.condition, Project(scan.columns[:1], scan))


WRONG = {
    drops_a_column: "changes the number of columns to 1",
    renames: "turns column a: int into A: int",
    changes_a_type: "turns column a: int into a: string",
    changes_an_id: "turns column a: int into a: int",
    invents_a_column: "leaves ghost without a source in Filter",
    loses_a_source: "without a source",
    goes_on_and_on: "changes its own result",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.name)
def test_caught(plan_of, wrong):
    plan = plan_of("select a, b from t where b > 2")
    with pytest.raises(InternalError) as caught:
        check(wrong, plan, wrong(plan))
    assert WRONG[wrong] in caught.value.message
    assert wrong.name in caught.value.message
    assert "before:\nProject" in caught.value.details


def test_nullability_may_only_tighten(plan_of):
    @rule(Project)
    def loosens(plan):
        return Project(tuple(Alias(Literal(None, INT), each.name, each.id) for each in plan.projections), plan.child)

    @rule(Project)
    def tightens(plan):
        return Project(tuple(Alias(Literal(1, INT), each.name, each.id) for each in plan.projections), plan.child)

    never_null = plan_of("select 1 as one from t")
    with pytest.raises(InternalError, match="makes column one nullable"):
        check(loosens, never_null, loosens(never_null))
    nullable = plan_of("select a from t")
    check(tightens, nullable, tightens(nullable))
