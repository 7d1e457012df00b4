"""The texts of the queries and their literals."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from tpch import params


@pytest.mark.parametrize("query", params.QUERIES)
def test_validation_literals_stand_in_the_file(query: int) -> None:
    text = params.text(query)
    assert text == (params.FOLDER / f"q{query:02}.sql").read_text()
    for parameter in params.SUBSTITUTIONS[query].parameters:
        assert parameter.validation in text, parameter.name


@pytest.mark.parametrize("query", params.QUERIES)
def test_seed_changes_literals_and_nothing_else(query: int) -> None:
    texts = {params.text(query, seed=seed) for seed in range(30)}
    assert len(texts) > 1
    assert params.text(query, seed=7) == params.text(query, seed=7)
    literal = r"'[^']*'|\b\d[\d.]*\b"
    words = {" ".join(re.sub(literal, "?", text).split()) for text in texts}
    assert words == {" ".join(re.sub(literal, "?", params.text(query)).split())}


def test_literals_of_a_seed_never_change() -> None:
    """Recorded answers depend on them, whatever the version of Python."""
    drawn = [params.SUBSTITUTIONS[query].draw(params.Dice(f"1/{query}")) for query in (1, 7, 16)]
    assert drawn == [
        ["'90' day"],
        ["'KENYA'", "'GERMANY'"],
        ["'Brand#23'", "'PROMO PLATED%'", "8, 27, 2, 13, 33, 17, 4, 23"],
    ]


def test_ranges_hold_at_both_ends() -> None:
    dice = params.Dice("ends")
    assert {dice.between(3, 5) for _ in range(200)} == {3, 4, 5}
    assert sorted(dice.several("abc", 3)) == ["a", "b", "c"]
    months = {params._month(dice, (1993, 11), (1994, 1)) for _ in range(200)}
    assert months == {"date '1993-11-01'", "date '1993-12-01'", "date '1994-01-01'"}


@pytest.mark.parametrize("scale", [0.01, 0.1, 1, 10, 300])
def test_fraction_of_q11_follows_the_scale(scale: float) -> None:
    found = re.search(r"\* (0\.\d+)\n", params.text(11, scale))
    assert found is not None
    exact = Fraction(1, 10000) / Fraction(str(scale))
    assert abs(Fraction(found.group(1)) - exact) < exact / 1000


def test_nations_may_swap() -> None:
    """Both names are replaced in one pass: no name that was put in is replaced again."""
    for seed in range(200):
        first, second = params.SUBSTITUTIONS[7].draw(params.Dice(f"{seed}/7"))
        assert params.text(7, seed=seed).count(first) == params.text(7, seed=seed).count(second) == 2


def test_unknown_query() -> None:
    with pytest.raises(ValueError, match="1 to 22, not 23"):
        params.text(23)


def test_titles() -> None:
    assert params.title(1) == "pricing summary report"
    assert all(params.title(query) for query in params.QUERIES)
