"""Random queries answered as DuckDB answers them, every plan checked after every rule."""

from __future__ import annotations

import pytest
from random_queries import RandomQueries
from test_same_answers import comparable
from test_same_answers import engines as engines

SEED = 20


def check(engines, seed, count):
    session, _, oracle = engines
    queries = RandomQueries(seed)
    for number in range(count):
        text = queries.query()
        expected = comparable(oracle.execute(text).fetchall())
        assert comparable(session.sql(text).collect()) == expected, f"query {number} of seed {seed}: {text}"


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_random_queries(engines, seed):
    check(engines, seed, 15)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_random_queries(engines, seed):
    check(engines, seed, 300)
