"""Estimates: rows through every node, and the selectivities of conditions."""

from __future__ import annotations

import pytest

from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import optimize
from engine.optimize.statistics import Estimator


def rows(plan_of, text):
    plan = optimize(plan_of(text), OptimizerContext())
    return Estimator().rows(plan)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("select * from t", 1000, 1000),
        ("select a from t where a = 5", 1, 1),
        ("select a from t where b = 5", 100, 100),
        ("select a from t where b in (1, 2)", 200, 200),
        ("select a from t where b <> 1", 900, 900),
        ("select a from t where a < 251", 240, 260),
        ("select a from t where a > 100 and a <= 300", 190, 210),
        ("select a from t where a > 100 and a <= 300 and b = 1", 15, 25),
        ("select a from t where a < -5", 0, 1),
        ("select a from t where d >= date '2025-07-01'", 450, 550),
        ("select a from t where b = 1 or b = 2", 180, 200),
        ("select a from t where a is null", 0, 1),
        ("select a from t where s like 'x%'", 50, 200),
        ("select a from t limit 7", 7, 7),
        ("select a from t order by a limit 7", 7, 7),
        ("select count(*) from t", 1, 1),
        ("select b, count(*) from t group by b", 10, 10),
        ("select distinct a, b from t", 900, 1000),
        ("select a from t union all select c from u", 1100, 1100),
        ("values (1), (2), (3)", 3, 3),
        ("select id from range(10, 20, 3)", 4, 4),
    ],
)
def test_rows(plan_of, text, least, most):
    assert least <= rows(plan_of, text) <= most


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1 from orders join customer on o_custkey = c_custkey", 1_500_000),
        ("select 1 from lineitem, part where l_partkey = p_partkey and p_size = 15", 6_001_215 / 50),
        ("select 1 from supplier, nation where s_nationkey = n_nationkey", 10_000),
        ("select 1 from nation, region", 125),
        ("select n_name from nation left join supplier on n_nationkey = s_nationkey and s_suppkey = 3", 25),
    ],
)
def test_rows_of_joins(plan_of, text, expected):
    assert rows(plan_of, text) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("order", ["partsupp, lineitem", "lineitem, partsupp"])
def test_columns_of_one_key_go_together(plan_of, order):
    text = f"select 1 from {order} where ps_partkey = l_partkey and ps_suppkey = l_suppkey"
    assert 6_001_215 / 2 < rows(plan_of, text) < 6_001_215 * 2


def test_parts_of_dates_have_few_values(plan_of):
    assert rows(plan_of, "select 1 from orders group by year(o_orderdate)") < 10
    assert rows(plan_of, "select 1 from orders group by month(o_orderdate)") <= 12


def test_semi_and_anti_joins_keep_a_part(plan_of):
    semi = rows(plan_of, "select c_custkey from customer where c_nationkey in (select n_nationkey from nation)")
    anti = rows(
        plan_of, "select c_custkey from customer where not exists (select 1 from orders where o_custkey = c_custkey)"
    )
    assert semi == 150_000
    assert 1 <= anti <= 75_000


def test_bytes_follow_rows_and_widths(plan_of):
    estimator = Estimator()
    narrow, wide = plan_of("select b from t"), plan_of("select a, b, n from t")
    assert estimator.bytes(narrow) == 4 * 1000
    assert estimator.bytes(wide) == 16 * 1000
    assert estimator.bytes(plan_of("select a, b, n from t where b = 1")) == 16 * 100


def test_columns(plan_of):
    plan = plan_of("select a, b, n from t where a > 500")
    known = Estimator().column(plan, plan.output[0])
    assert (known.low, known.high) == (500, 1000)
    assert 450 <= known.distinct <= 1000


def test_the_least_is_one_row(plan_of):
    assert rows(plan_of, "select 1 from t, u where t.a = u.a and t.b = 1 and u.c = 2 and t.n = 3 and t.s = 'x'") == 1


@pytest.mark.parametrize(
    ("condition", "groups"),
    [("b = 3", 1), ("b in (3, 4)", 2), ("b = 3 or b = 4 or b in (5, 6)", 4), ("b = 3 or a = 4", 10), ("b < 3", 10)],
)
def test_constants_leave_as_many_values(plan_of, condition, groups):
    assert rows(plan_of, f"select b, count(*) from t where {condition} group by b") <= groups
    assert rows(plan_of, f"select b, count(*) from t where {condition} group by b") > groups / 2


@pytest.mark.parametrize(
    ("expression", "raises"),
    [
        ("d / 2", False),
        ("cast(d as decimal(38, 10)) / 0.00001", True),  # has no room for as many digits
        ("d / 0", True),
        ("d / b", True),
        ("cast(a as double) / 2", False),
        ("cast(a as double) / 0", True),
    ],
)
def test_a_quotient_by_a_constant_always_has_a_value(plan_of, expression, raises):
    text = f"select {expression} as q from (select a, b, cast(a as decimal(9, 2)) as d from t)"
    found = optimize(plan_of(text), OptimizerContext(excluded=frozenset({"collapse_projects"})))
    assert found.expressions[0].can_raise == raises
