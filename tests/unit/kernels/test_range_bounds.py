"""RANGE frames whose offsets leave the type of the order key: an error where the bound is looked for, and only there."""

from __future__ import annotations

import pytest

from engine import Session
from engine.errors import ExecutionError

LAST = 2**63 - 1


@pytest.fixture(scope="module")
def session():
    with Session("local[1]", {}) as session:
        yield session


def counted(session, frame, *keys, order="id"):
    rows = ", ".join(f"({key}L)" for key in keys)
    query = f"select count(*) over (order by {order} range between {frame}) n from values {rows} t(id) order by id"
    return [row.n for row in session.sql(query).collect()]


def test_an_end_is_not_looked_for_once_all_rows_are_seen(session):
    assert counted(session, "current row and 1 following", LAST - 1, LAST) == [2, 1]


@pytest.mark.parametrize(
    ("frame", "keys", "order"),
    [
        ("current row and 1 following", (1, 2, LAST), "id"),
        ("current row and 4 following", (LAST - 3, LAST - 2), "id"),
        ("current row and 5 following", (-LAST + 1,), "id desc"),
        ("2 preceding and current row", (-LAST, 0), "id"),
    ],
)
def test_sums_out_of_range_raise(session, frame, keys, order):
    with pytest.raises(ExecutionError) as raised:
        counted(session, frame, *keys, order=order)
    assert raised.value.condition == "ARITHMETIC_OVERFLOW"
