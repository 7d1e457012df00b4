"""Plans compared by what they mean, and plans copied with fresh ids."""

from __future__ import annotations

import pytest

from engine.logical.canonical import canonical, same_result
from engine.logical.plan import CteDefinition, CteReference
from engine.logical.renew import produced, renew

QUERIES = [
    "select a, b + 1 as z from t where s like 'x%'",
    "select x.a from t x join t y on x.a = y.b left join u on x.n = u.c",
    "select b, count(*) n, max(s) from t group by b having count(*) > 2",
    "select a, rank() over (partition by b order by n) r from t",
    "select a from t where b in (select c from u where u.a = t.a) and n > (select avg(c) from u)",
    "with q as (select a from t) select x.a from q x join q y on x.a = y.a",
    "select a from t union all select c from u order by 1 limit 3",
    "select transform(array(a, b), x -> x + n) from t",
    "values (1, 'a'), (2, 'b')",
]


@pytest.mark.parametrize("text", QUERIES)
def test_the_same_text_twice(plan_of, text):
    one, other = plan_of(text), plan_of(text)
    assert canonical(one) == canonical(other)
    assert same_result(one, other)


@pytest.mark.parametrize("text", QUERIES)
def test_renewed_plans_share_no_id_and_mean_the_same(plan_of, text):
    plan = plan_of(text)
    copy = renew(plan)
    assert not produced(copy) & produced(plan)
    assert canonical(copy) == canonical(plan)
    assert [c.name for c in copy.output] == [c.name for c in plan.output]
    assert not copy.output_ids & plan.output_ids


def test_names_do_not_count_and_values_do(plan_of):
    plain = plan_of("select a + 1 as x from t")
    assert same_result(plain, plan_of("select q.a + 1 as other from t as q"))
    assert not same_result(plain, plan_of("select a + 2 as x from t"))
    assert not same_result(plain, plan_of("select b + 1 as x from t"))
    assert not same_result(plain, plan_of("select a + 1 as x from u"))


def test_a_renewed_cte_refers_to_its_own_definition(plan_of):
    copy = renew(plan_of("with q as (select b, count(*) n from t group by b) select x.b from q x, q y"))
    (definition,) = copy.collect(CteDefinition)
    assert {reference.id for reference in copy.collect(CteReference)} == {definition.id}
