"""TABLESAMPLE by percent: about as many rows as asked for, the same ones for the same seed, whatever else the query does."""

from __future__ import annotations

import pytest

from engine import Session

TENTH = "select id, k from r tablesample (10 percent) repeatable (5)"


@pytest.fixture(scope="module")
def sampled():
    with Session("local[1]", {"flint.local.rowLimit": 10**9}) as session:
        session.sql("create temporary view r as select id, id % 7 as k from range(10000)")
        yield session


def test_about_the_share_that_was_asked_for(sampled):
    assert 850 < len(sampled.sql(TENTH).collect()) < 1150


def test_a_seed_gives_the_same_rows_again(sampled):
    assert sampled.sql(TENTH).collect() == sampled.sql(TENTH).collect()


def test_another_seed_gives_others(sampled):
    assert sampled.sql(TENTH).collect() != sampled.sql(TENTH.replace("(5)", "(6)")).collect()


@pytest.mark.parametrize(
    "query",
    ["{} where k = 3", "select * from ({}) where k = 3", "select id, k from ({}) join (select 3 as k) using (k)"],
)
def test_what_stands_above_does_not_change_the_sample(sampled, query):
    expected = [row for row in sampled.sql(TENTH).collect() if row[1] == 3]
    assert sorted(sampled.sql(query.format(TENTH)).collect()) == sorted(expected)
    assert expected
