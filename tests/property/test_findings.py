"""Queries that the fuzzer found the engine wrong about: the same rows unoptimized, optimized and on three executors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fuzz.lab import UNOPTIMIZED, Lab
from fuzz.oracles import SHUFFLED
from fuzz.tables import write_tables

FOUND = {
    "select (m is not null) <=> false c from t3": "simplify_comparisons changed its own result",
    "with w as (select x c0, abs(m) c1 from t3 where m is null and (not (d <= d) and i = 7)) select * from w where c1 <> 0.00 "
    "union all select * from w where (select count(*) from w) > 3": "push_filter_through_project did, of two filters",
    "select count(b.m) from t1 a join t2 b on a.k = b.k where 0.00 not in (select m from t1 where p)": "the estimate of "
    "an anti join whose condition reads no column of the other side ended in a KeyError",
    "select count(*) from t5 where not (-1 in (select k from t3))": "NOT IN of a constant lost nulls: no key to join by",
    "select count(*) from t1 where not (if(false, i, -1) in (select k from t3))": "so did one that turned out a constant",
    "select cast(null as int) <=> try_cast(cast(i as bigint) as int) from t1": "simplify_casts changed its own result",
    "select count(*) from (select n, sum(distinct cast(w as decimal(10,2))) s from t1 group by n) a": "distinct values that "
    "nobody reads were computed, and raised",
    "select count(distinct i), collect_list(k) c from t4": "a list beside DISTINCT was null where there are no rows",
    "select k, (select collect_set(i) from t4 where t4.k = t1.k) c from t1": "so was one in a correlated subquery",
    "select avg(x) from t1": "numpy warned of infinities",
    "select substring('', try_cast(9223372036854775807L as int), 2)": "TRY_CAST of a number was not nullable, its value null",
    "select transform_values(h, (v, w) -> get(a, k)) from t3 where h is null": "get() failed where there are no rows at all",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Sessions over the fuzzer's tables."""
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder)
    lab = Lab(folder)
    yield lab
    lab.close()


@pytest.mark.parametrize("text", FOUND)
def test_found(lab: Lab, text: str) -> None:
    expected = lab.run(text, UNOPTIMIZED)
    assert not expected.error, expected
    assert lab.run(text) == expected
    assert lab.run(text, SHUFFLED, executors=3) == expected
